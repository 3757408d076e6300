"""Records to JSON and back, by their declared types alone: every key is there, no other is, no type is bent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from launchctl.values import JSON, is_list, is_mapping, leaves


class Malformed(ValueError):
    """A document that says something else than its format allows; the text names the place."""


def encode(value: JSON) -> JSON:
    """A record as JSON: an object for each record, its fields in their order."""
    if is_dataclass(value):
        return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if is_mapping(value):
        return {key: encode(item) for key, item in value.items()}
    return [encode(item) for item in value] if is_list(value) else value


def decode(kind: JSON, value: JSON, where: str) -> JSON:
    """The record of type `kind` that a JSON value spells; raises Malformed for any other."""
    if kind is Any:
        if any(isinstance(leaf, float) and not math.isfinite(leaf) for _, leaf in leaves(value)):
            raise Malformed(f"{where}: expected a number, got one that JSON does not have")
        return value
    origin: JSON = get_origin(kind)
    if origin is UnionType:
        (inner,) = (option for option in get_args(kind) if option is not NoneType)
        return None if value is None else decode(inner, value, where)
    if origin is tuple:
        return tuple(decode(get_args(kind)[0], item, f"{where}[{at}]") for at, item in enumerate(_list(value, where)))
    if origin is Mapping:
        inner = get_args(kind)[1]
        return {key: decode(inner, item, f"{where}.{key}") for key, item in _mapping(value, where).items()}
    return _record(kind, value, where) if is_dataclass(kind) else _scalar(kind, value, where)


def _record(kind: JSON, value: JSON, where: str) -> JSON:
    known = _types(kind)
    found = _mapping(value, where)
    for key in known.keys() - found.keys():
        raise Malformed(f'{where}: the key "{key}" is missing')
    for key in found.keys() - known.keys():
        raise Malformed(f'{where}: unknown key "{key}"')
    return kind(**{key: decode(inner, found[key], f"{where}.{key}") for key, inner in known.items()})


@cache
def _types(kind: type) -> Mapping[str, JSON]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


def _scalar(kind: type, value: JSON, where: str) -> JSON:
    if issubclass(kind, StrEnum):
        if value not in set(kind):
            raise Malformed(f"{where}: expected one of {', '.join(kind)}, got {_shown(value)}")
        return kind(value)
    if kind is float and type(value) in {int, float} and math.isfinite(value):
        return float(value)
    if type(value) is not kind or kind is float:
        raise Malformed(f"{where}: expected {_NAMES[kind]}, got {_shown(value)}")
    return value


_NAMES: Mapping[type, str] = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def _mapping(value: JSON, where: str) -> Mapping[str, JSON]:
    if not is_mapping(value):
        raise Malformed(f"{where}: expected an object, got {_shown(value)}")
    return value


def _list(value: JSON, where: str) -> list[JSON]:
    if not is_list(value):
        raise Malformed(f"{where}: expected a list, got {_shown(value)}")
    return list(value)


def _shown(value: JSON) -> str:
    """The kind of a value: the value itself may be long, or private."""
    for kind, name in _NAMES.items():
        if type(value) is kind:
            return name
    return "null" if value is None else "an object" if is_mapping(value) else "a list"
