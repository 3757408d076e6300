"""The KEY of a point of a grid: the same wherever and whenever its values are the same."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from launchctl.compiler.sweep.identity import encode, identity
from launchctl.compiler.sweep.space import ParameterPath
from launchctl.values import JSON

KEY_DIGITS = 16


def fragment(path: ParameterPath, value: JSON) -> str:
    """What a parameter adds to the text of a point."""
    return f"[{encode(path)},{identity(value)}]"


def key_of(fragments: Iterable[str]) -> str:
    """The KEY of the point that consists of these parameters, which come sorted by path."""
    return key_of_text(",".join(fragments))


def key_of_text(text: str) -> str:
    """The KEY of a point whose parameters are put together already."""
    return sha256(f"[{text}]".encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]


def with_repeat(key: str, repeat: int) -> str:
    """The KEY of a repetition of a point."""
    return key if repeat == 1 else f"{key}.{repeat}"
