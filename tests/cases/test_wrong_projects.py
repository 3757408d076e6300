"""Every mistake in a table of wrong projects gives its exact place and a sentence that a stranger understands.

A folder under `wrong/` is a case: `project.yaml`, what it includes, and `expected.txt`. `pytest --update` rewrites
the expectations.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.cli.views.diagnostics import render_text
from launchctl.compiler.codes import CODES
from launchctl.compiler.load import load_project
from launchctl.diagnostics import Diagnostics, has_errors

CASES = sorted(path for path in (Path(__file__).parent / "wrong").iterdir() if path.is_dir())


def diagnose(project: Path) -> Diagnostics:
    """Everything that is wrong with a project."""
    return load_project(project).diagnostics


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_project_is_told_what_is_wrong_and_where(case: Path, *, update: bool) -> None:
    found = diagnose(case)
    text = render_text(found, {})
    expected = case / "expected.txt"
    if update:
        expected.write_text(text, encoding="utf-8")
    assert has_errors(found)
    assert text == expected.read_text(encoding="utf-8")


def test_the_table_has_at_least_sixty_projects() -> None:
    assert len(CASES) >= 60


ELSEWHERE = {"no-project-file", "unreadable-file", "too-large", "include-matches-nothing", "too-many-faults"}
"""Codes that no small folder with an error shows; unit tests do."""


def test_every_code_has_a_case() -> None:
    said = "".join((case / "expected.txt").read_text(encoding="utf-8") for case in CASES)
    assert [code.name for code in CODES if f"[{code.name}]" not in said and code.name not in ELSEWHERE] == []
