"""Whatever a grid is made of: every point once, in a place that is found again, and counted without a walk."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

from fakes.spaces import grid_of, random_of, space_of
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.search import Order, Search, Trial
from launchctl.compiler.sweep.space import Assignment, Condition, ParameterPath, Space
from launchctl.sweeps.draws import draw
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.point import value_at
from launchctl.sweeps.searcher import following, is_trial, size
from launchctl.sweeps.shuffle import Permutation
from launchctl.values import JSON

MOST = 3_000
NAMES = ("a", "b", "c", "d", "e")
VALUES = st.sampled_from([0, 1, 1.0, True, False, None, "1", "a", 0.5, [1], [1.0], {"x": 1}])
ORDERS: st.SearchStrategy[Order] = st.sampled_from(["sorted", "declared", "shuffled"])
PATHS = [(name,) for name in NAMES] + [("g", name) for name in NAMES] + [("g", "h", "a")]


@st.composite
def _parameters(draw_: st.DrawFn) -> dict[ParameterPath, dict[str, JSON]]:
    paths = draw_(st.lists(st.sampled_from(PATHS), min_size=1, max_size=5, unique=True))
    listed = st.lists(VALUES, min_size=1, max_size=4).map(lambda values: {"values": values})
    ranged = st.integers(1, 3).map(lambda count: {"min": 3, "max": 3 + count})
    constant = VALUES.map(lambda value: {"value": value})
    stepped = st.integers(1, 4).map(
        lambda n: {"distribution": "q_uniform", "min": 0.1, "max": 0.1 * n + 0.15, "q": 0.1}
    )
    kinds = st.one_of(listed, listed, listed, ranged, constant, stepped)
    return {path: draw_(kinds) for path in paths}


def _nested(parameters: Mapping[ParameterPath, Mapping[str, JSON]]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for path, parameter in parameters.items():
        group = found
        for segment in path[:-1]:
            group = group.setdefault(segment, {"parameters": {}})["parameters"]
        group[path[-1]] = dict(parameter)
    return found


@st.composite
def _spaces(draw_: st.DrawFn) -> Space:
    """Spaces with leaves that vary together, combinations left out, and leaves that need others."""
    space = space_of(_nested(draw_(_parameters())))
    paths = [leaf.path for leaf in space.leaves]
    order = draw_(st.permutations(paths))
    own = {leaf.path: st.sampled_from(leaf.values or (3, 4, 0.2)) | VALUES for leaf in space.leaves}
    conditions = [
        Condition(child, parent, tuple(draw_(st.lists(own[parent], min_size=1, max_size=3))))
        for parent, child in itertools.pairwise(order)
        if draw_(st.booleans())
    ]
    if len(paths) > 2 and ("g",) not in paths and all(path[0] == "g" for path in order[1:]) and order[0][0] != "g":
        conditions.append(Condition(("g",), order[0], tuple(draw_(st.lists(VALUES, min_size=1, max_size=2)))))
    exclude = [
        tuple(Assignment(path, draw_(own[path])) for path in chosen)
        for chosen in draw_(st.lists(st.lists(st.sampled_from(paths), min_size=1, max_size=3, unique=True), max_size=3))
    ]
    listed = [leaf.path for leaf in space.searched if leaf.values]
    zipped = draw_(st.lists(st.sampled_from(listed), min_size=2, max_size=3, unique=True)) if len(listed) > 1 else []
    lengths = {len(leaf.values) for leaf in space.searched if leaf.path in zipped}
    zips = (tuple(zipped),) if len(zipped) > 1 and len(lengths) == 1 and draw_(st.booleans()) else ()
    return Space(space.leaves, zips, tuple(exclude), tuple(conditions))


def _searches() -> st.SearchStrategy[Search]:
    return st.builds(grid_of, _spaces(), ORDERS, st.integers(1, 3), st.none() | st.integers(1, 40)).filter(
        lambda search: Grid(search).points <= MOST
    )


def _plainly(space: Space, order: Order) -> list[dict[ParameterPath, str]]:
    """The points as somebody would find them who has time: cross everything, drop what does not exist, keep firsts."""
    leaves = space.searched if order == "declared" else tuple(sorted(space.searched, key=lambda leaf: leaf.path))
    group_of = {path: zipped for zipped in space.zips for path in zipped}
    groups = list(dict.fromkeys(group_of.get(leaf.path, (leaf.path,)) for leaf in leaves))
    columns = {leaf.path: [trial.values["p"] for trial in _alone(leaf.path, space)] for leaf in leaves}
    found: dict[str, dict[ParameterPath, str]] = {}
    for places in itertools.product(*(range(len(columns[group[0]])) for group in groups)):
        chosen = {path: columns[path][place] for group, place in zip(groups, places, strict=True) for path in group}
        texts = {path: identity(value) for path, value in chosen.items()}
        texts |= {leaf.path: identity(leaf.values[0]) for leaf in space.constants}
        existing = {path: text for path, text in texts.items() if _exists(path, texts, space)}
        if any(all(existing.get(one.path) == identity(one.value) for one in group) for group in space.exclude):
            continue
        point = {path: text for path, text in existing.items() if path in chosen}
        found.setdefault(repr(sorted(point.items())), point)
    return list(found.values())


def _exists(path: ParameterPath, texts: Mapping[ParameterPath, str], space: Space) -> bool:
    return all(
        _exists(one.parent, texts, space) and texts[one.parent] in {identity(value) for value in one.values}
        for one in space.conditions
        if path[: len(one.path)] == one.path
    )


def _alone(path: ParameterPath, space: Space) -> list[Trial]:
    """Every written value of one leaf, in order."""
    (leaf,) = (leaf for leaf in space.leaves if leaf.path == path)
    if leaf.values:
        return [Trial("", 0, 1, {"p": value}) for value in leaf.values]
    return list(Grid(grid_of(Space((replace(leaf, path=("p",)),)))).trials())


@given(_spaces().filter(lambda space: Grid(grid_of(space)).points <= MOST), st.sampled_from(["sorted", "declared"]))
def test_a_grid_has_the_points_of_a_plain_walk_in_its_order(space: Space, order: Order) -> None:
    paths = [leaf.path for leaf in space.searched]
    ours = [
        {path: identity(found[0]) for path in paths if (found := value_at(trial.values, path))}
        for trial in Grid(grid_of(space, order)).trials()
    ]
    assert ours == _plainly(space, order)


@given(_searches())
def test_every_trial_is_there_once_counted_and_found_again(search: Search) -> None:
    grid = Grid(search)
    trials = list(grid.trials())
    assert len(trials) == grid.size
    assert len({trial.key for trial in trials}) == grid.size
    assert [grid.find(trial.values, trial.repeat) for trial in trials] == trials
    assert [(trial.index, trial.repeat) for trial in trials] == [
        (place // search.repeats, place % search.repeats + 1) for place in range(len(trials))
    ]


@given(_searches(), st.integers(0, 60))
def test_a_walk_may_begin_anywhere(search: Search, start: int) -> None:
    assert list(Grid(search).trials(start)) == list(Grid(search).trials())[start:]


@given(_searches(), st.integers(0, 60))
def test_points_without_their_keys_are_the_same_points(search: Search, start: int) -> None:
    grid = Grid(replace(search, repeats=1, run_cap=None))
    assert list(grid.values(min(start, grid.points))) == [
        trial.values for trial in grid.all_trials(min(start, grid.points))
    ]


@given(_searches())
def test_other_orders_have_the_same_trials(search: Search) -> None:
    everything = replace(search, run_cap=None)
    found = [
        {trial.key for trial in Grid(replace(everything, order=order)).trials()}
        for order in ("sorted", "declared", "shuffled")
    ]
    assert found[0] == found[1] == found[2]


@given(_searches(), VALUES)
def test_a_value_that_is_added_keeps_every_key(search: Search, value: JSON) -> None:
    space = replace(search.space, zips=())
    leaves = (
        replace(leaf, values=(*leaf.values, value)) if leaf.values and not leaf.is_constant else leaf
        for leaf in space.leaves
    )
    wider = replace(space, leaves=tuple(leaves))
    before, after = (
        {trial.key: identity(trial.values) for trial in Grid(grid_of(one)).trials()} for one in (space, wider)
    )
    assert {key: after.get(key) for key in before} == before


@given(st.integers(1, 2_000), st.integers())
def test_a_shuffle_is_a_permutation_that_can_be_undone(count: int, seed: int) -> None:
    permutation = Permutation(count, seed)
    places = [permutation.at(place) for place in range(count)]
    assert sorted(places) == list(range(count))
    assert [permutation.place(number) for number in places] == list(range(count))


@given(_searches(), st.integers(1, 7))
def test_what_is_drawn_bit_by_bit_is_the_whole_sweep(search: Search, step: int) -> None:
    taken: dict[str, int] = {}
    while drawn := following(search, taken.keys(), (), step):
        assert not taken.keys() & {trial.key for trial in drawn}
        taken |= {trial.key: trial.index for trial in drawn}
    assert len(taken) == size(search)
    assert list(taken) == [trial.key for trial in Grid(search).trials()]


@given(_spaces(), st.integers(0, 50), st.integers())
@settings(max_examples=60)
def test_a_parameter_that_is_added_changes_no_other_parameters_draws(space: Space, index: int, seed: int) -> None:
    space = Space(space.leaves, space.zips)
    wider = Space((*space.leaves, *space_of({"new": {"min": 0.0, "max": 1.0}}).leaves), space.zips)
    before, after = (draw(random_of(one, seed), index, 1).values for one in (space, wider))
    assert {name: value for name, value in after.items() if name != "new"} == before


@given(_spaces(), st.integers(0, 50))
@settings(max_examples=60)
def test_what_is_drawn_is_a_point_of_the_grid_of_the_same_space(space: Space, index: int) -> None:
    discrete = tuple(leaf for leaf in space.leaves if leaf.values or leaf.distribution == "int_uniform")
    paths = {leaf.path for leaf in discrete}
    conditions = tuple(one for one in space.conditions if one.parent in paths)
    space = Space(discrete, space.zips, (), conditions)
    trial = draw(random_of(space), index, 1)
    assert Grid(grid_of(space)).find(trial.values, 1) is not None
    assert is_trial(random_of(space), trial.key, trial.values, 1)


def test_order_and_draws_do_not_depend_on_the_hash_seed() -> None:
    program = """
import json
from fakes.spaces import grid_of, random_of, space_of
from launchctl.sweeps.draws import draw
from launchctl.sweeps.grid import Grid
space = space_of(
    {"a": {"values": ["x", "y", "z"]}, "g": {"parameters": {"b": {"values": [1, 2, 3]}, "c": {"values": [4, 5, 6]}}}},
    zips=(("g/b", "a"),), exclude=({"g/c": 5, "a": "y"},), when={"g/c": {"a": ["x", "y"]}},
)
for order in ("sorted", "declared", "shuffled"):
    print([(t.key, json.dumps(t.values)) for t in Grid(grid_of(space, order)).trials()])
print([json.dumps(draw(random_of(space), index, 1).values) for index in range(20)])
"""
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "src:tests"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(texts) == 1
    assert json.dumps({"a": "x"})[1:-1] in texts.pop()
