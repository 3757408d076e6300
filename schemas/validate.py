"""The validator's one door: documents against the schemas we ship, and patterns of project files in linear time.

A pattern comes from a project file that may belong to a stranger; Python's own `re` would
let it take exponential time. The engine here has neither back references nor look-around,
and refuses patterns that would need much memory.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from launchctl.schemas import load
from launchctl.values import JSON, format_path

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

MAX_PATTERN = 1_000
_MAX_PROGRAM = 1_000_000


def is_pattern(pattern: str) -> bool:
    """Whether a text is a regular expression that can be matched in linear time."""
    return len(pattern) <= MAX_PATTERN and _compile(pattern) is not None and _compile(_whole(pattern)) is not None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches a pattern that `is_pattern`."""
    compiled = _compile(_whole(pattern))
    return compiled is not None and compiled.is_valid(text)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> Draft202012Validator | None:
    import jsonschema_rs  # 25 ms, for projects that have a pattern

    options = jsonschema_rs.RegexOptions(size_limit=_MAX_PROGRAM, dfa_size_limit=_MAX_PROGRAM)
    try:
        return jsonschema_rs.Draft202012Validator({"type": "string", "pattern": pattern}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return None


def violations(name: str, value: JSON) -> tuple[str, ...]:
    """What is wrong in a value by a shipped schema, a sentence each; empty where nothing is."""
    return tuple(
        f"{format_path(tuple(found.instance_path)) or 'the document'}: {found.message}"
        for found in _validator(name).iter_errors(value)
    )


@cache
def _validator(name: str) -> Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(load(name))
