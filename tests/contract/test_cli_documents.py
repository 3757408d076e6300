"""What the command line prints for programs, and what it never prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from launchctl.schemas import load

SECRET = "hunter2-do-not-tell"
PROJECT = """\
version: 1
project: documents
entity: acme
secrets: {wandb: {env: WANDB_API_KEY}}
environment: [REGION]
queues:
  here: {resource: process}
  containers: {resource: docker, config: {memory: 1g}}
jobs:
  train:
    source: {code: ./code}
    command: [python3, -c, "import os; print(len(os.environ['WANDB_API_KEY']), os.environ['AREA'])"]
    secrets: [wandb]
    env: {AREA: "${env:REGION}"}
    inputs: {config: {rate: 0.1}}
  boxed:
    source: {image: "busybox:local"}
    command: [echo, hello]
runs:
  baseline: {job: train, queue: here, description: the first}
  boxed: {job: boxed, queue: containers, depends_on: [runs.baseline]}
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs `launchctl` beside a project with a secret in its environment."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/data.txt").write_text("x")
    (tmp_path / "project.yaml").write_text(PROJECT)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}

    def launchctl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launchctl", *arguments],
            cwd=tmp_path,
            env={**inherited, "WANDB_API_KEY": SECRET, "REGION": "eu-1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    return launchctl


def _document(found: subprocess.CompletedProcess[str]) -> Any:
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_compile_prints_one_document_of_its_schema(call: Call) -> None:
    document = _document(call("compile", "--format", "json"))
    jsonschema.validate(document, load("compile"))
    assert (document["project"], document["entity"], document["files"]) == ("documents", "acme", [])
    first, second = document["resources"]
    assert {name: first[name] for name in first if name not in {"run_id", "fingerprint", "manifest"}} == {
        "address": "runs.baseline",
        "kind": "run",
        "resource": "process",
        "run_name": "baseline",
        "queue": "here",
        "agents": [],
        "job": "train",
        "image": None,
        "priority": "medium",
        "config": {"rate": 0.1},
        "depends_on": [],
    }
    assert first["manifest"]["env"]["AREA"] == "${env:REGION}"
    assert second["image"] == "busybox:local"
    assert second["depends_on"] == ["runs.baseline"]
    assert second["manifest"]["argv"][:2] == ["docker", "run"]


def test_plan_prints_one_document_of_its_schema(call: Call) -> None:
    document = _document(call("plan", "--format", "json"))
    jsonschema.validate(document, load("plan"))
    assert document["project"] == "documents"
    assert document["state"]["serial"] == 0
    assert document["summary"]["start"] == 2
    assert [(found["address"], found["action"], found["reason"]) for found in document["changes"]] == [
        ("runs.baseline", "start", "never_run"),
        ("runs.boxed", "start", "never_run"),
    ]


def test_validate_prints_one_document(call: Call, tmp_path: Path) -> None:
    assert _document(call("validate", "--format", "json")) == {"format_version": "1", "diagnostics": []}
    (tmp_path / "project.yaml").write_text(PROJECT.replace("queue: here", "queue: heer"))
    found = call("validate", "--format", "json")
    assert found.returncode == 6
    (fault,) = json.loads(found.stdout)["diagnostics"]
    assert set(fault) == {
        *("code", "severity", "message", "file", "line", "column", "end_line", "end_column", "notes", "hint")
    }
    assert (fault["file"], fault["line"], fault["column"], fault["hint"]) == (
        *("project.yaml", 20, 33),
        'did you mean "here"?',
    )


@pytest.mark.parametrize("format", ["sarif", "github"])
def test_validate_speaks_to_code_scanning_and_pull_requests(call: Call, tmp_path: Path, format: str) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT.replace("queue: here", "queue: heer"))
    found = call("validate", "--format", format)
    assert found.returncode == 6
    if format == "github":
        assert found.stdout.startswith("::error file=project.yaml,line=20,")
    else:
        assert json.loads(found.stdout)["version"] == "2.1.0"


def test_status_prints_one_document(call: Call) -> None:
    assert _document(call("status", "--format", "json")) == {"format_version": "1", "runs": []}
    assert call("apply", "--auto-approve", "--wait", "--target", "runs.baseline").returncode == 0
    (run,) = _document(call("status", "--format", "json"))["runs"]
    assert (run["address"], run["generation"], run["attempt"], run["status"], run["exit_code"]) == (
        *("runs.baseline", 1, 1, "succeeded", 0),
    )
    assert run["waiting_for"] is None
    assert run["since"].endswith("Z")


def test_a_schema_is_printed_as_it_is_shipped(call: Call) -> None:
    for name in ("project", "plan", "compile"):
        document = _document(call("schema", name))
        assert document == load(name)
        jsonschema.Draft202012Validator.check_schema(document)


def test_a_secret_is_nowhere(call: Call, tmp_path: Path) -> None:
    said = [
        call(*arguments)
        for arguments in (
            ["validate"],
            ["compile"],
            ["compile", "-o", "out"],
            ["compile", "--explain", "runs.baseline.env.WANDB_API_KEY"],
            ["plan", "-o", "saved.json"],
            ["plan", "--format", "json"],
            ["plan", "--format", "markdown"],
            ["plan", "--format", "html"],
            ["apply", "--auto-approve", "--wait", "--target", "runs.baseline"],
            ["status"],
            ["state", "pull"],
            ["state", "show", "runs.baseline"],
        )
    ]
    assert all(found.returncode == 0 for found in said), [found.stderr for found in said]
    assert not any(SECRET in found.stdout + found.stderr for found in said)
    assert f"{len(SECRET)} eu-1\n" == call("logs", "runs.baseline").stdout
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []


def test_planning_and_compiling_write_nothing(call: Call, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for arguments in (["validate"], ["compile"], ["plan"], ["plan", "--format", "json"], ["status"]):
        assert call(*arguments).returncode == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_two_compiles_give_the_same_bytes(call: Call) -> None:
    assert call("compile").stdout == call("compile").stdout
    assert call("compile", "--format", "json").stdout == call("compile", "--format", "json").stdout


def test_the_folder_of_compile_holds_what_a_reviewer_reads(call: Call, tmp_path: Path) -> None:
    assert call("compile", "-o", "out").stdout == (
        "new     out/runs/baseline.sh\nnew     out/runs/boxed.sh\nnew     out/index.json\n"
    )
    script = (tmp_path / "out/runs/boxed.sh").read_text()
    assert script.startswith("#!/bin/sh\n# runs.boxed (docker), compiled from project.yaml\n")
    assert call("compile", "-o", "out").stdout == ""


def test_a_target_narrows_a_compile(call: Call) -> None:
    document = _document(call("compile", "--format", "json", "--target", "runs.b*x*"))
    assert [found["address"] for found in document["resources"]] == ["runs.boxed"]
    assert call("compile", "--target", "runs.nothing").returncode == 64


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("runs.boxed.config.memory", '  = queue "containers"  config.memory: "1g"  project.yaml:8:51\n'),
        ("runs.baseline.inputs.rate", '  = job "train"  inputs.rate: 0.1  project.yaml:15:29\n'),
    ],
)
def test_the_layer_that_set_a_value_is_named(call: Call, path: str, shown: str) -> None:
    assert call("compile", "--explain", path).stdout == shown


@pytest.mark.parametrize("path", ["nonsense", "runs.nobody.config.x", "runs.baseline.inputs.nothing"])
def test_a_value_that_nobody_set_is_wrong_usage(call: Call, path: str) -> None:
    assert call("compile", "--explain", path).returncode == 64
