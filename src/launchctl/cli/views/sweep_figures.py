"""The plots of a sweep, as plotly.js takes them: plain JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from launchctl.cli.views.sweep_curves import curves
from launchctl.cli.views.sweep_plot import (
    BEST,
    LOOKS,
    MUTED,
    Figure,
    Look,
    axis_of,
    hover_of,
    label,
    layout_of,
    look_of,
    sample,
    sampled,
)
from launchctl.cli.views.sweep_scale import Scale, is_wide, metric_scale, scale_of
from launchctl.cli.views.text import shorten
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep.report import SweepReport, TrialRow, column_labels
from launchctl.values import JSON

MOST_PARAMETERS = 24
_MOST_AXES = 10
_CIVIDIS = (
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
)
"""Dark is best; told apart by everyone, and in grey too."""


def figures(report: SweepReport) -> Iterator[Figure]:
    """Learning curves, parallel coordinates, and a plot for each parameter, as far as there is anything to show."""
    if report.objective is None:
        return
    if any(row.curve for row in report.rows):
        yield curves(report)
    rows = [row for row in report.rows if row.best is not None]
    if rows and report.columns:
        yield _coordinates(report, [row for row in rows if row.counts_as_result] or rows)
        yield from _parameters(report, rows)


# One parameter against the metric.


def _parameters(report: SweepReport, rows: Sequence[TrialRow]) -> Iterator[Figure]:
    shown = sample(rows)
    labels = column_labels(report.columns)
    keys = short_keys(row.key for row in report.rows)
    hovers = [hover_of(report, row, keys[row.key]) for row in shown]
    looks = [look_of(row, report.best) for row in shown]
    metric = Scale(is_log=is_wide([row.best for row in shown if row.best is not None]))
    assert report.objective is not None
    for place, leaf in enumerate(report.columns[:MOST_PARAMETERS]):
        values = [row.value_of(leaf.path) for row in shown]
        scale = scale_of(leaf, [value[0] for value in values if value])
        points = [
            (look, scale.spread(value[0], row.index), row.best, hover)
            for look, value, row, hover in zip(looks, values, shown, hovers, strict=True)
            if value
        ]
        layout = layout_of(
            height=300,
            showlegend=False,
            margin={"l": 56, "r": 12, "t": 12, "b": 52},
            xaxis=axis_of(labels[place], scale),
            yaxis=axis_of(shorten(report.objective.name, 24), metric),
        )
        data = [_points(look, points) for look in LOOKS if any(point[0] is look for point in points)]
        yield Figure(f"parameter-{place}", labels[place], "", data, layout)


def _points(look: Look, points: Sequence[tuple[Look, float, float | None, str]]) -> JSON:
    own = [point for point in points if point[0] is look]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": look.name,
        "x": [point[1] for point in own],
        "y": [point[2] for point in own],
        "hovertext": [point[3] for point in own],
        "hoverinfo": "text",
        "marker": {
            "color": look.color,
            "symbol": look.symbol,
            "size": 15 if look is BEST else 8,
            "opacity": 1 if look is BEST else 0.75,
            "line": {"color": "#ffffff", "width": 1},
        },
    }


# Parallel coordinates: lines over one axis a parameter, the metric last.


def _coordinates(report: SweepReport, rows: Sequence[TrialRow]) -> Figure:
    shown = sample(rows)
    leaves = report.columns[:_MOST_AXES]
    scales = [scale_of(leaf, [v[0] for row in shown if (v := row.value_of(leaf.path))]) for leaf in leaves]
    results = [row.best for row in shown if row.best is not None]
    metric = metric_scale(results)
    keys = short_keys(row.key for row in report.rows)
    data: list[JSON] = []
    for place, color in reversed(list(enumerate(_CIVIDIS))):
        own = [row for rank, row in enumerate(shown) if rank * len(_CIVIDIS) // len(shown) == place]
        if own:
            data.append(_lines(report, own, color, [*scales, metric], keys))
    assert report.objective is not None
    names = (*column_labels(report.columns)[:_MOST_AXES], report.objective.name)
    left_out = len(report.columns) - len(leaves)
    note = "Each line is a trial, from its values to its result; the darker, the better." + sampled(
        len(shown), len(rows)
    )
    note += f" {left_out:,} parameters are left out." if left_out else ""
    layout = layout_of(
        height=420,
        showlegend=False,
        margin={"l": 56, "r": 56, "t": 44, "b": 24},
        xaxis={"visible": False, "range": [-0.15, len(leaves) + 0.15], "type": "linear", "fixedrange": True},
        yaxis={"visible": False, "range": [-0.06, 1.06], "type": "linear", "fixedrange": True},
        shapes=[_post(place) for place in range(len(names))],
        annotations=[
            word for place, name in enumerate(names) for word in _words(place, name, [*scales, metric][place])
        ],
    )
    return Figure("coordinates", "Parallel coordinates", note, data, layout)


def _lines(
    report: SweepReport, rows: Sequence[TrialRow], color: str, scales: Sequence[Scale], keys: Mapping[str, str]
) -> JSON:
    xs: list[JSON] = []
    ys: list[JSON] = []
    texts: list[str] = []
    for row in reversed(rows):
        values = [row.value_of(leaf.path) for leaf in report.columns[: len(scales) - 1]]
        hover = hover_of(report, row, keys[row.key])
        heights = [
            scale.beside(value[0], row.index) if value else None for scale, value in zip(scales, values, strict=False)
        ]
        xs += [*range(len(scales)), None]
        ys += [*heights, scales[-1].height(row.best), None]
        texts += [hover] * len(scales) + [""]
    line = {"color": color, "width": 2.6 if color == _CIVIDIS[0] else 1.3}
    common: dict[str, JSON] = {"type": "scatter", "mode": "lines+markers", "x": xs, "y": ys}
    return {
        **common,
        "hovertext": texts,
        "hoverinfo": "text",
        "line": line,
        "marker": {"size": 5, "color": color},
        "opacity": 0.85,
    }


def _post(place: int) -> JSON:
    return {
        "type": "line",
        "x0": place,
        "x1": place,
        "y0": 0,
        "y1": 1,
        "line": {"color": "#9aa5b1", "width": 1.5},
        "layer": "below",
    }


def _words(place: int, name: str, scale: Scale) -> Iterator[JSON]:
    """The name above an axis, and its values beside it."""
    word: dict[str, JSON] = {"x": place, "showarrow": False, "font": {"size": 11, "color": MUTED}}
    yield {**word, "y": 1.06, "yanchor": "bottom", "text": f"<b>{label(name, 18)}</b>", "font": {"size": 12}}
    for height, text in scale.marks():
        yield {
            **word,
            "y": height,
            "xanchor": "left",
            "xshift": 6,
            "text": label(text, 12),
            "bgcolor": "rgba(255,255,255,0.9)",
        }
