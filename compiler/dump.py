"""JSON values to YAML for a reader: two spaces, keys in their own order, long texts as block scalars.

Written here, so that the bytes are the same on every machine: a library chooses its quotes by
its version and by whether its C half is installed. What is written is read as the same value
by YAML 1.1 and 1.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from launchctl.values import JSON, is_list, is_mapping

_PLAIN = re.compile(
    r"(?:-{1,2}(?=[A-Za-z])|[A-Za-z_/.$])[A-Za-z0-9_/.$@%+=~^(){}<>\\;!?*&|,:-]*"
    r"(?: [A-Za-z0-9_/.$@%+=~^()<>\\;!?*&|,-]+)*"
)
_NOT_TEXT = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null)|\.(?i:inf|nan)|\.\.\.?|[.0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
)
"""What some version of YAML reads as another type than text."""
_LONG = 100
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_FLAT = re.compile("[^\n]*[^\n ]")


def dump_yaml(value: JSON) -> str:
    """The value as a YAML document, with a final newline."""
    if not value or not (is_mapping(value) or is_list(value)):
        return f"{_scalar(value, '  ')}\n"
    return "".join(f"{found}\n" for found in _block(value))


def _block(value: JSON) -> Iterator[str]:
    """The lines of a container that is not empty, at no indentation."""
    if is_mapping(value):
        for key, item in value.items():
            yield from _entry(f"{_text(key, '')}:", item)
        return
    for item in value:
        yield from _item(item)


def _entry(head: str, value: JSON) -> Iterator[str]:
    """The lines of a key and its value; a list stands flush with its key."""
    if value and (is_mapping(value) or is_list(value)):
        yield head
        indent = "" if is_list(value) else "  "
        yield from (f"{indent}{found}" if found else "" for found in _block(value))
    else:
        yield from f"{head} {_scalar(value, '  ')}".split("\n")


def _item(value: JSON) -> Iterator[str]:
    if value and (is_mapping(value) or is_list(value)):
        lines = _block(value)
        yield f"- {next(lines)}"
        yield from (f"  {found}" if found else "" for found in lines)
    else:
        yield from f"- {_scalar(value, '  ')}".split("\n")


def _scalar(value: JSON, indent: str) -> str:
    if isinstance(value, str):
        return _text(value, indent)
    number = json.dumps(value)
    is_bare = isinstance(value, float) and "e" in number and "." not in number
    return number.replace("e", ".0e") if is_bare else number  # YAML 1.1 knows no number like 5e-7


def _text(text: str, indent: str) -> str:
    """A text plain, as a block or quoted; never a block where `indent` is empty, as for a key."""
    if _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text) and ": " not in f"{text} " and len(text) <= _LONG:
        return text
    if indent and ("\n" in text or len(text) > _LONG) and _is_blockable(text):
        mark = "|" if text.endswith("\n") else "|-"
        body = "\n".join(f"{indent}{found}" if found else "" for found in text.removesuffix("\n").split("\n"))
        return f"{mark}\n{body}"
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(_escape, quoted)


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"  # YAML has no way to write half a character


def _is_blockable(text: str) -> bool:
    """Whether a literal block gives the text back: no control characters, no blank at the edges."""
    body = text.removesuffix("\n")
    starts_well = body[:1] not in {"", " ", "\n", "\t"}
    return starts_well and _FLAT.fullmatch(body.rpartition("\n")[2]) is not None and not _UNPRINTABLE.search(text)
