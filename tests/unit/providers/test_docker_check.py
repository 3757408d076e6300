"""Every mistake in a docker configuration: its exact place, its sentence, its way out."""

from __future__ import annotations

import pytest
from docker_launches import config_of

from launchctl.compiler.node import Deferred, ListNode, MapNode, ScalarNode
from launchctl.diagnostics import Code, Severity
from launchctl.providers.docker.check import check
from launchctl.providers.docker.codes import CODES

WRONG: tuple[tuple[str, str, str, str, str | None], ...] = (
    # text, place, code, message, hint
    (
        "volumes: [./a:/a]",
        "1:1",
        "docker-unknown-option",
        'unknown option "volumes" of `docker run`',
        'did you mean "volume"?',
    ),
    (
        "memry: 8g",
        "1:1",
        "docker-unknown-option",
        'unknown option "memry" of `docker run`',
        'did you mean "memory"?',
    ),
    (
        "Memory_Swap: 2g",
        "1:1",
        "docker-unknown-option",
        'unknown option "Memory_Swap" of `docker run`',
        'did you mean "memory-swap"?',
    ),
    (
        "--gpus: all",
        "1:1",
        "docker-unknown-option",
        'unknown option "--gpus" of `docker run`',
        'an option is written without its dashes: "gpus"',
    ),
    (
        "command: [python]",
        "1:1",
        "docker-unknown-option",
        'unknown option "command" of `docker run`',
        "the command is the job's: write `command` on the job or the run",
    ),
    ("cpu: 2", "1:1", "docker-unknown-option", 'unknown option "cpu" of `docker run`', 'did you mean "cpus"?'),
    ("zzz: null", "1:1", "docker-unknown-option", 'unknown option "zzz" of `docker run`', None),
    (
        "memory: 8g\nm: 4g",
        "2:1",
        "docker-option-twice",
        'option "memory" is given twice, as "memory" and as "m"',
        "keep one of the two",
    ),
    (
        "shm-size: 8g\nshm_size: 4g",
        "2:1",
        "docker-option-twice",
        'option "shm-size" is given twice, as "shm-size" and as "shm_size"',
        "keep one of the two",
    ),
    (
        "name: mine",
        "1:1",
        "docker-option-owned",
        'option "name" cannot be set here: the container is named after the run, so that nothing is ever started twice',
        "remove the option",
    ),
    (
        "d: true",
        "1:1",
        "docker-option-owned",
        'option "detach" cannot be set here: every run is detached; `launchctl logs` follows it',
        "remove the option",
    ),
    (
        "interactive: true",
        "1:1",
        "docker-option-owned",
        'option "interactive" cannot be set here: a run goes on by itself, with nobody at its terminal',
        "remove the option",
    ),
    (
        "sig-proxy: false",
        "1:1",
        "docker-option-owned",
        'option "sig-proxy" cannot be set here: a run goes on by itself, with nobody at its terminal',
        "remove the option",
    ),
    (
        "memory: 8Gi",
        "1:9",
        "docker-option-value",
        'expected a size such as 512m or 8g for option "memory", got "8Gi"',
        'docker writes "8g"',
    ),
    (
        "memory: true",
        "1:9",
        "docker-option-value",
        'expected a size such as 512m or 8g for option "memory", got true',
        None,
    ),
    (
        "health-interval: 30",
        "1:18",
        "docker-option-value",
        'expected a duration such as 500ms, 30s or 1m30s for option "health-interval", got "30"',
        'write the unit: "30s"',
    ),
    (
        "gpus: device=0,1",
        "1:7",
        "docker-option-value",
        'expected all, a number, or fields such as "device=0" for option "gpus", got "device=0,1"',
        "several devices stand in quotes of their own: '\"device=0,1\"'",
    ),
    (
        "volume: [./a:/a, data/x:/x]",
        "1:18",
        "docker-option-value",
        'expected /PATH, SOURCE:/PATH or SOURCE:/PATH:MODE for option "volume", got "data/x:/x"',
        'a folder of the project starts with "./": "./data/x:/x"',
    ),
    (
        "v: ~/cache:/x",
        "1:4",
        "docker-option-value",
        'expected /PATH, SOURCE:/PATH or SOURCE:/PATH:MODE for option "volume", got "~/cache:/x"',
        "`~` is a shell's: write ${env:HOME} in its place, with HOME under the project's `environment`",
    ),
    (
        'rm: "true"',
        "1:5",
        "docker-option-value",
        'expected true or false for option "rm", got "true"',
        "write true or false without quotes",
    ),
    ("rm: 1", "1:5", "docker-option-value", 'expected true or false for option "rm", got "1"', None),
    ("rm: [true]", "1:5", "docker-option-list", 'option "rm" takes one value, got a list of 1', "write the one value"),
    (
        "memory: [8g, 4g]",
        "1:9",
        "docker-option-list",
        'option "memory" takes one value, got a list of 2',
        "write the one value",
    ),
    (
        "mount: {type: bind, source: ./a, target: /a}",
        "1:8",
        "docker-option-mapping",
        'option "mount" takes a mount such as type=bind,source=./data,target=/data, not a mapping',
        'write it as docker does: "type=bind,source=./a,target=/a"',
    ),
    (
        "memory: {limit: 8g}",
        "1:9",
        "docker-option-mapping",
        'option "memory" takes a size such as 512m or 8g, not a mapping',
        'write it as docker does: "limit=8g"',
    ),
    (
        "env: [A=1, null]",
        "1:12",
        "docker-option-value",
        'expected NAME=VALUE or NAME for option "env", got null',
        None,
    ),
    (
        "env: [A=1, {B: 2}]",
        "1:12",
        "docker-option-value",
        'expected NAME=VALUE or NAME for option "env", got a mapping',
        "write one mapping in place of the list",
    ),
    (
        "env: {DEBUG: true}",
        "1:14",
        "docker-option-value",
        'expected a text or a number for option "env", got true',
        'write "true" with quotes',
    ),
    (
        "env: {PATHS: [a, b]}",
        "1:14",
        "docker-option-value",
        'expected a text or a number for option "env", got a list',
        None,
    ),
    (
        "env: {'A=B': 1}",
        "1:7",
        "docker-option-value",
        'expected a name without "=" for option "env", got "A=B"',
        None,
    ),
    (
        "ulimit: {files: 1024}",
        "1:17",
        "docker-option-value",
        'expected NAME=SOFT[:HARD] such as nofile=1024:2048 for option "ulimit", got "files=1024"',
        None,
    ),
    (
        "e: /a:/b",
        "1:4",
        "docker-env-volume",
        'the environment variable "/a:/b" looks like a volume',
        'write it under "volume": "/a:/b"',
    ),
    (
        "env: [MODE=x, ./data:/data]",
        "1:15",
        "docker-env-volume",
        'the environment variable "./data:/data" looks like a volume',
        'write it under "volume": "./data:/data"',
    ),
    (
        "label: [team=a, launchctl.dev/address=runs.x]",
        "1:17",
        "docker-label-owned",
        'label "launchctl.dev/address" cannot be set here: launchctl finds its containers by it',
        "choose another name",
    ),
    (
        "label: {wandb.ai/run-id: x}",
        "1:9",
        "docker-label-owned",
        'label "wandb.ai/run-id" cannot be set here: launchctl finds its containers by it',
        "choose another name",
    ),
    (
        "rm: true\nrestart: on-failure",
        "2:10",
        "docker-option-conflict",
        'options "restart" and "rm" exclude each other',
        "keep one of the two",
    ),
    (
        "no-healthcheck: true\nhealth-cmd: test -f /ok",
        "1:17",
        "docker-option-conflict",
        'options "no-healthcheck" and "health-cmd" exclude each other',
        "keep one of the two",
    ),
    (
        "restart: always",
        "1:10",
        "docker-never-ends",
        'with restart policy "always" the run never ends by itself',
        '"on-failure:3" ends with success',
    ),
)


