"""Repair keeps sweeps, trials and metrics as far as they can be read, and draws nothing without a vouched record."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from state_records import HEAD, NOW, decide, record_as
from state_sweeps import draw, series, start_trial, sweep, trial

from launchctl.state.model import Contents, Form, Standing, SweepRecord
from launchctl.state.repair import repair
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep
from launchctl.status import Status


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state whose sweep `lr` is in epoch 5: `0` succeeded, `1` runs, `2` waits."""
    store = SqliteStore(tmp_path / "state.db")
    store.create(HEAD)
    decide(store, [PutSweep(sweep("lr", 5)), PutSweep(sweep("other"))])
    draw(store, "0", "1", "2", epoch=5)
    record_as(store, start_trial(store, "0"), Status.SUCCEEDED)
    start_trial(store, "1")
    store.measure([series(trial("0", 5)), series(trial("1", 5))])
    store.close()
    return store.place.path


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def recorded(path: Path) -> Contents:
    store = SqliteStore(path)
    found = store.contents()
    store.close()
    return found


def test_sound_state_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert repair(path, NOW) == ("sound: serial 1, 3 runs, 3 generations, 3 attempts, 2 sweeps",)
    assert path.read_bytes() == before


def test_what_survives_is_the_same(path: Path) -> None:
    before = recorded(path)
    damage(path, "UPDATE series SET position = 'x' WHERE attempt = 1")
    lines = repair(path, NOW)
    assert lines[-1] == "made anew: serial 2, 3 runs, 3 generations, 3 attempts, 2 sweeps"
    assert recorded(path) == replace(before, head=replace(before.head, serial=2), series=before.series[1:])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE series SET points = x'000000000000f87f' WHERE attempt = 1",
        "UPDATE series SET points = x'0000' WHERE attempt = 1",
        "UPDATE series SET points = 'text' WHERE attempt = 1",
        "UPDATE series SET last = '{\"loss\":NaN}' WHERE attempt = 1",
        "UPDATE series SET last = '[]' WHERE attempt = 1",
        "UPDATE series SET last = '{\"loss\":null}' WHERE attempt = 1",
    ],
)
def test_metrics_that_cannot_be_read_are_left_out(path: Path, statement: str) -> None:
    damage(path, statement)
    assert repair(path, NOW)[0].startswith("the state ")
    assert [one.run_id for one in recorded(path).series] == ["lr-1-e5a1"]


def test_metrics_of_a_lost_attempt_are_left_out(path: Path) -> None:
    damage(path, "UPDATE attempts SET handle = 'x' WHERE address = 'sweeps.lr[1]'")
    assert "sweeps.lr[1]@e5#a1: its record was lost, and so it is held as lost" in repair(path, NOW)
    found = recorded(path)
    assert [one.run_id for one in found.series] == ["lr-0-e5a1"]
    assert [one.status for one in found.attempts] == [Status.SUCCEEDED, Status.LOST, Status.PENDING]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE sweeps SET epoch = 'x' WHERE address = 'sweeps.lr'", "DELETE FROM sweeps", "DROP TABLE sweeps"],
)
def test_sweep_that_is_lost_draws_nothing_and_keeps_its_epoch(path: Path, statement: str) -> None:
    damage(path, statement, "UPDATE configs SET max_jobs = 'x'", "UPDATE series SET position = 'x'")
    assert "sweeps.lr: its record was lost; the next apply of it begins a new epoch" in repair(path, NOW)
    store = SqliteStore(path)
    found = store.load().sweeps["sweeps.lr"]
    assert found == SweepRecord("sweeps.lr", Standing.FORGOTTEN, 5, Form(0, "{}", "", "", ""), "{}", None)
    assert found.is_lost
    assert not store.load().sweeps.get("sweeps.other", sweep()).is_lost
    assert not store.draw(found, [trial("3", 5)])
    store.close()


def test_trial_whose_point_is_lost_keeps_its_outcome(path: Path) -> None:
    damage(path, "UPDATE generations SET trial = '[1,2' WHERE address = 'sweeps.lr[0]'")
    assert "sweeps.lr[0]@e5: its record was lost and made anew from what was last accepted" in repair(path, NOW)
    found = recorded(path)
    assert (found.generations[0].number, found.generations[0].trial) == (5, None)
    assert found.attempts[0].status is Status.SUCCEEDED


@pytest.mark.parametrize(
    "text", ["", "null", "[0,1]", "[0,1,{}]x", "[0,1,[]]", "[true,1,{}]", '["0",1,{}]', "[0,1,{},2]", "{}"]
)
def test_point_that_is_none_is_damage(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE generations SET trial = ? WHERE address = 'sweeps.lr[0]'", (text,))
    assert "unreadable generation sweeps.lr[0]@e5" in repair(path, NOW)[0]


def test_torn_page_of_metrics_costs_metrics_alone(path: Path) -> None:
    before = recorded(path)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'series'").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = bytes(4096)
    path.write_bytes(data)
    repair(path, NOW)
    assert recorded(path) == replace(before, head=replace(before.head, serial=2), series=())
