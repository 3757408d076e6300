"""A plan for a comment on a pull request: bounded, with a first line that a bot finds again.

What a user wrote stands in code spans alone, where neither Markdown nor HTML nor a mention of
somebody has a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from launchctl.cli.views.plan_outline import SYMBOLS, Section, place, sections, summary_line, touching, verb, why
from launchctl.cli.views.text import brief, clip, format_value, listed, visible
from launchctl.engine.plan import Change, Plan

if TYPE_CHECKING:
    from launchctl.cli.views.plan_sweeps import Outlines
    from launchctl.engine.sweep.outline import SweepOutline

LONGEST = 64_000
"""Characters; a comment on GitHub holds 65,536."""
_TAIL = 400
"""Kept for the last lines."""
_ROWS = 200
_PLAIN = re.compile(r"[A-Za-z0-9_.:/=,@#\[\]()\" +-]+")
_SPECIAL = re.compile(r"[^A-Za-z0-9 ,=/;\u0100-\U0010ffff]")
_NOT_IN_COMMENT = re.compile(r"[^A-Za-z0-9_./]+")


def marker(project: str, workspace: str) -> str:
    """The first line of every plan of a project and workspace."""
    return f"<!-- launchctl plan: {_NOT_IN_COMMENT.sub('-', f'{project}/{workspace}')} -->"


def code(text: str) -> str:
    """A code span that its content cannot leave, not in a table either."""
    text = visible(text)
    if _PLAIN.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return f"<code>{_SPECIAL.sub(lambda found: f'&#{ord(found.group())};', text)}</code>"


def plan_markdown(plan: Plan, outlines: Outlines | None = None) -> str:
    """The comment's text."""
    head = (
        f"{marker(plan.project, plan.workspace)}\n"
        f"### Plan for {code(clip(plan.project))}, workspace {code(clip(plan.workspace))}\n\n"
        f"**{summary_line(plan)}**\n"
    )
    parts = sections(plan)
    room = LONGEST - len(head) - _TAIL
    texts: list[str] = []
    left_out = 0
    for number, section in enumerate(parts, 1):
        text, missing = _section(section, room if number == len(parts) else room // 2, outlines or {})
        texts.append(text)
        room -= len(text)
        left_out += missing
    tail = f"\n{left_out:,} rows are left out here; `launchctl plan --limit 0` shows all.\n" if left_out else ""
    note = "" if plan.refreshed else "\nNot refreshed: what runs now was not looked up.\n"
    return head + "".join(texts) + note + tail


def _section(section: Section, room: int, outlines: Outlines) -> tuple[str, int]:
    """The text of a section within its room, and how many rows had none."""
    head = f"\n#### {section.title}\n\n| | address | what | why | where |\n| --- | --- | --- | --- | --- |\n"
    rows = (_row(change, outlines) for change in section.changes)
    changes, missing = _fit(rows, len(section.changes), head, room * 2 // 3)
    trials = _trials(section, outlines, (room - len(changes)) // 2)
    return _fields(section, changes + trials, room, missing)


def _fields(section: Section, above: str, room: int, missing: int) -> tuple[str, int]:
    """What stands above with the section's fields beneath it."""
    fields_head = "\n<details><summary>Fields</summary>\n\n| address | field | class | old | new | where |\n"
    fields_head += "| --- | --- | --- | --- | --- | --- |\n"
    end = "\n</details>\n"
    total = sum(len(change.changes) for change in section.changes)
    if not total:
        return above, missing
    rows = (row for change in section.changes for row in _field_rows(change))
    fields, more = _fit(rows, total, fields_head, room - len(above) - len(end))
    return above + fields + end if fields else above, missing + more


def _trials(section: Section, outlines: Outlines, room: int) -> str:
    """The trials that are listed, as many as there is room for."""
    listed = [change for change in section.changes if change.address in outlines and outlines[change.address].trials]
    if not listed:
        return ""
    from launchctl.cli.views.plan_sweeps import trial_words, trials_left  # a plan without sweeps loads nothing of them

    head = "\n<details><summary>Trials</summary>\n\n| address | values |\n| --- | --- |\n"
    found = [
        (f"{change.address}[{trial.key}]", trial_words(trial, outline))
        for change in listed
        for outline in (outlines[change.address],)
        for trial in outline.trials
    ]
    rows = (f"| {code(address)} | {code(clip(words, 300))} |\n" for address, words in found)
    text, left_out = _fit(rows, len(found), head, room - _TAIL)
    later = [change for change in listed if outlines[change.address].search.method == "bayes"]
    left_out += sum(trials_left(change, outlines[change.address]) for change in listed if change not in later)
    more = f"\n+ {left_out:,} more (`--limit`, `--offset`)\n" if left_out else ""
    chosen = sum(trials_left(change, outlines[change.address]) for change in later)
    more += f"\n+ {chosen:,} more, chosen as results come in\n" if chosen else ""
    return f"{text}{more}\n</details>\n" if text else ""


def _fit(rows: Iterator[str], total: int, head: str, room: int) -> tuple[str, int]:
    """As many of so many rows as there is room for beneath their head; how many there was none for."""
    text, count = head, 0
    for row in rows:
        if count == _ROWS or len(text) + len(row) > room:
            break
        text += row
        count += 1
    return (text if count else ""), total - count


def _row(change: Change, outlines: Outlines) -> str:
    what, said = _what(change, outlines.get(change.address))
    reason = "<br>".join(found for found in (*said, *_details(change)) if found)
    where = code(place(change)) if change.span else ""
    return f"| `{SYMBOLS[change.action]}` | {code(clip(change.address))} | {what} | {reason} | {where} |\n"


def _what(change: Change, outline: SweepOutline | None) -> tuple[str, tuple[str, ...]]:
    """What is done, and why; of a sweep also what it consists of."""
    if change.trials is None:
        return verb(change), (why(change),)
    from launchctl.cli.views.plan_sweeps import paging, sweep_facts, sweep_verb, sweep_why, trials_left

    facts = [code(clip(visible(fact), 300)) for fact in sweep_facts(change, outline)]
    if outline is not None and not outline.trials and trials_left(change, outline) > 0:
        facts.append(code(paging(trials_left(change, outline), outline)))
    return sweep_verb(change) or verb(change), (sweep_why(change), *facts)


def _details(change: Change) -> Iterator[str]:
    if change.message:
        yield code(clip(visible(change.message), 200))
    if change.affects:
        yield f"{touching(change)} {code(listed(change.affects, 10))}"
    for option in change.options:
        yield f"way out: {code(clip(visible(option), 200))}"


def _field_rows(change: Change) -> Iterator[str]:
    for field in change.changes:
        old = "" if field.old is None else code(format_value(brief(field.path, field.old)))
        new = "" if field.new is None else code(format_value(brief(field.path, field.new)))
        where = code(place(field)) if field.span else ""
        path = code(clip(field.path))
        yield f"| {code(clip(change.address))} | {path} | {field.field_class.value} | {old} | {new} | {where} |\n"
