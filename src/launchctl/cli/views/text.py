"""Styled lines, and what makes foreign text safe and short enough to stand in them.

A line is a tuple of segments; a style is a word of `rich`, and never the only carrier of a
meaning. Only `console` knows whether the reader gets colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from launchctl.values import JSON, canonical

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, escapes of a terminal, and what reorders or hides text."""
_UNSAFE_IN_LINE = re.compile(_UNSAFE.pattern[:-1] + "\t\n]")
_LONGEST_VALUE = 100
_LONGEST_EQUAL = 50
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_DIGITS = 12
_BANDS = 4
_CONTEXT = 12
"""Characters shown around the part where two values differ."""


class Segment(NamedTuple):
    """A stretch of a line in one style."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Segment, ...]


def line(*parts: str | Segment) -> Line:
    """A line of plain and styled parts; empty parts are left out."""
    segments = (part if isinstance(part, Segment) else Segment(part) for part in parts)
    return tuple(segment for segment in segments if segment.text)


def plain(lines: Iterable[Line]) -> str:
    """The lines without styles, each ended."""
    return "".join("".join(segment.text for segment in found).rstrip() + "\n" for found in lines)


def visible(text: str) -> str:
    """The text on one line, with every character that could command a terminal spelled out."""
    return _UNSAFE_IN_LINE.sub(_escape, text)


def visible_block(text: str) -> str:
    """As `visible`, but line breaks and tabs stay."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")


def clip(text: str, longest: int = _LONGEST_VALUE) -> str:
    """The text, or its beginning and how much more there is."""
    return text if len(text) <= longest else f"{text[: longest - 20]}... ({len(text):,} characters)"


def shorten(text: str, longest: int) -> str:
    """A sentence, or its beginning up to the end of a word."""
    if len(text) <= longest:
        return text
    start = text[:longest]
    return (start.rsplit(" ", 1)[0] if " " in start[longest // 2 :] else start[:-1]).rstrip(" ,;:") + "…"


def spelled_value(value: JSON) -> str:
    """A value as JSON, of a digest as much as tells it from others."""
    return _DIGEST.sub(lambda match: match.group()[:_DIGITS], canonical(value))


def brief(path: str, value: JSON) -> JSON:
    """A field's value; of the bands of hyperband, which are computed and many, the first."""
    if path == "early_terminate.bands" and isinstance(value, list) and len(value) > _BANDS:
        return [*value[:_BANDS], "\u2026"]
    return value


def format_value(value: JSON) -> str:
    """A field's value as one short line of JSON, so that `"1"` and `1` differ."""
    return clip(visible(spelled_value(value)))


def format_change(old: JSON, new: JSON) -> tuple[str, str]:
    """Both values as short lines; of two long ones that are much the same, the part where they differ."""
    texts = [visible(spelled_value(value)) for value in (old, new)]
    if min(map(len, texts)) > _LONGEST_EQUAL:
        same = _equal(*texts)
        start = max(same - _CONTEXT, 0)
        end = max(_equal(*(text[same:][::-1] for text in texts)) - _CONTEXT, 0)
        texts = [_cut(text, start, len(text) - end) for text in texts]
    return clip(texts[0]), clip(texts[1])


def _equal(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _cut(text: str, start: int, end: int) -> str:
    return ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")


def outcome(exit_code: int | None, message: str) -> str:
    """An exit code that is not zero and its target's words, without saying the same twice."""
    code = f"exit code {exit_code}" if exit_code else ""
    return message if code and code in message else ": ".join(found for found in (code, message) if found)


def state_place(url: str) -> str:
    """A state's URL as a person would write it: a path, where it is a file."""
    return visible(url.removeprefix("sqlite:///"))


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 run`, `12 runs`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """The names with commas, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def duration(seconds: float) -> str:
    """`3.2s`, `42s`, `5m07s`, `2h05m`, `3d04h`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02}m"
    return f"{hours // 24}d{hours % 24:02}h"
