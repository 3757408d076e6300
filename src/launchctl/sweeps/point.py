"""A point of a space: which of its parameters exist, whether it is excluded, and how a job is given it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import ParameterPath, Space
from launchctl.values import JSON, is_mapping

_SEPARATOR = ".wbnest[599c28ca25da]."
"""Between the segments of a nested name in W&B's own tables; the order of groups depends on it."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A parameter must exist and have one of these values."""

    parent: ParameterPath
    identities: frozenset[str]
    values: tuple[JSON, ...] = field(compare=False)


class Shape:
    """What the points of a space have in common; values of a point are told by path."""

    def __init__(self, space: Space) -> None:
        self._needs = {leaf.path: tuple(_needs(space, leaf.path)) for leaf in space.leaves}
        self._order = sorted(self._needs, key=_place)
        self._excluded = _by_paths(space)
        self.has_conditions = bool(space.conditions)

    def needs(self, path: ParameterPath) -> tuple[Requirement, ...]:
        """What a leaf needs itself, or through its groups, in order to exist."""
        return self._needs[path]

    def existing(self, values: Mapping[ParameterPath, JSON]) -> Mapping[ParameterPath, JSON]:
        """The values without those of leaves that do not exist at this point."""
        if not self.has_conditions:
            return values
        known: dict[ParameterPath, bool] = {}
        return {path: value for path, value in values.items() if self._exists(path, values.__getitem__, known)}

    def is_excluded(self, existing: Mapping[ParameterPath, JSON]) -> bool:
        """Whether the point has all the values of a combination that is left out."""
        return any(
            all(path in existing for path in paths)
            and tuple(identity(existing[path]) for path in paths) in combinations
            for paths, combinations in self._excluded.items()
        )

    @property
    def excluding(self) -> AbstractSet[ParameterPath]:
        """The leaves on which it depends whether a point is excluded."""
        if self.has_conditions:
            return self._needs.keys()
        return {path for paths in self._excluded for path in paths}

    def nested(self, existing: Mapping[ParameterPath, JSON]) -> dict[str, JSON]:
        """What the job is given, in W&B's order: parameters outside of groups by name, then the groups."""
        nested: dict[str, JSON] = {}
        for path in self._order:
            if path not in existing:
                continue
            group = nested
            for segment in path[:-1]:
                group = group.setdefault(segment, {})
            group[path[-1]] = existing[path]
        return nested

    def _exists(
        self, path: ParameterPath, value_of: Callable[[ParameterPath], JSON], known: dict[ParameterPath, bool]
    ) -> bool:
        if path not in known:
            known[path] = all(
                need.parent in self._needs
                and self._exists(need.parent, value_of, known)
                and identity(value_of(need.parent)) in need.identities
                for need in self._needs[path]
            )
        return known[path]


def value_at(nested: Mapping[str, JSON], path: ParameterPath) -> tuple[JSON, ...]:
    """The value of a leaf among those a job is given; nothing where the leaf does not exist."""
    group: JSON = nested
    for segment in path:
        if not is_mapping(group) or segment not in group:
            return ()
        group = group[segment]
    return (group,)


def _by_paths(space: Space) -> Mapping[tuple[ParameterPath, ...], AbstractSet[tuple[str, ...]]]:
    """The combinations that are left out, by the leaves that they name: a point is looked up once for all of these."""
    found: dict[tuple[ParameterPath, ...], set[tuple[str, ...]]] = {}
    for combination in space.exclude:
        named = sorted((assignment.path, identity(assignment.value)) for assignment in combination)
        found.setdefault(tuple(path for path, _ in named), set()).add(tuple(value for _, value in named))
    return found


def _needs(space: Space, path: ParameterPath) -> list[Requirement]:
    return [
        Requirement(condition.parent, frozenset(map(identity, condition.values)), condition.values)
        for condition in space.conditions
        if path[: len(condition.path)] == condition.path
    ]


def _place(path: ParameterPath) -> tuple[bool, str]:
    return len(path) > 1, _SEPARATOR.join(path)
