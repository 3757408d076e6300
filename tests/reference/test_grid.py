"""Our grids beside the reference library's: the same points, in the same order, each with its parameters in order."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from fakes.spaces import grid_of, leaves_of, space_of

from launchctl.compiler.sweep.space import Distribution
from launchctl.sweeps.grid import Grid
from launchctl.values import JSON

Ask = Callable[[Sequence[dict[str, JSON]]], list[JSON]]

SPACES = 300
MOST = 400
NAMES = ("a", "b", "A", "_a", "a.b", "a-b", "a_b", "ab", "z", "batch_size", "Z9", "value", "parameters")
SCALARS: tuple[JSON, ...] = (0, 1, 1.0, True, False, None, "1", "a", "", "1e-5", 0.1, 2, 2.0, -0.0, 3e6, 1e-5, "é")
COMPOUND: tuple[JSON, ...] = ([1, 2], [], {"x": 1, "y": [1]}, {"y": [1], "x": 1}, [None], {"x": "1"})
SAMPLES = os.environ.get("LAUNCHCTL_TEST_SAMPLES", "")
GRIDS = frozenset({Distribution.CONSTANT, Distribution.CATEGORICAL, Distribution.INT_UNIFORM, Distribution.Q_UNIFORM})


def _leaf(chance: random.Random, count: int) -> dict[str, JSON]:
    match chance.randrange(5):
        case 0:
            return {"value": chance.choice(SCALARS + COMPOUND)}
        case 1:
            low = chance.randint(-3, 3)
            return {"min": low, "max": low + chance.randint(1, count)}
        case 2:
            start, steps = chance.choice((-2, 0, 0.5, 1.25)), chance.randint(1, count)
            q = chance.choice((1, 2, 0.5, 0.25))
            stop = start + steps * q - chance.choice((0, 0.125))
            return {"distribution": "q_uniform", "min": start, "max": stop, "q": q}
        case _:
            return {"values": [chance.choice(SCALARS + COMPOUND) for _ in range(chance.randint(1, count))]}


def _parameters(chance: random.Random, depth: int) -> dict[str, JSON]:
    names = chance.sample(NAMES, chance.randint(1, 4 if depth == 3 else 3))
    return {
        name: {"parameters": _parameters(chance, depth - 1)} if depth and chance.random() < 0.4 else _leaf(chance, 4)
        for name in names
    }


def _spaces() -> list[dict[str, JSON]]:
    """Nested spaces that the reference takes and that are not too large."""
    chance = random.Random(20)
    found: list[dict[str, JSON]] = []
    while len(found) < SPACES:
        parameters = _parameters(chance, 3)
        if Grid(grid_of(space_of(parameters))).size <= MOST and len(list(leaves_of(parameters))) > 1:
            found.append(parameters)
    return found


def _ours(parameters: Mapping[str, JSON], count: int) -> list[str]:
    trials = Grid(grid_of(space_of(parameters), run_cap=count)).trials()
    return [json.dumps(list(trial.values.items())) for trial in trials]


def test_generated_nested_spaces_have_the_points_of_the_reference_in_its_order(ask_reference: Ask) -> None:
    spaces = _spaces()
    answers = ask_reference([{"call": "grid", "parameters": parameters, "count": MOST + 1} for parameters in spaces])
    differing = [
        (parameters, answer.get("error"))
        for parameters, answer in zip(spaces, answers, strict=True)
        if [json.dumps(point) for point in answer.get("value", ())] != _ours(parameters, MOST + 1)
    ]
    assert differing == []


@pytest.mark.skipif(not SAMPLES, reason="needs the samples: set LAUNCHCTL_TEST_SAMPLES to their folder")
def test_every_grid_of_the_samples_has_the_points_of_the_reference_in_its_order(ask_reference: Ask) -> None:
    texts = [path.read_text() for path in sorted(Path(SAMPLES).rglob("*.y*ml")) if path.parent.name == "sweeps"]
    sweeps = [yaml.safe_load(text) for text in texts]
    spaces = [sweep["parameters"] for sweep in sweeps if _is_grid(sweep)]
    answers = ask_reference([{"call": "grid", "parameters": parameters, "count": 2000} for parameters in spaces])
    assert len(spaces) >= 15
    for parameters, answer in zip(spaces, answers, strict=True):
        assert _ours(parameters, 2000) == [json.dumps(point) for point in answer["value"]]


def _is_grid(sweep: Mapping[str, JSON]) -> bool:
    """Whether a file is a grid, or its space would do for one."""
    try:
        leaves = list(leaves_of(sweep["parameters"]))
    except (KeyError, ValueError, TypeError):
        return False
    return all(leaf.distribution in GRIDS for leaf in leaves)


def test_values_of_steps_are_those_of_the_reference_but_for_its_residue_and_its_extra_points(
    ask_reference: Ask,
) -> None:
    cases: list[tuple[float, float, float, int]] = [
        (0.0, 0.5, 0.1, 5),
        (1, 10, 4, 3),
        (0.1, 0.9, 0.2, 4),
        (-1.0, 1.0, 0.3, 7),
        (0.001, 0.01, 0.003, 3),
        (1e-5, 1e-4, 1e-5, 9),
    ]
    parameters = [{"p": {"distribution": "q_uniform", "min": low, "max": high, "q": q}} for low, high, q, _ in cases]
    answers = ask_reference([{"call": "grid", "parameters": each, "count": 100} for each in parameters])
    for each, answer, (*_, count) in zip(parameters, answers, cases, strict=True):
        ours = [trial.values["p"] for trial in Grid(grid_of(space_of(each))).trials()]
        assert len(ours) == count
        assert [point[0][1] for point in answer["value"]][:count] == pytest.approx(ours, rel=1e-12)


def test_the_reference_gives_a_point_beyond_the_maximum_and_we_do_not(ask_reference: Ask) -> None:
    parameters = {"p": {"distribution": "q_uniform", "min": 1.0, "max": 1.3, "q": 0.1}}
    (answer,) = ask_reference([{"call": "grid", "parameters": parameters, "count": 9}])
    assert [point[0][1] for point in answer["value"]] == [1.0, 1.1, 1.2000000000000002, 1.3000000000000003]
    assert [trial.values["p"] for trial in Grid(grid_of(space_of(parameters))).trials()] == [1.0, 1.1, 1.2]


def test_numbers_in_lists_and_mappings_are_the_same_for_us_alone(ask_reference: Ask) -> None:
    parameters = {"p": {"values": [[1], [1.0], {"x": 1}, {"x": 1.0}]}}
    (answer,) = ask_reference([{"call": "grid", "parameters": parameters, "count": 9}])
    assert len(answer["value"]) == 4
    assert [trial.values["p"] for trial in Grid(grid_of(space_of(parameters))).trials()] == [[1.0], {"x": 1.0}]
