"""The manifest of a process, its script, and what cannot be one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from launchctl.addresses import Address, Kind
from launchctl.compiler.node import Deferred, ListNode, MapNode, ScalarNode, node_of
from launchctl.compiler.program import BoundLaunch, CodeSource, Identity, LaunchSpec
from launchctl.diagnostics import Span
from launchctl.providers.process import PROVIDER
from launchctl.values import JSON

RUN = Span("project.yaml", 9, 3, 9, 11)
WORD = Span("project.yaml", 5, 14, 5, 20)


def list_of(*words: JSON) -> ListNode:
    return ListNode(tuple(ScalarNode(word, WORD) for word in words))


COMMAND, NOTHING = list_of("python", "train.py"), list_of()


def launch(
    *,
    command: ListNode = COMMAND,
    args: ListNode = NOTHING,
    env: Mapping[str, JSON] | None = None,
    inherit_env: tuple[str, ...] = (),
) -> BoundLaunch:
    source = CodeSource("train", "sha256:0", WORD)
    spec = LaunchSpec(Address(Kind.RUNS, "baseline"), "train", "local", "process", source, RUN, inherit_env=inherit_env)
    variables = MapNode({name: ScalarNode(value, WORD) for name, value in (env or {}).items()}, {})
    identity = Identity("runs-baseline-3f09a1c2d4", "runs-baseline-3f09a1c2d4")
    return BoundLaunch(spec, identity, "churn", "acme", "default", None, command, args, variables, MapNode({}, {}))


def test_a_manifest_is_the_command_its_variables_and_the_working_copy() -> None:
    manifest, diagnostics = PROVIDER.lower(
        launch(args=list_of("--fast", 3, 0.5, True), env={"RATE": "0.1", "NAME": "é"})
    )
    assert diagnostics == ()
    assert manifest.body == {
        "argv": ["python", "train.py", "--fast", "3", "0.5", "true"],
        "env": {"RATE": "0.1", "NAME": "é"},
        "cwd": ".launchctl/runs/runs-baseline-3f09a1c2d4/work",
    }


def test_values_know_where_they_were_written() -> None:
    manifest, _ = PROVIDER.lower(launch(env={"RATE": "0.1"}))
    assert (manifest.origin(("argv", 1)), manifest.origin(("env", "RATE"))) == (WORD, WORD)
    assert manifest.origin(("cwd",)) is None


def test_texts_of_the_environment_of_apply_stay_references() -> None:
    deferred = Deferred(("team-", "TEAM", ""))
    manifest, _ = PROVIDER.lower(launch(args=list_of(deferred), env={"GROUP": deferred}))
    assert manifest.body["argv"][2] == manifest.body["env"]["GROUP"] == "team-${env:TEAM}"
    assert manifest.deferred == {("argv", 2): deferred, ("env", "GROUP"): deferred}


def test_inherited_names_have_no_value_and_yield_to_one_that_is_given() -> None:
    manifest, _ = PROVIDER.lower(launch(env={"HF_HOME": "/data"}, inherit_env=("HTTP_PROXY", "HF_HOME")))
    assert manifest.body["env"] == {"HTTP_PROXY": None, "HF_HOME": "/data"}


@pytest.mark.parametrize("wrong", [launch(args=list_of("a\0b")), launch(env={"NAME": "\0"})])
def test_a_text_that_the_system_cannot_hand_over_is_said_at_its_place(wrong: BoundLaunch) -> None:
    _, diagnostics = PROVIDER.lower(wrong)
    assert [(found.message, found.span) for found in diagnostics] == [
        ("a text for a process holds a NUL character", WORD)
    ]


def test_a_configuration_is_an_error_at_each_of_its_keys() -> None:
    keys = {"nice": Span("project.yaml", 3, 5, 3, 9), "gpus": Span("project.yaml", 4, 5, 4, 9)}
    config = MapNode({"nice": node_of(5, WORD), "gpus": node_of("all", WORD)}, keys)
    assert [(found.message, found.span) for found in PROVIDER.check(config)] == [
        ('a process queue has no configuration, got "nice"', keys["nice"]),
        ('a process queue has no configuration, got "gpus"', keys["gpus"]),
    ]
    assert PROVIDER.check(MapNode({}, {})) == ()


def test_a_script_has_one_variable_a_line_and_can_be_read() -> None:
    body = {
        "argv": ["python", "train.py", "--name", "it's"],
        "env": {"HTTP_PROXY": None, "WANDB_CONFIG": '{"rate": 0.1}', "WANDB_PROJECT": "churn"},
        "cwd": ".launchctl/runs/runs-baseline-3f09a1c2d4/work",
    }
    assert PROVIDER.script(body) == (
        "#!/bin/sh\n"
        "# What apply starts as a process, in a copy of the code that it takes first."
        " By hand: sh FILE, in the project's folder.\n"
        "cd .launchctl/runs/runs-baseline-3f09a1c2d4/work || exit\n"
        "exec env -i \\\n"
        '  ${PATH+"PATH=$PATH"} \\\n'
        '  ${HOME+"HOME=$HOME"} \\\n'
        '  ${LANG+"LANG=$LANG"} \\\n'
        '  ${TMPDIR+"TMPDIR=$TMPDIR"} \\\n'
        '  ${VIRTUAL_ENV+"VIRTUAL_ENV=$VIRTUAL_ENV"} \\\n'
        '  ${LC_ALL+"LC_ALL=$LC_ALL"} \\\n'
        '  ${LC_COLLATE+"LC_COLLATE=$LC_COLLATE"} \\\n'
        '  ${LC_CTYPE+"LC_CTYPE=$LC_CTYPE"} \\\n'
        '  ${LC_MESSAGES+"LC_MESSAGES=$LC_MESSAGES"} \\\n'
        '  ${LC_MONETARY+"LC_MONETARY=$LC_MONETARY"} \\\n'
        '  ${LC_NUMERIC+"LC_NUMERIC=$LC_NUMERIC"} \\\n'
        '  ${LC_TIME+"LC_TIME=$LC_TIME"} \\\n'
        '  ${HTTP_PROXY+"HTTP_PROXY=$HTTP_PROXY"} \\\n'
        "  'WANDB_CONFIG={\"rate\": 0.1}' \\\n"
        "  WANDB_PROJECT=churn \\\n"
        "  python train.py --name 'it'\"'\"'s'\n"
    )


def test_a_script_does_what_the_manifest_says(tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    text = "a \"b\" 'c' $HOME `d` \\ é=;\n  second line"
    body = {"argv": ["env", "-0"], "env": {"TEXT": text, "TEAM": None, "UNSET": None}, "cwd": "a folder"}
    (tmp_path / "run.sh").write_text(PROVIDER.script(body))
    outside = {"PATH": os.environ["PATH"], "HOME": "/home/a b", "TEAM": "blue team", "USER": "ada"}
    found = subprocess.run(["sh", "run.sh"], cwd=tmp_path, env=outside, capture_output=True, check=True)
    assert dict(item.split("=", 1) for item in found.stdout.decode().split("\0") if item) == {
        "PATH": os.environ["PATH"],
        "HOME": "/home/a b",
        "TEAM": "blue team",
        "TEXT": text,
    }


def test_the_target_says_what_it_can_do() -> None:
    capabilities = PROVIDER.capabilities
    assert (capabilities.sources, capabilities.secrets) == (frozenset({"code"}), frozenset({"env"}))
    assert (capabilities.default_max_jobs, capabilities.has_config) == (1, False)
    assert not PROVIDER.mutable("env")
    assert PROVIDER.workload(launch().spec) == "single"
    assert PROVIDER.normalise(MapNode({}, {})) == MapNode({}, {})


def test_compiling_loads_no_client() -> None:
    program = "import launchctl.providers.process, sys; print('subprocess' in sys.modules or 'fcntl' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
