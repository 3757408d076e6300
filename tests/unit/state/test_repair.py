"""Repair keeps what is sound, makes anew what can be vouched for, and refuses the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from state_records import HEAD, NOW, claim_one, decide, form, limit, record_as, start

from launchctl.errors import StateError, StateLocked, StateMissing
from launchctl.state.model import AttemptRecord, Standing
from launchctl.state.repair import repair
from launchctl.state.sqlite import SqliteStore
from launchctl.state.transfer import export, import_
from launchctl.status import Status


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state in which `a` succeeded, `b` runs, `c` is pending with a second generation."""
    store = SqliteStore(tmp_path / "state.db")
    store.create(HEAD)
    decide(store, [limit("gpu", None), *start("a"), *start("b"), *start("c")])
    for name, status in (("a", Status.SUCCEEDED), ("b", Status.RUNNING), ("c", Status.FAILED)):
        record_as(store, claim_one(store, name), status)
    decide(store, start("c", 2, accepted=form("i2")))
    store.close()
    return store.place.path


def damage(path: Path, *statements: str) -> None:
    """Change records behind the state's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def latest(path: Path, name: str) -> AttemptRecord:
    store = SqliteStore(path)
    found = store.load().runs[f"runs.{name}"].latest
    store.close()
    assert found is not None
    return found


def test_sound_state_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert repair(path, NOW) == ("sound: serial 2, 3 runs, 4 generations, 4 attempts",)
    assert path.read_bytes() == before


def test_lost_marker_is_written_again(path: Path) -> None:
    path.with_name("state.db.lineage").unlink()
    assert repair(path, NOW)[1:] == ('"state.db.lineage" names lineage 3f09a1c2 now',)
    assert path.with_name("state.db.lineage").read_text() == "3f09a1c2\n"


def test_state_of_another_lineage_is_accepted(path: Path) -> None:
    path.with_name("state.db.lineage").write_text("other\n")
    assert repair(path, NOW)[1:] == ('"state.db.lineage" names lineage 3f09a1c2 now, it named other',)
    assert latest(path, "a").status is Status.SUCCEEDED


def test_damaged_state_is_made_anew_and_kept_beside(path: Path) -> None:
    damage(
        path, "DELETE FROM attempts WHERE address = 'runs.b'", "UPDATE attempts SET handle = 'x' WHERE generation = 2"
    )
    broken = path.read_bytes()
    lines = repair(path, NOW)
    assert lines[1:] == (
        'kept the file as "state.db.broken-1"',
        "runs.b@g1#a1: its record was lost, and so it is held as lost",
        "runs.c@g2#a1: its record was lost, and so it is held as lost",
        "made anew: serial 3, 3 runs, 4 generations, 4 attempts",
    )
    assert path.with_name("state.db.broken-1").read_bytes() == broken
    assert latest(path, "a").status is Status.SUCCEEDED
    assert latest(path, "b").status is Status.LOST
    assert latest(path, "c").status is Status.LOST


def test_second_damaged_file_is_kept_too(path: Path) -> None:
    for _ in range(2):
        damage(path, "UPDATE attempts SET handle = 'x' WHERE address = 'runs.a'")
        repair(path, NOW)
    assert sorted(found.name for found in path.parent.glob("*.broken-?")) == ["state.db.broken-1", "state.db.broken-2"]


def test_lost_run_is_made_from_its_generation(path: Path) -> None:
    damage(path, "UPDATE runs SET starts = '?' WHERE address = 'runs.c'")
    assert "runs.c: its record was lost and made anew from its latest generation" in repair(path, NOW)
    store = SqliteStore(path)
    found = store.load().runs["runs.c"].run
    store.close()
    assert (found.standing, found.generation, found.acknowledged) == (Standing.ACTIVE, 2, form("i2"))
    assert found.starts["i2"] >= 2


def test_lost_generation_is_made_from_what_was_accepted(path: Path) -> None:
    damage(path, "UPDATE generations SET policy = '?' WHERE address = 'runs.a'")
    assert "runs.a@g1: its record was lost and made anew from what was last accepted" in repair(path, NOW)
    assert latest(path, "a").status is Status.SUCCEEDED


def test_history_of_a_lost_older_generation_is_left_out(path: Path) -> None:
    damage(path, "UPDATE generations SET policy = '?' WHERE address = 'runs.c' AND number = 1")
    assert "runs.c@g1#a1: left out, since its generation was lost" in repair(path, NOW)
    assert latest(path, "c").status is Status.PENDING


@pytest.mark.parametrize(("name", "expected"), [("a", Status.SUCCEEDED), ("b", Status.LOST), ("c", Status.LOST)])
def test_attempt_that_goes_on_needs_its_manifest(path: Path, name: str, expected: Status) -> None:
    damage(path, "DELETE FROM manifests", "UPDATE configs SET max_jobs = 'x'")
    repair(path, NOW)
    assert latest(path, name).status is expected


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM head",),
        (
            "UPDATE runs SET starts = '?' WHERE address = 'runs.a'",
            "UPDATE generations SET policy = '?' WHERE address = 'runs.a'",
        ),
        ("DELETE FROM runs WHERE address = 'runs.a'", "DELETE FROM generations WHERE address = 'runs.a'"),
    ],
)
def test_state_that_nobody_can_vouch_for_is_refused_and_left(path: Path, statements: tuple[str, ...]) -> None:
    damage(path, *statements)
    before = path.read_bytes()
    with pytest.raises(StateError, match="cannot be repaired") as caught:
        repair(path, NOW)
    assert "launchctl state push" in (caught.value.hint or "")
    assert path.read_bytes() == before


def test_empty_file_is_put_aside_and_never_means_a_new_project(path: Path) -> None:
    store = SqliteStore(path)
    document = export(store)
    store.close()
    path.write_bytes(b"")
    assert repair(path, NOW) == ("it is empty", 'kept the file as "state.db.broken-1"')
    store = SqliteStore(path)
    with pytest.raises(StateMissing):
        store.head()
    import_(store, document, owner="ada")
    assert latest(path, "b").status is Status.RUNNING
    store.close()


def test_empty_file_without_a_marker_is_missing_too(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    repair(tmp_path / "state.db", NOW)
    with pytest.raises(StateMissing, match="lineage unknown"):
        SqliteStore(tmp_path / "state.db").head()


def test_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database, " * 100)
    with pytest.raises(StateError, match="cannot be repaired"):
        repair(tmp_path / "state.db", NOW)


def nothing(path: Path) -> None:
    path.unlink()
    path.with_name("state.db.lineage").unlink()


def foreign(path: Path) -> None:
    path.unlink()
    damage(path, "CREATE TABLE songs (name TEXT)")


def newer(path: Path) -> None:
    damage(path, "PRAGMA user_version = 999")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (nothing, "there is no state"),
        (Path.unlink, "is missing"),
        (foreign, "a database of another program"),
        (newer, "written by a newer launchctl"),
    ],
)
def test_what_is_not_damaged_is_not_repaired(path: Path, before: Callable[[Path], None], message: str) -> None:
    before(path)
    with pytest.raises(StateError, match=message):
        repair(path, NOW)
    assert list(path.parent.glob("*.broken-?")) == []


def test_state_is_not_repaired_while_somebody_decides(path: Path) -> None:
    store = SqliteStore(path, clock=lambda: NOW)
    with store.lease("bob"), pytest.raises(StateLocked, match="locked by bob"):
        repair(path, NOW)
    store.close()


def test_lost_attempts_are_never_pending_after_a_repair(path: Path) -> None:
    damage(path, "DELETE FROM attempts")
    repair(path, NOW)
    store = SqliteStore(path)
    found = {name: run.latest for name, run in store.load().runs.items()}
    store.close()
    statuses = {name: one.status if one else None for name, one in found.items()}
    assert statuses == dict.fromkeys(["runs.a", "runs.b", "runs.c"], Status.LOST)


def test_records_that_survive_are_the_same(path: Path) -> None:
    store = SqliteStore(path)
    before = store.contents()
    store.close()
    damage(path, "UPDATE configs SET max_jobs = 'x'")
    repair(path, NOW)
    store = SqliteStore(path)
    after = store.contents()
    store.close()
    assert after == replace(before, head=replace(before.head, serial=3), configs=())
