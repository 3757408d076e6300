"""Differences of flat tables."""

from __future__ import annotations

import pytest

from launchctl.engine.diff import changed_paths
from launchctl.values import JSON


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)]),
        ({"a": True}, {"a": 1}, [("a", True, 1)]),
        ({}, {"a": 1}, [("a", None, 1)]),
        ({"a": 1}, {}, [("a", 1, None)]),
        ({"args[0]": "x"}, {"args[0]": "y"}, [("args[0]", "x", "y")]),
        (
            {"args[0]": "--fast", "args[1]": "--lr"},
            {"args[0]": "--seed", "args[1]": "--fast", "args[2]": "--lr"},
            [("args[0]", None, "--seed")],
        ),
        (
            {"args[0]": "a", "args[1]": "b", "args[2]": "c"},
            {"args[0]": "a", "args[1]": "c"},
            [("args[1]", "b", None)],
        ),
    ],
)
def test_only_what_differs_is_told(
    old: dict[str, JSON], new: dict[str, JSON], expected: list[tuple[str, JSON, JSON]]
) -> None:
    assert list(changed_paths(old, new)) == expected
