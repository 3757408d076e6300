"""When two values of a parameter are the same.

Numbers are the same where they are equal, however deep they stand: `1`, `1.0` and `[1.0]` next to
`[1]`. A boolean is no number, and a text is neither. NaN is the same as NaN.
"""

from __future__ import annotations

import json

from launchctl.values import JSON, is_list, is_mapping

encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
"""The one text of a value, NaN and the infinities included."""


def identity(value: JSON) -> str:
    """A text that two values share exactly where they are the same.

    >>> identity(1.0) == identity(1), identity(True) == identity(1), identity("1") == identity(1)
    (True, False, False)
    """
    kind = type(value)
    if kind is int:
        return repr(value)
    if kind is float:
        return repr(int(value)) if value.is_integer() else repr(value)
    return encode(value if kind is str else _normalised(value))


def _normalised(value: JSON) -> JSON:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if is_mapping(value):
        return {key: _normalised(item) for key, item in value.items()}
    if is_list(value):
        return [_normalised(item) for item in value]
    return value
