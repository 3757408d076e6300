"""The lock files pin what `pyproject.toml` asks for, with hashes, and name no index and no machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("quickstart", "tests", "dev")
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)(?:\[[a-z,]+\])?==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE)


def _text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text()


def _pins(lock: str) -> set[tuple[str, str]]:
    return {(match["name"], match["version"]) for match in _PIN.finditer(_text(lock))}


def _group(name: str) -> list[str]:
    found: list[str] = []
    for entry in DECLARED["dependency-groups"][name]:
        found += [entry] if isinstance(entry, str) else _group(entry["include-group"])
    return found


def test_the_lock_files_were_made_from_this_pyproject() -> None:
    answer = subprocess.run([sys.executable, ROOT / "dev.py", "lock", "--check"], capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_satisfies_what_is_declared(lock: str) -> None:
    declared = [*DECLARED["project"]["dependencies"], *DECLARED["project"]["optional-dependencies"]["docker"]]
    pins = _pins(lock)
    for requirement in map(Requirement, [*declared, *_group(lock)]):
        versions = [version for name, version in pins if name == canonicalize_name(requirement.name)]
        assert versions, requirement
        assert all(version in requirement.specifier for version in versions), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    assert re.findall(r"https?:|file:|index-url|find-links|/", _text(lock)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", _text(lock).rstrip("\n"))[1:]
    assert len(entries) == len(_PIN.findall(_text(lock)))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_a_larger_lock_holds_the_pins_of_the_smaller() -> None:
    assert _pins("quickstart") <= _pins("tests") <= _pins("dev")


def test_every_dependency_has_a_lower_bound() -> None:
    """But for what we are compared with, which is one very version."""
    groups = [entry for name in DECLARED["dependency-groups"] if name != "reference" for entry in _group(name)]
    extras = [entry for found in DECLARED["project"]["optional-dependencies"].values() for entry in found]
    declared = [*DECLARED["project"]["dependencies"], *extras, *groups]
    unbounded = [text for text in declared if not any(s.operator == ">=" for s in Requirement(text).specifier)]
    assert unbounded == []


def test_what_we_are_compared_with_is_pinned() -> None:
    pins = {f"{name}=={version}" for name, version in _pins("reference")}
    assert set(_group("reference")) <= pins
