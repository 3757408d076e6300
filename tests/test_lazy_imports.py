"""No cloud or cluster library is loaded on the way to an answer that needs none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SDKS = {
    "docker",
    "requests",
    "urllib3",
    "kubernetes",
    "boto3",
    "botocore",
    "google",
    "grpc",
    "wandb",
    "sklearn",
    "numpy",
    "bayes_opt",
    "plotly",
    "re2",
}
HEAVY = {"typer", "rich", "pydantic", "yaml", "jinja2", "jsonschema_rs", "deepdiff", "sqlite3"}
_IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)
PROJECT = """\
version: 1
project: offline
entity: acme
queues: {gpu: {resource: docker, config: {shm-size: 1g}}}
jobs: {train: {source: {image: "registry.example.com/train:v1"}, command: [python, train.py]}}
runs: {first: {job: train, queue: gpu}}
"""


def _modules(folder: Path, *arguments: str, path: str = "") -> set[str]:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": path}
    environment.pop("DOCKER_HOST", None)
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "launchctl", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr[-2000:]
    return set(_IMPORTED.findall(answer.stderr))


def _top_level_modules(folder: Path, *arguments: str, path: str = "") -> set[str]:
    return {name.split(".")[0] for name in _modules(folder, *arguments, path=path)}


def test_the_version_is_answered_before_any_library_is_loaded(tmp_path: Path) -> None:
    assert _top_level_modules(tmp_path, "--version") & (SDKS | HEAVY) == set()


def test_help_loads_the_argument_parser_and_nothing_else(tmp_path: Path) -> None:
    loaded = _top_level_modules(tmp_path, "--help")
    assert loaded & SDKS == set()
    assert loaded & (HEAVY - {"typer", "rich", "pydantic"}) == set()


@pytest.mark.parametrize(
    "arguments",
    [("validate",), ("compile",), ("plan",), ("plan", "--format", "json"), ("status",), ("schema", "project")],
)
def test_a_command_on_an_offline_project_loads_no_sdk(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    assert _top_level_modules(tmp_path, *arguments) & SDKS == set()


def test_planning_loads_no_library_that_only_a_view_needs(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    assert _top_level_modules(tmp_path, "plan") & {"deepdiff", "rich", "asyncio", "concurrent"} == set()


def test_a_project_without_sweeps_is_planned_without_a_search(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    loaded = _modules(tmp_path, "plan")
    assert "launchctl.engine.planner" in loaded
    searching = ("launchctl.sweeps", "launchctl.engine.sweep.planner", "launchctl.engine.sweep.form")
    assert [name for name in loaded if name.startswith(searching)] == []


def test_a_grid_is_planned_without_the_libraries_of_other_searches(tmp_path: Path) -> None:
    sweep = "sweeps: {s: {job: train, queue: gpu, method: grid, parameters: {x: {values: [1, 2]}}}}"
    (tmp_path / "project.yaml").write_text(f"{PROJECT}{sweep}\n")
    loaded = _top_level_modules(tmp_path, "plan")
    assert loaded & {"bayes_opt", "sklearn", "numpy", "scipy", "re2", "plotly"} == set()


def test_a_plugin_for_models_that_somebody_installed_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    package = tmp_path / "elsewhere"
    (package / "plugged-1.0.dist-info").mkdir(parents=True)
    (package / "plugged-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    (package / "plugged-1.0.dist-info/entry_points.txt").write_text("[pydantic]\nplugged = plugged:plugin\n")
    (package / "plugged.py").write_text("plugin = object()\n")
    assert "plugged" not in _top_level_modules(tmp_path, "validate", path=str(package))
