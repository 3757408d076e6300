"""Circles in a graph."""

from __future__ import annotations

import pytest

from launchctl.compiler.cycles import find_cycles


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({"a": "b", "b": "c"}, []),
        ({"a": "bc", "b": "d", "c": "d", "d": ""}, []),
        ({"a": "a"}, ["a"]),
        ({"a": "b", "b": "a"}, ["ab"]),
        ({"x": "b", "b": "c", "c": "b"}, ["bc"]),
        ({"a": "b", "b": "c", "c": "a", "d": "e", "e": "d"}, ["abc", "de"]),
        ({"a": "bc", "b": "a", "c": "a"}, ["ab", "ac"]),
        ({"c": "a", "b": "c", "a": "b"}, ["cab"]),
    ],
)
def test_each_circle_begins_at_its_first_member(edges: dict[str, str], expected: list[str]) -> None:
    assert ["".join(circle) for circle in find_cycles(edges)] == expected


def test_a_long_row_needs_no_recursion() -> None:
    edges = {at: [at + 1] for at in range(50_000)}
    assert list(find_cycles(edges)) == []
