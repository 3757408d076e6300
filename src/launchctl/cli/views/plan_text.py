"""A plan for a person at a terminal, or in a log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from launchctl.cli.views.plan_outline import STYLES, SYMBOLS, place, sections, summary_line, touching, verb, why
from launchctl.cli.views.text import Line, Segment, brief, clip, format_change, line, listed, shorten, visible
from launchctl.engine.plan import Action, Change, FieldChange, Plan

if TYPE_CHECKING:
    from launchctl.cli.views.plan_sweeps import Outlines

DEFAULT_LIMIT = 50
_FIELDS = 10
_WIDEST_ADDRESS = 48


def plan_lines(plan: Plan, limit: int = DEFAULT_LIMIT, outlines: Outlines | None = None) -> Iterator[Line]:
    """The plan's lines: at most `limit` addresses a section and ten fields an address; all where it is 0."""
    for section in sections(plan):
        shown = section.changes[:limit] if limit else section.changes
        width = min(max(len(change.address) for change in shown), _WIDEST_ADDRESS)
        yield line(Segment(section.title, "bold"))
        for change in shown:
            yield from _change_lines(change, width, _FIELDS if limit else 0)
            if change.trials is not None:
                from launchctl.cli.views.plan_sweeps import sweep_lines

                yield from sweep_lines(change, (outlines or {}).get(change.address))
        if len(shown) < len(section.changes):
            more = len(section.changes) - len(shown)
            yield line(Segment(f"  ... and {more:,} more (`--limit 0` shows all)", "dim"))
        yield ()
    for change in plan.changes:
        if change.action is Action.NO_OP and change.trials is not None and change.message:
            yield line(f"{visible(change.address)}: {visible(change.message)}")
    if not plan.refreshed:
        yield line(Segment("Not refreshed: what runs now was not looked up", "dim"))
    yield line(Segment(visible(summary_line(plan)), "bold"))


def _change_lines(change: Change, width: int, fields: int) -> Iterator[Line]:
    yield line(
        "  ",
        Segment(SYMBOLS[change.action], STYLES.get(change.action, "")),
        f" {visible(change.address):<{width}}  ",
        *_what(change),
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
        yield line(f"      {touching(change)} {visible(listed(change.affects, fields or len(change.affects)))}")
    for position, option in enumerate(change.options):
        word = "or     " if position else "either " if len(change.options) > 1 else "way out: "
        yield line(Segment(f"      {word}", "cyan"), visible(option))


def _what(change: Change) -> tuple[str | Segment, ...]:
    """What is done, and why: `start: never run`; of a sweep `10,000 trials (never run)`."""
    style, reason = STYLES.get(change.action, ""), why(change)
    if change.trials is not None:
        from launchctl.cli.views.plan_sweeps import sweep_verb, sweep_why  # a plan without sweeps loads nothing of them

        reason = sweep_why(change)
        if trials := sweep_verb(change):
            return (Segment(trials, style), f" ({reason})" if reason else "")
    return (Segment(verb(change), style), f": {reason}" if reason else "")


def _field_line(field: FieldChange) -> Line:
    old, new = format_change(brief(field.path, field.old), brief(field.path, field.new))
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
