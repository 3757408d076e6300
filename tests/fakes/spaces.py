"""Spaces and searches to test with, written as a sweep's `parameters` are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from launchctl.compiler.sweep.search import Order, Search
from launchctl.compiler.sweep.space import Assignment, Condition, Distribution, Leaf, ParameterPath, Space
from launchctl.values import JSON, is_mapping

NUMBERS = {"min": "low", "max": "high", "mu": "mu", "sigma": "sigma", "a": "a", "b": "b", "q": "q"}


def leaf_of(path: ParameterPath, parameter: Mapping[str, JSON]) -> Leaf:
    """A leaf as W&B reads it."""
    numbers: dict[str, JSON] = {NUMBERS[name]: value for name, value in parameter.items() if name in NUMBERS}
    values = tuple(parameter["values"]) if "values" in parameter else ()
    if "value" in parameter:
        return Leaf(path, Distribution.CONSTANT, (parameter["value"],))
    probabilities = tuple(parameter.get("probabilities", ()))
    inferred = (
        Distribution.CATEGORICAL_W_PROBABILITIES
        if probabilities
        else Distribution.CATEGORICAL
        if values
        else Distribution.INT_UNIFORM
        if isinstance(parameter.get("min"), int) and isinstance(parameter.get("max"), int)
        else Distribution.UNIFORM
    )
    name = Distribution(parameter.get("distribution", inferred))
    return replace(Leaf(path, name, values, probabilities), **numbers)


def leaves_of(parameters: Mapping[str, JSON], group: ParameterPath = ()) -> Iterator[Leaf]:
    """All leaves, in the order of the file."""
    for name, parameter in parameters.items():
        path = (*group, name)
        if set(parameter) == {"parameters"} and is_mapping(parameter["parameters"]):
            yield from leaves_of(parameter["parameters"], path)
        else:
            yield leaf_of(path, parameter)


def space_of(
    parameters: Mapping[str, JSON],
    *,
    zips: tuple[tuple[str, ...], ...] = (),
    exclude: tuple[Mapping[str, JSON], ...] = (),
    when: Mapping[str, Mapping[str, JSON]] | None = None,
) -> Space:
    """A space; paths are written `group/name`, and `when` has a list of values or one."""
    return Space(
        tuple(leaves_of(parameters)),
        tuple(tuple(_path(name) for name in names) for names in zips),
        tuple(tuple(Assignment(_path(name), value) for name, value in chosen.items()) for chosen in exclude),
        tuple(
            Condition(_path(name), _path(parent), tuple(values) if isinstance(values, list) else (values,))
            for name, parents in (when or {}).items()
            for parent, values in parents.items()
        ),
    )


def grid_of(space: Space, order: Order = "sorted", repeats: int = 1, run_cap: int | None = None) -> Search:
    """A grid search of a space."""
    return Search("grid", space, seed=7, order=order, repeats=repeats, run_cap=run_cap)


def random_of(space: Space, seed: int = 7, repeats: int = 1, run_cap: int | None = 100) -> Search:
    """A random search of a space."""
    return Search("random", space, seed=seed, repeats=repeats, run_cap=run_cap)


def _path(name: str) -> ParameterPath:
    return tuple(name.split("/"))
