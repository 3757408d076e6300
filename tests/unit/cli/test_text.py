"""Words, numbers and foreign text on one line."""

from __future__ import annotations

import pytest

from launchctl.cli.views.text import (
    clip,
    counted,
    duration,
    format_change,
    format_value,
    line,
    listed,
    outcome,
    plain,
    shorten,
    visible,
    visible_block,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("\udcff", "\\udcff"),
        ("日本語 émoji 😀", "日本語 émoji 😀"),
    ],
)
def test_what_could_command_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_block_keeps_its_lines() -> None:
    assert visible_block("a\n\tb\x1b") == "a\n\tb\\x1b"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1.0, "0.0s"),
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (127.0, "2m07s"),
        (3600.0, "1h00m"),
        (86_399.0, "23h59m"),
        (3 * 86_400 + 4 * 3600, "3d04h"),
    ],
)
def test_a_duration_has_two_places(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_long_value_is_cut_and_its_length_told() -> None:
    assert clip("x" * 100) == "x" * 100
    assert clip("x" * 1234) == "x" * 80 + "... (1,234 characters)"


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("one, two", 7, "one…"),
        ("x" * 30, 10, "x" * 9 + "…"),
    ],
)
def test_a_long_sentence_ends_at_a_word(text: str, longest: int, shown: str) -> None:
    assert shorten(text, longest) == shown


def test_of_a_digest_twelve_digits_are_shown() -> None:
    old, new = "sha256:" + "0123456789abcdef" * 4, "sha256:" + "fedcba9876543210" * 4
    assert format_change(old, new) == ('"sha256:0123456789ab"', '"sha256:fedcba987654"')
    assert format_value({"digest": "0123456789abcdef" * 4}) == '{"digest":"0123456789ab"}'
    assert format_value("0" * 65) == '"' + "0" * 65 + '"'


def test_values_keep_their_type_visible() -> None:
    assert [format_value(value) for value in ("1", 1, True, None, {"a": [1]})] == [
        '"1"',
        "1",
        "true",
        "null",
        '{"a":[1]}',
    ]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (1, 2, ("1", "2")),
        ("short", "shorter", ('"short"', '"shorter"')),
        (
            "python train.py --data /mnt/data --rate 0.1 --epochs 30 --out /mnt/out",
            "python train.py --data /mnt/data --rate 0.25 --epochs 30 --out /mnt/out",
            ("...ta --rate 0.1 --epochs 30...", "...ta --rate 0.25 --epochs 30..."),
        ),
        ("a" * 60, "a" * 61, ('...aaaaaaaaaaaa"', '...aaaaaaaaaaaaa"')),
        ("x" + "a" * 60, "y" + "a" * 60, ('"xaaaaaaaaaaaa...', '"yaaaaaaaaaaaa...')),
        ("a" * 60 + "x", "a" * 60 + "y", ('...aaaaaaaaaaaax"', '...aaaaaaaaaaaay"')),
        ("a" * 300, "b" * 300, ('"' + "a" * 79 + "... (302 characters)", '"' + "b" * 79 + "... (302 characters)")),
    ],
)
def test_long_values_are_shown_where_they_differ(old: str, new: str, shown: tuple[str, str]) -> None:
    assert format_change(old, new) == shown


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (None, "", ""),
        (0, "", ""),
        (3, "", "exit code 3"),
        (3, "ended with exit code 3", "ended with exit code 3"),
        (143, "ended by SIGTERM", "exit code 143: ended by SIGTERM"),
    ],
)
def test_an_outcome_says_nothing_twice(code: int | None, message: str, said: str) -> None:
    assert outcome(code, message) == said


def test_counts_and_lists_are_words() -> None:
    assert counted(1, "run") == "1 run"
    assert counted(2, "run waits", "runs wait") == "2 runs wait"
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c"], 1) == "a and 2 more"


def test_lines_are_joined_without_trailing_blanks() -> None:
    assert plain([line("a", "", "b  "), ()]) == "ab\n\n"
