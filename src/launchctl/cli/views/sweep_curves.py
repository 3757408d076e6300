"""The learning curves of a sweep, with the marks of the rule that stops trials early."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from launchctl.cli.views.sweep_plot import (
    BEST,
    LOOKS,
    MUTED,
    PRUNED,
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
from launchctl.cli.views.sweep_scale import Scale, is_wide
from launchctl.cli.views.sweep_text import number
from launchctl.compiler.sweep.search import Hyperband, Median, StoppingRule, Threshold
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep.report import SweepReport, TrialRow
from launchctl.values import JSON

_MOST_CURVES = 200
_MOST_POINTS = 200
"""Of a curve."""
_FEW = 20


def curves(report: SweepReport) -> Figure:
    """A line a trial, against how often it logged the metric."""
    with_curve = [row for row in report.rows if row.curve]
    rows = sample(with_curve, _MOST_CURVES)
    keys = short_keys(row.key for row in report.rows)
    grouped: dict[Look, list[TrialRow]] = {look: [] for look in LOOKS}
    for row in rows:
        grouped[look_of(row, report.best)].append(row)
    data = [
        trace
        for look, found in grouped.items()
        if found
        for trace in _curve_traces(look, found, keys, [hover_of(report, row, keys[row.key]) for row in found])
    ]
    longest = max(len(row.curve) for row in rows)
    is_log = is_wide([value for row in rows for value in row.curve])
    assert report.objective is not None
    shapes, annotations = _rule_marks(report.search.stopping, longest)
    layout = layout_of(
        height=460,
        showlegend=True,
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        margin={"l": 64, "r": 24, "t": 28, "b": 100},
        xaxis=axis_of("iteration: values of the metric logged", range=_padded(longest), **_whole(longest)),
        yaxis=axis_of(report.objective.name, Scale(is_log=is_log)),
        shapes=shapes,
        annotations=annotations,
    )
    note = "Each line is a trial. " + _rule_note(report.search.stopping) + sampled(len(rows), len(with_curve))
    return Figure("curves", "Learning curves", note.strip(), data, layout)


def _whole(longest: int) -> Mapping[str, JSON]:
    """Marks at whole numbers alone."""
    return {"tickformat": ",d", "dtick": 1} if longest <= _FEW else {"tickformat": ",d"}


def _padded(longest: int) -> list[float]:
    return [1 - 0.02 * longest, longest * 1.02 + (0.5 if longest == 1 else 0)]


def _curve_traces(
    look: Look, rows: Sequence[TrialRow], keys: Mapping[str, str], hovers: Sequence[str]
) -> Iterator[JSON]:
    """All curves of one look as one line with gaps, and a mark where each ends."""
    common: dict[str, JSON] = {"type": "scatter", "hoverinfo": "text", "legendgroup": look.name}
    xs, ys, texts = _points(rows, keys)
    is_best = look is BEST
    yield {
        **common,
        "mode": "lines",
        "name": look.name,
        "x": xs,
        "y": ys,
        "hovertext": texts,
        "line": {"color": look.color, "width": 3.5 if is_best else 1.5, "dash": look.dash},
        "opacity": 1 if is_best else 0.4 if len(rows) > _FEW else 0.75,
    }
    yield {
        **common,
        "mode": "markers",
        "name": f"{look.name}: end",
        "showlegend": False,
        "x": [len(row.curve) for row in rows],
        "y": [row.curve[-1] for row in rows],
        "hovertext": list(hovers),
        "marker": {"color": look.color, "symbol": look.symbol, "size": 13 if is_best else 9 if look is PRUNED else 6},
    }


def _points(rows: Sequence[TrialRow], keys: Mapping[str, str]) -> tuple[list[JSON], list[JSON], list[str]]:
    """Places, values and words of curves, a gap behind each."""
    xs: list[JSON] = []
    ys: list[JSON] = []
    texts: list[str] = []
    for row in rows:
        name = label(keys[row.key])
        for place in _thinned(len(row.curve)):
            xs.append(place + 1)
            ys.append(float(number(row.curve[place])))
            texts.append(f"<b>{name}</b> iteration {place + 1}: {number(row.curve[place])}")
        xs.append(None)
        ys.append(None)
        texts.append("")
    return xs, ys, texts


def _thinned(length: int) -> Iterable[int]:
    """The places of a curve that are drawn, the last among them."""
    if length <= _MOST_POINTS:
        return range(length)
    return sorted({*(place * length // _MOST_POINTS for place in range(_MOST_POINTS)), length - 1})


def _rule_marks(rule: StoppingRule | None, longest: int) -> tuple[list[JSON], list[JSON]]:
    """Where a stopping rule looks, as lines and words."""
    match rule:
        case Hyperband(bands=bands):
            within = [band for band in sorted(set(bands)) if band <= longest]
            return [_vertical(band) for band in within], [_word(band, "band ") for band in _spaced(within, longest)]
        case Median(min_iter=first):
            return [_vertical(first)], [_word(first, "compared from ")]
        case Threshold(min_iter=first, value=value):
            line = {"type": "line", "xref": "x", "x0": first, "x1": longest, "y0": value, "y1": value}
            return [_vertical(first), {**line, "line": _DOTTED}], [_word(first, "compared from ")]
        case None:
            return [], []


_DOTTED: Mapping[str, JSON] = {"color": MUTED, "width": 1.5, "dash": "dot"}


def _spaced(bands: Sequence[int], longest: int) -> Iterator[int]:
    """The bands that have room for a word."""
    before = -float(longest)
    for band in bands:
        if band - before >= longest / 12:
            yield band
            before = band


def _vertical(place: int) -> JSON:
    ends = {"x0": place, "x1": place, "y0": 0, "y1": 1}
    return {"type": "line", "xref": "x", "yref": "paper", **ends, "line": _DOTTED, "layer": "below", "name": "band"}


def _word(place: int, word: str) -> JSON:
    return {
        "x": place,
        "xref": "x",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "text": f"{word}{place}",
        "showarrow": False,
        "font": {"size": 11, "color": MUTED},
    }


def _rule_note(rule: StoppingRule | None) -> str:
    match rule:
        case Hyperband(eta=eta):
            return (
                "The dotted lines are hyperband's bands: of the trials that reach one, "
                f"the best part in {eta:g} goes on; a cross marks where a trial was stopped."
            )
        case Median():
            return "A trial worse than the median of the others is stopped; a cross marks where."
        case Threshold(value=value):
            return f"A trial worse than {value:g} is stopped; a cross marks where."
        case None:
            return "No rule stops a trial early."
