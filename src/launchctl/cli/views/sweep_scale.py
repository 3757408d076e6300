"""Where a value stands on an axis: numbers by themselves or by their logarithm, everything else by its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from launchctl.cli.views.sweep_text import number, short_value
from launchctl.compiler.sweep.space import Distribution, Leaf
from launchctl.values import JSON, canonical

_LOGARITHMIC = frozenset(
    {
        Distribution.LOG_UNIFORM_VALUES,
        Distribution.Q_LOG_UNIFORM_VALUES,
        Distribution.INV_LOG_UNIFORM_VALUES,
        Distribution.LOG_NORMAL,
        Distribution.Q_LOG_NORMAL,
    }
)
_WIDE = 50.0
"""From this ratio of the largest to the smallest on, an axis is logarithmic."""
_MOST_TICKS = 8
_MOST_PLACES = 20
_LARGEST = 1e300
_SMALLEST = 1e-300
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis."""

    is_log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    """Values that are marked, with their words; empty where plotly.js may choose."""
    places: tuple[str, ...] = ()
    """Canonical texts of the values that have a place; empty for numbers."""
    low: float = 0.0
    high: float = 1.0

    def position(self, value: JSON) -> float:
        """The number that stands for a value."""
        return float(self.places.index(canonical(value))) if self.places else float(value)

    def spread(self, value: JSON, index: int) -> float:
        """The position, moved aside a little by the trial's index where many stand on one place."""
        jitter = (index * _GOLDEN % 1 - 0.5) * 0.3 if self.places else 0.0
        return self.position(value) + jitter

    def height(self, value: JSON) -> float:
        """From 0 at the smallest to 1 at the largest."""
        return self._height_at(self.position(value))

    def beside(self, value: JSON, index: int) -> float:
        """The height, moved a little by the trial's index where many stand on one mark."""
        return self.height(value) + ((index * _GOLDEN % 1 - 0.5) * 0.03 if self.ticks else 0.0)

    def marks(self) -> Iterator[tuple[float, str]]:
        """What is written beside an axis that is drawn by heights."""
        if self.ticks:
            step = -(-len(self.ticks) // _MOST_PLACES)
            yield from ((self._height_at(position), text) for position, text in self.ticks[::step])
            return
        low, high = self._along(self.low), self._along(self.high)
        for part in (0.0, 0.25, 0.5, 0.75, 1.0) if high > low else (0.5,):
            along = low + part * (high - low)
            yield part, f"{math.exp(along) if self.is_log else along:.3g}"

    def _height_at(self, position: float) -> float:
        if self.high == self.low:
            return 0.5
        low, high = self._along(self.low), self._along(self.high)
        return (self._along(position) - low) / (high - low)

    def _along(self, position: float) -> float:
        return math.log(position) if self.is_log else position


def is_wide(values: Sequence[float]) -> bool:
    """Whether values are told apart by their logarithms rather than by themselves."""
    return bool(values) and min(values) > 0 and max(values) / min(values) >= _WIDE


def metric_scale(values: Sequence[float]) -> Scale:
    """The scale of a metric."""
    return Scale(is_log=is_wide(values), low=min(values, default=0.0), high=max(values, default=1.0))


def scale_of(leaf: Leaf, values: Sequence[JSON]) -> Scale:
    """The scale of a parameter that has these values; what are no numbers stand in the order in which it lists them."""
    if values and all(map(_is_plottable, values)):
        distinct = sorted({float(value) for value in values})
        is_log = distinct[0] > 0 and (leaf.distribution in _LOGARITHMIC or is_wide(distinct) or _is_geometric(distinct))
        ticks = tuple((value, number(value)) for value in distinct) if len(distinct) <= _MOST_TICKS else ()
        return Scale(is_log, ticks, low=distinct[0], high=distinct[-1])
    present = {canonical(value): short_value(value) for value in values}
    listed = [text for text in map(canonical, leaf.values) if text in present]
    places = {text: present[text] for text in dict.fromkeys([*listed, *present])}
    ticks = tuple((float(place), text) for place, text in enumerate(places.values()))
    return Scale(ticks=ticks, places=tuple(places), low=0.0, high=float(max(len(places) - 1, 0)))


def _is_geometric(distinct: Sequence[float]) -> bool:
    """Whether a few values lie more evenly by their logarithms: 0.3, 0.1, 0.03."""
    return 3 <= len(distinct) <= _MOST_TICKS and _uneven([math.log(value) for value in distinct]) < _uneven(distinct)


def _uneven(values: Sequence[float]) -> float:
    gaps = [after - before for before, after in pairwise(values)]
    return max(gaps) / max(min(gaps), _SMALLEST)


def _is_plottable(value: JSON) -> bool:
    """Whether a value is a number that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
