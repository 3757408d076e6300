"""Keys of the project file, as its JSON Schema documents them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from launchctl.values import JSON, canonical, is_list, is_mapping

ANY_NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Key:
    """One key and what may stand there."""

    path: tuple[str, ...]
    """From the top of the file; `NAME` stands for any name."""
    kind: str
    """`integer`, `text`, `mapping`, …"""
    description: str
    default: JSON
    """None where it must be given or has none."""
    is_required: bool
    keys: tuple[str, ...]
    """Of a mapping, or of what stands in it under names or in a list."""

    @property
    def spelled(self) -> str:
        """`runs.NAME.retry`."""
        return ".".join(self.path)


def all_keys(schema: Mapping[str, JSON]) -> Iterator[Key]:
    """Every key of the schema, a key before those beneath it; recursive parts once."""
    yield from _beneath(schema, schema, (), frozenset())


def find_keys(schema: Mapping[str, JSON], words: tuple[str, ...]) -> tuple[Key, ...]:
    """Keys that end as the words do, where names of runs, queues and so on may be left out or be any.

    A key that the words spell from the top stands alone.
    """
    found = [key for key in all_keys(schema) if _fits(key.path, words)]
    whole = [key for key in found if _fits_whole(key.path, words)]
    return tuple(whole or found)


def _fits_whole(path: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether words spell a path, any word for `NAME` or none."""
    if not path:
        return not words
    if path[0] == ANY_NAME:
        return _fits_whole(path[1:], words) or (bool(words) and _fits_whole(path[1:], words[1:]))
    return bool(words) and path[0] == words[0] and _fits_whole(path[1:], words[1:])


def _fits(path: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return path[-1] != ANY_NAME and any(_fits_whole(path[start:], words) for start in range(len(path)))


def _beneath(
    root: Mapping[str, JSON], schema: Mapping[str, JSON], path: tuple[str, ...], above: frozenset[str]
) -> Iterator[Key]:
    for option in _options(root, schema):
        name = str(option.get("title", ""))
        if name and name in above:
            continue
        inside = above | {name} if name else above
        required = option.get("required", ())
        for key, value in _members(root, option):
            here = (*path, key)
            yield _key(root, value, here, is_required=key in required)
            yield from _beneath(root, value, here, inside)


def _members(root: Mapping[str, JSON], option: Mapping[str, JSON]) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The keys that a mapping may have, with their schemas; those of a list's items count as the list's own."""
    properties: JSON = option.get("properties", {})
    yield from properties.items()
    yield from ((ANY_NAME, free) for free in _free(option))
    items: JSON = option.get("items")
    for inner in _options(root, items) if is_mapping(items) else ():
        yield from inner.get("properties", {}).items()


def _free(option: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    """Schemas of the values that stand under names of the user's own."""
    patterns: JSON = option.get("patternProperties", {})
    for free in (*patterns.values(), option.get("additionalProperties")):
        if is_mapping(free) and free:
            yield free


def _options(root: Mapping[str, JSON], schema: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    """The schema with its references followed, each alternative by itself."""
    reference: JSON = schema.get("$ref")
    if isinstance(reference, str):
        target: JSON = root
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        yield from _options(root, target)
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word, ()):
            yield from _options(root, part)
    if any(word in schema for word in ("type", "properties", "const", "enum", "items", "additionalProperties")):
        yield schema


def _key(root: Mapping[str, JSON], schema: Mapping[str, JSON], path: tuple[str, ...], *, is_required: bool) -> Key:
    options = tuple(_options(root, schema))
    described = (schema, *options)
    return Key(
        path=path,
        kind=" or ".join(dict.fromkeys(filter(None, map(_kind, options)))) or "any value",
        description=str(next((found["description"] for found in described if "description" in found), "")),
        default=schema.get("default"),
        is_required=is_required,
        keys=tuple(dict.fromkeys(_keys(root, options))),
    )


def _keys(root: Mapping[str, JSON], options: tuple[Mapping[str, JSON], ...]) -> Iterator[str]:
    for option in options:
        for key, value in _members(root, option):
            if key != ANY_NAME:
                yield key
            else:
                yield from (name for inner in _options(root, value) for name in inner.get("properties", ()))


_KINDS = {"string": "text", "object": "mapping", "array": "list", "boolean": "true or false", "null": ""}


def _kind(option: Mapping[str, JSON]) -> str:
    if "const" in option:
        return canonical(option["const"])
    if "enum" in option:
        return ", ".join(str(value) for value in option["enum"])
    kinds: JSON = option.get("type", "")
    names = kinds if is_list(kinds) else [kinds]
    return " or ".join(filter(None, (_KINDS.get(str(name), str(name)) for name in names)))
