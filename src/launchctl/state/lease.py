"""The lease of deciders: one holder, a heartbeat while it works, a fence that outlives it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from launchctl.errors import StateError, StateLocked
from launchctl.state.owner import describe, is_dead
from launchctl.state.rows import check
from launchctl.state.store import Lease, LeaseInfo


def read_lease(connection: sqlite3.Connection) -> LeaseInfo | None:
    """The lease on record, expired or not."""
    row = connection.execute("SELECT owner, since, expires_at, fence FROM lease").fetchone()
    if row is None:
        return None
    check("TRRI", row)
    return LeaseInfo(*row)


def take_lease(connection: sqlite3.Connection, owner: str, now: float, seconds: float) -> Lease:
    """The lease, if nobody holds it, if it has expired, or if its owner is a process of this host that is gone."""
    held = read_lease(connection)
    if held is not None and held.expires_at > now and not is_dead(held.owner):
        raise locked(held, now)
    (fence,) = connection.execute("SELECT lease_fence + 1 FROM head").fetchone()
    connection.execute("UPDATE head SET lease_fence = ?", (fence,))
    connection.execute(
        "INSERT OR REPLACE INTO lease (id, owner, since, expires_at, fence) VALUES (1, ?, ?, ?, ?)",
        (owner, now, now + seconds, fence),
    )
    return Lease(owner, fence, held.owner if held else None)


def extend_lease(connection: sqlite3.Connection, lease: Lease, expires_at: float) -> bool:
    """Keep the lease; False where it is somebody else's by now."""
    changed = connection.execute("UPDATE lease SET expires_at = ? WHERE fence = ?", (expires_at, lease.fence))
    return changed.rowcount == 1


def give_back(connection: sqlite3.Connection, lease: Lease) -> None:
    """End the lease, unless it is somebody else's by now."""
    connection.execute("DELETE FROM lease WHERE fence = ?", (lease.fence,))


def require_lease(connection: sqlite3.Connection, lease: Lease) -> None:
    """Refuse a decider whose lease was taken over or broken meanwhile."""
    held = read_lease(connection)
    if held is None:
        raise StateLocked("the lock on the state was broken meanwhile: nothing was decided", hint="plan again")
    if held.fence != lease.fence:
        raise StateLocked(
            f"the lock on the state was taken over by {describe(held.owner)}: nothing was decided", hint="plan again"
        )


def locked(held: LeaseInfo, now: float) -> StateLocked:
    """The error that names who holds the lease, and since when."""
    return StateLocked(
        f"the state is locked by {describe(held.owner)}, since {max(0, round(now - held.since))} s",
        hint="wait for it to end; if nothing works on it any more: `launchctl state unlock`",
    )


@contextmanager
def heartbeat(beat: Callable[[], bool], every: float) -> Iterator[None]:
    """Call `beat` from a thread of its own until the block ends or it says no.

    A beat that fails is tried again at the next: the lease expires only after several.
    """
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every):
            with suppress(StateError):
                if not beat():
                    return

    thread = threading.Thread(target=run, name="state-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
