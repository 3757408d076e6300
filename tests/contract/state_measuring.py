"""What the results of trials, renames and copies of sweeps must hold to, whatever keeps the state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from state_opened import Clock, OpenedStates
from state_records import NOW, decide, generation, record_as, run, start
from state_sweeps import decided, draw, latest_of, series, start_trial, sweep, trial

from launchctl.errors import StateError
from launchctl.state.model import Series, Standing
from launchctl.state.store import (
    DropAttempt,
    PutAttempt,
    PutGeneration,
    PutRun,
    PutSweep,
    RenameRun,
    RenameSweep,
    StateStore,
)
from launchctl.state.transfer import export, import_
from launchctl.status import Status
from launchctl.values import canonical


class MeasuringContract(OpenedStates):
    """What a trial said of its metric is kept with it, wherever it goes."""

    # Stopping early.

    def test_request_to_stop_early_is_one_to_cancel(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        running = start_trial(store, "0")
        (taken,) = store.record([replace(running, prune_requested=True)])
        assert (taken.prune_requested, taken.cancel_requested) == (True, True)
        assert latest_of(store, "0") == taken

    def test_request_to_stop_early_is_never_taken_back(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        running = start_trial(store, "0")
        store.record([replace(running, prune_requested=True, cancel_requested=True)])
        (taken,) = store.record([replace(running, message="seen")])
        assert (taken.prune_requested, taken.cancel_requested, taken.message) == (True, True, "seen")
        (ended,) = store.record([replace(running, status=Status.PRUNED, ended_at=NOW + 9)])
        assert (ended.status, ended.prune_requested) == (Status.PRUNED, True)

    def test_trial_that_has_ended_is_not_stopped_early(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        ended = record_as(store, start_trial(store, "0"), Status.SUCCEEDED)
        assert store.record([replace(ended, prune_requested=True, is_released=True)]) == ()
        assert not latest_of(store, "0").prune_requested

    # Metrics.

    def test_every_field_of_a_series_survives(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0", "1")
        said = Series(
            trial("0").attempt.run_id,
            "sweeps.lr[0]",
            (0.1, -1e300, 5e-324, 3.0),
            {"정확도": 0.5, "epoch": 3.0},
            2**40,
            is_complete=True,
            metric="정확도",
            source="5e0c",
        )
        store.measure([said, series(trial("1"), ())])
        assert reopen().series("sweeps.lr") == {said.run_id: said, "lr-1-e1a1": series(trial("1"), ())}

    def test_series_of_a_sweep_are_its_trials_of_every_epoch(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep()), PutSweep(sweep("lr2"))])
        draw(store, "0")
        draw(store, "0", of="lr2")
        record_as(store, start_trial(store, "0"), Status.SUCCEEDED)
        decide(store, [PutSweep(sweep("lr", 2))])
        draw(store, "0", epoch=2)
        store.measure([series(one) for one in (trial("0"), trial("0", 2), trial("0", of="lr2"))])
        assert sorted(store.series("sweeps.lr")) == ["lr-0-e1a1", "lr-0-e2a1"]
        assert store.series("sweeps.l") == {}

    @pytest.mark.parametrize(
        ("later", "is_kept"),
        [
            (series(trial("0"), (1.0, 2.0, 3.0), position=150), True),
            (series(trial("0"), (9.0,), position=150), True),
            (series(trial("0"), (1.0, 2.0), position=100), True),
            (series(trial("0"), (1.0,), position=99), False),
            (series(trial("0"), (1.0, 2.0, 3.0), position=99), False),
            (series(trial("0"), (1.0,), position=100), False),
            (replace(series(trial("0")), is_complete=True), True),
            (replace(series(trial("0"), position=99), is_complete=True), False),
        ],
    )
    def test_longer_series_wins_and_a_shorter_never_replaces_it(
        self, store: StateStore, later: Series, *, is_kept: bool
    ) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        store.measure([series(trial("0"))])
        store.measure([later])
        assert store.series("sweeps.lr") == {later.run_id: later if is_kept else series(trial("0"))}

    @pytest.mark.parametrize(("metric", "source"), [("val_loss", ""), ("", "5e0c")])
    def test_reading_by_other_rules_replaces_even_a_longer_one(
        self, store: StateStore, metric: str, source: str
    ) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        store.measure([replace(series(trial("0")), is_complete=True)])
        other = replace(series(trial("0"), (), position=7), metric=metric, source=source)
        store.measure([other])
        assert store.series("sweeps.lr") == {other.run_id: other}

    def test_push_of_what_was_read_by_other_rules_loses_nothing(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        store.measure([replace(series(trial("0"), position=7), metric="val_loss")])
        document = export(store)
        store.measure([series(trial("0"))])
        import_(store, document, owner="ada")
        assert store.series("sweeps.lr")[trial("0").attempt.run_id].metric == "val_loss"

    def test_complete_series_is_not_taken_for_an_incomplete_one_again(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        whole = replace(series(trial("0")), is_complete=True)
        store.measure([whole])
        store.measure([series(trial("0"))])
        assert store.series("sweeps.lr") == {whole.run_id: whole}

    def test_series_of_an_attempt_that_is_not_on_record_is_left_out(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        store.measure([series(trial("1")), series(trial("0"))])
        assert list(store.series("sweeps.lr")) == ["lr-0-e1a1"]

    def test_series_goes_with_the_attempt_that_never_was(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0", "1")
        store.measure([series(trial("0")), series(trial("1"))])
        other = replace(trial("1").attempt, run_id="other")
        decide(
            store, [DropAttempt("sweeps.lr[0]", 1, 1), PutRun(replace(trial("0").run, generation=0)), PutAttempt(other)]
        )
        assert store.series("sweeps.lr") == {}

    def test_series_are_no_part_of_a_decision(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        before = store.load()
        store.measure([series(trial("0"))])
        assert store.load() == before

    # Renaming.

    def test_rename_carries_trials_and_their_metrics_along(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1)), PutSweep(sweep("lr2"))])
        draw(store, "0", "1")
        draw(store, "0", of="lr2")
        running = start_trial(store, "0")
        store.measure([series(trial("0"))])
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")])
        state = store.load()
        assert list(state.runs) == ["sweeps.lr2[0]", "sweeps.rate[0]", "sweeps.rate[1]"]
        assert list(state.sweeps) == ["sweeps.lr2", "sweeps.rate"]
        found = state.runs["sweeps.rate[0]"]
        assert found.generation == replace(trial("0").generation, address="sweeps.rate[0]")
        assert found.attempts == (replace(running, address="sweeps.rate[0]"),)
        assert store.series("sweeps.lr") == {}
        assert store.series("sweeps.rate") == {"lr-0-e1a1": replace(series(trial("0")), address="sweeps.rate[0]")}
        assert store.history("sweeps.lr[0]") == ((), ())

    def test_drain_that_looked_before_a_rename_goes_on_by_run_id(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1))])
        seen = store.load().sweeps["sweeps.lr"]
        draw(store, "0", "1")
        running = start_trial(store, "0")
        waiting = latest_of(store, "1")
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")])
        assert store.claim([waiting], "ada", NOW, NOW + 60) == ()
        (ended,) = store.record([replace(running, status=Status.SUCCEEDED)])
        assert ended.address == "sweeps.rate[0]"
        store.measure([series(trial("0"))])
        assert list(store.series("sweeps.rate")) == ["lr-0-e1a1"]
        assert not store.draw(seen, [trial("2")])

    def test_rename_moves_the_revision(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")])
        assert store.load().sweeps["sweeps.rate"].revision == 2

    def test_rename_is_followed_by_those_who_depend_on_the_sweep(self, store: StateStore) -> None:
        names = ("sweeps.lr", "sweeps.lr2", "sweeps.lr[0]")
        waiting = generation("b", depends_on=names, upstream=dict.fromkeys(names, 1))
        decide(store, [PutSweep(sweep()), *start("b")])
        decide(store, [PutGeneration(waiting)])
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")])
        found = store.load().runs["runs.b"].generation
        assert found is not None
        assert found.policy.depends_on == ("sweeps.rate", "sweeps.lr2", "sweeps.rate[0]")
        assert found.upstream == {"sweeps.rate": 1, "sweeps.lr2": 1, "sweeps.rate[0]": 1}

    @pytest.mark.parametrize("rename", [RenameSweep("sweeps.lr", "sweeps.rate"), RenameRun("runs.lr", "runs.rate")])
    def test_sweep_waits_for_others_under_their_new_names(
        self, store: StateStore, rename: RenameSweep | RenameRun
    ) -> None:
        names = ["sweeps.lr", "sweeps.lr2", "sweeps.lr[0]", "runs.lr"]
        spec = {"address": "sweeps.b", "launch": {"depends_on": [[name, True] for name in names], "name": "sweeps.lr"}}
        decide(store, [PutSweep(sweep()), PutSweep(replace(sweep("b"), spec=canonical(spec))), *start("lr")])
        decide(store, [rename])
        expected = [name.replace(rename.source, rename.target) if "lr2" not in name else name for name in names]
        assert json.loads(store.load().sweeps["sweeps.b"].spec) == {
            "address": "sweeps.b",
            "launch": {"depends_on": [[name, True] for name in expected], "name": "sweeps.lr"},
        }

    def test_renamed_sweep_says_its_new_name_itself(self, store: StateStore) -> None:
        decide(store, [PutSweep(replace(sweep(), spec='{"address":"sweeps.lr","title":"sweeps.lr"}'))])
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")])
        assert store.load().sweeps["sweeps.rate"].spec == '{"address":"sweeps.rate","title":"sweeps.lr"}'

    @pytest.mark.parametrize(
        ("source", "target"),
        [("sweeps.lr", "sweeps.other"), ("sweeps.none", "sweeps.rate"), ("sweeps.lr", "sweeps.old")],
    )
    def test_sweep_is_renamed_from_one_that_is_there_to_a_free_name(
        self, store: StateStore, source: str, target: str
    ) -> None:
        old = trial("0", of="old")
        decide(store, [PutSweep(sweep()), PutSweep(sweep("other")), *decided(old)])
        decide(store, [PutSweep(replace(sweep("old"), standing=Standing.FORGOTTEN))])
        before = store.contents()
        with pytest.raises(StateError):
            decide(store, [RenameSweep(source, target)])
        assert store.contents() == before

    def test_name_that_was_given_up_is_free_again(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        decide(
            store,
            [RenameSweep("sweeps.lr", "sweeps.rate"), PutSweep(replace(sweep(), standing=Standing.FORGOTTEN))],
        )
        decide(store, [RenameSweep("sweeps.rate", "sweeps.lr")])
        assert list(store.load().sweeps) == ["sweeps.lr"]

    # Moving it elsewhere.

    def test_export_and_import_of_sweeps_are_inverse(
        self, store: StateStore, tmp_path_factory: pytest.TempPathFactory, clock: Clock
    ) -> None:
        decide(store, [PutSweep(sweep("lr", 3, parallel=2)), PutSweep(sweep("a")), *start("b")])
        draw(store, "0", "1", epoch=3)
        running = start_trial(store, "0")
        store.record([replace(running, prune_requested=True)])
        store.measure([series(trial("0", 3))])
        document = export(store)
        other = self.open_at(tmp_path_factory.mktemp("other"), clock, 60.0)
        assert import_(other, document, owner="ada") == store.head()
        assert export(other) == document
        assert other.contents() == store.contents()
        assert other.load() == store.load()
        assert other.series("sweeps.lr") == store.series("sweeps.lr")
        other.close()

    def test_import_over_a_sweep_moves_its_revision(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        import_(store, export(store), owner="ada")
        assert not store.draw(seen, [trial("0")])
        assert store.load().sweeps["sweeps.lr"] == replace(seen, revision=2)

    def test_import_takes_away_what_it_does_not_have(self, store: StateStore) -> None:
        document = export(store)
        decide(store, [PutSweep(sweep()), PutRun(run("a", 0))])
        draw(store, "0")
        store.measure([series(trial("0"))])
        import_(store, document, owner="ada", force=True)
        found = store.contents()
        assert (found.runs, found.attempts, found.sweeps, found.series) == ((), (), (), ())
