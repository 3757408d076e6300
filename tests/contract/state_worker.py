"""A process that works on an SQLite state until it is done or killed; tells each step once it has returned."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from state_records import HEAD, attempt, generation, run
from state_sweeps import series, trial

from launchctl.errors import StalePlan, StateError, StateLocked
from launchctl.state import upgrade
from launchctl.state.database import connect
from launchctl.state.owner import current_owner
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutAttempt, PutGeneration, PutRun, Write
from launchctl.status import Status

BATCH = 10
DECISIONS = 40


def tell(text: str) -> None:
    """A line for the parent, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def batch(serial: int) -> list[Write]:
    """The decision that leads from `serial` to the next: ten runs that start together."""
    writes: list[Write] = []
    for number in range(BATCH):
        name = f"s{serial:04}-{number}"
        made = replace(generation(name), serial=serial + 1)
        writes += [PutRun(run(name)), PutGeneration(made), PutAttempt(attempt(name))]
    return writes


def work(store: SqliteStore) -> None:
    """Four steps for each ten runs, for ever: decide, claim, record as submitted, record as succeeded."""
    owner = current_owner()
    tell("ready")
    while True:
        head = store.head()
        assert head is not None
        with store.lease(owner) as lease:
            store.decide(lease, head.serial, batch(head.serial))
            tell("decided")
        wanted = [attempt(f"s{head.serial:04}-{number}") for number in range(BATCH)]
        claimed = store.claim(wanted, owner, time.time(), time.time() + 60)
        tell("claimed")
        submitted = store.record([replace(found, status=Status.SUBMITTED) for found in claimed])
        tell("submitted")
        store.record([replace(found, status=Status.SUCCEEDED) for found in submitted])
        tell("succeeded")


def drain(store: SqliteStore) -> None:
    """Claim five at a time until nothing is pending; tell what was claimed and how many were active at most."""
    owner = current_owner()
    most = 0
    tell("ready")
    while True:
        attempts = [found for state in store.load().runs.values() for found in state.attempts]
        most = max(most, sum(found.status.is_active for found in attempts))
        pending = [found for found in attempts if found.status is Status.PENDING]
        if not pending:
            break
        mine = store.claim(pending[:5], owner, time.time(), time.time() + 60)
        for found in mine:
            tell(f"claimed {found.run_id}")
        store.record([replace(found, status=Status.SUCCEEDED) for found in mine])
    tell(f"most {most}")


def draw(store: SqliteStore) -> None:
    """Draw ten trials at a time from `sweeps.lr`, for ever, and measure each of them in one step."""
    tell("ready")
    while True:
        state = store.load()
        first = len(state.runs)
        trials = [trial(f"{number:08x}") for number in range(first, first + BATCH)]
        if store.draw(state.sweeps["sweeps.lr"], trials):
            tell("drawn")
            store.measure([series(one) for one in trials])
            tell("measured")


def decide(store: SqliteStore) -> None:
    """Decide against everybody else until the serial is reached; tell each serial that was won."""
    owner = current_owner()
    tell("ready")
    while True:
        head = store.head()
        assert head is not None
        if head.serial >= DECISIONS:
            return
        try:
            with store.lease(owner) as lease:
                tell(f"won {store.decide(lease, head.serial, batch(head.serial))}")
        except (StalePlan, StateLocked):
            time.sleep(0.001)


def create(store: SqliteStore) -> None:
    """Create the state once everybody is there."""
    tell("ready")
    sys.stdin.readline()
    try:
        store.create(replace(HEAD, lineage=current_owner()))
    except StateError:
        tell("lost")
    else:
        tell("won")


def create_many(store: SqliteStore) -> None:
    """Create one state after the other in folders of their own, for ever."""
    tell("ready")
    for number in range(1_000_000):
        SqliteStore(store.place.path.parent / str(number) / ".launchctl" / "state.db").create(HEAD)
        tell(f"created {number}")


def upgrade_and_die(store: SqliteStore) -> None:
    """Bring a state of format 1 up to date, and be killed before that is committed."""

    def last(connection: sqlite3.Connection) -> None:
        upgrade.STEPS[1](connection)
        os.kill(os.getpid(), signal.SIGKILL)

    upgrade.upgrade(store.place, connect(store.place, busy=1), steps={1: last}, target=2)


ROLES: Mapping[str, Callable[[SqliteStore], None]] = {
    "work": work,
    "drain": drain,
    "decide": decide,
    "create": create,
    "create-many": create_many,
    "draw": draw,
    "upgrade-and-die": upgrade_and_die,
}

if __name__ == "__main__":
    _, role, place, log = sys.argv
    ROLES[role](SqliteStore(Path(place), journal="wal" if log == "wal" else "delete"))
