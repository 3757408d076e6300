"""A plan as one page that needs nothing else: no script, no request, every foreign text escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from launchctl.cli.views.plan_outline import SYMBOLS, Section, place, sections, summary_line, touching, verb, why
from launchctl.cli.views.text import brief, spelled_value, visible, visible_block
from launchctl.engine.plan import Change, FieldChange, Plan
from launchctl.values import JSON

if TYPE_CHECKING:
    from launchctl.cli.views.plan_sweeps import Outlines
    from launchctl.engine.sweep.outline import SweepOutline

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
ul { margin: .2rem 0; padding-left: 1.2rem; }
.where { color: #666; }
"""


def plan_html(plan: Plan, outlines: Outlines | None = None) -> str:
    """The whole page; every address that is not unchanged is on it."""
    title = f"Plan for {_text(plan.project)}, workspace {_text(plan.workspace)}"
    body = "\n".join(found for section in sections(plan) for found in _section(section, outlines or {}))
    note = "" if plan.refreshed else "<p>Not refreshed: what runs now was not looked up.</p>\n"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p><strong>{_text(summary_line(plan))}</strong></p>\n{note}{body}\n</body>\n</html>\n"
    )


def _section(section: Section, outlines: Outlines) -> Iterator[str]:
    yield f"<h2>{section.title}</h2>"
    yield "<table>\n<tr><th></th><th>address</th><th>what</th><th>why</th><th>where</th></tr>"
    yield from (_row(change, outlines.get(change.address)) for change in section.changes)
    yield "</table>"


def _row(change: Change, outline: SweepOutline | None) -> str:
    what, reason, facts = _what(change, outline)
    details = "".join(f"<li>{found}</li>" for found in (*facts, *_details(change)))
    reason = _text(reason) + (f"<ul>{details}</ul>" if details else "")
    return (
        f"<tr><td><code>{_text(SYMBOLS[change.action])}</code></td><td><code>{_text(change.address)}</code></td>"
        f"<td>{_text(what)}</td><td>{reason}</td>"
        f'<td class="where"><code>{_text(place(change))}</code></td></tr>'
    )


def _what(change: Change, outline: SweepOutline | None) -> tuple[str, str, tuple[str, ...]]:
    """What is done, why, and of a sweep what it consists of and the first of its trials."""
    if change.trials is None:
        return verb(change), why(change), ()
    from launchctl.cli.views.plan_sweeps import (  # a plan without sweeps loads nothing of them
        paging,
        sweep_facts,
        sweep_verb,
        sweep_why,
        trial_words,
        trials_left,
    )

    facts = [_text(fact) for fact in sweep_facts(change, outline)]
    if outline is not None:
        facts += [
            f"<code>{_text(f'[{trial.key}]')}</code> {_text(trial_words(trial, outline))}" for trial in outline.trials
        ]
        left = trials_left(change, outline)
        facts += [_text(paging(left, outline))] if left > 0 else []
    return sweep_verb(change) or verb(change), sweep_why(change), tuple(facts)


def _details(change: Change) -> Iterator[str]:
    if change.message:
        yield _text(change.message)
    yield from map(_field, change.changes)
    if change.affects:
        yield f"{touching(change)} {_text(', '.join(change.affects))}"
    for option in change.options:
        yield f"way out: <code>{_text(option)}</code>"


def _field(field: FieldChange) -> str:
    where = f' <span class="where">{_text(place(field))}</span>' if field.span else ""
    return (
        f"<code>{_text(field.path)}</code> ({field.field_class.value}): "
        f"{_value(brief(field.path, field.old))} &rarr; {_value(brief(field.path, field.new))}{where}"
    )


def _value(value: JSON) -> str:
    return "none" if value is None else f"<code>{escape(visible_block(spelled_value(value)))}</code>"


def _text(text: str) -> str:
    return escape(visible(text))
