"""Diagnostics for people and for tools: lines that editors jump to, JSON, GitHub annotations, SARIF."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from launchctl.cli.views.text import Line, Segment, line, plain, visible, visible_block
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Severity, Span
from launchctl.values import JSON

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}
_LINE_BREAK = re.compile("\r\n|\r|\n")
_WIDEST = 120
"""Cells of a source line that are shown."""
_BEFORE = 60
"""Cells of a longer line that are shown before the fault."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_text(diagnostics: Diagnostics, sources: Mapping[str, str]) -> str:
    """Every diagnostic as plain text; `sources` gives the text of a file by its name."""
    return plain(diagnostic_lines(diagnostics, sources))


def diagnostic_lines(diagnostics: Diagnostics, sources: Mapping[str, str]) -> tuple[Line, ...]:
    """Every diagnostic: its line, the source with a caret where its file is at hand, notes and hint."""
    by_file = {name: _LINE_BREAK.split(text) for name, text in sources.items()}
    for found in diagnostics:
        if found.code.is_sensitive and found.span is not None:
            _hide(found.span, by_file.get(found.span.file, []))
    return tuple(shown for found in diagnostics for shown in _lines(found, by_file))


def _hide(span: Span, lines: list[str]) -> None:
    """Takes away the text of a stretch, for every diagnostic that points at one of its lines."""
    for number in range(span.line, min(span.end_line, len(lines)) + 1):
        lines[number - 1] = ""


def _lines(found: Diagnostic, by_file: Mapping[str, list[str]]) -> Iterator[Line]:
    place = f"{visible(str(found.span))}: " if found.span else ""
    severity = Segment(f"{found.severity.value}:", _STYLES[found.severity])
    yield line(place, severity, f" {visible(found.message)} ", Segment(f"[{found.code.name}]", "dim"))
    if found.span is not None:
        yield from _excerpt(found.span, by_file.get(found.span.file, []))
    for note in found.notes:
        yield line(f"  note: {visible(_note(note))}")
    if found.hint:
        yield line("  ", Segment("hint:", "bold"), f" {visible(found.hint)}")


def _note(note: Note) -> str:
    return f"{note.message}: {note.span}" if note.span else note.message


def _excerpt(span: Span, lines: list[str]) -> Iterator[Line]:
    """The source line and what marks the fault under it, both cut to a width that fits."""
    if span.line > len(lines) or not lines[span.line - 1]:
        return
    text = lines[span.line - 1]
    end = span.end_column if span.end_line == span.line else len(text) + 1
    text = text.replace("\t", " ")
    before, marked = _cells(text[: span.column - 1]), _cells(text[span.column - 1 : end - 1])
    shift = before - _BEFORE if _cells(text) > _WIDEST and before > _BEFORE else 0
    shown = _clipped(text, shift)
    yield line(f"  {visible(shown)}")
    offset = before - shift
    mark = "^" * max(1, min(marked, _WIDEST - offset))
    yield line("  " + " " * offset, Segment(mark, "bold green"))


def _clipped(text: str, shift: int) -> str:
    """The cells from `shift` on, as many as fit; a wide character that is cut in half becomes a space."""
    shown, cell = "", 0
    for character in text:
        width = _cells(character)
        if cell >= shift + _WIDEST:
            break
        if shift <= cell and cell + width <= shift + _WIDEST:
            shown += character
        elif cell < shift < cell + width:
            shown += " "
        cell += width
    return shown


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


# --- for tools ---


def as_json(diagnostics: Diagnostics) -> JSON:
    """What `validate --format json` prints."""
    return {"format_version": "1", "diagnostics": [_as_json(found) for found in diagnostics]}


def _as_json(found: Diagnostic) -> JSON:
    return {
        "code": found.code.name,
        "severity": found.severity.value,
        "message": found.message,
        **_place(found.span),
        "notes": [{"message": note.message, **_place(note.span)} for note in found.notes],
        "hint": found.hint,
    }


def _place(span: Span | None) -> dict[str, JSON]:
    keys = ("file", "line", "column", "end_line", "end_column")
    return dict(zip(keys, span or (None,) * 5, strict=True))


def as_github(diagnostics: Diagnostics) -> str:
    """Workflow commands that GitHub shows beside the changed lines of a pull request."""
    return "".join(_annotation(found) for found in diagnostics)


def _annotation(found: Diagnostic) -> str:
    properties: list[tuple[str, object]] = []
    if found.span is not None:
        place = found.span
        properties += [("file", place.file), ("line", place.line), ("endLine", place.end_line), ("col", place.column)]
        if place.end_line == place.line:
            properties.append(("endColumn", place.end_column))
    properties.append(("title", found.code.name))
    said = [found.message, *map(_note, found.notes), *([f"hint: {found.hint}"] if found.hint else [])]
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties)
    return f"::{_ANNOTATIONS[found.severity]} {written}::{_data(visible_block(chr(10).join(said)))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(diagnostics: Diagnostics, version: str) -> JSON:
    """A SARIF 2.1.0 log, for code scanning; `version` is launchctl's."""
    codes = {found.code.name: found.code for found in diagnostics}
    rules = [
        {
            "id": name,
            "fullDescription": {"text": code.explanation},
            "defaultConfiguration": {"level": _LEVELS[code.severity]},
        }
        for name, code in sorted(codes.items())
    ]
    driver = {"name": "launchctl", "version": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found) for found in diagnostics],
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _result(found: Diagnostic) -> JSON:
    said = f"{found.message}\nhint: {found.hint}" if found.hint else found.message
    result: dict[str, JSON] = {
        "ruleId": found.code.name,
        "level": _LEVELS[found.severity],
        "message": {"text": said},
        "locations": [_location(found.span)] if found.span else [],
    }
    related = [_location(note.span) | {"message": {"text": note.message}} for note in found.notes if note.span]
    return result | ({"relatedLocations": related} if related else {})


def _location(span: Span) -> dict[str, JSON]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file)}, "region": region}}


def _uri(name: str) -> str:
    from urllib.parse import quote  # for SARIF alone

    return quote(name)
