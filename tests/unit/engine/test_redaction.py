"""What is known by reference alone is neither said nor written."""

from __future__ import annotations

import pytest

from launchctl.engine.redaction import Redactor

REDACTOR = Redactor(["hunter2", "x"], {"PASSWORD": "swordfish-hunter2", "LEVEL": "1"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to hide", "nothing to hide"),
        ("cannot run hunter2", "cannot run (sensitive)"),
        ("cannot run swordfish-hunter2", "cannot run ${env:PASSWORD}"),
        ("e(x)it code 1", "e((sensitive))it code 1"),
        ("", ""),
    ],
)
def test_secrets_and_long_variables_are_replaced_the_longest_first(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected
