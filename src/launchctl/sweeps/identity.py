"""When two values are the same, and the KEY of a point of a grid.

Numbers are the same where they are equal, however deep they stand: `1`, `1.0` and `[1.0]` next to
`[1]`. A boolean is no number, and a text is neither. NaN is the same as NaN.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from launchctl.compiler.sweep.space import ParameterPath
from launchctl.values import JSON, is_list, is_mapping

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
KEY_DIGITS = 16


def identity(value: JSON) -> str:
    """A text that two values share exactly where they are the same."""
    kind = type(value)
    if kind is int:
        return repr(value)
    if kind is float:
        return repr(int(value)) if value.is_integer() else repr(value)
    return _encode(value if kind is str else _normalised(value))


def fragment(path: ParameterPath, value: JSON) -> str:
    """What a parameter adds to the text of a point."""
    return f"[{_encode(path)},{identity(value)}]"


def key_of(fragments: Iterable[str]) -> str:
    """The KEY of the point that consists of these parameters, which come sorted by path."""
    return key_of_text(",".join(fragments))


def key_of_text(text: str) -> str:
    """The KEY of a point whose parameters are put together already."""
    return sha256(f"[{text}]".encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]


def with_repeat(key: str, repeat: int) -> str:
    """The KEY of a repetition of a point."""
    return key if repeat == 1 else f"{key}.{repeat}"


def _normalised(value: JSON) -> JSON:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if is_mapping(value):
        return {key: _normalised(item) for key, item in value.items()}
    if is_list(value):
        return [_normalised(item) for item in value]
    return value
