"""The door of a search: what is drawn next, what is shown, and what belongs to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace

import pytest
from fakes.spaces import grid_of, random_of, space_of

from launchctl.compiler.sweep.search import Objective, Trial
from launchctl.errors import LaunchctlError
from launchctl.status import Status
from launchctl.sweeps.bayes import suggest
from launchctl.sweeps.draws import draw
from launchctl.sweeps.outcome import Result
from launchctl.sweeps.searcher import factors, following, is_trial, left, page, size

GRID = space_of({"a": {"values": [1, 2, 3]}, "b": {"values": ["x", "y"]}})
CONTINUUM = space_of({"lr": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 8}, "c": {"value": "fixed"}})


def test_a_grid_has_a_size_and_a_random_search_its_cap() -> None:
    assert size(grid_of(GRID, repeats=2)) == 12
    assert size(random_of(CONTINUUM, run_cap=9)) == 9
    assert size(random_of(CONTINUUM, run_cap=None)) is None


def test_a_draw_is_a_pure_function_of_seed_and_index() -> None:
    first = [draw(random_of(CONTINUUM), index, 1).values for index in range(3)]
    assert first == [draw(random_of(CONTINUUM), index, 1).values for index in range(3)]
    assert first[0] != first[1]
    assert first != [draw(random_of(CONTINUUM, seed=8), index, 1).values for index in range(3)]
    assert all(list(values) == ["c", "lr", "n"] and values["c"] == "fixed" for values in first)


def test_drawn_values_stay_as_they_are_for_good() -> None:
    values = draw(random_of(CONTINUUM), 0, 1).values
    assert values == {"c": "fixed", "lr": 0.0724312076143, "n": 1}


def test_repetitions_of_a_draw_have_its_values() -> None:
    one, two = (draw(random_of(CONTINUUM, repeats=2), 4, repeat) for repeat in (1, 2))
    assert one.values == two.values
    assert [one.key, two.key] == ["4", "4.2"]


def test_categoricals_that_are_zipped_are_drawn_together() -> None:
    parameters = {"a": {"values": [1, 2, 3]}, "b": {"values": [10, 20, 30]}}
    search = random_of(space_of(parameters, zips=(("b", "a"),)))
    found = {(trial.values["a"], trial.values["b"]) for trial in page(search, 0, 100)}
    assert found == {(1, 10), (2, 20), (3, 30)}


def test_a_draw_leaves_out_what_is_excluded_and_what_does_not_exist() -> None:
    space = space_of(
        {"a": {"values": [1, 2]}, "b": {"values": [1, 2]}, "c": {"min": 0.0, "max": 1.0}},
        exclude=({"a": 1, "b": 1},),
        when={"c": {"a": 2}},
    )
    found = page(random_of(space), 0, 100)
    assert {(trial.values["a"], trial.values["b"], "c" in trial.values) for trial in found} == {
        *((1, 2, False), (2, 1, True), (2, 2, True)),
    }


def test_a_space_without_a_point_is_refused_in_words() -> None:
    search = random_of(space_of({"a": {"values": [1]}}, exclude=({"a": 1},)))
    with pytest.raises(LaunchctlError, match="all of them are excluded"):
        page(search, 0, 1)


def test_a_page_ends_with_the_search_and_of_bayes_with_its_first_trial() -> None:
    assert [trial.values["a"] for trial in page(grid_of(GRID), 4, 20)] == [3, 3]
    assert [trial.key for trial in page(random_of(CONTINUUM, run_cap=3), 1, 20)] == ["1", "2"]
    assert len(page(random_of(CONTINUUM, run_cap=None), 0, 20)) == 20
    bayes = replace(random_of(CONTINUUM), method="bayes")
    assert page(bayes, 0, 20) == [suggest(bayes, (), 0)]
    assert page(bayes, 1, 20) == []


@pytest.mark.parametrize("kind", [set, list, dict.fromkeys])
def test_what_follows_is_what_is_not_taken(kind: Callable[[list[str]], Collection[str]]) -> None:
    search = random_of(CONTINUUM, run_cap=6, repeats=2)
    assert [trial.key for trial in following(search, kind(["0", "1"]), (), 10)] == ["0.2", "1.2", "2", "2.2"]
    assert [trial.key for trial in following(search, kind([]), (), 2)] == ["0", "0.2"]


def test_trials_whose_points_are_gone_have_used_up_the_cap() -> None:
    search = grid_of(GRID, run_cap=4)
    keys = [trial.key for trial in following(search, (), (), 2)]
    assert len(following(search, [*keys, "gone"], (), 10)) == 1
    assert left(search, taken=3, searched=2) == 1
    assert left(replace(search, run_cap=None), taken=3, searched=2) == 4
    assert left(random_of(CONTINUUM, run_cap=None), taken=3, searched=3) is None


def test_without_a_cap_a_random_search_draws_nothing() -> None:
    assert following(random_of(CONTINUUM, run_cap=None), (), (), 5) == []


def test_what_is_recorded_belongs_or_does_not() -> None:
    grid, drawn = grid_of(GRID), random_of(CONTINUUM, run_cap=2)
    point, draw_ = page(grid, 1, 1)[0], page(drawn, 1, 1)[0]
    assert is_trial(grid, point.key, point.values, 1)
    assert not is_trial(grid, "0" * 16, point.values, 1)
    assert is_trial(drawn, "1", draw_.values, 1)
    assert is_trial(replace(drawn, run_cap=1), "1", draw_.values, 1)
    assert not is_trial(drawn, "1", {**draw_.values, "n": 9}, 1)
    assert not is_trial(drawn, "1.2", draw_.values, 2)
    assert not is_trial(drawn, "x", draw_.values, 1)


def test_factors_are_told_in_the_order_of_the_search() -> None:
    space = space_of(
        {
            "size": {"values": [64, 256, 64.0]},
            "encoder": {"values": ["small", "large", "small"]},
            "lr": {"min": 0.0, "max": 1.0},
            "n": {"min": 1, "max": 8},
            "c": {"value": 1},
        },
        zips=(("encoder", "size"),),
        when={"n": {"encoder": "large"}},
    )
    found = [(one.name, one.count, one.zipped, one.multiplies) for one in factors(random_of(space))]
    assert found == [
        ("encoder", 2, ("size",), True),
        ("size", 2, ("encoder",), False),
        ("lr", None, (), True),
        ("n", 8, (), True),
    ]
    assert [len(one.conditions) for one in factors(random_of(space))] == [0, 0, 0, 1]


def test_ten_thousand_that_are_taken_are_passed_quickly() -> None:
    search = grid_of(space_of({name: {"values": list(range(10))} for name in "abcd"}))
    taken = {trial.key for trial in page(search, 0, 9_999)}
    following(search, taken, (), 1)
    started = time.perf_counter()
    for _ in range(20):
        assert [trial.values for trial in following(search, taken, (), 5)] == [{"a": 9, "b": 9, "c": 9, "d": 9}]
    assert time.perf_counter() - started < 1


def test_bayes_chooses_one_after_the_other_and_repeats_what_it_chose() -> None:
    pytest.importorskip("bayes_opt", reason="needs bayes_opt")
    search = replace(random_of(CONTINUUM, run_cap=7, repeats=2), method="bayes", objective=Objective("loss"))
    first = following(search, (), (), 3)
    assert [trial.key for trial in first] == ["0", "0.2", "1"]
    assert first[0].values == first[1].values != first[2].values
    history = [Result(trial, Status.SUCCEEDED, (0.5,)) for trial in first]
    second = following(search, {trial.key for trial in first}, history, 10)
    assert [trial.key for trial in second] == ["1.2", "2", "2.2", "3"]
    assert second[0].values == first[2].values


def test_bayes_repeats_nothing_of_an_earlier_epoch() -> None:
    pytest.importorskip("bayes_opt", reason="needs bayes_opt")
    search = replace(random_of(CONTINUUM, run_cap=4, repeats=2), method="bayes", objective=Objective("loss"))
    earlier = Trial("0", 0, 1, {"c": "fixed", "lr": 0.123, "n": 5})
    found = following(search, (), [Result(earlier, Status.SUCCEEDED, (0.5,))], 2)
    assert found[0].values == found[1].values != earlier.values
