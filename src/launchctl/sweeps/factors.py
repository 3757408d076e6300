"""What a space is made of, told in a plan: three values times four times two."""

from __future__ import annotations

from dataclasses import dataclass

from launchctl.compiler.sweep.search import Search
from launchctl.compiler.sweep.space import Condition, Distribution, Leaf, ParameterPath
from launchctl.sweeps.axis import axes_of

_COUNTED = frozenset({Distribution.CATEGORICAL, Distribution.CATEGORICAL_W_PROBABILITIES, Distribution.INT_UNIFORM})


@dataclass(frozen=True, slots=True)
class Factor:
    """One parameter that is searched."""

    name: str
    count: int | None
    """How many values it has; None where they are drawn from a continuum, or from steps of one."""
    distribution: Distribution
    is_inferred: bool
    """Whether the project leaves the distribution to be inferred."""
    zipped: tuple[str, ...]
    """The other parameters that vary together with it; `count` is then that of the whole."""
    multiplies: bool
    """False of all that vary together but the first: the product of the counts of the others is the size of the
    space, before combinations are left out."""
    conditions: tuple[Condition, ...]
    """What it needs to exist."""


def factors(search: Search) -> tuple[Factor, ...]:
    """One for each parameter that is searched, in the order of the search."""
    space = search.space
    is_declared = search.method == "grid" and search.order == "declared"
    leaves = space.searched if is_declared else tuple(sorted(space.searched, key=_path))
    conditions = {
        leaf.path: tuple(c for c in space.conditions if leaf.path[: len(c.path)] == c.path) for leaf in leaves
    }
    found: list[Factor] = []
    for group in _groups(search, leaves):
        for place, leaf in enumerate(group):
            others = tuple(other.name for other in group if other is not leaf)
            count = _count(search, group)
            found.append(
                Factor(leaf.name, count, leaf.distribution, leaf.is_inferred, others, not place, conditions[leaf.path])
            )
    return tuple(found)


def _groups(search: Search, leaves: tuple[Leaf, ...]) -> list[list[Leaf]]:
    zipped = {path: group for group in search.space.zips for path in group}
    groups: dict[tuple[ParameterPath, ...], list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(zipped.get(leaf.path, (leaf.path,)), []).append(leaf)
    return list(groups.values())


def _count(search: Search, group: list[Leaf]) -> int | None:
    if search.method != "grid" and any(leaf.distribution not in _COUNTED for leaf in group):
        return None
    return axes_of(search.space, group)[0].count


def _path(leaf: Leaf) -> ParameterPath:
    return leaf.path
