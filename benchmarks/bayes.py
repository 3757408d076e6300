"""How good the trials of a bayesian search are, ours beside the reference library's: `python -m benchmarks.bayes`.

Three functions with a known optimum are minimised by both, trial after trial, from several seeds.
What counts is the regret, how far the best trial stays from the optimum, in the median of the
seeds. `--reference` names the interpreter of the reference library. Exit code 1 where ours is larger.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType

from launchctl.compiler.sweep.search import Objective, Search
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.status import Status
from launchctl.sweeps.bayes import suggest
from launchctl.sweeps.draws import draw
from launchctl.sweeps.outcome import Result
from launchctl.values import JSON

COUNTS = (50, 200, 500)
"""Trials after which the cost of a suggestion is measured."""
ORACLE = Path(__file__).parent.parent / "tests" / "reference" / "oracle.py"


@dataclass(frozen=True, slots=True)
class Function:
    """A function to minimise, over a space that is told to both."""

    name: str
    value: Callable[[Mapping[str, JSON]], float]
    optimum: float
    parameters: Mapping[str, Mapping[str, JSON]]
    """As W&B writes them."""

    @property
    def space(self) -> Space:
        """Its parameters as ours."""
        return Space(tuple(_leaf(name, keys) for name, keys in self.parameters.items()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of the best values found."""

    function: Function
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Our regret as a part of theirs."""
        return (self.ours - self.function.optimum) / max(self.theirs - self.function.optimum, 1e-12)


class Reference(AbstractContextManager["Reference"]):
    """The reference library in a process of its own, which is asked trial by trial."""

    def __init__(self, interpreter: str) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([interpreter, ORACLE], stdin=pipe, stdout=pipe, text=True)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def next(self, function: Function, history: list[tuple[Mapping[str, JSON], float]], seed: int) -> JSON:
        """Its next trial."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"call": "suggested", "parameters": function.parameters, "history": history, "seed": seed}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())["value"]


def main() -> int:
    """1 where our median regret is larger than the reference library's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bayes", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="searches a function (10)")
    parser.add_argument("--trials", type=int, default=50, metavar="N", help="trials a search (50)")
    parser.add_argument("--reference", default=os.environ.get("LAUNCHCTL_TEST_REFERENCE"), metavar="PYTHON")
    parser.add_argument("--cost", action="store_true", help="also print what a suggestion takes")
    arguments = parser.parse_args()
    if not arguments.reference:
        parser.error("the reference library is found by --reference or LAUNCHCTL_TEST_REFERENCE")
    is_kept = True
    for function in FUNCTIONS:
        found = compare(function, arguments.seeds, arguments.trials, arguments.reference)
        print(f"{function.name}: ours {found.ours:.5f}, theirs {found.theirs:.5f}, optimum {function.optimum:.5f}")
        sys.stdout.flush()
        is_kept = is_kept and found.ratio <= 1
    for count in COUNTS if arguments.cost else ():
        print(f"a suggestion after {count} trials: {suggestion_seconds(count) * 1000:.0f} ms")
    return 0 if is_kept else 1


def compare(function: Function, seeds: int, trials: int, interpreter: str) -> Comparison:
    """Both searches from each seed."""
    with Reference(interpreter) as reference:
        theirs = [_best_of_theirs(reference, function, trials, seed) for seed in range(seeds)]
    ours = [_best_of_ours(function, trials, seed) for seed in range(seeds)]
    return Comparison(function, median(ours), median(theirs))


def suggestion_seconds(count: int, rounds: int = 3) -> float:
    """What one suggestion takes after so many trials that were spread over the space."""
    function = HARTMANN
    search = Search("bayes", function.space, 1, objective=Objective("loss"))
    history = [_tried(function, search, index) for index in range(count)]
    durations: list[float] = []
    for index in range(rounds):
        started = time.perf_counter()
        suggest(search, history, count + index)
        durations.append(time.perf_counter() - started)
    return median(durations)


def _best_of_ours(function: Function, trials: int, seed: int) -> float:
    search = Search("bayes", function.space, seed, objective=Objective("loss"))
    history: list[Result] = []
    for index in range(trials):
        trial = suggest(search, history, index)
        history.append(Result(trial, Status.SUCCEEDED, (function.value(trial.values),)))
    return min(result.values[0] for result in history)


def _best_of_theirs(reference: Reference, function: Function, trials: int, seed: int) -> float:
    history: list[tuple[Mapping[str, JSON], float]] = []
    for _ in range(trials):
        values = reference.next(function, history, seed)
        history.append((values, function.value(values)))
    return min(loss for _, loss in history)


def _tried(function: Function, search: Search, index: int) -> Result:
    trial = draw(search, index, 1)
    return Result(trial, Status.SUCCEEDED, (function.value(trial.values),))


def _branin(values: Mapping[str, JSON]) -> float:
    x, y = values["x"], values["y"]
    bowl = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return float(bowl * bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def _hartmann(values: Mapping[str, JSON]) -> float:
    point = [values[f"x{axis}"] for axis in range(6)]
    rows = zip(_HEIGHTS, _WIDTHS, _CENTRES, strict=True)
    return -sum(
        height * math.exp(-sum(w * (x - c / 10_000) ** 2 for w, x, c in zip(widths, point, centres, strict=True)))
        for height, widths, centres in rows
    )


def _mixed(values: Mapping[str, JSON]) -> float:
    """Like a training: the best learning rate depends on the optimizer, and choices cost a little each."""
    best, cost = {"sgd": (-1.5, 0.25), "adam": (-3.0, 0.0), "rmsprop": (-3.5, 0.1)}[values["optimizer"]]
    cost += {"relu": 0.05, "tanh": 0.0, "gelu": 0.02, "none": 0.4}[values["activation"]]
    rate = 0.3 * (math.log10(values["lr"]) - best) ** 2
    return float(rate + cost + 0.05 * (values["layers"] - 4) ** 2 + (values["dropout"] - 0.2) ** 2)


def _leaf(name: str, keys: Mapping[str, JSON]) -> Leaf:
    if "values" in keys:
        return Leaf((name,), Distribution.CATEGORICAL, values=tuple(keys["values"]))
    return Leaf((name,), Distribution(keys["distribution"]), low=keys["min"], high=keys["max"])


_HEIGHTS = (1.0, 1.2, 3.0, 3.2)
_WIDTHS = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_CENTRES = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)
BRANIN = Function(
    "Branin",
    _branin,
    0.397887,
    {
        "x": {"distribution": "uniform", "min": -5.0, "max": 10.0},
        "y": {"distribution": "uniform", "min": 0.0, "max": 15.0},
    },
)
HARTMANN = Function(
    "Hartmann 6",
    _hartmann,
    -3.322368,
    {f"x{axis}": {"distribution": "uniform", "min": 0.0, "max": 1.0} for axis in range(6)},
)
MIXED = Function(
    "mixed",
    _mixed,
    0.0,
    {
        "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
        "layers": {"distribution": "int_uniform", "min": 1, "max": 8},
        "dropout": {"distribution": "uniform", "min": 0.0, "max": 0.8},
        "optimizer": {"values": ["sgd", "adam", "rmsprop"]},
        "activation": {"values": ["relu", "tanh", "gelu", "none"]},
    },
)
FUNCTIONS = (BRANIN, HARTMANN, MIXED)


if __name__ == "__main__":
    sys.exit(main())
