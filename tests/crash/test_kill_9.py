"""`kill -9` at any moment of an apply of 20 runs, then apply again: 20 runs were started, none twice, none lost.

The same of the trials of a grid, three at a time, and of a search that chooses each trial by the results of
the others. `LAUNCHCTL_TEST_CRASH=all` kills at every step boundary; otherwise a sample with a fixed seed is tried.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launchctl.state.open import open_store

RUNS = 20
DRIVER = Path(__file__).with_name("killed_apply.py")
EVERY_STEP = os.environ.get("LAUNCHCTL_TEST_CRASH") == "all"
SAMPLE = {"process": 8, "docker": 3, "grid": 6, "bayes": 4}
RANDOM_TIMES = {"process": 5, "docker": 2, "grid": 3, "bayes": 2}
STARTS = {"process": RUNS, "docker": RUNS, "grid": RUNS, "bayes": 8}
SEED = 20_261

needs_docker = pytest.mark.skipif(
    "LAUNCHCTL_TEST_DOCKER" not in os.environ, reason="needs a Docker engine: LAUNCHCTL_TEST_DOCKER is not set"
)
targets = pytest.mark.parametrize("target", ["process", "grid", "bayes", pytest.param("docker", marks=needs_docker)])


def process_project(folder: Path) -> None:
    """Each job appends its id to a file: as many lines as starts."""
    (folder / "job").mkdir()
    (folder / "job" / "job.sh").write_text(f'sleep 0.1; echo "$WANDB_RUN_ID" >> "{folder}/starts"\n')
    write(folder, {"resource": "process", "max_jobs": RUNS}, {"code": "job"}, ["sh", "job.sh"])


def docker_project(folder: Path) -> None:
    config = {"volume": [f"{folder}:/out"], "network": "none"}
    queue = {"resource": "docker", "max_jobs": RUNS, "config": config}
    write(folder, queue, {"image": "busybox:local"}, ["sh", "-c", 'echo "$WANDB_RUN_ID" >> /out/starts'])


def grid_project(folder: Path) -> None:
    sweep_project(folder, {"method": "grid", "parallel": 3, "parameters": {"x": {"values": list(range(RUNS))}}})


def bayes_project(folder: Path) -> None:
    sweep_project(folder, {"method": "bayes", "run_cap": 8, "parameters": {"x": {"min": 0.0, "max": 9.0}}})


def sweep_project(folder: Path, sweep: dict[str, object]) -> None:
    """Each trial says its metric, and appends its id to a file."""
    (folder / "job").mkdir()
    script = f'echo "launchctl.metrics {{\\"loss\\": ${{1#--x=}}}}"; echo "$WANDB_RUN_ID" >> "{folder}/starts"\n'
    (folder / "job" / "job.sh").write_text(script)
    shared = {"job": "j", "queue": "q", "metric": {"name": "loss"}}
    queue = {"resource": "process", "max_jobs": RUNS}
    write(folder, queue, {"code": "job"}, ["sh", "job.sh"], sweeps={"s": {**shared, **sweep}})


def write(folder: Path, queue: object, source: object, command: list[str], **more: object) -> None:
    runs = {f"r{number}": {"job": "j", "queue": "q", "args": [str(number)]} for number in range(RUNS)}
    project = {
        "version": 1,
        "project": folder.name,
        "entity": "crash",
        "queues": {"q": queue},
        "jobs": {"j": {"source": source, "command": command}},
        **(more or {"runs": runs}),
    }
    (folder / "project.yaml").write_text(json.dumps(project), encoding="utf-8")
    (folder / "starts").touch()


PROJECTS: dict[str, Callable[[Path], None]] = {
    "process": process_project,
    "docker": docker_project,
    "grid": grid_project,
    "bayes": bayes_project,
}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes project folders whose names, and so whose containers, are this test's alone; one is there at a time."""
    numbers = itertools.count()
    left: list[Path] = []

    def clean() -> None:
        while left:
            folder = left.pop()
            if "LAUNCHCTL_TEST_DOCKER" in os.environ:
                remove_containers(folder.name)
            shutil.rmtree(folder)

    def make(target: str) -> Path:
        clean()
        folder = tmp_path / f"crash-{os.getpid()}-{next(numbers)}"
        folder.mkdir()
        left.append(folder)
        PROJECTS[target](folder)
        return folder

    yield make
    clean()


def remove_containers(project: str) -> None:
    named = ["docker", "ps", "-aq", "--filter", f"label=launchctl.dev/project={project}"]
    found = subprocess.run(named, capture_output=True, text=True, check=True).stdout.split()
    if found:
        subprocess.run(["docker", "rm", "-f", *found], capture_output=True, check=True)


def apply_and_die(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DRIVER), str(folder), str(step)]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment)


def apply_to_the_end(folder: Path) -> int:
    done = apply_and_die(folder, 0)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def assert_each_ran_once(folder: Path, target: str) -> None:
    starts = (folder / "starts").read_text().split()
    assert len(starts) == STARTS[target]
    assert len(set(starts)) == STARTS[target]
    if target in {"grid", "bayes"}:
        store = open_store(folder, "default", None, {})
        series = store.series("sweeps.s")
        store.close()
        assert set(series) == set(starts)
        assert all(found.is_complete and len(found.values) == 1 for found in series.values())


@targets
def test_killed_at_a_step_boundary(target: str, make: Callable[[str], Path]) -> None:
    whole = make(target)
    steps = apply_to_the_end(whole)
    assert_each_ran_once(whole, target)
    assert steps >= STARTS[target]
    chosen = range(1, steps + 1)
    for step in chosen if EVERY_STEP else sorted(random.Random(SEED).sample(chosen, SAMPLE[target])):
        folder = make(target)
        died = apply_and_die(folder, step)
        # How many steps there are varies a little with who ends when; a late step may not come.
        assert died.returncode in {-signal.SIGKILL, 0}, died.stderr
        apply_to_the_end(folder)
        assert_each_ran_once(folder, target)


@targets
def test_killed_at_a_random_time(target: str, make: Callable[[str], Path]) -> None:
    dice = random.Random(SEED)
    for _ in range(RANDOM_TIMES[target] * (5 if EVERY_STEP else 1)):
        folder = make(target)
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        command = [sys.executable, "-m", "launchctl", "apply", str(folder), "--auto-approve", "--wait"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as apply:
            time.sleep(dice.uniform(0.2, 3.0))
            apply.kill()
        apply_to_the_end(folder)
        assert_each_ran_once(folder, target)
