"""Durations, Kubernetes quantities and docker sizes as exact numbers: one parser for each spelling.

Every parser returns None for a text that it does not know, so that the caller can say where the text stands.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from launchctl.values import JSON

DURATION_PATTERN = r"(?=.)(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?"
"""`1h30m`, `45s`: each unit at most once, the longest first."""
_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.ASCII)
_SECONDS = {"d": Fraction(86400), "h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE])|[eE](?P<power>[+-]?\d{1,3}))?",
    re.ASCII,
)
_BINARY = {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000)} | {
    letter: Fraction(1000) ** power for power, letter in enumerate("kMGTPE", 1)
}
_BYTES = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[kKmMgGtTpP]?)(?:[iI]?[bB])?", re.ASCII)
_LONGEST_DURATION = 10**12
"""Seconds; beyond that a clock overflows rather than waits."""
_LONGEST = 64
"""Characters of the longest text that is looked at; Kubernetes accepts no more digits than fit into it."""


def parse_duration(value: JSON) -> float | None:
    """Seconds of `6h`, `1h30m`, `45s`, `250ms` or of a bare number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < _LONGEST_DURATION else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return _duration(value.strip())


@lru_cache(maxsize=256)
def _duration(text: str) -> float | None:
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        seconds = Fraction(text)
    elif _DURATION.fullmatch(text):
        seconds = sum((Fraction(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text)), Fraction())
    else:
        return None
    return float(seconds) if seconds < _LONGEST_DURATION else None


def parse_quantity(value: JSON) -> Fraction | None:
    """The exact number that a Kubernetes quantity stands for: `500m` is 1/2, `1Gi` is 2^30."""
    number = _number(value)
    if number is not None or not isinstance(value, str) or len(value) > _LONGEST:
        return number
    match = _QUANTITY.fullmatch(value)
    if match is None:
        return None
    scale = _BINARY.get(match["binary"] or "") or _DECIMAL.get(match["decimal"] or "") or Fraction(1)
    return Fraction(match["number"]) * scale * Fraction(10) ** int(match["power"] or 0)


def parse_size(value: JSON) -> Fraction | None:
    """Bytes of a docker size, in powers of 1024 whatever the spelling: `512m`, `8g`, `1.5 GiB`."""
    number = _number(value)
    if number is not None or not isinstance(value, str) or len(value) > _LONGEST:
        return number
    match = _BYTES.fullmatch(value)
    if match is None:
        return None
    unit = match["unit"].upper()
    return Fraction(match["number"]) * Fraction(1024) ** ("KMGTP".index(unit) + 1 if unit else 0)


def _number(value: JSON) -> Fraction | None:
    """A plain number, exact in the digits it was written with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(repr(value)) if value == value and abs(value) != float("inf") else None
