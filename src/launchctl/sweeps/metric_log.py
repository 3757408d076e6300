"""Metrics of a trial, read from its log as it grows, or from W&B's summary file.

A log line counts for the source `lines` where it contains `launchctl.metrics ` followed by one
JSON object, whatever stands before it:

    2026-01-31 12:00:01 INFO launchctl.metrics {"accuracy": 0.91, "epoch": 3}

Its numbers are the metrics. A `pattern` is a text with `{name}` and `{value}`, such as
`{name}: {value}`; a `regex` is one expression a metric, whose group is the value. With both,
several matches in one line all count, and colours are taken out first. Whatever is no finite
number is left out: iteration n of a metric is its n-th number. A carriage return ends a line as a
line feed does, so that each state of a progress bar is a line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from launchctl.compiler.sweep.expression import compile_expression
from launchctl.compiler.sweep.search import MetricSource
from launchctl.values import JSON, is_mapping

MARK = "launchctl.metrics "
MAX_LINE = 64 * 1024
"""Bytes of a line that are looked at; the rest is skipped."""

_NAME = r"([\p{L}_][\p{L}\p{N}_./@-]*)"
_VALUE = r"([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
_PLACEHOLDER = re.compile(r"\{(name|value)\}")
_NUMBER = re.compile(r"\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*", re.ASCII)
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_decode_json = json.JSONDecoder().raw_decode


class Reading(NamedTuple):
    """One number that a trial logged."""

    name: str
    value: float


_Extract: TypeAlias = Callable[[str], Iterator[Reading]]


class MetricReader:
    """Reads a log in pieces, however they are cut; a new one goes on at the `position` of an old one."""

    def __init__(self, source: MetricSource, position: int = 0) -> None:
        self._extract = _extractor(source)
        self._consumed = position
        self._partial = b""
        self._partial_length = 0

    @property
    def position(self) -> int:
        """Bytes of the log up to the end of the last complete line, all of which were read."""
        return self._consumed

    def feed(self, data: bytes) -> list[Reading]:
        """What the lines say that these bytes complete, in the order of the log."""
        lines = data.replace(b"\r", b"\n").split(b"\n")
        readings: list[Reading] = []
        for line in lines[:-1]:
            self._append(line)
            readings += self._complete(terminator=1)
        self._append(lines[-1])
        return readings

    def finish(self) -> list[Reading]:
        """What a last line says that has no end; for a log that will not grow any more."""
        return list(self._complete(terminator=0)) if self._partial_length else []

    def _append(self, part: bytes) -> None:
        self._partial_length += len(part)
        if part and len(self._partial) < MAX_LINE:
            self._partial += part[: MAX_LINE - len(self._partial)]

    def _complete(self, *, terminator: int) -> Iterator[Reading]:
        line = self._partial.decode("utf-8", "replace")
        self._consumed += self._partial_length + terminator
        self._partial, self._partial_length = b"", 0
        return self._extract(_COLOURS.sub("", line) if "\x1b" in line else line)


class SummaryReader:
    """Reads `wandb-summary.json`, whole each time; its `position` is one more than the last `_step` that was read."""

    def __init__(self, position: int = 0) -> None:
        self._position = position
        self._last: list[Reading] = []

    @property
    def position(self) -> int:
        """Steps that were read."""
        return self._position

    def feed(self, content: bytes) -> list[Reading]:
        """The numbers of a summary that has moved on, groups with dots; nothing while it is being written."""
        try:
            summary = json.loads(content)
        except (ValueError, RecursionError):
            return []
        readings = list(_flat(summary, "")) if is_mapping(summary) else []
        step = _number(dict(readings).get("_step", self._position))
        if readings == self._last or step is None or step < self._position:
            return []
        self._last, self._position = readings, int(step) + 1
        return readings


def _flat(group: Mapping[str, JSON], prefix: str) -> Iterator[Reading]:
    for name, value in group.items():
        if is_mapping(value):
            yield from _flat(value, f"{prefix}{name}.")
        elif (number := _number(value)) is not None:
            yield Reading(prefix + name, number)


def _number(value: JSON) -> float | None:
    """A finite number as a float, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _extractor(source: MetricSource) -> _Extract:
    match source.kind:
        case "lines":
            return _from_objects
        case "pattern":
            return _by_pattern(source.pattern)
        case "regex":
            return _by_expressions(source.expressions)
        case "wandb":
            raise ValueError("metrics of W&B are in a file of its own, which SummaryReader reads")


def _from_objects(line: str) -> Iterator[Reading]:
    start = line.find(MARK)
    while start >= 0:
        end = start + len(MARK)
        try:
            found, end = _decode_json(line, end)
        except (ValueError, RecursionError):
            found = None
        if is_mapping(found):
            numbers = ((name, _number(value)) for name, value in found.items())
            yield from (Reading(name, number) for name, number in numbers if number is not None)
        start = line.find(MARK, end)


def _by_pattern(pattern: str) -> _Extract:
    search = compile_expression(_expression_of(pattern))
    is_name_first = pattern.find("{name}") < pattern.find("{value}")

    def extract(line: str) -> Iterator[Reading]:
        for match in search.finditer(line):
            name, text = match.groups() if is_name_first else match.groups()[::-1]
            if (value := _parse(text)) is not None:
                yield Reading(name, value)

    return extract


def _by_expressions(expressions: tuple[tuple[str, str], ...]) -> _Extract:
    searches = [(name, compile_expression(text)) for name, text in expressions]

    def extract(line: str) -> Iterator[Reading]:
        for name, search in searches:
            for match in search.finditer(line):
                if (value := _parse(match.group(1))) is not None:
                    yield Reading(name, value)

    return extract


def _expression_of(pattern: str) -> str:
    """The regular expression of a pattern: its text as it stands, a run of white space for each run of spaces."""
    parts = _PLACEHOLDER.split(pattern)
    expression = ""
    for text, placeholder, after in zip(parts[::2], [*parts[1::2], ""], [*parts[2::2], ""], strict=True):
        expression += r"[ \t]+".join(re.escape(word) for word in re.split(" +", text))
        if placeholder == "name":
            expression += _NAME
        elif placeholder == "value":
            # A number ends where a word ends: `id=3f09` is none.
            expression += _VALUE + ("" if re.match(r"\w", after) else r"\b")
    return expression


def _parse(text: str | None) -> float | None:
    """A number as a script prints it."""
    return _number(float(text)) if text is not None and _NUMBER.fullmatch(text) else None
