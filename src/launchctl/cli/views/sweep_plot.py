"""What the plots of a sweep share: how a trial is drawn, what is told of it, and how an axis looks.

plotly.js reads a little HTML in texts, so a user's `<` is an entity here; and no axis is left to
guess its kind, so that a text which looks like a date stays a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from launchctl.cli.views.status_text import STATUS_WORDS
from launchctl.cli.views.sweep_scale import Scale
from launchctl.cli.views.sweep_text import number, short_value
from launchctl.cli.views.text import shorten, visible
from launchctl.engine.sweep.report import SweepReport, TrialRow, column_labels
from launchctl.status import Status
from launchctl.values import JSON

MOST_TRIALS = 500
"""Drawn in a plot: the best half, and of the rest a regular sample."""
_LONGEST_LABEL = 28
_MOST_TICKS = 16
INK, MUTED, GRID = "#1f2933", "#52606d", "#e4e7eb"


class Look(NamedTuple):
    """How trials of one fate are drawn: told by colour and by shape."""

    name: str
    color: str
    symbol: str
    dash: str = "solid"


BEST = Look("best", "#d55e00", "star")
DONE = Look("finished", "#0072b2", "circle")
ACTIVE = Look("running", "#009e73", "diamond")
PRUNED = Look("pruned", "#b0688e", "x", "dot")
FAILED = Look("failed, cancelled, lost, dropped", "#6b7280", "triangle-down", "dash")
LOOKS = (FAILED, PRUNED, DONE, ACTIVE, BEST)
"""From the back to the front."""


class Figure(NamedTuple):
    """One plot: where it goes, what it shows, and that in a sentence."""

    name: str
    title: str
    note: str
    data: Sequence[JSON]
    layout: Mapping[str, JSON]


def label(text: str, longest: int = _LONGEST_LABEL) -> str:
    """A user's text as plotly.js shows it: text and nothing else."""
    return escape(shorten(visible(text), longest), quote=False)


def sample(rows: Sequence[TrialRow], most: int = MOST_TRIALS) -> Sequence[TrialRow]:
    """The rows, or the best of them and a regular sample of the rest, in their order."""
    if len(rows) <= most:
        return rows
    head, rest = rows[: most // 2], rows[most // 2 :]
    room = most - len(head)
    return [*head, *(rest[place * len(rest) // room] for place in range(room))]


def sampled(shown: int, total: int) -> str:
    """How many of the trials a plot has, where it has not all."""
    return "" if shown == total else f" {shown:,} of {total:,} trials are drawn."


def look_of(row: TrialRow, best: TrialRow | None) -> Look:
    """How a trial is drawn."""
    if row is best:
        return BEST
    if row.status is Status.PRUNED:
        return PRUNED
    if row.status is not None and row.status.is_active:
        return ACTIVE
    return DONE if row.counts_as_result else FAILED


def hover_of(report: SweepReport, row: TrialRow, key: str) -> str:
    """What is told of a trial under the pointer."""
    lines = [f"<b>{label(key)}</b>  {STATUS_WORDS[row.status] if row.status else 'never run'}"]
    for name, leaf in zip(column_labels(report.columns)[:12], report.columns, strict=False):
        value = row.value_of(leaf.path)
        if value:
            lines.append(f"{label(name)}: {label(short_value(value[0]), 40)}")
    if row.best is not None and report.objective:
        lines.append(f"<b>{label(report.objective.name)}: {number(row.best)}</b>")
    return "<br>".join(lines)


def layout_of(**more: JSON) -> dict[str, JSON]:
    """The layout that all plots share, and more."""
    return {
        "font": {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 64, "r": 20, "t": 16, "b": 56},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": MUTED, "font": {"color": INK}, "align": "left"},
        **more,
    }


def axis_of(title: str, scale: Scale | None = None, **more: JSON) -> dict[str, JSON]:
    """An axis that never guesses what kind of values it has."""
    ticks: dict[str, JSON] = {}
    if scale is not None and scale.ticks:
        step = -(-len(scale.ticks) // _MOST_TICKS)
        ticks = {
            "tickmode": "array",
            "tickvals": [value for value, _ in scale.ticks[::step]],
            "ticktext": [label(text, 16) for _, text in scale.ticks[::step]],
            **({"range": [-0.5, len(scale.places) - 0.5]} if scale.places else {}),
        }
    return {
        "title": {"text": label(title, 48), "font": {"color": MUTED}, "standoff": 10},
        "type": "log" if scale is not None and scale.is_log else "linear",
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "automargin": True,
        **({"dtick": "D2", "tickformat": "~g"} if scale is not None and scale.is_log and not ticks else {}),
        **ticks,
        **more,
    }
