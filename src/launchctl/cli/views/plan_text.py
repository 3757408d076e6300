"""A plan for a person at a terminal, or in a log."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.cli.views.plan_outline import STYLES, SYMBOLS, place, sections, summary_line, verb, why
from launchctl.cli.views.text import Line, Segment, clip, format_change, line, listed, shorten, visible
from launchctl.engine.plan import Change, FieldChange, Plan

DEFAULT_LIMIT = 50
_FIELDS = 10
_WIDEST_ADDRESS = 48


def plan_lines(plan: Plan, limit: int = DEFAULT_LIMIT) -> Iterator[Line]:
    """The plan's lines: at most `limit` addresses a section and ten fields an address; all where it is 0."""
    for section in sections(plan):
        shown = section.changes[:limit] if limit else section.changes
        width = min(max(len(change.address) for change in shown), _WIDEST_ADDRESS)
        yield line(Segment(section.title, "bold"))
        for change in shown:
            yield from _change_lines(change, width, _FIELDS if limit else 0)
        if len(shown) < len(section.changes):
            more = len(section.changes) - len(shown)
            yield line(Segment(f"  ... and {more:,} more (`--limit 0` shows all)", "dim"))
        yield ()
    if not plan.refreshed:
        yield line(Segment("Not refreshed: what runs now was not looked up", "dim"))
    yield line(Segment(visible(summary_line(plan)), "bold"))


def _change_lines(change: Change, width: int, fields: int) -> Iterator[Line]:
    reason = why(change)
    yield line(
        "  ",
        Segment(SYMBOLS[change.action], STYLES.get(change.action, "")),
        f" {visible(change.address):<{width}}  ",
        Segment(verb(change), STYLES.get(change.action, "")),
        f": {reason}" if reason else "",
        Segment(f"  {visible(place(change))}" if change.span else "", "dim"),
    )
    if change.message:
        yield line(f"      {shorten(visible(change.message), 300)}")
    shown = change.changes[:fields] if fields else change.changes
    for field in shown:
        yield _field_line(field)
    if len(shown) < len(change.changes):
        yield line(Segment(f"      ... and {len(change.changes) - len(shown):,} more fields", "dim"))
    if change.affects:
        yield line(f"      touches {visible(listed(change.affects, fields or len(change.affects)))}")
    for position, option in enumerate(change.options):
        word = "or     " if position else "either " if len(change.options) > 1 else "way out: "
        yield line(Segment(f"      {word}", "cyan"), visible(option))


def _field_line(field: FieldChange) -> Line:
    old, new = format_change(field.old, field.new)
    old = "(none)" if field.old is None else old
    new = "(none)" if field.new is None else new
    where = f"  {visible(place(field))}" if field.span else ""
    return line(
        f"      {clip(visible(field.path))}: ",
        Segment(old, "red"),
        " -> ",
        Segment(new, "green"),
        Segment(f"  {field.field_class.value}{where}", "dim"),
    )
