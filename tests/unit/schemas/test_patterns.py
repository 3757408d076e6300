"""Regular expressions of strangers: the whole text, in linear time."""

from __future__ import annotations

import time

import pytest

from launchctl.schemas.validate import is_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc1", False),
        ("[a-z]+", "abc\n", False),
        ("a|b", "ab", False),
        ("^a$", "a", True),
        (r"ml\.g5\.(2|4)xlarge", "ml.g5.4xlarge", True),
        (r"\p{L}+", "é", True),
        ("", "", True),
    ],
)
def test_the_whole_text_must_match(pattern: str, text: str, *, fits: bool) -> None:
    assert is_pattern(pattern)
    assert matches(pattern, text) is fits


@pytest.mark.parametrize("pattern", ["[", "a)|(b", "(a)\\1", "(?=a)a", "a{1000}{1000}", "(?x)a #", "a" * 1001])
def test_what_is_no_linear_pattern_is_refused(pattern: str) -> None:
    assert not is_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$b", "a*a*a*a*a*a*a*a*b"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    before = time.perf_counter()
    assert not matches(pattern, "a" * 4096)
    assert time.perf_counter() - before < 1
