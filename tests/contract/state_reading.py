"""What reading a state and moving it elsewhere must hold to, whatever keeps it."""

from __future__ import annotations

import pytest
from state_opened import Clock, OpenedStates
from state_records import (
    HEAD,
    attempt,
    claim_one,
    decide,
    form,
    latest,
    limit,
    record_as,
    run,
    start,
)

from launchctl.state.store import (
    PutRun,
    StateStore,
)
from launchctl.state.transfer import export, import_
from launchctl.status import Status


class ReadingContract(OpenedStates):
    """What was written, in a stable order."""

    # Reading.

    def test_load_has_the_latest_attempt_and_whatever_is_not_over(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        record_as(store, claim_one(store, "a"), Status.RUNNING)
        decide(store, start("a", 2, accepted=form("i2")))
        found = store.load().runs["runs.a"]
        assert [(one.generation, one.number) for one in found.attempts] == [(1, 2), (2, 1)]
        assert found.latest == attempt("a", of=2)

    def test_load_has_the_latest_of_several_that_ended(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        record_as(store, claim_one(store, "a"), Status.TIMED_OUT)
        assert [one.number for one in store.load().runs["runs.a"].attempts] == [2]

    def test_load_has_a_retry_that_runs_and_not_what_failed_before(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        assert store.load().runs["runs.a"].attempts == (attempt("a", 2),)

    def test_accepted_form_may_differ_from_what_ran(self, store: StateStore) -> None:
        decide(store, start("a"))
        accepted = form(metadata="m2")
        decide(store, [PutRun(run("a", accepted=accepted))])
        found = store.load().runs["runs.a"]
        assert found.generation is not None
        assert (found.run.acknowledged, found.generation.form) == (accepted, form())

    def test_history_has_every_manifest(self, store: StateStore) -> None:
        decide(store, [*start("a"), *start("b")])
        record_as(store, claim_one(store, "a"), Status.SUCCEEDED)
        assert latest(store, "a").manifest == ""
        _, attempts = store.history("runs.a")
        assert [found.manifest for found in attempts] == [attempt("a").manifest]

    def test_whole_history_is_in_the_order_of_addresses(self, store: StateStore) -> None:
        decide(store, [*start("b"), *start("a")])
        generations, attempts = store.history("*")
        assert [found.address for found in generations] == ["runs.a", "runs.b"]
        assert [found.address for found in attempts] == ["runs.a", "runs.b"]

    def test_history_of_an_unknown_address_is_empty(self, store: StateStore) -> None:
        assert store.history("runs.x") == ((), ())

    def test_store_can_be_used_after_it_was_closed(self, store: StateStore) -> None:
        store.close()
        assert store.head() == HEAD

    def test_url_says_where_it_is(self, store: StateStore) -> None:
        assert "://" in store.url

    # Transfer.

    def test_export_and_import_are_inverse(
        self, store: StateStore, tmp_path_factory: pytest.TempPathFactory, clock: Clock
    ) -> None:
        decide(store, [limit("gpu", 3), *start("a"), *start("b"), *start("c")])
        record_as(store, claim_one(store, "a"), Status.SUCCEEDED)
        claim_one(store, "b")
        document = export(store)
        other = self.open_at(tmp_path_factory.mktemp("other"), clock, 60.0)
        assert import_(other, document, owner="ada") == store.head()
        assert export(other) == document
        assert other.load() == store.load()
        other.close()

    def test_import_replaces_what_is_there_and_raises_the_serial(self, store: StateStore) -> None:
        decide(store, start("a"))
        document = export(store)
        decide(store, start("b"))
        head = import_(store, {**document, "head": {**document["head"], "serial": 2}}, owner="ada")
        assert head.serial == 3
        assert list(store.load().runs) == ["runs.a"]
        assert store.load().head == head
