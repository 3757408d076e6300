"""When two values of a parameter are the same: numbers by their value, everything else by type and value."""

from __future__ import annotations

from launchctl.values import JSON, canonical, is_list, is_mapping

_LARGEST_EXACT = 2**53


def normal(value: JSON) -> JSON:
    """The value with whole numbers as integers, at every depth; true is not 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    if is_mapping(value):
        return {key: normal(item) for key, item in value.items()}
    return [normal(item) for item in value] if is_list(value) else value


def identity(value: JSON) -> str:
    """A text that two values share exactly where they are the same.

    >>> identity(1.0) == identity(1), identity(True) == identity(1), identity("1") == identity(1)
    (True, False, False)
    """
    return canonical(normal(value))
