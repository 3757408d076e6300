"""Everything a checkout needs, with Python alone: `python3 dev.py quickstart | test | lint | lock`.

Makes `.venv` from a lock file in `requirements/` the first time, and again when that file
changes; then it runs plain commands, printed before they run. Standard library only.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must be able to read this far
    sys.exit(f"launchctl needs Python 3.11 or later; this is Python {sys.version_info[0]}.{sys.version_info[1]}")

import argparse
import hashlib
import importlib.util
import json
import os
import shlex
import subprocess
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "launchctl-lock.json"
LOCKS = ("quickstart", "tests", "dev")
"""Lock files, each a superset of the one before."""
EXTRAS = {"quickstart": ("docker",), "tests": ("bayes", "docker", "report"), "dev": ("bayes", "docker", "report")}
REFERENCE = "reference"
"""A lock file of its own, for an environment beside the checkout's."""
LINTERS = (
    "ruff format --check .",
    "ruff check .",
    "mypy",
    "pyright",
    "lint-imports",
)
MARK = "# requirements: "


def main() -> int:
    """The exit code of the command that the command line names."""
    arguments, rest = _parser().parse_known_args()
    os.chdir(ROOT)
    if arguments.command == "quickstart":
        return quickstart()
    if arguments.command == "test":
        install("tests")
        return run("python", "-m", "pytest", *rest)
    if arguments.command == "lint":
        install("dev")
        return max([run(*shlex.split(linter)) for linter in LINTERS])
    return lock(upgrade="--upgrade" in rest, check="--check" in rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("quickstart", help="train the quickstart's model and print its accuracy")
    commands.add_parser("test", help="run the tests; further arguments go to pytest")
    commands.add_parser("lint", help="formatter, linter, type checkers, import contracts")
    commands.add_parser("lock", help="pin the dependencies again (--upgrade), or check that this was done (--check)")
    return parser


def quickstart() -> int:
    """Applies `examples/quickstart` and prints what its runs printed."""
    install("quickstart")
    project = "examples/quickstart"
    # The state is named, although it is the default one: with CI set, apply insists on that.
    applied = run(
        "launchctl", "apply", project, "--auto-approve", "--wait", "--state", f"{project}/.launchctl/state.db"
    )
    return applied or run("launchctl", "logs", "runs.evaluate", "-p", project)


def run(program: str, *arguments: str) -> int:
    """The exit code of a program of the environment, whose command line is printed first."""
    print("+", shlex.join([program, *arguments]), file=sys.stderr, flush=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([VENV / "bin" / program, *arguments], check=False, env=environment).returncode


def install(lock_name: str) -> None:
    """Makes the environment hold at least what a lock file pins, and this checkout, editable."""
    if _installed() in {_stamp(name) for name in LOCKS[LOCKS.index(lock_name) :]}:
        return
    pip = _environment()
    _must("the locked packages could not be installed", [*pip, "--require-hashes", "-r", str(_lock_file(lock_name))])
    _must("launchctl could not be installed", [*pip, "--no-deps", "--no-index", "--no-build-isolation", "-e", "."])
    STAMP.write_text(_stamp(lock_name))


def _installed() -> str:
    return STAMP.read_text() if STAMP.exists() else ""


def _stamp(lock_name: str) -> str:
    """What the environment notes after an install: nothing of it depends on the machine."""
    locked = hashlib.sha256(_lock_file(lock_name).read_bytes()).hexdigest()
    return json.dumps({"lock": lock_name, "sha256": locked})


def _environment() -> list[str]:
    """The command that installs into `.venv`, which is created unless it is there."""
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    has_pip = importlib.util.find_spec("pip") is not None
    if not has_ensurepip and not has_pip:
        sys.exit(
            "this Python can make no virtual environment: its modules `ensurepip` and `pip` are missing\n"
            "  hint: on Debian and Ubuntu they come with\n\n    sudo apt install python3-venv\n"
        )
    if not (VENV / "bin" / "python").exists():
        print(f"making {VENV.name}/, which takes a minute once", file=sys.stderr, flush=True)
        venv.create(VENV, with_pip=has_ensurepip, symlinks=True, clear=VENV.exists())
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip"] if has_ensurepip else [sys.executable, "-m", "pip", "--python", python]
    return [*pip, "install", "--quiet", "--disable-pip-version-check"]


def _must(failure: str, command: list[str]) -> None:
    if code := subprocess.run(command, check=False).returncode:
        print(f"{failure}; the command was: {shlex.join(command)}", file=sys.stderr)
        sys.exit(code)


def lock(*, upgrade: bool, check: bool) -> int:
    """Pins the dependencies of `pyproject.toml` with hashes, or checks that the lock files are of these."""
    wanted = MARK + requirements_digest()
    if check:
        outdated = [name for name in (*LOCKS, REFERENCE) if not _lock_file(name).read_text().startswith(wanted + "\n")]
        for name in outdated:
            print(f"requirements/{name}.txt is out of date: run `python3 dev.py lock`", file=sys.stderr)
        return 1 if outdated else 0
    install("dev")
    for name in (*reversed(LOCKS), REFERENCE):
        if code := _compile(name, wanted, upgrade=upgrade):
            return code
    return 0


def _compile(name: str, head: str, *, upgrade: bool) -> int:
    """Writes one lock file; the smaller ones take their versions from the largest."""
    target = _lock_file(name)
    options = ["--group", f"pyproject.toml:{name}", "--output-file", str(target)]
    if name != REFERENCE:
        options += ["pyproject.toml", *(f"--extra={extra}" for extra in EXTRAS[name])]
    options += ["--constraints", str(_lock_file("dev"))] if name in {"quickstart", "tests"} else []
    options += ["--upgrade"] if upgrade and name not in {"quickstart", "tests"} else []
    quiet = ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--generate-hashes"]
    code = run("uv", "pip", "compile", "--universal", "--python-version", "3.11", *quiet, *options)
    if code == 0:
        target.write_text(f"{head}\n" + "".join(f"{line}\n" for line in _pins(target)))
    return code


def _pins(target: Path) -> list[str]:
    return [line for line in target.read_text().splitlines() if not line.startswith(MARK)]


def requirements_digest() -> str:
    """Digest of all that decides what is locked: the dependencies that `pyproject.toml` declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = declared["project"]
    inputs = [project["requires-python"], project["dependencies"], project["optional-dependencies"]]
    inputs += [declared["dependency-groups"], declared["build-system"]["requires"]]
    return "sha256:" + hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


if __name__ == "__main__":
    sys.exit(main())
