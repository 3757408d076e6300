"""The same bands and the same trials stopped as the reference library does, over many histories."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence

import pytest

from launchctl.compiler.sweep.early import bands_from_above, bands_from_below
from launchctl.compiler.sweep.search import Hyperband, Objective
from launchctl.sweeps.stopping import to_stop
from launchctl.values import JSON

Ask = Callable[[Sequence[dict[str, JSON]]], list[JSON]]

HISTORIES = 600
ETAS = (1.5, 2, 2.5, 3, 3.0, 4, 7.3, 10)
INVALID = (math.nan, math.inf, -math.inf, True, None, "0.1", [1])
_LONGEST = 40
"""Bands beyond what a trial ever reaches are not computed on our side; up to here all are compared."""


def _rule(chance: random.Random) -> dict[str, JSON]:
    rule: dict[str, JSON] = {"eta": chance.choice(ETAS)}
    if chance.random() < 0.5:
        rule["min_iter"] = chance.randint(1, 8)
    else:
        rule["s"] = chance.randint(1, 6)
        rule["max_iter"] = chance.randint(math.ceil(rule["eta"]), 100)
    if chance.random() < 0.7:
        rule["strict"] = chance.random() < 0.5
    return rule


def _curve(chance: random.Random) -> list[JSON]:
    start, fall = chance.uniform(0, 5), chance.uniform(-0.3, 0.3)
    values: list[JSON] = [
        round(start + fall * step + chance.gauss(0, 0.3), chance.choice((0, 1, 6)))
        for step in range(chance.choice((0, 1, 2, 5, 20, _LONGEST)))
    ]
    return [chance.choice(INVALID) if chance.random() < 0.05 else value for value in values]


def _case(number: int) -> dict[str, JSON]:
    chance = random.Random(number)
    states = ("running", "running", "finished", "failed", "crashed", "killed", "pending")
    runs = [
        {"name": str(run), "state": chance.choice(states), "values": _curve(chance)}
        for run in range(chance.randint(1, 30))
    ]
    goal = chance.choice(("minimize", "maximize"))
    return {"call": "stopped", "metric": "loss", "goal": goal, "rule": _rule(chance), "runs": runs}


def _bands(rule: dict[str, JSON]) -> tuple[int, ...]:
    if "max_iter" in rule:
        return bands_from_above(rule["max_iter"], rule["s"], rule["eta"])
    return bands_from_below(rule["min_iter"], rule["eta"])


def _stopped(case: dict[str, JSON]) -> dict[str, str]:
    rule = case["rule"]
    hyperband = Hyperband(_bands(rule), rule["eta"], rule.get("strict", True))
    curves = {run["name"]: tuple(run["values"]) for run in case["runs"]}
    running = [run["name"] for run in case["runs"] if run["state"] == "running"]
    return to_stop(hyperband, Objective("loss", case["goal"]), curves, running)


def test_the_same_trials_are_stopped(ask_reference: Ask) -> None:
    cases = [_case(number) for number in range(HISTORIES)]
    answers = ask_reference(cases)
    wrong = [
        (json.dumps(case), answer)
        for case, answer in zip(cases, answers, strict=True)
        if list(_stopped(case)) != answer.get("value", {}).get("stopped")
    ]
    assert wrong == []
    assert sum(bool(answer["value"]["stopped"]) for answer in answers) > HISTORIES // 4


@pytest.mark.parametrize("eta", ETAS)
def test_the_same_bands_are_compared(ask_reference: Ask, eta: float) -> None:
    runs = [{"name": "a", "state": "running", "values": [1.0]}]
    rules: list[dict[str, JSON]] = [{"min_iter": first, "eta": eta} for first in (1, 2, 3, 5, 30)]
    rules += [{"max_iter": last, "s": s, "eta": eta} for last in (10, 18, 27, 81, 100, 300) for s in (1, 2, 3, 10)]
    requests = [{"call": "stopped", "metric": "l", "goal": "minimize", "rule": rule, "runs": runs} for rule in rules]
    for rule, answer in zip(rules, ask_reference(requests), strict=True):
        theirs = [band for band in answer["value"]["bands"] if band < 2**53]
        assert (rule, list(_bands(rule))) == (rule, theirs)
