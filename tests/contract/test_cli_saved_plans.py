"""Saved plans on the command line: written beside nothing else, shown as they are, applied with the same variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = """\
version: 1
project: saved
variables:
  word: {default: fine}
  unused: {}
queues: {here: {resource: process}}
jobs:
  say:
    source: {code: ./code}
    command: [python3, -c, "print('{{ var.word }}')"]
runs:
  fine: {job: say, queue: here}
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs `launchctl` beside a project with variables."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/data.txt").write_text("x")
    (tmp_path / "project.yaml").write_text(PROJECT)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}

    def launchctl(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launchctl", *arguments],
            cwd=tmp_path,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    return launchctl


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("project.yaml", PROJECT),
        ("code/data.txt", "x"),
        ("notes.json", '{"mine": 1}'),
        ("torn.json", '{"changes":['),
        ("empty.json", ""),
    ],
)
def test_a_plan_is_saved_over_nothing_but_a_plan(call: Call, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    refused = call("plan", "-o", name)
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        64,
        "",
        f'error: "{name}" is there already and is no saved plan\nhint: name a file that is not there yet\n',
    )
    assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize("name", ["new.yaml", "new.yml"])
def test_a_plan_is_not_saved_under_the_name_of_a_project(call: Call, tmp_path: Path, name: str) -> None:
    refused = call("plan", "-o", name)
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        64,
        "",
        f'error: "{name}" is the name of a project, not of a plan\nhint: name it `new.json`\n',
    )
    assert not (tmp_path / name).exists()


def test_a_folder_or_a_device_is_no_place_for_a_plan(call: Call) -> None:
    assert call("plan", "-o", "code").returncode == 64
    assert call("plan", "-o", os.devnull).returncode == 64
    assert not Path(os.devnull).is_file()


def test_a_saved_plan_may_be_replaced_by_a_new_one(call: Call) -> None:
    assert call("plan", "-o", "saved.json").returncode == 0
    assert call("plan", "-o", "saved.json").returncode == 0


def test_a_saved_plan_given_to_plan_is_shown_as_it_was_made(call: Call, tmp_path: Path) -> None:
    made = call("plan", "-o", "saved.json")
    (tmp_path / "project.yaml").unlink()
    shown = call("plan", "saved.json", "--detailed-exitcode")
    assert (shown.returncode, shown.stdout, shown.stderr) == (
        2,
        made.stdout,
        "a saved plan, shown as it was made: nothing is read or asked anew\n",
    )
    assert made.stdout.startswith("Will happen\n  > runs.fine  start: never run  project.yaml:12:3\n")
    document = json.loads(call("plan", "saved.json", "--format", "json").stdout)
    assert [found["address"] for found in document["changes"]] == ["runs.fine"]
    assert call("plan", "saved.json", "--format", "markdown").stdout.startswith("<!-- launchctl plan: saved/default")
    assert call("plan", "saved.json", "--format", "html").stdout.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "option",
    [["-o", "x.json"], ["--rerun", "runs.fine"], ["--no-refresh"], ["--var", "word=a"], ["--workspace", "other"]],
)
def test_a_saved_plan_is_shown_without_options_that_would_make_another(call: Call, option: list[str]) -> None:
    call("plan", "-o", "saved.json")
    refused = call("plan", "saved.json", *option)
    assert (refused.returncode, refused.stdout) == (64, "")
    assert refused.stderr.startswith("error: a saved plan is shown as it was made\n")


def test_a_plan_that_was_edited_is_not_shown(call: Call, tmp_path: Path) -> None:
    call("plan", "-o", "saved.json")
    saved = json.loads((tmp_path / "saved.json").read_text())
    (tmp_path / "edited.json").write_text(json.dumps({**saved, "changes": []}))
    assert call("plan", "edited.json").returncode == 5
    (tmp_path / "torn.json").write_text((tmp_path / "saved.json").read_text()[:200])
    assert call("plan", "torn.json").returncode == 5


def test_a_project_written_as_json_is_no_saved_plan(call: Call, tmp_path: Path) -> None:
    project = {
        "version": 1,
        "project": "saved",
        "queues": {"here": {"resource": "process"}},
        "jobs": {"say": {"source": {"code": "./code"}, "command": ["true"]}},
        "runs": {"fine": {"job": "say", "queue": "here"}},
    }
    (tmp_path / "project.json").write_text(json.dumps(project))
    assert call("plan", "project.json").stdout.endswith("Plan: 1 to start\n")
    assert call("apply", "project.json").returncode == 64  # it gets as far as the question
    refused = call("plan", "project.json", "-o", "project.json")
    assert refused.returncode == 64


def test_a_saved_plan_knows_no_value_of_a_variable(call: Call, tmp_path: Path) -> None:
    call("plan", "-o", "saved.json", "--var", "word=a-long-password")
    assert "a-long-password" not in json.dumps(json.loads((tmp_path / "saved.json").read_text())["variables"])


@pytest.mark.parametrize(
    ("made_with", "applied_with", "said"),
    [
        ("one", None, 'error: the plan was made with a value for variable "word", and here it has none\n'),
        ("one", "two", 'error: variable "word" has another value than the one that the plan was made with\n'),
        (None, "two", 'error: variable "word" has a value here, and the plan was made without one\n'),
    ],
)
def test_a_saved_plan_is_stale_where_a_variable_differs(
    call: Call, made_with: str | None, applied_with: str | None, said: str
) -> None:
    call("plan", "-o", "saved.json", *([f"--var=word={made_with}"] if made_with else []))
    given = [f"--var=word={applied_with}"] if applied_with else []
    refused = call("apply", "saved.json", "--auto-approve", *given)
    assert refused.returncode == 5
    assert refused.stderr.startswith(said)


def test_a_required_variable_that_is_missing_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT.replace("{default: fine}", "{}"))
    call("plan", "-o", "saved.json", "--var", "word=one")
    refused = call("apply", "saved.json", "--auto-approve")
    assert refused.returncode == 5
    assert 'variable "word"' in refused.stderr


@pytest.mark.parametrize("way", ["option", "file", "environment"])
def test_a_saved_plan_is_applied_with_the_same_variables_however_they_are_given(
    call: Call, tmp_path: Path, way: str
) -> None:
    assert call("plan", "-o", "saved.json", "--var", "word=one").returncode == 0
    (tmp_path / "values.yaml").write_text("word: one\n")
    options = {"option": ["--var", "word=one"], "file": ["--var-file", "values.yaml"], "environment": []}[way]
    environment = {"LAUNCHCTL_VAR_word": "one"} if way == "environment" else {}
    done = call("apply", "saved.json", "--auto-approve", "--wait", *options, **environment, LAUNCHCTL_VAR_other="x")
    assert done.returncode == 0, done.stderr
    assert call("logs", "runs.fine").stdout == "one\n"
