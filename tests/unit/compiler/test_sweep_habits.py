"""Words of other tools lead to words that launchctl has, and none of them is one already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import get_args

import pytest

from launchctl.compiler.model.sweep import Hyperband, Median, Metric, Sweep, Threshold
from launchctl.compiler.sweep.early import TYPES
from launchctl.compiler.sweep.habits import GOALS, KEYS, METHODS, PARAMETER_KEYS, RULE_KEYS, RULES, meant
from launchctl.compiler.sweep.leaves import KNOWN
from launchctl.compiler.sweep.search import Goal, Method

RULE_FIELDS = {*Hyperband.model_fields, *Threshold.model_fields, *Median.model_fields}
METRIC_FIELDS = {f"metric.{name}" for name in Metric.model_fields}


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (KEYS, {*Sweep.model_fields} | METRIC_FIELDS),
        (GOALS, get_args(Goal)),
        (METHODS, get_args(Method)),
        (RULES, TYPES),
        (RULE_KEYS, RULE_FIELDS),
        (PARAMETER_KEYS, KNOWN),
    ],
    ids=["keys", "goals", "methods", "rules", "keys of rules", "keys of parameters"],
)
def test_a_word_of_another_tool_leads_to_one_that_is_known(words: Mapping[str, str], known: Collection[str]) -> None:
    assert {*words.values()} - {*known} == set()
    assert [word for word in words if word in {each.replace("_", "") for each in known}] == []


@pytest.mark.parametrize("word", ["max_concurrent_trials", "maxConcurrentTrials", "MAX-CONCURRENT-TRIALS"])
def test_a_word_is_known_in_every_spelling(word: str) -> None:
    assert meant(KEYS, word) == "parallel"


def test_a_word_for_what_is_said_already_is_no_proposal() -> None:
    assert meant(PARAMETER_KEYS, "low", {"min": 1}) is None
