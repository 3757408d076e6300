"""The command line of a run: exactly what could be typed, in an order that depends on nothing but the table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from docker_launches import RUN_ID, SPAN, config_of, launch_of

from launchctl.compiler.node import Deferred, ListNode, MapNode, ScalarNode
from launchctl.compiler.program import Identity
from launchctl.diagnostics import Severity
from launchctl.providers.docker import PROVIDER
from launchctl.providers.docker.argv import creation, take_apart
from launchctl.providers.docker.lower import lower
from launchctl.providers.manifest import complete
from launchctl.values import JSON

MARKS = (
    *("--name", RUN_ID),
    *("--label", "launchctl.dev/project=churn"),
    *("--label", "launchctl.dev/entity=acme"),
    *("--label", "launchctl.dev/workspace=default"),
    *("--label", "launchctl.dev/address=runs.baseline"),
    *("--label", "launchctl.dev/generation=1"),
    *("--label", "launchctl.dev/attempt=1"),
    *("--label", f"launchctl.dev/run-id={RUN_ID}"),
    *("--label", f"wandb.ai/run-id={RUN_ID}"),
)


def argv_of(text: str) -> Sequence[JSON]:
    """The options that a configuration gives, in front of the name."""
    manifest, diagnostics = lower(launch_of(config_of(text)))
    assert diagnostics == ()
    argv: list[JSON] = manifest.body["argv"]
    assert argv[:2] == ["docker", "run"]
    assert argv[argv.index("--name") :] == [*MARKS, "busybox:local"]
    return argv[2 : argv.index("--name")]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", []),
        ("volume: [/b:/b, /a:/a]", ["--volume", "/b:/b", "--volume", "/a:/a"]),
        ("v: /a:/a", ["--volume", "/a:/a"]),
        ("rm: true", ["--rm"]),
        ("init: false\ntty: null\nenv: []", []),
        ("disable-content-trust: false", ["--disable-content-trust=false"]),
        ("disable-content-trust: true", []),
        ("cpus: 1.5", ["--cpus", "1.5"]),
        ("cpus: 2.0", ["--cpus", "2.0"]),
        ("user: 1000", ["--user", "1000"]),
        (
            "env: {RATE: 1e-5, LEVEL: 3, TEXT: 'a b'}",
            ["--env", "RATE=0.00001", "--env", "LEVEL=3", "--env", "TEXT=a b"],
        ),
        ("env: [B=2, A]", ["--env", "B=2", "--env", "A"]),
        ("memory-swap: -1", ["--memory-swap", "-1"]),
        ("shm_size: 8192m", ["--shm-size", "8192m"]),
        ("net: host", ["--network", "host"]),
        ("workdir: /w\nmemory: 8g\ngpus: all", ["--gpus", "all", "--memory", "8g", "--workdir", "/w"]),
        ("gpus: all\nmemory: 8g\nworkdir: /w", ["--gpus", "all", "--memory", "8g", "--workdir", "/w"]),
    ],
)
def test_options_as_they_would_be_typed(text: str, options: list[str]) -> None:
    assert argv_of(text) == options


def test_a_whole_command_line() -> None:
    launch = launch_of(
        config_of("gpus: device=0\nshm-size: 8g\nenv: [MODE=prod]\nvolume: [/data:/data:ro]\nrm: true\n"),
        image="registry.example.com/churn:v1",
        command=["python", "train.py"],
        args=["--lr", "3e-4"],
        env={"TOKENIZERS_PARALLELISM": "false"},
        own_env={"WANDB_PROJECT": "churn", "WANDB_RUN_ID": RUN_ID},
        secrets=["WANDB_API_KEY"],
    )
    manifest, diagnostics = lower(launch)
    assert diagnostics == ()
    assert manifest.body == {
        "argv": [
            *("docker", "run", "--env", "MODE=prod", "--gpus", "device=0", "--rm", "--shm-size", "8g"),
            *("--volume", "/data:/data:ro"),
            *MARKS,
            *("--env", "TOKENIZERS_PARALLELISM=false"),
            *("--env", "WANDB_PROJECT=churn", "--env", f"WANDB_RUN_ID={RUN_ID}"),
            *("--env", "WANDB_API_KEY"),
            *("--entrypoint", "python", "registry.example.com/churn:v1", "train.py", "--lr", "3e-4"),
        ]
    }


@pytest.mark.parametrize(
    ("command", "args", "end"),
    [
        ([], [], ["busybox:local"]),
        ([], ["--fast"], ["busybox:local", "--fast"]),
        (["train"], [], ["--entrypoint", "train", "busybox:local"]),
        (["python", "t.py"], ["--n", 3], ["--entrypoint", "python", "busybox:local", "t.py", "--n", "3"]),
    ],
)
def test_a_command_is_the_entry_point_and_arguments_follow_it(
    command: list[JSON], args: list[JSON], end: list[str]
) -> None:
    manifest, _ = lower(launch_of(command=command, args=args))
    assert manifest.body["argv"][2 + len(MARKS) :] == end


def test_a_later_attempt_has_its_own_name_and_its_generations_run_id() -> None:
    manifest, _ = lower(launch_of(identity=Identity("runs-baseline-bbbbbbbbbb", RUN_ID, generation=2, attempt=3)))
    labels = take_apart(manifest.body["argv"]).values("label")
    assert "launchctl.dev/run-id=runs-baseline-bbbbbbbbbb" in labels
    assert f"wandb.ai/run-id={RUN_ID}" in labels
    assert {"launchctl.dev/generation=2", "launchctl.dev/attempt=3"} <= set(labels)


def test_two_runs_of_one_queue_share_its_options() -> None:
    config = config_of("memory: 8g\n")
    first, _ = lower(launch_of(config, args=["1"]))
    second, _ = lower(launch_of(config, args=["2"]))
    assert first.body["argv"][:-1] == second.body["argv"][:-1]
    assert (first.body["argv"][-1], second.body["argv"][-1]) == ("1", "2")


def test_values_know_where_they_were_written() -> None:
    manifest, _ = lower(launch_of(config_of("memory: 8g\nenv:\n  MODE: fast\n"), args=["--fast"]))
    argv = manifest.body["argv"]
    assert str(manifest.origin(("argv", argv.index("8g")))) == "queue.yaml:1:9"
    assert str(manifest.origin(("argv", argv.index("MODE=fast")))) == "queue.yaml:3:9"
    assert manifest.origin(("argv", argv.index("--fast"))) == SPAN
    assert manifest.origin(("argv", argv.index("--name"))) is None


def test_a_deferred_text_is_completed_where_it_runs() -> None:
    config = MapNode(
        {
            "env": MapNode({"CACHE": ScalarNode(Deferred(("", "HOME", "/cache")))}, {}),
            "volume": ListNode((ScalarNode(Deferred(("", "HOME", ":/h"))),)),
        },
        {},
    )
    manifest, _ = lower(launch_of(config))
    assert manifest.body["argv"][2:6] == ["--env", "CACHE=${env:HOME}/cache", "--volume", "${env:HOME}:/h"]
    finished = complete(manifest.body, manifest.deferred, {"HOME": "/home/ada"})
    assert finished["argv"][2:6] == ["--env", "CACHE=/home/ada/cache", "--volume", "/home/ada:/h"]


# A server of W&B on this machine


@pytest.mark.parametrize(
    ("url", "text", "options"),
    [
        ("http://localhost:8080", "", ["--network", "host"]),
        ("https://127.0.0.1", "memory: 8g\nrm: true\n", ["--memory", "8g", "--network", "host", "--rm"]),
        ("http://[::1]:8080/", "", ["--network", "host"]),
        ("http://localhost:8080", "network: mine", ["--network", "mine"]),
        ("https://api.wandb.ai", "", []),
        ("https://localhost.example.com", "", []),
    ],
)
def test_a_server_on_this_machine_is_within_reach(url: str, text: str, options: list[str]) -> None:
    manifest, _ = lower(launch_of(config_of(text), own_env={"WANDB_BASE_URL": url}))
    argv = manifest.body["argv"]
    assert argv[2 : argv.index("--name")] == options


# Faults that only a whole launch shows


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (None, "docker-image-missing"),
        ("", "docker-image-missing"),
        ("-v", "docker-image-invalid"),
        ("registry.example.com/Churn", "docker-image-invalid"),
        ("a b", "docker-image-invalid"),
        ("name:tag:more", "docker-image-invalid"),
    ],
)
def test_an_image_that_cannot_be_one_is_refused(image: str | None, code: str) -> None:
    _, (found,) = lower(launch_of(image=image))
    assert (found.code.name, found.span) == (code, SPAN)


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "busybox:local",
        "localhost:5000/team/churn:v1.2",
        "registry.example.com/team/churn@sha256:" + "0" * 64,
        "4ddb6639dcc0",
        "sha256:" + "a" * 64,
        "a__b/c-d.e",
    ],
)
def test_an_image_may_be_spelled_in_every_way_of_docker(image: str) -> None:
    assert lower(launch_of(image=image))[1] == ()


def test_the_jobs_command_replaces_the_configurations_entry_point_and_says_so() -> None:
    manifest, (found,) = lower(launch_of(config_of("entrypoint: sh"), command=["python"]))
    assert take_apart(manifest.body["argv"]).values("entrypoint") == ["python"]
    assert (found.code.name, found.severity, str(found.span)) == (
        "docker-entrypoint-overridden",
        Severity.WARNING,
        "queue.yaml:1:13",
    )


def test_the_configurations_entry_point_counts_where_the_job_has_no_command() -> None:
    manifest, diagnostics = lower(launch_of(config_of("entrypoint: sh"), args=["-c", "exit 3"]))
    assert diagnostics == ()
    parts = take_apart(manifest.body["argv"])
    assert (parts.values("entrypoint"), parts.command) == (["sh"], ["-c", "exit 3"])


def test_the_jobs_variable_replaces_the_configurations_and_says_so() -> None:
    manifest, (found,) = lower(launch_of(config_of("env: [MODE=slow, KEPT=1]"), env={"MODE": "fast"}))
    assert take_apart(manifest.body["argv"]).values("env") == ["KEPT=1", "MODE=fast"]
    assert found.message == 'environment variable "MODE" of the configuration is replaced by the job\'s'
    assert (found.severity, found.notes[0].span) == (Severity.WARNING, SPAN)


def test_a_variable_of_launchctl_is_not_the_configurations_to_set() -> None:
    _, (found,) = lower(launch_of(config_of("env:\n  WANDB_PROJECT: x\n"), own_env={"WANDB_PROJECT": "churn"}))
    assert found.message == 'environment variable "WANDB_PROJECT" cannot be set here: launchctl sets it'
    assert (found.severity, str(found.span)) == (Severity.ERROR, "queue.yaml:2:18")


@pytest.mark.parametrize(("text", "env"), [("env: [TOKEN=x]", {}), ("env: [TOKEN]", {}), ("", {"TOKEN": "x"})])
def test_a_secret_has_a_name_of_its_own(text: str, env: dict[str, str]) -> None:
    _, (found,) = lower(launch_of(config_of(text), env=env, secrets=["TOKEN"]))
    assert found.message == 'secret "TOKEN" has the name of an environment variable that is set as well'
    assert found.notes[0].span is not None


@pytest.mark.parametrize("name", ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "https_proxy"])
def test_a_secret_never_steers_docker_itself(name: str) -> None:
    _, (found,) = lower(launch_of(secrets=[name]))
    assert found.message == f'secret "{name}" would change how docker itself is called'


# Taken apart again


def test_create_is_run_without_rm() -> None:
    manifest, _ = lower(launch_of(config_of("rm: true\ninit: true\n"), args=["--rm"]))
    assert creation(take_apart(manifest.body["argv"])) == [
        *("docker", "create", "--init"),
        *MARKS,
        *("--label", "launchctl.dev/held-back=rm", "busybox:local", "--rm"),
    ]


def test_a_value_that_looks_like_an_option_is_a_value() -> None:
    argv = ["docker", "run", "--health-cmd", "--rm", "--disable-content-trust=false", "image", "--name"]
    parts = take_apart(argv)
    assert parts.options == [("--health-cmd", "--rm"), ("--disable-content-trust=false",)]
    assert (parts.image, parts.command) == ("image", ["--name"])


def test_the_provider_says_what_it_can() -> None:
    assert PROVIDER.name == "docker"
    assert PROVIDER.capabilities.sources == {"image"}
    assert PROVIDER.capabilities.secrets == {"env"}
    assert PROVIDER.capabilities.default_max_jobs == 1
    assert PROVIDER.workload(launch_of().spec) == "single"
