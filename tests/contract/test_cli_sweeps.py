"""`sweep show` and a sweep's plan on the process target: before, while and after it is in the project."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = """\
version: 1
project: small
queues: {here: {resource: process, max_jobs: 4}}
jobs:
  train: {source: {code: ./train}, command: [python3, train.py], inputs: {config: {x: 1, y: 1}}}
runs:
  base: {job: train, queue: here}
sweeps:
  lr:
    job: train
    queue: here
    method: grid
    metric: {name: loss, goal: minimize}
    parameters: {x: {values: [3, 1, 2]}, mode: {values: ["=a", b]}, y: {value: 5}}
    exclude: [{x: 3, mode: b}]
  guess:
    job: train
    queue: here
    method: random
    parameters: {x: {min: 0.0, max: 1.0}}
"""
TRAIN = """\
import json, os
config = json.loads(os.environ["WANDB_CONFIG"])
for step in range(3):
    print("launchctl.metrics", json.dumps({"loss": config["x"] + 1 / (step + 1), "step": step}), flush=True)
"""


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `launchctl` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "launchctl", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))},
        capture_output=True,
        text=True,
        timeout=120,
    )


def shown(folder: Path, *arguments: str) -> Any:
    """The document of `sweep show`."""
    found = call(folder, "sweep", "show", *arguments, "--format", "json")
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def _make(folder: Path) -> None:
    (folder / "train").mkdir()
    (folder / "train/train.py").write_text(TRAIN)
    (folder / "project.yaml").write_text(PROJECT)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was never applied."""
    _make(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose sweep ran, in two epochs, and left the file."""
    folder = tmp_path_factory.mktemp("applied")
    _make(folder)
    apply = ("apply", "--wait", "--auto-approve", "--target", "sweeps.lr")
    for arguments in (apply, (*apply, "--rerun", "sweeps.lr")):
        done = call(folder, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


# Before the first apply.


def test_a_sweep_that_was_never_applied_shows_its_first_trials(project: Path) -> None:
    document = shown(project, "lr", "--limit", "2")
    assert (document["epoch"], document["standing"], document["counts"]["size"]) == (0, None, 5)
    assert [found["values"] for found in document["trials"]] == [
        {"mode": "=a", "x": 3, "y": 5},
        {"mode": "=a", "x": 1, "y": 5},
    ]
    assert "5 trials, never applied" in call(project, "sweep", "show", "sweeps.lr").stdout


def test_a_search_without_end_shows_what_it_would_draw(project: Path) -> None:
    document = shown(project, "guess", "--limit", "3")
    assert document["counts"]["size"] is None
    assert [found["key"] for found in document["trials"]] == ["0", "1", "2"]


def test_the_plan_lists_trials_by_limit_and_offset(project: Path) -> None:
    text = call(project, "plan", "--target", "sweeps.lr", "--limit", "1", "--offset", "1").stdout
    assert "> sweeps.lr  5 trials (never run)" in text
    assert "mode 2 \u00d7 x 3 = 6, of which `exclude` leaves 5" in text
    assert "]  x 1, mode =a\n        + 3 more (`--limit`, `--offset`)\n" in text
    document = json.loads(call(project, "plan", "--target", "sweeps.lr", "--format", "json", "--limit", "2").stdout)
    assert [change["address"].partition("[")[0] for change in document["changes"]] == ["sweeps.lr"] * 3


def test_a_saved_plan_shows_its_trials_before_it_asks_and_is_refused_unasked_once_it_is_stale(project: Path) -> None:
    apply = ("apply", "--auto-approve", "--wait", "--target", "sweeps.lr")
    assert call(project, *apply).returncode == 0
    (project / "project.yaml").write_text(PROJECT.replace("[3, 1, 2]", "[3, 1, 2, 8]"))
    made = call(project, "plan", "--target", "sweeps.lr", "-o", "saved.json").stdout
    assert ("]  x 8, mode =a\n" in made, "]  x 8, mode b\n" in made) == (True, True)
    asked = call(project, "apply", "saved.json")
    assert asked.stderr.startswith(made)
    assert call(project, *apply).returncode == 0
    stale = call(project, "apply", "saved.json")
    assert (stale.returncode, stale.stdout) == (5, "")
    assert stale.stderr.startswith("error: another apply decided meanwhile: the plan is for decision 1, ")


@pytest.mark.parametrize("format", ["csv", "json", "html"])
def test_no_value_commands_the_terminal_that_a_sweep_is_shown_on(project: Path, format: str) -> None:
    (project / "project.yaml").write_text(PROJECT.replace('"=a"', '"\\e]0;owned\\a\\x9b31m"'))
    show = ("sweep", "show", "sweeps.lr", "--format", format)
    on_terminal = _on_terminal(project, *show)
    assert "owned" in on_terminal
    assert not set(on_terminal) & {"\x1b", "\a", "\x9b"}
    if format == "csv":
        assert "\\x1b]0;owned\\x07\\x9b31m" in on_terminal
        assert "\x1b]0;owned\a\x9b31m" in call(project, *show).stdout


def _on_terminal(folder: Path, *arguments: str) -> str:
    """What a terminal gets of a command's result."""
    reader, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}
    command = [sys.executable, "-m", "launchctl", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=subprocess.DEVNULL):
        os.close(terminal)
        said = b""
        while piece := _piece(reader):
            said += piece
    os.close(reader)
    return said.decode()


