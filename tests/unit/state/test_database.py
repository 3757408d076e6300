"""Which files are believed to be a state."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from state_records import HEAD, NOW, attempt, decide, limit, start

from launchctl.errors import StateDamaged, StateError
from launchctl.state import schema
from launchctl.state.database import Database, Journal, errors
from launchctl.state.place import Place
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutAttempt, RequestCancel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def made(path: Path) -> Path:
    store = SqliteStore(path)
    store.create(HEAD)
    decide(store, [limit("gpu", 2), *start("a")])
    store.close()
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_text_file_is_no_state(path: Path) -> None:
    path.write_text("not a database, " * 100)
    with pytest.raises(StateDamaged, match=r"state\.db.* is damaged: file is not a database"):
        SqliteStore(path).head()


def test_database_of_another_program_is_foreign(path: Path) -> None:
    change(path, "CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StateError, match="a database of another program") as caught:
        SqliteStore(path).head()
    assert "--state" in (caught.value.hint or "")
    assert path.read_bytes() == before


def test_state_of_a_newer_version_is_an_error(made: Path) -> None:
    change(made, f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    with pytest.raises(StateError, match="written by a newer launchctl") as caught:
        SqliteStore(made).load()
    assert caught.value.hint == "upgrade launchctl"


def test_state_without_a_format_is_damaged(made: Path) -> None:
    change(made, "PRAGMA user_version = 0")
    with pytest.raises(StateDamaged, match="format 0"):
        SqliteStore(made).head()


def test_state_of_another_lineage_is_an_error(made: Path) -> None:
    made.with_name("state.db.lineage").write_text("other\n")
    with pytest.raises(StateError, match=r"of lineage 3f09a1c2, but .* names lineage other"):
        SqliteStore(made).head()


def test_state_without_its_marker_is_used_and_gets_one_by_the_next_decision(made: Path) -> None:
    marker = made.with_name("state.db.lineage")
    marker.unlink()
    store = SqliteStore(made)
    assert list(store.load().runs) == ["runs.a"]
    assert not marker.exists()
    decide(store, [])
    assert marker.read_text() == "3f09a1c2\n"
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM head",
        "DROP TABLE attempts",
        "UPDATE attempts SET status = 'finished'",
        "UPDATE attempts SET handle = 'x'",
        "UPDATE attempts SET handle = '[]'",
        "UPDATE attempts SET since = 'yesterday'",
        "UPDATE attempts SET cause = 'magic'",
        "UPDATE attempts SET run_id = x'ff'",
        "UPDATE runs SET standing = 'gone'",
        "UPDATE runs SET starts = '{'",
        "UPDATE runs SET canonical = CAST(x'ff' AS TEXT)",
        "UPDATE generations SET policy = '[]'",
        "UPDATE generations SET policy = '{}'",
        'UPDATE generations SET policy = \'["gpu","docker",2,[7],0,[],0.0,null]\'',
        'UPDATE generations SET policy = \'["gpu","docker","2",[],0,[],0.0,null]\'',
        "UPDATE generations SET upstream = 'null'",
        "UPDATE runs SET generation = 2",
        "UPDATE configs SET max_jobs = 'many'",
    ],
)
def test_record_that_cannot_be_is_damage(made: Path, statement: str) -> None:
    change(made, statement)
    store = SqliteStore(made)
    with pytest.raises(StateDamaged, match="is damaged") as caught:
        store.load()
    assert "launchctl state repair" in (caught.value.hint or "")
    store.close()


DAMAGED_STATUS = "UPDATE attempts SET status = 'finished'"
DAMAGED_POLICY = "UPDATE generations SET policy = '['"


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        (DAMAGED_STATUS, lambda store: decide(store, [RequestCancel("runs.a", 1, 1)])),
        (DAMAGED_STATUS, lambda store: store.add_attempt(attempt("a", 2))),
        (DAMAGED_STATUS, lambda store: store.claim([attempt("a")], "ada", NOW, NOW + 60)),
        (DAMAGED_STATUS, lambda store: store.record([attempt("a")])),
        (DAMAGED_STATUS, lambda store: store.resolve(attempt("a"))),
        (DAMAGED_POLICY, lambda store: decide(store, [PutAttempt(attempt("a"))])),
        (DAMAGED_POLICY, lambda store: store.claim([attempt("a")], "ada", NOW, NOW + 60)),
    ],
)
def test_damage_is_noticed_by_whoever_meets_it(
    made: Path, statement: str, use: Callable[[SqliteStore], object]
) -> None:
    change(made, statement)
    store = SqliteStore(made)
    with pytest.raises(StateDamaged, match="is damaged"):
        use(store)
    store.close()


def test_state_that_was_replaced_under_an_open_store_is_noticed(made: Path, tmp_path: Path) -> None:
    store = SqliteStore(made)
    assert store.head() is not None
    other = SqliteStore(tmp_path / "other.db")
    other.create(HEAD)
    other.close()
    (tmp_path / "other.db").replace(made)
    with pytest.raises(StateError, match="replaced by another file"):
        decide(store, start("b"))
    store.close()


def test_busy_state_is_told_from_a_damaged_one(made: Path) -> None:
    store = SqliteStore(made, busy_seconds=0.05)
    assert store.head() is not None
    with closing(sqlite3.connect(made, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="is busy"):
            store.break_lease()
        assert list(store.load().runs) == ["runs.a"]
    store.close()


def test_read_only_file_is_told_from_a_damaged_one(made: Path) -> None:
    with Database(Place(made), busy=1.0).read() as connection:
        connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StateError, match="cannot be used"), errors(Place(made)):
            connection.execute("DELETE FROM runs")


def test_own_mistakes_are_not_called_damage(made: Path) -> None:
    database = Database(Place(made), busy=1.0)
    with pytest.raises(sqlite3.ProgrammingError), database.read() as connection:
        connection.execute("SELECT ?", ())
    with database.read() as connection:
        assert connection.execute("SELECT lineage FROM head").fetchone() == (HEAD.lineage,)
    database.close()


@pytest.mark.parametrize(("first", "then"), [("wal", "delete"), ("delete", "wal")])
def test_journal_follows_the_file_to_another_file_system(path: Path, first: Journal, then: Journal) -> None:
    store = SqliteStore(path, journal=first)
    store.create(HEAD)
    decide(store, start("a"))
    store.close()
    moved = SqliteStore(path, journal=then)
    decide(moved, start("b"))
    with Database(Place(path), busy=1.0, journal=then).read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (then,)
    assert list(moved.load().runs) == ["runs.a", "runs.b"]
    moved.close()


@pytest.mark.parametrize(("first", "then"), [("wal", "delete"), ("delete", "wal")])
def test_journal_stays_while_others_use_the_file(path: Path, first: Journal, then: Journal) -> None:
    store = SqliteStore(path, journal=first)
    store.create(HEAD)
    decide(store, start("a"))
    other = SqliteStore(path, journal=then, busy_seconds=0.2)
    decide(other, start("b"))
    decide(store, start("c"))
    assert list(other.load().runs) == ["runs.a", "runs.b", "runs.c"]
    other.close()
    store.close()
