"""The table of options against a real docker: its help, its parser, and what its engine makes of each option.

For every option a container is created twice: with the command line as a person would type it,
and with ours from the YAML form. `docker inspect` must say the same of both.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from docker_launches import config_of, launch_of

from launchctl.compiler.program import Identity
from launchctl.diagnostics import has_errors
from launchctl.providers.docker import PROVIDER
from launchctl.providers.docker.argv import creation, take_apart
from launchctl.providers.docker.options import BY_SPELLING, OPTIONS
from launchctl.values import JSON

pytestmark = pytest.mark.skipif(
    os.environ.get("LAUNCHCTL_TEST_DOCKER") != "1", reason="needs a docker engine: set LAUNCHCTL_TEST_DOCKER=1"
)

ACCEPTED: tuple[tuple[str, str, str], ...] = (
    ("add-host", "[db:10.0.0.5, gateway:host-gateway]", "--add-host db:10.0.0.5 --add-host gateway:host-gateway"),
    ("blkio-weight", "500", "--blkio-weight 500"),
    ("blkio-weight-device", "/dev/null:100", "--blkio-weight-device /dev/null:100"),
    ("cap-add", "[SYS_PTRACE, cap_net_admin]", "--cap-add SYS_PTRACE --cap-add cap_net_admin"),
    ("cap-drop", "ALL", "--cap-drop ALL"),
    ("cgroup-parent", "/jobs", "--cgroup-parent /jobs"),
    ("cgroupns", "host", "--cgroupns host"),
    ("cpu-period", "100000", "--cpu-period 100000"),
    ("cpu-quota", "50000", "--cpu-quota 50000"),
    ("cpu-rt-period", "1000000", "--cpu-rt-period 1000000"),
    ("cpu-rt-runtime", "95000", "--cpu-rt-runtime 95000"),
    ("cpu-shares", "512", "-c 512"),
    ("cpus", "1.5", "--cpus 1.5"),
    ("cpuset-cpus", "0,1", "--cpuset-cpus 0,1"),
    ("cpuset-mems", "0", "--cpuset-mems 0"),
    ("device", "[/dev/null:/dev/mine:rw, /dev/zero]", "--device /dev/null:/dev/mine:rw --device /dev/zero"),
    ("device-cgroup-rule", "c 1:3 rwm", "--device-cgroup-rule 'c 1:3 rwm'"),
    ("device-read-bps", "/dev/null:1mb", "--device-read-bps /dev/null:1mb"),
    ("device-read-iops", "/dev/null:100", "--device-read-iops /dev/null:100"),
    ("device-write-bps", "/dev/null:1mb", "--device-write-bps /dev/null:1mb"),
    ("device-write-iops", "/dev/null:100", "--device-write-iops /dev/null:100"),
    ("disable-content-trust", "true", "--disable-content-trust"),
    ("dns", "[10.0.0.2, 10.0.0.1]", "--dns 10.0.0.2 --dns 10.0.0.1"),
    ("dns-option", "[ndots:2]", "--dns-option ndots:2"),
    ("dns-opt", "ndots:3", "--dns-opt ndots:3"),
    ("dns-search", "[example.com, .]", "--dns-search example.com --dns-search ."),
    ("domainname", "example.com", "--domainname example.com"),
    ("entrypoint", "/bin/true", "--entrypoint /bin/true"),
    ("env", "[MODE=fast, 'EMPTY=', 'TEXT=a b $c \"d\"']", "-e MODE=fast -e EMPTY= -e 'TEXT=a b $c \"d\"'"),
    ("e", "MODE=fast", "--env MODE=fast"),
    ("env", "{MODE: fast, LEVEL: 3, RATE: 1e-3}", "--env MODE=fast --env LEVEL=3 --env RATE=0.001"),
    ("env-file", "[some.env, more.env]", "--env-file some.env --env-file more.env"),
    ("expose", "[8080, 9000-9002/udp]", "--expose 8080 --expose 9000-9002/udp"),
    ("gpus", "all", "--gpus all"),
    ("gpus", "2", "--gpus 2"),
    ("gpus", "'\"device=0,1\"'", "--gpus '\"device=0,1\"'"),
    ("group-add", "[1001, nogroup]", "--group-add 1001 --group-add nogroup"),
    ("health-cmd", "test -f /ok || exit 1", "--health-cmd 'test -f /ok || exit 1'"),
    ("health-interval", "1m30s", "--health-interval 1m30s"),
    ("health-retries", "3", "--health-retries 3"),
    ("health-start-period", "5s", "--health-start-period 5s"),
    ("health-timeout", "500ms", "--health-timeout 500ms"),
    ("hostname", "box", "-h box"),
    ("init", "true", "--init"),
    ("ip", "10.0.0.7", "--ip 10.0.0.7"),
    ("ip6", "2001:db8::33", "--ip6 2001:db8::33"),
    ("ipc", "host", "--ipc host"),
    ("isolation", "default", "--isolation default"),
    ("kernel-memory", "50m", "--kernel-memory 50m"),
    ("label", "{team: vision, note: 'a b'}", "-l team=vision -l 'note=a b'"),
    ("l", "[team=vision, bare]", "--label team=vision --label bare"),
    ("label-file", "some.labels", "--label-file some.labels"),
    ("link", "HELPER:db", "--link HELPER:db"),
    ("link-local-ip", "169.254.1.1", "--link-local-ip 169.254.1.1"),
    ("log-driver", "none", "--log-driver none"),
    ("log-opt", "{max-size: 10m, max-file: 3}", "--log-opt max-size=10m --log-opt max-file=3"),
    ("memory", "8g", "-m 8g"),
    ("m", "536870912", "--memory 536870912"),
    ("memory-reservation", "1.5g", "--memory-reservation 1.5g"),
    ("memory-swap", "-1", "--memory-swap -1"),
    ("memory-swappiness", "60", "--memory-swappiness 60"),
    ("mount", "type=bind,source=./data,target=/data,readonly", "--mount type=bind,source=./data,target=/data,readonly"),
    ("mount", "['type=tmpfs,dst=/scratch']", "--mount type=tmpfs,dst=/scratch"),
    ("network", "host", "--network host"),
    ("net", "none", "--net none"),
    ("network-alias", "[a, b]", "--network-alias a --network-alias b --network elsewhere"),
    ("net-alias", "a", "--net-alias a --network elsewhere"),
    ("no-healthcheck", "true", "--no-healthcheck"),
    ("oom-kill-disable", "true", "--oom-kill-disable"),
    ("oom-score-adj", "500", "--oom-score-adj 500"),
    ("pid", "host", "--pid host"),
    ("pids-limit", "-1", "--pids-limit -1"),
    ("platform", "linux/amd64", "--platform linux/amd64"),
    ("privileged", "true", "--privileged"),
    ("publish", "[8080:80, '127.0.0.1::443', 53/udp]", "-p 8080:80 -p 127.0.0.1::443 -p 53/udp"),
    ("p", "8080", "--publish 8080"),
    ("publish-all", "true", "-P"),
    ("pull", "never", "--pull never"),
    ("quiet", "true", "-q"),
    ("read-only", "true", "--read-only"),
    ("restart", "on-failure:3", "--restart on-failure:3"),
    ("runtime", "runc", "--runtime runc"),
    (
        "security-opt",
        "[no-new-privileges, seccomp=unconfined, systempaths=unconfined]",
        "--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt systempaths=unconfined",
    ),
    ("shm-size", "8g", "--shm-size 8g"),
    ("shm_size", "8g", "--shm-size 8g"),
    ("stop-signal", "SIGINT", "--stop-signal SIGINT"),
    ("stop-timeout", "120", "--stop-timeout 120"),
    ("sysctl", "{net.core.somaxconn: 1024}", "--sysctl net.core.somaxconn=1024"),
    ("tmpfs", "['/scratch:size=64m', /more]", "--tmpfs /scratch:size=64m --tmpfs /more"),
    ("tty", "true", "-t"),
    ("ulimit", "[memlock=-1, 'nofile=1024:2048']", "--ulimit memlock=-1 --ulimit nofile=1024:2048"),
    ("ulimit", "{nofile: 1024}", "--ulimit nofile=1024"),
    ("use-api-socket", "true", "--use-api-socket"),
    ("user", "1000:1000", "-u 1000:1000"),
    ("u", "1000", "--user 1000"),
    ("userns", "host", "--userns host"),
    ("uts", "host", "--uts host"),
    (
        "volume",
        "['./data:/data:ro', /anonymous, named-by-launchctl-tests:/named]",
        "-v ./data:/data:ro -v /anonymous -v named-by-launchctl-tests:/named",
    ),
    ("v", "/tmp:/host", "--volume /tmp:/host"),
    ("volume-driver", "local", "--volume-driver local"),
    ("volumes-from", "HELPER:ro", "--volumes-from HELPER:ro"),
    ("workdir", "/work", "-w /work"),
    ("w", "/work", "--workdir /work"),
)
"""Options that a linux engine of API 1.41 takes: key, YAML value, and what a person would type."""

ALONG: Mapping[str, str] = {"network-alias": "network: elsewhere", "net-alias": "network: elsewhere"}
"""What an option cannot do without."""

REFUSED: Mapping[str, tuple[str, str, str]] = {
    "annotation": ("{a: b}", "1.43", "requires API version 1.43"),
    "health-start-interval": ("1s", "1.44", "requires API version 1.44"),
    "mac-address": ("02:42:ac:11:00:02", "1.44", "requires API version 1.44"),
    "cpu-count": ("1", "", "only supported on a Docker daemon running on windows"),
    "cpu-percent": ("10", "", "only supported on a Docker daemon running on windows"),
    "io-maxbandwidth": ("1m", "", "only supported on a Docker daemon running on windows"),
    "io-maxiops": ("100", "", "only supported on a Docker daemon running on windows"),
    "storage-opt": ("{size: 1g}", "", "supported only for overlay over xfs"),
}
"""Options that this engine declines: YAML value, the API from which it would be taken, and the reason it gives."""

HELD_BACK = {"rm"}
"""Taken, but carried out by `release`: see `test_docker_client.py`."""

SESSION = f"test-{uuid.uuid4().hex[:8]}"
MARK = f"launchctl.dev/project={SESSION}"
HELPER = f"{SESSION}-helper"


def docker(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, cwd=folder)


def engine_api() -> tuple[int, ...]:
    return tuple(int(part) for part in docker("version", "--format", "{{.Server.APIVersion}}").stdout.split("."))


@pytest.fixture(scope="module", autouse=True)
def cleaned() -> Iterator[None]:
    """A container that others refer to; afterwards nothing of this module is left."""
    docker("create", "--name", HELPER, "--label", MARK, "--volume", "/shared", "busybox:local", "true")
    yield
    containers = docker("ps", "-aq", "--filter", f"label={MARK}").stdout.split()
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    docker("volume", "rm", "named-by-launchctl-tests")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with the files that options name."""
    (tmp_path / "data").mkdir()
    (tmp_path / "some.env").write_text("FROM_FILE=1\n# a comment\nOTHER=two words\n")
    (tmp_path / "more.env").write_text("OTHER=3\n")
    (tmp_path / "some.labels").write_text("from=file\n")
    return tmp_path


