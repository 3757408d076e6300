"""JSON values, their canonical bytes and their digests.

Values are immutable by type: containers are `Mapping` and `Sequence`, which no caller may
write to. They are not wrapped at run time, because a wrapped mapping can be neither dumped
nor compared cheaply, and ten thousand runs share one queue's configuration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

JSON: TypeAlias = Any  # the JSON border: str, int, float, bool, None, Sequence[JSON], Mapping[str, JSON]
Path: TypeAlias = tuple[str | int, ...]

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def is_mapping(value: JSON) -> TypeGuard[Mapping[str, JSON]]:
    """Whether a value is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: JSON) -> TypeGuard[Sequence[JSON]]:
    """Whether a value is a JSON array."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def canonical(value: JSON) -> str:
    """The one text of a value: keys sorted, no white space, numbers as JSON writes them."""
    return _encode(value)


def digest(value: JSON) -> str:
    """`sha256:…` of the value's canonical text."""
    return digest_text(_encode(value))


def digest_text(text: str) -> str:
    """`sha256:…` of a text's UTF-8 bytes."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pretty(value: JSON) -> str:
    """JSON for a reader: two spaces, keys in their own order, a final newline."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def leaves(value: JSON, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    """Every scalar of a value with its path; an empty container counts as a leaf `{}` or `[]`."""
    if is_mapping(value) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif is_list(value) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def format_path(path: Path) -> str:
    """`spec.containers[0].image` for `("spec", "containers", 0, "image")`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
