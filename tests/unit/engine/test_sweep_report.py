"""The rows of a sweep: which is the best, what counts, and what an earlier epoch had."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.sweep_reports import (
    EPOCHS,
    LOSS,
    OPTIMIZERS,
    RATES,
    SEARCH,
    point,
    report,
    said,
    small,
    sweep,
    trial,
)  # fmt: skip

from launchctl.compiler.sweep.search import Trial
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep.report import column_labels, report_of_new
from launchctl.status import Status


def test_rows_are_sorted_best_first_then_what_failed_then_what_said_nothing() -> None:
    found = small()
    assert [row.key[:4] for row in found.rows] == ["aaab", "aaaa", "bbbb", "cccc", "dddd"]
    assert [row.best for row in found.rows] == [0.25, 0.5, 1.8, 0.01, None]
    assert [row.last for row in found.rows] == [0.25, 0.55, 1.8, 0.01, None]


def test_a_trial_that_failed_is_never_the_best() -> None:
    best = small().best
    assert best is not None
    assert (best.key, best.best) == ("aaab000000000002", 0.25)


def test_maximize_turns_the_order() -> None:
    search = replace(SEARCH, objective=LOSS._replace(goal="maximize"))
    found = report([trial("0", {}), trial("1", {}, index=1)], [said("0", 1.0, 0.5), said("1", 0.2, 2.0)], search)
    assert [(row.key, row.best) for row in found.rows] == [("1", 2.0), ("0", 1.0)]


def test_without_a_metric_the_order_is_the_search_s() -> None:
    found = report([trial("1", {}, index=1), trial("0", {})], [said("1", 0.1)], replace(SEARCH, objective=None))
    assert [row.key for row in found.rows] == ["0", "1"]
    assert found.best is None


def test_equal_results_keep_the_order_of_the_search() -> None:
    trials = [trial(str(index), {}, index=index) for index in (2, 0, 1)]
    found = report(trials, [said(str(index), 1.0) for index in range(3)])
    assert [row.key for row in found.rows] == ["0", "1", "2"]


def test_trials_are_counted_by_status() -> None:
    found = small()
    assert found.statuses == {Status.PENDING: 1, Status.SUCCEEDED: 2, Status.FAILED: 1, Status.PRUNED: 1}
    assert (found.size, found.drawn, found.undrawn) == (6, 5, 1)


def test_a_dropped_point_leaves_room_but_uses_up_run_cap() -> None:
    trials = [trial("0", {})._replace(is_dropped=True), trial("1", {}, index=1)]
    assert report(trials, size=3).undrawn == 2
    assert report(trials, size=3, search=replace(SEARCH, run_cap=3)).undrawn == 1


def test_a_dropped_trial_is_counted_apart_and_is_never_the_best() -> None:
    trials = [trial("0", {})._replace(is_dropped=True), trial("1", {}, index=1)]
    found = report(trials, [said("0", 0.1), said("1", 0.5)], size=1)
    assert [row.key for row in found.rows] == ["1", "0"]
    assert (found.statuses, found.dropped) == ({Status.SUCCEEDED: 1}, 1)


def test_without_end_nothing_is_left_to_count() -> None:
    assert report([trial("0", {})], size=None).undrawn is None


def test_trials_of_other_epochs_are_left_aside() -> None:
    trials = [trial("0", {}, epoch=1), trial("1", {}, epoch=2)]
    assert [row.key for row in report(trials, epoch=2, latest_epoch=2).rows] == ["1"]


def test_an_earlier_epoch_has_the_parameters_that_its_trials_were_given() -> None:
    trials = [
        trial("0", {"learning_rate": 0.3, "width": 8, "epochs": 5}),
        trial("1", {"learning_rate": 0.3, "width": 16, "epochs": 9}, index=1),
    ]
    found = report(trials, epoch=1, latest_epoch=2)
    assert [leaf.name for leaf in found.columns] == ["epochs", "width"]
    assert [leaf.name for leaf in found.search.space.constants] == ["learning_rate"]
    assert found.size == 2


def test_a_parameter_that_does_not_exist_at_a_point_has_no_value() -> None:
    (row,) = report([trial("0", {"optimizer": {"name": None}})]).rows
    assert row.value_of(("optimizer", "name")) == (None,)
    assert row.value_of(("optimizer", "momentum")) is None
    assert row.value_of(("learning_rate",)) is None


def test_a_sweep_that_was_never_applied_shows_its_first_trials() -> None:
    found = report_of_new(sweep(), [Trial("0f", 0, 1, point(0.3, "adam"))], 6)
    assert (found.epoch, found.standing, found.size, found.drawn) == (0, None, 6, 0)
    assert [(row.address, row.status) for row in found.rows] == [("sweeps.lr[0f]", None)]


def test_columns_are_the_parameters_that_vary() -> None:
    assert small().columns == (RATES, OPTIMIZERS)


def test_labels_of_parameters_never_collide() -> None:
    flat, nested = Leaf(("a.b",), Distribution.CATEGORICAL), Leaf(("a", "b"), Distribution.CATEGORICAL)
    assert column_labels((flat, nested, EPOCHS)) == ("a.b", "a > b", "epochs")
    assert Space((flat, nested)).searched == (flat, nested)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], []),
        (["3f09a1c200000000"], ["3f09"]),
        (["3f09a1c200000000", "3f09a1d200000000", "ffff000000000000"], ["3f09a1c", "3f09a1d", "ffff"]),
        (["3f09a1c200000000", "3f09a1c200000000.2"], ["3f09", "3f09.2"]),
        (["0", "12", "123456", "12.3"], ["0", "12", "123456", "12.3"]),
        (["1234567812345678", "1234567912345678"], ["12345678", "12345679"]),
    ],
)
def test_keys_are_shown_as_their_shortest_unique_prefix(keys: list[str], expected: list[str]) -> None:
    assert list(short_keys(keys).values()) == expected
