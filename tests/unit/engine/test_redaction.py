"""What is known by reference alone is neither said nor written."""

from __future__ import annotations

import pytest

from launchctl.engine.redaction import Redactor
from launchctl.state.model import Series

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


def test_names_of_metrics_are_redacted_but_for_the_one_that_the_project_names() -> None:
    said = Series("s-0", "sweeps.s[0]", (3.0,), {"xent": 3.0, "hunter2": 7.0, "loss": 1.0}, metric="xent")
    found = REDACTOR.series(said)
    assert (found.values_of("xent"), found.last) == ((3.0,), {"xent": 3.0, "(sensitive)": 7.0, "loss": 1.0})
    plain = Series("s-0", "sweeps.s[0]", (3.0,), {"loss": 3.0}, metric="loss")
    assert REDACTOR.series(plain) is plain
