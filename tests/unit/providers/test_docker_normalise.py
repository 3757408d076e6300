"""What means the same has the same canonical form; what means something else has not."""

from __future__ import annotations

import pytest
from docker_launches import config_of

from launchctl.compiler.node import MapNode, plain
from launchctl.compiler.program import FieldClass
from launchctl.providers.docker import PROVIDER
from launchctl.providers.docker.normalise import normalise
from launchctl.values import JSON

CANONICAL: tuple[tuple[str, JSON], ...] = (
    ("m: 8192m", {"memory": "8g"}),
    ("memory: 8589934592", {"memory": "8g"}),
    ("memory: '8 GiB'", {"memory": "8g"}),
    ("memory: 1.5g", {"memory": "1536m"}),
    ("shm_size: 100", {"shm-size": "100b"}),
    ("memory-swap: -1", {"memory-swap": "-1"}),
    ("cpus: 2.0", {"cpus": "2"}),
    ("cpus: '1.50'", {"cpus": "1.5"}),
    ("health-interval: 90s", {"health-interval": "90s"}),
    ("health-interval: 1m30s", {"health-interval": "90s"}),
    ("health-interval: 3600s", {"health-interval": "1h"}),
    ("health-timeout: 1.5s", {"health-timeout": "1500ms"}),
    ("health-timeout: 0", {"health-timeout": "0s"}),
    ("pids-limit: '+5'", {"pids-limit": "5"}),
    ("user: 1000", {"user": "1000"}),
    ("v: ./a:/a", {"volume": ["./a:/a"]}),
    ("volume: [/b, './a:/a:rw', /b]", {"volume": ["./a:/a", "/b"]}),
    ("cap_add: [net_admin, CAP_SYS_PTRACE]", {"cap-add": ["NET_ADMIN", "SYS_PTRACE"]}),
    ("publish: [8080:80/tcp, 53/udp]", {"publish": ["53/udp", "8080:80"]}),
    ("dns: [10.0.0.2, 10.0.0.1]", {"dns": ["10.0.0.2", "10.0.0.1"]}),
    ("net: host", {"network": ["host"]}),
    ("env: [B=2, A=1]", {"env": {"A": "1", "B": "2"}}),
    ("e: {A: 1, B: '2'}", {"env": {"A": "1", "B": "2"}}),
    ("env: [A=1, A=2]", {"env": {"A": "2"}}),
    ("env: [A=x=y, B=, C]", {"env": {"A": "x=y", "B": "", "C": "${env:C}"}}),
    ("env: '${x}=1'", {"env": {"${x}": "1"}}),
    ("label: [a, b=]", {"label": {"a": "", "b": ""}}),
    ("ulimit: nofile=1024", {"ulimit": {"nofile": "1024:1024"}}),
    ("ulimit: {nofile: '1024:1024'}", {"ulimit": {"nofile": "1024:1024"}}),
    ("init: true", {"init": True}),
    ("init: false\nrm: null\nenv: []\nvolume: null", {}),
    ("disable-content-trust: true", {}),
    ("disable-content-trust: false", {"disable-content-trust": False}),
    ("memory: '${size}'", {"memory": "${size}"}),
    ("volume: '${env:HOME}/x:/x:rw'", {"volume": ["${env:HOME}/x:/x:rw"]}),
)


@pytest.mark.parametrize(("text", "form"), CANONICAL, ids=[text for text, _ in CANONICAL])
def test_the_canonical_form(text: str, form: JSON) -> None:
    assert plain(normalise(config_of(text))) == form


@pytest.mark.parametrize("text", [text for text, _ in CANONICAL])
def test_a_canonical_form_is_its_own(text: str) -> None:
    once = normalise(config_of(text))
    assert plain(normalise(once)) == plain(once)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dns: [10.0.0.1, 10.0.0.2]", "dns: [10.0.0.2, 10.0.0.1]"),
        ("env-file: [a.env, b.env]", "env-file: [b.env, a.env]"),
        ("env: [A]", "env: ['A=']"),
        ("memory: 8g", "memory: 8000m"),
        ("network: [a, b]", "network: [b, a]"),
    ],
)
def test_what_docker_tells_apart_stays_apart(one: str, other: str) -> None:
    assert plain(normalise(config_of(one))) != plain(normalise(config_of(other)))


def test_places_are_kept() -> None:
    found = normalise(config_of("v: [/b, './a:/a']\nm: 8192m\ne: {MODE: fast}\n"))
    assert str(found.key_spans["memory"]) == "queue.yaml:2:1"
    assert str(found.entries["memory"].span) == "queue.yaml:2:4"
    environment = found.entries["env"]
    assert isinstance(environment, MapNode)
    assert str(environment.entries["MODE"].span) == "queue.yaml:3:11"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("env", "MODE"), FieldClass.INTENT),
        (("env-file", 0), FieldClass.INTENT),
        (("entrypoint",), FieldClass.INTENT),
        (("label", "team"), FieldClass.METADATA),
        (("label-file", 0), FieldClass.METADATA),
        (("memory",), FieldClass.PLACEMENT),
        (("volume", 0), FieldClass.PLACEMENT),
        (("gpus", 0), FieldClass.PLACEMENT),
        (("workdir",), FieldClass.PLACEMENT),
    ],
)
def test_the_class_of_an_option(path: tuple[str | int, ...], found: FieldClass) -> None:
    assert PROVIDER.fields.class_of(path) is found


@pytest.mark.parametrize(
    ("path", "mutable"),
    [
        ("config.memory", True),
        ("config.cpus", True),
        ("config.env.MODE", False),
        ("config.label.team", False),
        ("config.volume[0]", False),
        ("memory", False),
        ("priority", False),
    ],
)
def test_what_can_change_in_place(path: str, mutable: bool) -> None:
    assert PROVIDER.mutable(path) is mutable
