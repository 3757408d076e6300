"""How a command that started something ends: the last lines that runs printed, and the ways on."""

from __future__ import annotations

import pytest

from launchctl.cli.ending import last_line


@pytest.mark.parametrize(
    ("text", "is_whole", "shown"),
    [
        ("", True, ""),
        ("one\ntwo\n\n  \n", True, "two"),
        ("10 %\r20 %\r100 %\r", True, "100 %"),
        ("one\r\ntwo\r\n", True, "two"),
        ("rd-of-a-secret", False, ""),
        ("rd-of-a-secret\ntwo", False, "two"),
    ],
)
def test_the_last_line_is_the_last_that_is_not_blank_and_whole(text: str, is_whole: bool, shown: str) -> None:
    assert last_line(text, is_whole=is_whole) == shown