@pytest.mark.parametrize(("text", "place", "code", "message", "hint"), WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_is_shown_where_it_is(text: str, place: str, code: str, message: str, hint: str | None) -> None:
    (found,) = check(config_of(text))
    assert f"{found.span}" == f"queue.yaml:{place}"
    assert (found.code.name, found.message, found.hint) == (code, message, hint)


RIGHT = (
    "memory: 8g",
    "m: 536870912",
    "cpus: 2",
    "cpuset-cpus: 0",
    "user: 1000",
    "publish: 8080",
    "gpus: 2",
    "env: [MODE=fast, HF_TOKEN]",
    "env: {MODE: fast, LEVEL: 3, RATE: 1e-5, GONE: null}",
    "env: MODE=/a:/b",
    "label: {launchctl: yes-this-is-mine}",
    "volumes-from: other:ro",
    "network: [front, back]",
    "rm: true\nrestart: 'no'",
    "rm: false\nrestart: on-failure",
    "name: null\ndetach: false\ninteractive: false",
    "tty: true",
    "volume: '${env:HOME}/cache:/cache'",
    "memory: '${project_name}'",
    "disable-content-trust: false",
    "restart: on-failure:3",
)


@pytest.mark.parametrize("text", RIGHT)
def test_what_docker_takes_is_taken(text: str) -> None:
    assert check(config_of(text)) == ()


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_text() -> None:
    found = check(config_of("memry: 8g\ncpus: many\nrm: maybe\nvolume: [a/b:/c]\n"))
    assert [(one.span.line, one.span.column) for one in found if one.span] == [(1, 1), (2, 7), (3, 5), (4, 10)]


def test_both_spellings_of_an_option_are_shown() -> None:
    (found,) = check(config_of("v: /a\nmemory: 8g\nvolume: /b\n"))
    assert [(note.message, str(note.span)) for note in found.notes] == [('"v" is here', "queue.yaml:1:1")]


def test_a_deferred_text_is_not_judged() -> None:
    deferred = ScalarNode(Deferred(("", "SIZE", "")))
    assert check(MapNode({"memory": deferred, "volume": ListNode((deferred,))}, {})) == ()


def test_a_policy_that_never_ends_is_a_warning_alone() -> None:
    (found,) = check(config_of("restart: unless-stopped"))
    assert found.severity is Severity.WARNING


def test_a_configuration_without_places_is_checked_too() -> None:
    (found,) = check(MapNode({"memry": ScalarNode("8g")}, {}))
    assert found.span is None


@pytest.mark.parametrize("code", CODES, ids=lambda code: str(code.name))
def test_a_code_has_the_form_of_a_diagnostic(code: Code) -> None:
    assert code.name.startswith("docker-")
    assert not code.sentence.endswith(".")
    assert code.explanation.endswith(".")
    assert "{{" not in code.explanation


def test_a_long_value_is_shown_in_part() -> None:
    (found,) = check(config_of(f"memory: {'x' * 200}"))
    assert found.message == f'expected a size such as 512m or 8g for option "memory", got "{"x" * 60}…"'