def _piece(reader: int) -> bytes:
    """Nothing once the other end is closed, which a terminal tells as an error."""
    try:
        return os.read(reader, 65536)
    except OSError:
        return b""


def test_compile_pages_through_trials(project: Path) -> None:
    arguments = ("compile", "--target", "sweeps.lr", "--format", "json")
    first = json.loads(call(project, *arguments, "--limit", "2").stdout)["resources"]
    rest = json.loads(call(project, *arguments, "--limit", "0", "--offset", "2").stdout)["resources"]
    keys = [found["address"] for found in (*first, *rest) if found["kind"] == "trial"]
    assert len(keys) == len(set(keys)) == 5
    done = call(project, "compile", "--limit", "2", "-o", "out")
    assert "sweeps.lr: 2 of 5 trials (`--limit`, `--offset`)" in done.stderr
    assert len(list((project / "out/sweeps/lr").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("rl",), "there is no sweep sweeps.rl", None),
        (("sweeps.gues",), "there is no sweep sweeps.gues", 'did you mean "sweeps.guess"?'),
        (("runs.base",), '"runs.base" is no sweep', "as in `sweeps.lr`, or `lr` alone"),
        (("lr", "--epoch", "1"), "sweeps.lr has no epoch 1: it was never applied", None),
        (
            ("lr", "-o", "x"),
            '"x" does not say which format it is to have',
            "end it in .html, .csv or .json, or `--format`",
        ),
        (("sweeps.lr[0]",), "sweeps.lr[0] is one trial of a sweep", "`launchctl sweep show sweeps.lr`"),
    ],
)
def test_what_is_no_sweep_is_said(project: Path, arguments: tuple[str, ...], message: str, hint: str | None) -> None:
    done = call(project, "sweep", "show", *arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith(f"error: {message}\n")
    if hint is not None:
        assert done.stderr.endswith(f"hint: {hint}\n")


# After an apply.


def test_trials_come_best_first_with_what_they_logged(applied: Path) -> None:
    document = shown(applied, "sweeps.lr")
    assert (document["epoch"], document["latest_epoch"], document["standing"]) == (2, 2, "active")
    assert document["counts"] == {
        **dict.fromkeys(document["counts"], 0),
        "size": 5,
        "drawn": 5,
        "succeeded": 5,
    }
    assert [found["values"]["x"] for found in document["trials"]] == [1, 1, 2, 2, 3]
    best = document["trials"][0]
    assert document["best"] == best["address"]
    assert best["metric"]["iterations"] == 3
    assert best["metric"]["best"] == best["metric"]["last"] == pytest.approx(4 / 3)
    assert best["metrics"]["step"] == 2
    assert best["started_at"] <= best["ended_at"]


def test_an_earlier_epoch_has_trials_and_metrics_of_its_own(applied: Path) -> None:
    first, second = shown(applied, "lr", "--epoch", "1"), shown(applied, "sweeps.lr@e2")
    assert (first["epoch"], second["epoch"]) == (1, 2)
    assert {found["key"] for found in first["trials"]} == {found["key"] for found in second["trials"]}
    assert (first["best"], first["objective"]) == (None, None)
    runs = [{found["run_id"] for found in document["trials"]} for document in (first, second)]
    assert runs[0] & runs[1] == set()
    assert all(found["metric"]["iterations"] == 3 for found in first["trials"])
    assert first["parameters"] == second["parameters"]
    done = call(applied, "sweep", "show", "lr", "--epoch", "3")
    assert done.stderr == "error: sweeps.lr has no epoch 3\nhint: it has epochs 1 to 2\n"


def test_csv_keeps_numbers_and_disarms_formulas(applied: Path) -> None:
    done = call(applied, "sweep", "show", "lr", "--format", "csv", "-o", "lr.csv")
    assert (done.stdout, done.stderr) == ("", "Written: lr.csv, 1 kB\n")
    rows = list(csv.DictReader(io.StringIO((applied / "lr.csv").read_text(), newline="")))
    assert {row["parameters.mode"] for row in rows} == {"'=a", "b"}
    assert [float(row["metric.best"]) for row in rows] == sorted(float(row["metric.best"]) for row in rows)


def test_the_page_is_written_with_its_size(applied: Path) -> None:
    done = call(applied, "sweep", "show", "lr", "-o", "lr.html")
    assert done.stderr.startswith("Written: lr.html, ")
    assert done.stderr.endswith(" MB\n")
    assert (applied / "lr.html").read_text().startswith("<!doctype html>\n")
    assert call(applied, "sweep", "show", "lr", "--format", "html").stdout.endswith("</html>\n")


def test_a_trial_is_named_by_the_beginning_of_its_key_wherever_one_is_named(applied: Path) -> None:
    key = shown(applied, "lr")["best"].partition("[")[2][:-1]
    short = f"sweeps.lr[{key[:4]}]"
    assert f"sweeps.lr[{key}]  start attempt" in call(applied, "plan", "--rerun", short).stdout
    for command in (("plan", "--target", short), ("logs", short), ("state", "show", short)):
        assert call(applied, *command).returncode == 0
    for option in (("plan", "--rerun"), ("logs",), ("cancel",), ("state", "show"), ("compile", "--target")):
        done = call(applied, *option, "sweeps.lr[zz]")
        assert done.stderr.startswith('error: sweeps.lr has no trial "zz"\nhint: the nearest: sweeps.lr[')
    done = call(applied, "logs", "sweeps.lr")
    assert done.stderr.startswith("error: sweeps.lr is a sweep: name one of its trials\nhint: as in 'sweeps.lr[")


def test_validate_counts_sweeps(applied: Path) -> None:
    done = call(applied, "validate")
    assert "The project is valid: 1 run, 2 sweeps of 5 trials, 1 without end" in done.stderr


def test_status_has_a_line_a_sweep(applied: Path) -> None:
    text = call(applied, "status", "--limit", "1").stdout
    assert "sweeps.lr@e2  5 trials drawn: 5 succeeded, 4 not listed (`--limit`)" in text


def test_a_sweep_that_left_the_project_is_shown_from_the_record(applied: Path) -> None:
    text = (applied / "project.yaml").read_text()
    try:
        (applied / "project.yaml").write_text(text.partition("sweeps:")[0])
        removed = call(applied, "apply", "--auto-approve", "--target", "sweeps.lr")
        assert removed.returncode == 0, removed.stdout + removed.stderr
        document = shown(applied, "lr")
        assert document["standing"] == "forgotten"
        assert len(document["trials"]) == 5
        assert "forgotten" in call(applied, "sweep", "show", "lr").stdout.splitlines()[0]
    finally:
        (applied / "project.yaml").write_text(text)
