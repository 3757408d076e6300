"""A state of an older format is brought up to date in one step, and kept as it was."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from state_records import HEAD, decide, start

from launchctl.state.database import connect
from launchctl.state.place import Place
from launchctl.state.schema import SCHEMA_VERSION
from launchctl.state.sqlite import SqliteStore
from launchctl.state.upgrade import STEPS, Step, upgrade

LATER = SCHEMA_VERSION + 2
STEPS_OF_A_LATER_VERSION: dict[int, Step] = {
    SCHEMA_VERSION: lambda connection: void(connection, "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''"),
    SCHEMA_VERSION + 1: lambda connection: void(connection, "UPDATE runs SET note = 'from ' || address"),
}


def void(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    store = SqliteStore(tmp_path / "state.db")
    store.create(HEAD)
    decide(store, start("a"))
    store.close()
    return store.place


def notes(path: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT note FROM runs").fetchall()


def test_every_older_format_has_a_step() -> None:
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION))


def test_state_of_this_version_is_left_alone(place: Place) -> None:
    with closing(connect(place, busy=1)) as connection:
        assert upgrade(place, connection) is None
    assert not place.beside(f".v{SCHEMA_VERSION}").exists()


def test_steps_are_taken_in_order_and_the_old_file_is_kept(place: Place) -> None:
    with closing(connect(place, busy=1)) as connection:
        kept = upgrade(place, connection, steps=STEPS_OF_A_LATER_VERSION, target=LATER)
        assert connection.execute("PRAGMA user_version").fetchone() == (LATER,)
    assert notes(place.path) == [("from runs.a",)]
    assert kept == place.beside(f".v{SCHEMA_VERSION}")
    assert kept is not None
    assert kept.stat().st_mode & 0o777 == 0o600
    old = SqliteStore(kept)
    assert list(old.load().runs) == ["runs.a"]
    old.close()


def test_failed_step_changes_nothing(place: Place) -> None:
    steps = {
        **STEPS_OF_A_LATER_VERSION,
        SCHEMA_VERSION + 1: lambda connection: void(connection, "UPDATE nothing SET x = 1"),
    }
    with closing(connect(place, busy=1)) as connection, pytest.raises(sqlite3.OperationalError):
        upgrade(place, connection, steps=steps, target=LATER)
    store = SqliteStore(place.path)
    assert list(store.load().runs) == ["runs.a"]
    store.close()


def test_of_several_that_come_at_once_one_upgrades(place: Place) -> None:
    def come(_number: int) -> bool:
        with closing(connect(place, busy=10)) as connection:
            return upgrade(place, connection, steps=STEPS_OF_A_LATER_VERSION, target=LATER) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(come, range(8))) == 1
    assert notes(place.path) == [("from runs.a",)]
