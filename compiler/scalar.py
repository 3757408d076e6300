"""What a plain YAML scalar means in YAML 1.2, and what a tool that reads YAML 1.1 would make of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from launchctl.compiler import codes
from launchctl.diagnostics import Code

Value = str | int | float | bool | None
_CONSTANTS: dict[str, Value] = {
    text: value
    for value, texts in (
        (None, ("", "~", "null", "Null", "NULL")),
        (True, ("true", "True", "TRUE")),
        (False, ("false", "False", "FALSE")),
    )
    for text in texts
}
_OLD_BOOLEANS = {word: flag for flag, words in (("true", ("yes", "on")), ("false", ("no", "off"))) for word in words}
_OLD_LETTERS = {"y": "true", "n": "false"}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OLD_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OLD_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0|[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*)"
)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*"
)
_NUMERIC = frozenset("0123456789+-.")
SPECIAL_STARTS = _NUMERIC | frozenset("~nNtTfFyYoO") | {""}
"""First characters of the plain scalars that may be anything but the text that they look like."""
_LONGEST_NUMBER = 64
"""Characters; no longer text is a number that anybody means as one."""


class Trap(NamedTuple):
    """Why a plain scalar must be looked at again."""

    code: Code
    now: str
    before: str
    hint: str


class Meaning(NamedTuple):
    """The value of a plain scalar, and the trap in it if there is one."""

    value: Value
    trap: Trap | None = None


@lru_cache(maxsize=8192)
def meaning(text: str) -> Meaning:
    """What a plain scalar stands for."""
    if text in _CONSTANTS:
        return Meaning(_CONSTANTS[text])
    if text[0] in _NUMERIC:
        return _numeric(text)
    folded = text.lower()
    if text in (folded, folded.upper(), folded.capitalize()):
        if folded in _OLD_BOOLEANS:
            return Meaning(text, _old_word(codes.AMBIGUOUS_VALUE, text, _OLD_BOOLEANS[folded]))
        if folded in _OLD_LETTERS:
            return Meaning(text, _old_word(codes.OLD_VALUE, text, _OLD_LETTERS[folded]))
    return Meaning(text)


def _old_word(code: Code, text: str, before: str) -> Trap:
    return Trap(code, "a text", before, f'write {before}, or "{text}" in quotes where a text is meant')


def _numeric(text: str) -> Meaning:
    if len(text) > _LONGEST_NUMBER:
        is_number = _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)
        return Meaning(text, _too_large(text) if is_number else None)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        return Meaning(value) if abs(value) != float("inf") else Meaning(text, _too_large(text))
    if _NO_JSON.fullmatch(text):
        return Meaning(text, Trap(codes.NO_JSON_NUMBER, "", "", f'write a finite number, or "{text}" in quotes'))
    return Meaning(text, _old_numeric(text))


def _integer(text: str) -> Meaning:
    value = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _LEADING_ZERO.fullmatch(text) and str(value) != (before := _old_leading_zero(text)):
        hint = f'write {value}, or "{text}" in quotes where a text is meant'
        return Meaning(value, Trap(codes.AMBIGUOUS_VALUE, f"the number {value}", before, hint))
    if not -(2**63) <= value < 2**64:
        return Meaning(text, _too_large(text))
    return Meaning(value)


def _old_leading_zero(text: str) -> str:
    return str(int(text, 8)) if _OLD_OCTAL.fullmatch(text) else "a text"


def _too_large(text: str) -> Trap:
    shown = text if len(text) <= 30 else "the text"
    return Trap(codes.NO_JSON_NUMBER, "", "", f"put {shown} in quotes where a text is meant")


def _old_numeric(text: str) -> Trap | None:
    quoted = f'"{text}" in quotes where a text is meant'
    if _DATE.fullmatch(text):
        return Trap(codes.OLD_VALUE, "a text", "a date", f'write "{text}" in quotes')
    if _SEXAGESIMAL.fullmatch(text):
        number = _in_sixties(text)
        return Trap(codes.AMBIGUOUS_VALUE, "a text", f"the number {number}", f"write {number}, or {quoted}")
    if _OLD_NUMBER.fullmatch(text) or _OLD_OCTAL.fullmatch(text):
        number = _old_number(text)
        return Trap(codes.AMBIGUOUS_VALUE, "a text", f"the number {number}", f"write {number}, or {quoted}")
    return None


def _in_sixties(text: str) -> int | float:
    digits = text.replace("_", "").lstrip("+-")
    *heads, last = digits.split(":")
    total: int | float = 0
    for head in heads:
        total = total * 60 + int(head)
    total = total * 60 + (float(last) if "." in last else int(last))
    return -total if text.startswith("-") else total


def _old_number(text: str) -> int | float:
    digits = text.replace("_", "")
    if _OLD_OCTAL.fullmatch(text):
        return int(digits, 8)
    if re.fullmatch(r"[-+]?(?:0[bx][0-9a-fA-F]+|[0-9]+)", digits):
        return int(digits, 0)
    return float(digits)
