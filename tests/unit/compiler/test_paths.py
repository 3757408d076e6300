"""Dotted paths as people write them."""

from __future__ import annotations

import pytest

from launchctl.compiler.paths import parse_path
from launchctl.values import Path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b-c.d_e", ("a", "b-c", "d_e")),
        ("a[0].b[1][2]", ("a", 0, "b", 1, 2)),
        (r"a\.b.c", ("a.b", "c")),
        (r"a\\b\[0\]", (r"a\b[0]",)),
        ("labels.example\\.com/team", ("labels", "example.com/team")),
        ("", None),
        (".", None),
        (".a", None),
        ("a.", None),
        ("a..b", None),
        ("a\\", None),
        (r"a\b", None),
        ("a[", None),
        ("a[x]", None),
        ("a]", None),
        ("[0]", None),
    ],
)
def test_a_path_has_no_empty_part_and_no_unknown_escape(text: str, path: Path | None) -> None:
    assert parse_path(text) == path
