"""A state that a version without sweeps made goes on, with nothing lost and nothing started again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import state_worker
from state_format_1 import make_state
from state_records import HEAD, NOW, attempt, decide, generation, limit, run
from state_sweeps import draw, series, start_trial, sweep, trial

from launchctl.state.model import Claim, Contents
from launchctl.state.repair import repair
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep
from launchctl.status import Status

STATUSES = {"a": "succeeded", "b": "running", "c": "pending", "d": "intent"}
RECORDED = Contents(
    replace(HEAD, serial=2),
    tuple(run(name) for name in STATUSES),
    tuple(generation(name) for name in STATUSES),
    (
        *(attempt(name, status=Status(status)) for name, status in STATUSES.items() if status != "intent"),
        replace(attempt("d", status=Status.INTENT), claim=Claim("ada", NOW + 60, 1)),
    ),
    (limit("gpu", 2).record,),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_state(tmp_path / "state.db", STATUSES)
    return tmp_path / "state.db"


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        return int(found)


def columns(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """Name, type and whether NULL is allowed, of every column of every table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in tables}
    return {name: {(row[1], row[2], row[3], row[5]) for row in rows} for name, rows in found.items()}


def test_every_record_is_what_it_was(path: Path) -> None:
    store = SqliteStore(path)
    assert store.contents() == RECORDED
    store.close()
    assert version(path) == 2


def test_file_as_it_was_is_kept(path: Path) -> None:
    store = SqliteStore(path)
    assert store.head() == RECORDED.head
    store.close()
    kept = path.with_name("state.db.v1")
    assert version(kept) == 1
    assert kept.stat().st_mode & 0o777 == 0o600


def test_tables_are_those_of_a_new_state(path: Path, tmp_path: Path) -> None:
    made, upgraded = SqliteStore(tmp_path / "new.db"), SqliteStore(path)
    made.create(HEAD)
    upgraded.load()
    for store in (made, upgraded):
        store.close()
    assert columns(path) == columns(tmp_path / "new.db")


def test_sweeps_are_kept_from_then_on(path: Path) -> None:
    store = SqliteStore(path)
    decide(store, [limit("gpu", None), PutSweep(sweep(parallel=1))])
    draw(store, "0", "1")
    running = start_trial(store, "0")
    store.record([replace(running, prune_requested=True)])
    store.measure([series(trial("0"))])
    assert list(store.series("sweeps.lr")) == ["lr-0-e1a1"]
    assert store.contents().attempts[:4] == RECORDED.attempts
    store.close()
    assert repair(path, NOW)[0].startswith("sound: ")


def test_of_several_that_open_it_at_once_each_finds_it_done(path: Path) -> None:
    def come(_number: int) -> Contents:
        store = SqliteStore(path)
        found = store.contents()
        store.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(come, range(8))) == [RECORDED] * 8


def test_killed_in_the_middle_it_is_as_it_was_and_the_next_goes_on(path: Path) -> None:
    done = subprocess.run([sys.executable, state_worker.__file__, "upgrade-and-die", str(path), "wal"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert version(path) == 1
    store = SqliteStore(path)
    assert store.contents() == RECORDED
    store.close()


def test_damaged_file_of_format_1_is_repaired_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE attempts SET handle = '?' WHERE address = 'runs.b'")
    assert "runs.b@g1#a1: its record was lost, and so it is held as lost" in repair(path, NOW)
    store = SqliteStore(path)
    found = store.contents()
    store.close()
    assert found.runs == RECORDED.runs
    assert [(record.address, record.status.value) for record in found.attempts] == [
        ("runs.a", "succeeded"),
        ("runs.b", "lost"),
        ("runs.c", "pending"),
        ("runs.d", "intent"),
    ]


def test_torn_file_of_format_1_is_salvaged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'configs'").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = bytes(4096)
    path.write_bytes(data)
    lines = repair(path, NOW)
    assert lines[-1] == "made anew: serial 3, 4 runs, 4 generations, 4 attempts"
    store = SqliteStore(path)
    found = store.contents()
    store.close()
    assert (found.runs, found.generations, found.attempts) == (RECORDED.runs, RECORDED.generations, RECORDED.attempts)
