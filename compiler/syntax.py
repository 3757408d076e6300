"""What a YAML parser's complaint means to somebody who wrote the file."""

from __future__ import annotations

from typing import NamedTuple

Place = tuple[int, int]
"""Line and column, counted from 0 as parsers do."""


class Complaint(NamedTuple):
    """The parser's own words, and the places that it names."""

    problem: str
    place: Place
    context: str = ""
    context_place: Place | None = None


class Explained(NamedTuple):
    """A sentence, where to show it, a way out, and what began at the other place."""

    sentence: str
    place: Place
    hint: str | None = None
    began: str | None = None


_INDENTATION = "lines of one mapping or list begin in the same column, indented by spaces"
_QUOTE = "put the text in quotes"
_TEMPLATE = 'put a value with a template in quotes: "{{ name }}"'
_BY_PROBLEM: dict[str, tuple[str, str | None]] = {
    "mapping values are not allowed": (
        'a ":" is not expected here',
        "quote a text that contains `: `, or check the indentation",
    ),
    "block sequence entries are not allowed": ('a "-" is not expected here', "a list begins on a line of its own"),
    "did not find expected '-' indicator": ('expected "-": the list ends before this line', _INDENTATION),
    "did not find expected key": ("this line fits into no mapping or list above it", _INDENTATION),
    "could not find expected ':'": ('expected ":" after this key', None),
    "found unknown escape character": (
        "this escape is unknown in double quotes",
        "use single quotes, or write `\\\\` for a backslash",
    ),
    "did not find expected hexdecimal number": ("this escape needs more hexadecimal digits", None),
    "found invalid Unicode character escape code": ("this escape names no character", None),
    "did not find expected <document start>": ("nothing is expected after the end of the value", None),
    "found a tab character": ("expected spaces, got a tab", "indent by spaces"),
    "did not find expected alphabetic or numeric character": (
        "expected a name after `*` or `&`",
        "quote a text that begins with `*` or `&`",
    ),
    "did not find expected comment or line break": ("only a comment may follow here", _QUOTE),
    "did not find expected node content": ("expected a value", None),
    "found incompatible YAML document": ("the `%YAML` line names a version that cannot be read", "remove the line"),
}
_CLOSERS = {"flow sequence": ("]", "list"), "flow mapping": ("}", "mapping")}


def explain(complaint: Complaint, lines: list[str]) -> Explained:
    """The complaint in words of the file, at the place where it is mended."""
    line, column = complaint.place
    text = lines[line] if line < len(lines) else ""
    if complaint.problem == "found unexpected end of stream" and complaint.context_place:
        return Explained("this quote is never closed", complaint.context_place)
    if complaint.problem == "found character that cannot start any token":
        return _bad_start(text, complaint.place)
    unclosed = next((kind for kind in _CLOSERS if kind in complaint.context), None)
    if unclosed and complaint.context_place and "did not find expected ','" in complaint.problem:
        return _unclosed(unclosed, complaint, lines)
    for start, (sentence, hint) in _BY_PROBLEM.items():
        if complaint.problem.startswith(start):
            return Explained(sentence, complaint.place, _TEMPLATE if "{{" in text[: column + 1] else hint)
    return Explained(f"this is no YAML: {complaint.problem}", complaint.place)


def _bad_start(text: str, place: Place) -> Explained:
    found = text[place[1] : place[1] + 1]
    if found == "\t" or text[: len(text) - len(text.lstrip())].find("\t") >= 0:
        column = text.find("\t")
        return Explained("expected spaces, got a tab", (place[0], max(column, 0)), "indent by spaces")
    return Explained(f'a plain text cannot begin with "{found}"', place, _QUOTE)


def _unclosed(kind: str, complaint: Complaint, lines: list[str]) -> Explained:
    closer, name = _CLOSERS[kind]
    place, opened = complaint.place, complaint.context_place
    if opened is not None and "{{" in lines[opened[0]][opened[1] - 1 :]:
        return Explained(f'expected "," or "{closer}"', place, _TEMPLATE, f"the {name} begins here")
    return Explained(f'expected "," or "{closer}"', place, None, f"the {name} begins here")
