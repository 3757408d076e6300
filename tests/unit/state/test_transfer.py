"""A push is read strictly and never loses what was started, unless it is forced."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from state_records import HEAD, NOW, attempt, claim_one, decide, limit, record_as, start
from state_sweeps import draw, series, sweep, trial

from launchctl.errors import StateError, StateLocked
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep
from launchctl.state.transfer import export, import_, read_document
from launchctl.status import Status
from launchctl.values import JSON, canonical


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    store = SqliteStore(tmp_path / "state.db")
    store.create(HEAD)
    decide(store, [limit("gpu", 2), *start("a"), PutSweep(sweep(parallel=2))])
    draw(store, "0")
    store.measure([series(trial("0"))])
    return store


@pytest.fixture
def document(store: SqliteStore) -> JSON:
    return json.loads(canonical(export(store)))


def of_format_1(document: JSON) -> JSON:
    """What a version without sweeps would have written of the runs alone."""
    runs, generations, attempts = (
        [record for record in document[part] if record["address"] == "runs.a"]
        for part in ("runs", "generations", "attempts")
    )
    return {
        "format_version": "1",
        "head": document["head"],
        "runs": runs,
        "generations": [{key: record[key] for key in record if key != "trial"} for record in generations],
        "attempts": [{key: record[key] for key in record if key != "prune_requested"} for record in attempts],
        "configs": document["configs"],
    }


def changed(document: JSON, path: str, value: JSON) -> JSON:
    """The document with another value at a path such as `attempts.0.status`; `...` removes the key."""
    copy = json.loads(canonical(document))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = copy
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy


def test_document_tells_everything_by_name(document: JSON) -> None:
    parts = ["head", "runs", "generations", "attempts", "configs", "sweeps", "series"]
    assert list(document) == sorted(["format_version", *parts])
    assert document["format_version"] == "2"
    assert document["head"] == {
        "lineage": "3f09a1c2",
        "serial": 1,
        "project": "churn",
        "entity": "acme",
        "workspace": "default",
    }
    assert document["attempts"][0]["status"] == "pending"
    assert document["generations"][0]["policy"]["retry_on"] == ["preempted", "infra"]


def test_document_is_read_as_it_was_written(store: SqliteStore, document: JSON) -> None:
    assert read_document(document) == store.contents()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format_version", ..., "no format_version"),
        ("format_version", "3", 'of format "3"'),
        ("format_version", ["1"], "of format"),
        ("format_version", 1, 'of format "1"'),
        ("head", ..., '$: the key "head" is missing'),
        ("extra", 1, '$: unknown key "extra"'),
        ("head.serial", "1", "$.head.serial: expected an integer, got a string"),
        ("head.serial", True, "$.head.serial: expected an integer, got true or false"),
        ("head.serial", 1.0, "$.head.serial: expected an integer, got a number"),
        ("runs", {}, "$.runs: expected a list, got an object"),
        ("runs.0.protect", 1, "$.runs[0].protect: expected true or false, got an integer"),
        ("runs.0.starts.i1", None, "$.runs[0].starts.i1: expected an integer, got null"),
        ("runs.0.acknowledged", [], "$.runs[0].acknowledged: expected an object, got a list"),
        ("attempts.0.status", "done", "$.attempts[0].status: expected one of pending, intent"),
        ("attempts.0.status", None, "$.attempts[0].status: expected one of"),
        ("attempts.0.cause", "bad luck", "$.attempts[0].cause: expected one of preempted"),
        ("attempts.0.since", "now", "$.attempts[0].since: expected a number, got a string"),
        ("attempts.0.message", ..., '$.attempts[0]: the key "message" is missing'),
        ("attempts.0.claim", {"owner": "ada"}, "$.attempts[0].claim: the key"),
        ("runs.0.address", "churn", '"churn" is no address'),
        ("runs.0.generation", 2, "runs.a has generation 2 but records up to 1"),
        ("generations.0.address", "runs.b", "runs.b@g1 has no run"),
        ("generations.0.serial", 5, "runs.a@g1 was decided at serial 5, later than the state's 1"),
        ("attempts.0.generation", 7, "runs.a@g7#a1 has no generation"),
        ("attempts.0.number", 0, "runs.a@g1#a0 has no valid number"),
        ("generations.0.trial", {"index": 0, "repeat": 1, "values": {}}, "runs.a@g1 is a trial of no sweep"),
        ("generations.0.trial", {"index": 0}, "$.generations[0].trial: the key"),
        ("sweeps.0.standing", "gone", "$.sweeps[0].standing: expected one of active, forgotten"),
        ("sweeps.0.parallel", "2", "$.sweeps[0].parallel: expected an integer, got a string"),
        ("sweeps.0.epoch", 0, "sweeps.lr has no valid epoch"),
        ("sweeps.0.serial", 9, "sweeps.lr was decided at serial 9, later than the state's 1"),
        ("sweeps.0.address", "sweeps.lr[0]", '"sweeps.lr[0]" is no sweep'),
        ("series.0.values", [1.0, None], "$.series[0].values[1]: expected a number, got null"),
        ("series.0.run_id", "other", "the metrics of other are of no attempt of sweeps.lr[0]"),
    ],
)
def test_malformed_document_is_refused(document: JSON, path: str, value: JSON, message: str) -> None:
    with pytest.raises(StateError) as caught:
        read_document(changed(document, path, value))
    assert message in caught.value.message
    assert caught.value.hint


def test_document_of_format_1_is_read_as_one_without_sweeps(store: SqliteStore, document: JSON) -> None:
    found, here = read_document(of_format_1(document)), store.contents()
    assert found == replace(
        here,
        runs=here.runs[:1],
        generations=here.generations[:1],
        attempts=here.attempts[:1],
        sweeps=(),
        series=(),
    )


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("attempts", ..., "$.attempts: expected a list"),
        ("generations", {}, "$.generations: expected a list"),
        ("attempts", [1], "$.attempts[0]: expected an object"),
        ("extra", 1, '$: unknown key "extra"'),
    ],
)
def test_malformed_document_of_format_1_is_refused(document: JSON, part: str, value: JSON, message: str) -> None:
    with pytest.raises(StateError) as caught:
        read_document(changed(of_format_1(document), part, value))
    assert message in caught.value.message


@pytest.mark.parametrize("document", [None, [], "state", 1, {}])
def test_other_json_is_no_state(document: JSON) -> None:
    with pytest.raises(StateError, match="this is no state"):
        read_document(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_number_that_json_does_not_have_is_refused(document: JSON, value: float) -> None:
    broken = {**document, "attempts": [{**document["attempts"][0], "since": value}]}
    with pytest.raises(StateError, match="expected a number"):
        read_document(broken)
    broken = {**document, "attempts": [{**document["attempts"][0], "handle": {"ports": [value]}}]}
    with pytest.raises(StateError, match="expected a number, got one that JSON does not have"):
        read_document(broken)


def test_push_of_another_lineage_is_refused(store: SqliteStore, document: JSON) -> None:
    with pytest.raises(StateError, match="of lineage other, the one in place is of 3f09a1c2"):
        import_(store, changed(document, "head.lineage", "other"), owner="ada")


def test_forced_push_of_another_lineage_takes_its_marker_along(
    store: SqliteStore, document: JSON, tmp_path: Path
) -> None:
    import_(store, changed(document, "head.lineage", "other"), owner="ada", force=True)
    assert store.load().head == replace(HEAD, lineage="other", serial=2)
    store.close()
    again = SqliteStore(tmp_path / "state.db")
    assert again.load().head.lineage == "other"
    again.close()


def test_push_of_a_lower_serial_is_refused(store: SqliteStore, document: JSON) -> None:
    decide(store, [])
    with pytest.raises(StateError, match="of serial 1, the one in place has moved on to 2"):
        import_(store, document, owner="ada")
    assert import_(store, document, owner="ada", force=True).serial == 3


def test_serial_grows_with_a_push(store: SqliteStore, document: JSON) -> None:
    assert import_(store, document, owner="ada").serial == 2
    assert import_(store, changed(document, "head.serial", 9), owner="ada").serial == 10


def claimed(store: SqliteStore) -> None:
    claim_one(store, "a")


def submitted(store: SqliteStore) -> None:
    record_as(store, claim_one(store, "a"), Status.SUBMITTED)


def ended(store: SqliteStore) -> None:
    record_as(store, claim_one(store, "a"), Status.FAILED)


def retried(store: SqliteStore) -> None:
    ended(store)
    assert store.add_attempt(attempt("a", 2))
    claim_one(store, "a")


@pytest.mark.parametrize(
    ("meanwhile", "lost"),
    [
        (claimed, "runs.a@g1#a1 is intent there"),
        (submitted, "runs.a@g1#a1 is submitted there"),
        (ended, "runs.a@g1#a1 is failed there"),
        (retried, "runs.a@g1#a1 is failed there; runs.a@g1#a2 is intent there"),
    ],
)
def test_push_that_forgets_what_was_started_is_refused(
    store: SqliteStore, document: JSON, meanwhile: Callable[[SqliteStore], None], lost: str
) -> None:
    meanwhile(store)
    before = store.contents()
    with pytest.raises(StateError) as caught:
        import_(store, document, owner="ada")
    assert caught.value.message == f"this state knows less than the one in place: {lost}"
    assert store.contents() == before
    import_(store, document, owner="ada", force=True)
    assert store.load().runs["runs.a"].attempts == (attempt("a"),)


@pytest.mark.parametrize(
    ("status", "change"), [(Status.SUCCEEDED, {"status": "failed"}), (Status.RUNNING, {"status": "intent"})]
)
def test_push_that_takes_back_an_outcome_is_refused(
    store: SqliteStore, status: Status, change: Mapping[str, str]
) -> None:
    record_as(store, claim_one(store, "a"), status)
    document = export(store)
    document["attempts"] = [{**document["attempts"][0], **change}, *document["attempts"][1:]]
    with pytest.raises(StateError, match="knows less"):
        import_(store, document, owner="ada")


def read_on(store: SqliteStore) -> None:
    store.measure([series(trial("0"), position=101)])


def begun_anew(store: SqliteStore) -> None:
    decide(store, [PutSweep(sweep("lr", 2, parallel=2))])


@pytest.mark.parametrize(
    ("meanwhile", "lost"),
    [
        (read_on, "the metrics of lr-0-e1a1 are read further there"),
        (begun_anew, "sweeps.lr is at epoch 2 there"),
    ],
)
def test_push_that_knows_less_of_a_sweep_is_refused(
    store: SqliteStore, document: JSON, meanwhile: Callable[[SqliteStore], None], lost: str
) -> None:
    meanwhile(store)
    copy = changed(document, "head.serial", 2)
    with pytest.raises(StateError, match=lost):
        import_(store, copy, owner="ada")
    import_(store, copy, owner="ada", force=True)
    assert store.contents().series == (series(trial("0")),)


def test_push_may_know_more(store: SqliteStore) -> None:
    record_as(store, claim_one(store, "a"), Status.RUNNING)
    document = export(store)
    document["attempts"] = [{**document["attempts"][0], "status": "succeeded"}, *document["attempts"][1:]]
    import_(store, document, owner="ada")
    found = store.load().runs["runs.a"].latest
    assert found is not None
    assert found.status is Status.SUCCEEDED


def test_push_waits_for_nobody(store: SqliteStore, document: JSON) -> None:
    with store.lease("bob"), pytest.raises(StateLocked, match="locked by bob"):
        import_(store, document, owner="ada")


def test_fence_of_claims_grows_over_a_push(store: SqliteStore) -> None:
    claim_one(store, "a")
    document = export(store)
    document["attempts"] = [
        {**document["attempts"][0], "claim": {"owner": "eve", "expires_at": NOW, "fence": 40}},
        *document["attempts"][1:],
    ]
    import_(store, document, owner="ada")
    (again,) = store.claim(store.load().runs["runs.a"].attempts, "ada", NOW, NOW + 60)
    assert again.claim is not None
    assert again.claim.fence == 41


def test_push_brings_back_a_missing_state(store: SqliteStore, document: JSON, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "state.db").unlink()
    again = SqliteStore(tmp_path / "state.db")
    assert import_(again, document, owner="ada") == replace(HEAD, serial=1)
    assert list(again.load().runs) == ["runs.a", "sweeps.lr[0]"]
    again.close()


def test_push_of_another_state_does_not_replace_a_missing_one(
    store: SqliteStore, document: JSON, tmp_path: Path
) -> None:
    store.close()
    (tmp_path / "state.db").unlink()
    with pytest.raises(StateError, match="is missing"):
        import_(SqliteStore(tmp_path / "state.db"), changed(document, "head.lineage", "other"), owner="ada")
