"""`init`: projects that are valid as they stand, and files that are never overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `launchctl` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "launchctl", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("template", ["process", "docker"])
def test_a_template_that_runs_is_valid_and_plans(tmp_path: Path, template: str) -> None:
    assert call(tmp_path, "init", "first", "--template", template).returncode == 0
    assert call(tmp_path, "validate", "first").stderr == "The project is valid: 2 runs\n"
    assert call(tmp_path, "plan", "first").stdout.endswith("\nPlan: 2 to start\n")
    assert (tmp_path / "first/.gitignore").read_text() == ".launchctl/\n"


@pytest.mark.parametrize("template", ["kubernetes", "sagemaker", "vertex"])
def test_a_template_of_a_later_target_is_valid_and_says_so(tmp_path: Path, template: str) -> None:
    said = call(tmp_path, "init", "first", "--template", template).stderr
    assert said == "`launchctl validate first` checks it; this version does not run it yet\n"
    checked = call(tmp_path, "validate", "first")
    assert checked.returncode == 0
    assert "warning:" in checked.stdout
    assert "[not-supported-yet]" in checked.stdout
    assert call(tmp_path, "compile", "first").returncode == 6


def test_the_first_project_runs(tmp_path: Path) -> None:
    call(tmp_path, "init")
    done = call(tmp_path, "apply", "--wait", "--auto-approve")
    assert done.returncode == 0, done.stderr
    assert "slope=2.93 (3 is right) offset=-0.92 (-1 is right)" in done.stdout
    assert done.stdout.endswith("2 runs: 2 succeeded\n")
    assert call(tmp_path, "plan").stdout == "Nothing to do: 2 runs are as the project wants them\n"


def test_the_first_sweep_plans_runs_and_shows_its_best_trial(tmp_path: Path) -> None:
    assert "`launchctl apply --wait`" in call(tmp_path, "init", "--template", "sweep").stderr
    planned = call(tmp_path, "plan").stdout
    assert "> sweeps.rate  12 trials (never run)" in planned
    assert "batch_size 3 \u00d7 learning_rate 4 = 12" in planned
    assert "12 trials, never applied" in call(tmp_path, "sweep", "show", "rate").stdout
    done = call(tmp_path, "apply", "--wait", "--auto-approve")
    assert done.returncode == 0, done.stderr
    shown = json.loads(call(tmp_path, "sweep", "show", "rate", "--format", "json").stdout)
    assert shown["counts"]["succeeded"] + shown["counts"]["pruned"] == 12
    assert shown["trials"][0]["address"] == shown["best"]
    assert shown["trials"][0]["metric"]["best"] < 0.05
    assert shown["trials"][0]["metric"]["iterations"] == 27
    assert call(tmp_path, "plan").stdout.startswith("Nothing to do: ")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("mine")
    refused = call(tmp_path, "init")
    assert (refused.returncode, refused.stderr) == (
        1,
        "error: nothing was written, since there is project.yaml\nhint: name another folder\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["project.yaml"]


def test_an_ignore_file_of_the_users_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    assert ".gitignore exists: add `.launchctl/` to it\n" in call(tmp_path, "init").stderr
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n"


@pytest.mark.parametrize(
    ("folder", "name"), [("My project!", "My-project"), ("...", "first"), ("ünï", "n"), ("имя проекта", "first")]
)
def test_the_project_is_named_after_its_folder_and_another_name_is_said(tmp_path: Path, folder: str, name: str) -> None:
    done = call(tmp_path, "init", folder)
    assert f'\nproject: "{name}"\n' in (tmp_path / folder / "project.yaml").read_text()
    assert done.stderr.splitlines()[0] == (f'the project is named "{name}", since "{folder}" is no name of a project')


def test_the_commands_that_are_shown_can_be_typed(tmp_path: Path) -> None:
    assert call(tmp_path, "init", "a b").stderr.splitlines()[-1] == (
        "`launchctl plan 'a b'` shows what would run, `launchctl apply --wait 'a b'` runs it"
    )
    assert "named" not in call(tmp_path, "init", "fine").stderr
