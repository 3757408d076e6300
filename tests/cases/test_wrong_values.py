"""Every mistake in the values of a project gives its exact place, and a sentence that a stranger understands.

A folder under `wrong_values/` is a case whose structure is in order: `project.yaml`, the code
that it names, `variables.txt` with a `NAME=VALUE` a line as `--var` has them, and
`expected.txt`. `pytest --update` rewrites the expectations.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.cli.views.diagnostics import render_text
from launchctl.compiler import expand_codes
from launchctl.compiler.sweep import codes as sweep_codes
from launchctl.diagnostics import Code
from launchctl.engine.pipeline import Request, compile_project

FOLDER = Path(__file__).parent / "wrong_values"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())


def diagnosed(case: Path) -> str:
    """What is said of a case."""
    variables = case / "variables.txt"
    given = tuple(variables.read_text(encoding="utf-8").splitlines()) if variables.exists() else ()
    compiled = compile_project(Request(case, here=case, environment={}, variables=given))
    assert not compiled.is_valid
    return render_text(compiled.diagnostics, {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_value_is_told_what_is_wrong_and_where(case: Path, *, update: bool) -> None:
    text = diagnosed(case)
    expected = case / "expected.txt"
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [*expand_codes.CODES, *sweep_codes.CODES], ids=lambda code: code.name)
def test_every_code_has_a_case(code: Code) -> None:
    said = [(case / "expected.txt").read_text(encoding="utf-8") for case in CASES]
    assert [text for text in said if f"[{code.name}]" in text] != []