def ours(yaml: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The container that a configuration gives, created as the client would."""
    config = config_of(yaml.replace("HELPER", HELPER))
    assert not has_errors(PROVIDER.check(config))
    run_id = f"{SESSION}-{uuid.uuid4().hex[:8]}"
    launch = launch_of(config, args=["true"], identity=Identity(run_id, run_id), project=SESSION)
    manifest, diagnostics = PROVIDER.lower(launch)
    assert diagnostics == ()
    return docker(*creation(take_apart(manifest.body["argv"]))[1:], folder=folder)


def typed(options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The container that a person gets who types the options."""
    words = shlex.split(options.replace("HELPER", HELPER))
    return docker("create", "--label", MARK, *words, "busybox:local", "true", folder=folder)


def inspected(created: subprocess.CompletedProcess[str]) -> JSON:
    """What the engine keeps of a container, but for what differs between any two."""
    assert created.returncode == 0, created.stderr
    identifier = created.stdout.split()[-1]
    (found,) = json.loads(docker("inspect", identifier).stdout)
    name = str(found.pop("Name"))
    for key in ("Id", "Created", "State", "GraphDriver", "LogPath"):
        found.pop(key)
    for key in ("ResolvConfPath", "HostnamePath", "HostsPath"):
        found.pop(key)
    labels = found["Config"]["Labels"]
    found["Config"]["Labels"] = {
        key: value for key, value in labels.items() if not key.startswith(("launchctl.dev/", "wandb.ai/"))
    }
    for mount in found["Mounts"]:
        if re.fullmatch("[0-9a-f]{64}", mount.get("Name", "")):
            mount["Name"] = mount["Source"] = "anonymous"
    found["Mounts"].sort(key=lambda mount: str(mount["Destination"]))
    found["HostConfig"]["Binds"] = sorted(found["HostConfig"]["Binds"] or [])  # docker's command line shuffles them
    found["Config"]["Env"] = sorted(found["Config"]["Env"] or [])
    return json.loads(json.dumps(found).replace(identifier[:12], "ID").replace(f"{name}/", "/NAME/"))


# The table


def help_options() -> Mapping[str, tuple[str, str]]:
    """Long name to short form and type of value, as docker's own help lists them."""
    text = docker("run", "--help").stdout
    pattern = re.compile(r"^ {2,6}(?:-(\w), )? *--([a-z0-9-]+)(?: ([a-z0-9-]+))?(?: {2,}|$)", re.MULTILINE)
    return {name: (short, kind) for short, name, kind in pattern.findall(text)}


REPEATABLE = {"list", "map", "mount", "network", "ulimit", "gpu-request"}
"""Words by which docker's help calls a value that may be given more than once."""


def test_docker_lists_its_options() -> None:
    assert len(help_options()) > 90


@pytest.mark.parametrize("name", sorted(set(BY_SPELLING)))
def test_docker_knows_each_spelling_with_the_same_arity(name: str) -> None:
    dashes = "-" if len(name) == 1 else "--"
    said = docker("run", f"{dashes}{name}").stderr
    if "unknown flag" in said or "unknown shorthand" in said:
        pytest.skip(f"this command line is older than {dashes}{name}")
    assert ("needs an argument" in said) is (not BY_SPELLING[name].is_flag), said


def test_every_option_of_dockers_help_is_in_the_table_with_the_same_arity() -> None:
    ours = {option.name: option for option in OPTIONS}
    for name, (short, kind) in help_options().items():
        assert name in ours
        assert ours[name].short == short
        assert ours[name].is_flag is (kind == "")
        assert ours[name].is_repeatable is (kind in REPEATABLE), name


def test_every_option_is_held_against_the_engine_or_said_not_to_be() -> None:
    tried = {BY_SPELLING[key.replace("_", "-")].name for key, _, _ in ACCEPTED}
    owned = {option.name for option in OPTIONS if option.owner}
    assert tried | REFUSED.keys() | HELD_BACK | owned == {option.name for option in OPTIONS}
    assert not tried & (REFUSED.keys() | HELD_BACK | owned)


# The engine


@pytest.mark.parametrize(("key", "value", "options"), ACCEPTED, ids=[f"{key}={value}" for key, value, _ in ACCEPTED])
def test_our_container_is_the_one_that_a_person_would_have_typed(
    key: str, value: str, options: str, folder: Path
) -> None:
    yaml = f"{key}: {value}\n{ALONG.get(key, '')}\n"
    assert inspected(ours(yaml, folder)) == inspected(typed(options, folder))


FLAGS = sorted(option.name for option in OPTIONS if option.is_flag and not option.owner and not option.default)


@pytest.mark.parametrize("name", FLAGS)
def test_false_and_null_leave_a_flag_out(name: str, folder: Path) -> None:
    bare = inspected(typed("", folder))
    assert inspected(ours(f"{name}: false\n", folder)) == bare
    assert inspected(ours(f"{name}: null\n", folder)) == bare


def test_many_options_together_are_what_a_person_would_have_typed(folder: Path) -> None:
    yaml = """
    env: {HF_HOME: /cache, MODE: train}
    v: ["./data:/data:ro", "/tmp:/scratch"]
    shm_size: 8g
    m: 4g
    cpus: 2
    ulimit: {memlock: -1, stack: 67108864}
    ipc: host
    init: true
    privileged: false
    label: {team: vision}
    """
    options = (
        "--init --ipc host -m 4g --cpus 2 --shm-size 8g --ulimit memlock=-1 --ulimit stack=67108864 "
        "-l team=vision -e HF_HOME=/cache -e MODE=train -v ./data:/data:ro -v /tmp:/scratch"
    )
    assert inspected(ours(yaml, folder)) == inspected(typed(options, folder))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_option_that_this_engine_declines_is_declined_with_its_reason(name: str, folder: Path) -> None:
    value, api, reason = REFUSED[name]
    if api and engine_api() >= tuple(int(part) for part in api.split(".")):
        pytest.skip(f"this engine takes --{name}")
    answer = ours(f"{name}: {value}\n", folder)
    assert answer.returncode != 0
    assert reason in answer.stderr


# Values: what we refuse docker refuses, what we take docker can read

TAKEN: tuple[tuple[str, str], ...] = (
    *(("memory", value) for value in ("6m", "8gb", "8gib", "8 g", "1.5g", "512MB")),
    ("memory-swap", "-1"),
    *(("cpus", value) for value in ("1.5", ".5", "0", "2")),
    *(("health-interval", value) for value in ("0", "1s", "1h30m", "1.5s", "250ms", "0.5h")),
    *(("volume", value) for value in ("/data", "d:/x", "./d:/x", "../d:/x", "/a:/b:ro,z")),
    *(("stop-signal", value) for value in ("SIGINT", "int", "9", "RTMIN+3")),
    *(("restart", value) for value in ("no", "on-failure", "on-failure:3", "always", "unless-stopped")),
    *(("env", value) for value in ("A=", "A B=1", "a.b=1")),
    *(("label", value) for value in ("a", "a=b c", "a.b/c=")),
    *(("sysctl", value) for value in ("net.x=1", "kernel.msgmax=1", "fs.mqueue.x=1")),
    *(("ulimit", value) for value in ("nofile=1024", "nofile=1024:2048", "core=-1", "core=1:-1")),
    *(("add-host", value) for value in ("a:1.2.3.4", "a=1.2.3.4", "a:::1", "a:[::1]", "a:host-gateway")),
    *(("dns", value) for value in ("1.1.1.1", "2001:4860:4860::8888")),
    *(("dns-search", value) for value in (".", "a.b", "example.com")),
    *(("publish", value) for value in ("80", "8080:80", "127.0.0.1:8080:80", "127.0.0.1::80", "8000-8002:80-82")),
    *(("publish", value) for value in ("8000-8001:80", "80/udp", "[::1]:80:80", "published=8080,target=80")),
    *(("expose", value) for value in ("80", "80-90/udp", "80/sctp")),
    *(("device", value) for value in ("/dev/null", "/dev/null:/dev/x", "/dev/null:/dev/x:r", "/dev/null:rwm")),
    *(("device-cgroup-rule", value) for value in ("c 1:* mr", "a *:* rwm")),
    *(("security-opt", value) for value in ("seccomp:unconfined", "label=disable", "apparmor=unconfined")),
    *(("gpus", value) for value in ("2", "-1", "all,capabilities=utility", "count=2,driver=nvidia", "device=0")),
    *(("mount", value) for value in ("type=tmpfs,dst=/x", "dst=/x", "type=bind,src=/tmp,dst=/x,readonly")),
    *(("cpuset-cpus", value) for value in ("0", "0-1", "0,1")),
)
DECLINED: tuple[tuple[str, str], ...] = (
    *(("memory", value) for value in ("8Gi", "1x", "-1", "lots", " 8g", "")),
    *(("cpus", value) for value in ("-1", "many", "1.5000000001")),
    *(("health-interval", value) for value in ("90", "1d", "-1s", "soon")),
    *(("volume", value) for value in ("~/x:/y", "a/b:/y", "/a:/b:rx", "/a:b", "/a:/b:ro:x", "", ":/x", "/a:")),
    *(("stop-signal", value) for value in ("FOO1BAR", "-")),
    *(("restart", value) for value in ("sometimes", "always:2", "no:2", "on-failure:-1")),
    *(("env", value) for value in ("=A", "")),
    *(("label", value) for value in ("=b", "", "a b")),
    *(("sysctl", value) for value in ("a=b", "net.x", "kernel.pid=1")),
    *(("ulimit", value) for value in ("nofile=2048:1024", "foo=1", "nofile=", "nofile", "nofile=unlimited")),
    *(("add-host", value) for value in ("a", "a:b")),
    *(("dns", value) for value in ("x", "1.2.3", "256.1.1.1")),
    *(("dns-search", value) for value in ("a b", "a_b")),
    *(("publish", value) for value in ("80/foo", "99999", "a:b", "8080:")),
    *(("expose", value) for value in ("a", "99999")),
    *(("device", value) for value in ("rel", "/dev/null:/dev/x:z")),
    *(("device-cgroup-rule", value) for value in ("x 1:3 r", "c 1 r")),
    *(("device-read-bps", value) for value in ("/dev/null", "null:1")),
    *(("device-read-iops", value) for value in ("/dev/null:1k",)),
    *(("blkio-weight-device", value) for value in ("/dev/null:5",)),
    *(("link", value) for value in ("a:b:c",)),
    *(("mac-address", value) for value in ("x",)),
    *(("ip", value) for value in ("x",)),
    *(("pid", value) for value in ("x",)),
    *(("uts", value) for value in ("x",)),
    *(("userns", value) for value in ("x",)),
    *(("cgroupns", value) for value in ("x",)),
    *(("isolation", value) for value in ("x",)),
    *(("cap-add", value) for value in ("sys-admin",)),
    *(("security-opt", value) for value in ("x",)),
    *(("cpuset-cpus", value) for value in ("a",)),
    *(("tmpfs", value) for value in ("t",)),
    *(("pull", value) for value in ("sometimes",)),
    *(("gpus", value) for value in ("foo", "foo=1")),
    *(("mount", value) for value in ("src=v", "type=bind,src=/tmp,dst=/x,foo=1", "")),
    *(("memory-swappiness", value) for value in ("101",)),
    *(("oom-score-adj", value) for value in ("2000",)),
    *(("health-retries", value) for value in ("-1",)),
    *(("workdir", value) for value in ("relative",)),
)


@pytest.mark.parametrize(("name", "value"), TAKEN)
def test_a_value_that_docker_reads_is_taken(name: str, value: str, folder: Path) -> None:
    config = config_of(f"{name}: {json.dumps(value)}")
    assert not has_errors(PROVIDER.check(config))
    answer = docker("create", "--label", MARK, f"--{name}", value, "busybox:local", folder=folder)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(("name", "value"), DECLINED)
def test_a_value_that_docker_declines_is_refused_before(name: str, value: str, folder: Path) -> None:
    config = config_of(f"{name}: {json.dumps(value)}")
    (found,) = PROVIDER.check(config)
    assert found.span is not None
    assert (found.span.line, found.span.column) == (1, len(name) + 3)
    answer = docker("create", "--label", MARK, f"--{name}", value, "busybox:local", folder=folder)
    assert answer.returncode != 0


@pytest.mark.parametrize("unit", ["", "b", "k", "kb", "m", "MB", "g", "GiB"])
def test_the_canonical_size_is_the_engines(unit: str, folder: Path) -> None:
    config = config_of(f"shm-size: {json.dumps(f'65536{unit}' if len(unit) < 2 else f'64{unit}')}")
    written = docker("create", "--label", MARK, *_shm(config.entries["shm-size"]), "busybox:local", folder=folder)
    canonical = docker(
        *("create", "--label", MARK, *_shm(PROVIDER.normalise(config).entries["shm-size"]), "busybox:local"),
        folder=folder,
    )
    assert inspected(written)["HostConfig"]["ShmSize"] == inspected(canonical)["HostConfig"]["ShmSize"]


def _shm(node: JSON) -> tuple[str, str]:
    return "--shm-size", str(node.value)
