"""The projects that are measured, and what runs them: ours, Terraform's, an empty program of the same parser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Command

ROOT = Path(__file__).resolve().parent.parent
LAUNCHCTL = Path(sys.executable).with_name("launchctl")
_HEAD = """\
version: 1
project: bench
entity: acme
queues:
  fast:
    resource: {resource}
    config: {{shm-size: "{{{{ memory }}}}"}}
    templates: {{memory: {{type: string, enum: [1g, 2g], default: 1g}}}}
    max_jobs: 100000
jobs:
  train:
    source: {{image: "registry.example.com/train:v1"}}
    command: [python, train.py]
    env: {{RUN: "${{run_name}}"}}
    inputs: {{config: {{learning_rate: 0.01, epochs: 3, optimizer: {{name: adam, momentum: 0.9}}}}}}
runs:
"""
_RUN = """\
  run{number:05}:
    {{job: train, queue: fast, config: {{seed: {number}}}, args: ["--seed", "{number}"], templates: {{memory: 2g}}}}
"""
_SWEEP = """\
version: 1
project: bench
queues: {{fast: {{resource: {resource}, max_jobs: 100000}}}}
jobs:
  train: {{source: {{image: "registry.example.com/train:v1"}}, command: [python, train.py]}}
sweeps:
  grid:
    job: train
    queue: fast
    method: grid
    command: [python, train.py, "${{args}}"]
    parameters:
"""
_TERRAFORM = """\
resource "terraform_data" "run" {
  count = COUNT
  input = { seed = count.index, args = ["--seed", tostring(count.index)], memory = "2g" }
}
"""


def environment(**more: str) -> dict[str, str]:
    """The variables of a measured process: none of the caller's that could change what it does."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def python(*arguments: str) -> Command:
    """This interpreter."""
    return Command([sys.executable, *arguments], ROOT, environment())


def launchctl(folder: Path, *arguments: str, prepare: Callable[[], None] | None = None) -> Command:
    """Our command in a folder where the provider `instant` is registered."""
    path = os.pathsep.join([str(ROOT), str(folder.parent / "site")])
    return Command([LAUNCHCTL, *arguments], folder, environment(PYTHONPATH=path), prepare)


def register_instant(folder: Path) -> None:
    """Registers the provider `instant` by entry point, as installing its distribution would."""
    about = folder / "site" / "launchctl_instant-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: launchctl-instant\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[launchctl.providers]\ninstant = benchmarks.instant:PROVIDER\n")


def write_project(folder: Path, resource: str, runs: int) -> Path:
    """A project of so many runs on one queue."""
    folder.mkdir()
    text = _HEAD.format(resource=resource) + "".join(_RUN.format(number=number) for number in range(runs))
    (folder / "project.yaml").write_text(text)
    return folder


def write_grid(folder: Path, resource: str, *counts: int) -> Path:
    """A project with one sweep, a grid of so many values a parameter."""
    folder.mkdir()
    parameters = "".join(f"      p{place}: {{min: 1, max: {count}}}\n" for place, count in enumerate(counts))
    (folder / "project.yaml").write_text(_SWEEP.format(resource=resource) + parameters)
    return folder


def forget(folder: Path) -> Callable[[], None]:
    """What deletes a project's state."""
    return lambda: shutil.rmtree(folder / ".launchctl", ignore_errors=True)


def write_terraform(folder: Path, count: int) -> Path:
    """A Terraform project of so many `terraform_data`, initialised."""
    folder.mkdir()
    (folder / "main.tf").write_text(_TERRAFORM.replace("COUNT", str(count)))
    subprocess.run(["terraform", "init", "-input=false"], cwd=folder, check=True, capture_output=True)
    return folder


def terraform(folder: Path, *arguments: str, prepare: Callable[[], None] | None = None) -> Command:
    """Terraform in a folder."""
    return Command(["terraform", *arguments], folder, environment(CHECKPOINT_DISABLE="1"), prepare)


def forget_terraform(folder: Path) -> Callable[[], None]:
    """What deletes a Terraform project's state."""

    def forget_it() -> None:
        for name in ("terraform.tfstate", "terraform.tfstate.backup"):
            (folder / name).unlink(missing_ok=True)

    return forget_it


def write_empty_program(path: Path) -> Path:
    """A program of the same parser with as many commands and groups as ours, which do nothing."""
    listed = subprocess.run([LAUNCHCTL, "--help"], check=True, capture_output=True, text=True, env=environment())
    names = re.findall(r"^\W{0,2}\s+([a-z]+)\s{2,}\S", listed.stdout.partition("ommands")[2], re.MULTILINE)
    commands = "".join(
        f'\n@app.command("{name}")\ndef run_{name}() -> None:\n    """Does nothing."""\n' for name in names
    )
    head = "import typer\n\napp = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)\n"
    path.write_text(f"{head}{commands}\napp()\n")
    return path
