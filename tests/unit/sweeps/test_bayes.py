"""What a bayesian search suggests: allowed points, new ones, and the same ones for the same history."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from launchctl.compiler.sweep.search import Objective, Search, Trial
from launchctl.compiler.sweep.space import Assignment, Condition, Distribution, Leaf, Space
from launchctl.errors import LaunchctlError
from launchctl.status import Status
from launchctl.sweeps.bayes import MissingLibrary, suggest
from launchctl.sweeps.outcome import Result
from launchctl.values import JSON, canonical

pytestmark = pytest.mark.skipif(find_spec("bayes_opt") is None, reason="bayesian-optimization is not installed")

LISTED = Distribution.CATEGORICAL
X = Leaf(("x",), Distribution.UNIFORM, low=-5.0, high=5.0)
Y = Leaf(("y",), Distribution.LOG_UNIFORM_VALUES, low=1e-4, high=1.0)
OPTIMIZER = Leaf(("optimizer",), LISTED, values=("sgd", "adam"))
LAYERS = Leaf(("layers",), Distribution.INT_UNIFORM, low=1, high=3)


def _search(*leaves: Leaf, seed: int = 7, goal: str = "minimize", **space: JSON) -> Search:
    objective = Objective("score", "maximize") if goal == "maximize" else Objective("loss")
    return Search("bayes", Space(leaves, **space), seed, objective=objective)


def _tried(search: Search, count: int, loss: JSON = None, status: Status = Status.SUCCEEDED) -> list[Result]:
    history: list[Result] = []
    for index in range(count):
        trial = suggest(search, history, index)
        history.append(Result(trial, status, () if loss is None else (loss(trial.values),)))
    return history


def _bowl(values: JSON) -> float:
    return float((values["x"] - 2.0) ** 2)


def test_a_missing_library_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchctl.sweeps.bayes.find_spec", lambda _: None)
    with pytest.raises(MissingLibrary) as raised:
        suggest(_search(X), [], 0)
    assert raised.value.hint == "pip install 'launchctl-ml[bayes]'"


def test_neither_the_module_nor_the_first_trial_loads_a_library() -> None:
    script = (
        "import sys\n"
        "from launchctl.compiler.sweep.search import Objective, Search\n"
        "from launchctl.compiler.sweep.space import Distribution, Leaf, Space\n"
        "from launchctl.sweeps.bayes import suggest\n"
        "space = Space((Leaf(('x',), Distribution.UNIFORM),))\n"
        "suggest(Search('bayes', space, 1, objective=Objective('loss')), [], 0)\n"
        "print({'numpy', 'scipy', 'sklearn', 'bayes_opt'} & set(sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"


def test_a_trial_has_its_index_for_a_key_and_all_constants() -> None:
    search = _search(X, Leaf(("model", "name"), Distribution.CONSTANT, values=("resnet",)))
    trial = suggest(search, [], 12)
    assert (trial.key, trial.index, trial.repeat) == ("12", 12, 1)
    assert trial.values["model"] == {"name": "resnet"}


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_the_best_is_approached(goal: str) -> None:
    sign = -1.0 if goal == "maximize" else 1.0
    history = _tried(_search(X, goal=goal), 12, lambda values: sign * _bowl(values))
    assert min(abs(result.trial.values["x"] - 2.0) for result in history) < 0.1


def test_the_same_history_gives_the_same_trial_and_another_seed_another() -> None:
    history = _tried(_search(X, Y, OPTIMIZER), 8, _bowl)
    first, again, other = (suggest(_search(X, Y, OPTIMIZER, seed=seed), history, 8) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_threads_and_hash_seeds_change_nothing() -> None:
    script = (
        "from launchctl.compiler.sweep.search import Objective, Search, Trial\n"
        "from launchctl.compiler.sweep.space import Distribution, Leaf, Space\n"
        "from launchctl.status import Status\n"
        "from launchctl.sweeps.bayes import suggest\n"
        "from launchctl.sweeps.outcome import Result\n"
        "leaves = tuple(Leaf((n,), Distribution.UNIFORM, low=0.0, high=1.0) for n in 'abcd')\n"
        "leaves += (Leaf(('o',), Distribution.CATEGORICAL, values=('p', 'q', 'r')),)\n"
        "search, history = Search('bayes', Space(leaves), 3, objective=Objective('loss')), []\n"
        "for index in range(9):\n"
        "    trial = suggest(search, history, index)\n"
        "    loss = sum(v if isinstance(v, float) else 0 for v in trial.values.values())\n"
        "    history.append(Result(trial, Status.SUCCEEDED, (loss,)))\n"
        "print(history)\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert said[0] == said[1]


def test_trials_that_are_drawn_together_differ() -> None:
    search = _search(X, Y)
    history = _tried(search, 10, _bowl)
    for index in range(10, 18):
        history.append(Result(suggest(search, history, index), Status.RUNNING))
    points = [(result.trial.values["x"], result.trial.values["y"]) for result in history]
    assert len(set(points)) == 18
    assert len({round(x, 1) for x, _ in points[10:]}) > 1


def test_a_finite_space_is_exhausted_before_a_point_comes_again() -> None:
    search = _search(OPTIMIZER, LAYERS)
    history = _tried(search, 7, lambda values: float(values["layers"]))
    points = [canonical(result.trial.values) for result in history]
    assert len(set(points[:6])) == 6
    assert points[6] in points[:6]


def test_open_trials_alone_are_not_repeated_either() -> None:
    points = [canonical(result.trial.values) for result in _tried(_search(OPTIMIZER, LAYERS), 6, None, Status.PENDING)]
    assert len(set(points)) == 6


def test_a_large_finite_space_is_not_repeated_either() -> None:
    wide = Leaf(("wide",), Distribution.INT_UNIFORM, low=1, high=5000)
    history = _tried(_search(wide), 25, lambda values: abs(values["wide"] - 4000.0))
    assert len({result.trial.values["wide"] for result in history}) == 25
    assert min(abs(result.trial.values["wide"] - 4000) for result in history) < 10


def test_excluded_points_and_parameters_without_their_condition_are_never_suggested() -> None:
    momentum = Leaf(("momentum",), Distribution.UNIFORM, low=0.0, high=0.9)
    search = _search(
        OPTIMIZER,
        momentum,
        LAYERS,
        exclude=((Assignment(("optimizer",), "sgd"), Assignment(("layers",), 2)),),
        conditions=(Condition(("momentum",), ("optimizer",), ("sgd",)),),
    )
    for result in _tried(search, 16, lambda values: values.get("momentum", 0.5) + values["layers"]):
        values = result.trial.values
        assert ("momentum" in values) is (values["optimizer"] == "sgd")
        assert (values["optimizer"], values["layers"]) != ("sgd", 2)


def test_a_space_of_excluded_points_is_refused() -> None:
    with pytest.raises(LaunchctlError, match="every point that was looked at is excluded"):
        suggest(
            _search(OPTIMIZER, exclude=tuple((Assignment(("optimizer",), name),) for name in ("sgd", "adam"))), [], 0
        )


@pytest.mark.parametrize("worst", [1e30, 1e308, 50.0])
def test_a_trial_that_diverged_does_not_lead_the_search_astray(worst: float) -> None:
    search = _search(X)
    history = [Result(Trial("0", 0, 1, {"x": -4.0}), Status.FAILED, (worst,))]
    for index in range(1, 14):
        trial = suggest(search, history, index)
        history.append(Result(trial, Status.SUCCEEDED, (_bowl(trial.values),)))
    assert min(abs(result.trial.values["x"] - 2.0) for result in history) < 0.1


@pytest.mark.parametrize("loss", [0.0, 1e-300, 1e308])
def test_equal_values_are_no_fault(loss: float) -> None:
    history = _tried(_search(X, Y), 8, lambda _: loss)
    assert len({canonical(result.trial.values) for result in history}) == 8


def test_results_of_another_space_are_left_out() -> None:
    search = _search(X, OPTIMIZER)
    old = [Result(Trial(str(n), n, 1, {"x": 20.0 + n, "optimizer": "lion"}), Status.SUCCEEDED, (n,)) for n in range(9)]
    assert suggest(search, old, 9).values["optimizer"] in ("sgd", "adam")


def test_repetitions_of_a_point_count_as_one_with_their_mean() -> None:
    search = _search(OPTIMIZER, LAYERS)
    values = {"optimizer": "sgd", "layers": 1}
    history = [Result(Trial("0", 0, 1, values), Status.SUCCEEDED, (1.0,))]
    history += [Result(Trial(f"0.{n}", 0, n, values), Status.SUCCEEDED, (3.0,)) for n in (2, 3)]
    history += [Result(Trial("1", 1, 1, {"optimizer": "sgd", "layers": 3}), Status.SUCCEEDED, (2.0,))]
    assert canonical(suggest(search, history, 2).values) not in {canonical(r.trial.values) for r in history}
