"""A sweep as one page that needs nothing else: it opens from a file, asks no server, and runs no script but its two.

What a user wrote is in the page as escaped text, or as data in a script element that no browser
executes; the policy of the page names the digests of the two scripts that may run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape

from launchctl.cli.views.status_json import moment
from launchctl.cli.views.status_text import STATUS_WORDS
from launchctl.cli.views.sweep_figures import MOST_PARAMETERS, figures
from launchctl.cli.views.sweep_plot import Figure
from launchctl.cli.views.sweep_style import SCRIPT, STYLE
from launchctl.cli.views.sweep_text import epoch_words, goal_words, number, short_value
from launchctl.cli.views.text import clip, counted, duration, visible
from launchctl.compiler.sweep.search import Hyperband, Median, Threshold
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep.report import SweepReport, TrialRow, column_labels, remarks
from launchctl.errors import LaunchctlError
from launchctl.state.model import Standing
from launchctl.status import Status
from launchctl.values import JSON, canonical

MOST_ROWS = 50
_PLACES: dict[bool, str] = {True: ' class="number"', False: ""}


def sweep_page(report: SweepReport, now: float, limit: int = MOST_ROWS) -> str:
    """The whole page, with so many trials in its table.

    Raises:
        LaunchctlError: plotly is not installed.
    """
    found = list(figures(report))
    plotly = _plotly_js()
    body = "\n".join(
        (_header(report), _cards(report), *_plots(report, found), _table(report, now, limit), _footer(now))
    )
    data = [{"id": figure.name, "data": figure.data, "layout": figure.layout} for figure in found]
    title = f"{_text(report.address)}: {_text(report.title)}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(plotly, SCRIPT)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="figures">{_as_data(canonical(data))}</script>\n'
        f"<script>{plotly}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _plotly_js() -> str:
    try:
        from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # megabytes, and for this page alone
    except ImportError as error:
        raise LaunchctlError(
            "the page of a sweep is drawn by plotly, which is not installed",
            hint="`pip install 'launchctl-ml[report]'`",
        ) from error
    return str(get_plotlyjs()).replace("\r\n", "\n")


def _policy(*scripts: str) -> str:
    """Scripts of these digests alone; no request, no frame, no form."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _as_data(text: str) -> str:
    """JSON that cannot end the script element in which it stands, nor begin a comment there."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _text(text: str) -> str:
    return escape(visible(text))


# What stands above the plots.


def _header(report: SweepReport) -> str:
    standing = report.standing if report.standing not in {None, Standing.ACTIVE} else None
    words = [f"{report.search.method} search", epoch_words(report) or "never applied", goal_words(report)]
    words += [standing.value] if standing else []
    name = report.address.partition(".")[2]
    notes = "".join(f'<p class="detail">{_text(remark)}</p>\n' for remark in remarks(report))
    title = f'<p class="subtitle">{_text(report.title)}</p>' if report.title != name else ""
    return (
        f'<header>\n<p class="kind">Sweep</p>\n<h1>{_text(name)}</h1>\n{title}'
        f'<p class="facts">{" · ".join(map(_text, words))}</p>\n{notes}</header>'
    )


def _cards(report: SweepReport) -> str:
    cards = (_best_card(report), _trials_card(report), _status_card(report), _rule_card(report))
    return f'<section class="cards">\n{"".join(cards)}</section>'


def _card(title: str, value: str, detail: str, kind: str = "") -> str:
    return (
        f'<div class="card {kind}"><h2>{_text(title)}</h2><p class="value">{_text(value)}</p>'
        f'<p class="detail">{detail}</p></div>\n'
    )


def _best_card(report: SweepReport) -> str:
    best = report.best
    if best is None or report.objective is None:
        return _card("Best so far", "none", "nothing logged yet" if report.objective else _text(goal_words(report)))
    labels = column_labels(report.columns)
    found = ((name, best.value_of(leaf.path)) for name, leaf in zip(labels, report.columns, strict=True))
    point = [f"{_text(clip(name))} <b>{_text(clip(short_value(value[0])))}</b>" for name, value in found if value]
    more = f" and {len(point) - 6} more" if len(point) > 6 else ""
    return _card(f"Best {report.objective.name}", number(best.best), "<br>".join(point[:6]) + more, "best")


def _trials_card(report: SweepReport) -> str:
    of = "without end" if report.size is None else f"of {report.size:,}"
    left = "" if not report.undrawn else f"{report.undrawn:,} not drawn yet"
    return _card("Trials", f"{report.drawn:,}", f"drawn, {of}" + (f"<br>{left}" if left else ""))


def _status_card(report: SweepReport) -> str:
    ended = sum(count for status, count in report.statuses.items() if status.is_success)
    dropped = f"{report.dropped:,} dropped" if report.dropped else ""
    pills = "".join(f"{_pill(status)} {count:,}<br>" for status, count in report.statuses.items())
    return _card("Finished", f"{ended:,}", pills + dropped or "no trial has run")


def _rule_card(report: SweepReport) -> str:
    match report.search.stopping:
        case Hyperband(bands=bands, eta=eta):
            shown = ", ".join(str(band) for band in bands[:5]) + (", …" if len(bands) > 5 else "")
            return _card("Early stop", "hyperband", f"bands {shown}<br>the best 1 in {eta:g} goes on")
        case Threshold(min_iter=first, value=value):
            return _card("Early stop", "threshold", f"worse than {value:g}<br>from iteration {first}")
        case Median(min_iter=first, min_trials=count):
            return _card("Early stop", "median", f"from iteration {first}<br>beside {counted(count, 'other')} at least")
        case None:
            return _card("Early stop", "none", "every trial runs to its end")


def _pill(status: Status | None) -> str:
    name = status.value if status else "new"
    return f'<span class="pill {name}">{STATUS_WORDS[status] if status else "never run"}</span>'


# Plots and the table.


def _plots(report: SweepReport, found: Sequence[Figure]) -> Iterator[str]:
    small = [figure for figure in found if figure.name.startswith("parameter-")]
    for figure in found:
        if figure not in small:
            wide = " wide" if figure.name == "coordinates" and len(report.columns) > 3 else ""
            yield (
                f"<section><h2>{_text(figure.title)}</h2>\n<p>{_text(figure.note)}</p>\n"
                f'<div class="scroll">{_plot(figure, f"plot{wide}")}</div></section>'
            )
    if small:
        left_out = len(report.columns) - len(small)
        more = f" The first {MOST_PARAMETERS}; {left_out:,} more are in the table." if left_out else ""
        divs = "".join(_plot(figure, "plot") for figure in small)
        yield (
            f'<section><h2>Each parameter against the metric</h2>\n<p><span class="key best">★ best</span> '
            '<span class="key done">● finished</span> <span class="key active">◆ running</span> '
            '<span class="key pruned">✕ pruned</span> '
            '<span class="key failed">▼ failed, cancelled, lost, dropped</span>'
            f'{more}</p>\n<div class="small">\n{divs}</div></section>'
        )


def _plot(figure: Figure, kind: str) -> str:
    told = f"{figure.title}. {figure.note}".strip()
    return f'<div class="{kind}" id="{figure.name}" role="img" aria-label="{_text(told)}"></div>\n'


def _table(report: SweepReport, now: float, limit: int) -> str:
    shown = report.rows[:limit] if limit else report.rows
    keys = short_keys(row.key for row in report.rows)
    rows = "".join(_row(report, row, place, keys[row.key], now) for place, row in enumerate(shown, 1))
    more = f"<p>{len(report.rows) - len(shown):,} more are not shown.</p>" if len(shown) < len(report.rows) else ""
    title = "Best trials" if report.best else "Trials"
    head = "".join(f"<th{_PLACES[is_number]}>{_text(clip(name, 40))}</th>" for name, is_number in _heads(report, shown))
    return (
        f'<section><h2>{title}</h2>\n<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>{more}</section>"
    )


def _heads(report: SweepReport, rows: Sequence[TrialRow]) -> Iterator[tuple[str, bool]]:
    """The names of the columns, and whether numbers stand below."""
    yield from (("", True), ("trial", False))
    for name, leaf in zip(column_labels(report.columns), report.columns, strict=True):
        yield name, all(_is_number(row.value_of(leaf.path)) for row in rows)
    if report.objective is not None:
        yield from ((report.objective.name, True), ("last", True), ("iterations", True))
    elif report.is_earlier:
        yield from (("last", True), ("iterations", True))
    yield from (("status", False), ("took", True))


def _is_number(value: tuple[JSON] | None) -> bool:
    return value is not None and isinstance(value[0], int | float) and not isinstance(value[0], bool)


def _row(report: SweepReport, row: TrialRow, place: int, key: str, now: float) -> str:
    cells = [_cell(f"{place:,}", is_number=True), f'<td title="{_text(row.address)}"><code>{_text(key)}</code></td>']
    for leaf in report.columns:
        value = row.value_of(leaf.path)
        cells.append(_cell(clip(short_value(value[0])) if value else "", is_number=_is_number(value)))
    cells += [_cell(number(row.best), is_number=True)] if report.objective else []
    if report.objective is not None or report.is_earlier:
        cells.append(_cell(number(row.last), is_number=True))
        cells.append(_cell(f"{len(row.curve):,}" if row.curve else "", is_number=True))
    cells += [
        f"<td>{_pill(row.status)}{' dropped' if row.is_dropped else ''}</td>",
        _cell(_took(row, now), is_number=True),
    ]
    kind = ' class="best"' if row is report.best else ""
    return f"<tr{kind}>{''.join(cells)}</tr>\n"


def _cell(text: str, *, is_number: bool) -> str:
    return f"<td{_PLACES[is_number]}>{_text(text)}</td>"


def _took(row: TrialRow, now: float) -> str:
    if row.started_at is None:
        return ""
    ended = row.ended_at if row.ended_at is not None else now if row.status is Status.RUNNING else None
    return "" if ended is None else duration(ended - row.started_at)


def _footer(now: float) -> str:
    return (
        f"<footer>As of {moment(now)}. Made by launchctl; drawn by plotly.js, whose licence is in this file.</footer>"
    )
