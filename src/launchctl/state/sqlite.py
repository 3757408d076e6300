"""The default state: one SQLite file of the standard library, safe for any number of processes of one machine.

Every method is one transaction: it happened as a whole or not at all, whenever the process dies.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from launchctl.errors import StalePlan, StateError
from launchctl.state import claim, database, decision, lease, snapshot
from launchctl.state.database import Database, Journal
from launchctl.state.model import (
    AttemptRecord,
    Claim,
    Contents,
    GenerationRecord,
    Head,
    NewTrial,
    Series,
    State,
    SweepRecord,
)
from launchctl.state.place import Place
from launchctl.state.store import Lease, LeaseInfo, Write
from launchctl.state.trials import draw_trials, keep_series

LEASE_SECONDS = 60.0
"""How long a lease outlives its last heartbeat; there are three in that time."""

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process's, which takes milliseconds."""

_MANY = 1_000
"""Records in one step from which on it is worth a larger cache."""


class SqliteStore:
    """A `StateStore` in a file; without a `journal` its file system decides which."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        lease_seconds: float = LEASE_SECONDS,
        busy_seconds: float = BUSY_SECONDS,
        journal: Journal | None = None,
    ) -> None:
        self.place = Place(path.absolute())
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._journal: Journal | None = journal
        self._database = Database(self.place, busy=busy_seconds, journal=journal)

    @property
    def url(self) -> str:
        """`sqlite:///` and the absolute path."""
        return f"sqlite:///{self.place.path}"

    def head(self) -> Head | None:
        """Identity and serial, or None where no state was ever created."""
        if not self.place.exists():
            return None
        with self._database.read() as connection:
            return snapshot.read_head(connection)

    def create(self, head: Head, contents: Contents | None = None) -> None:
        """Create the state; of several that try at once one wins, the others raise StateError."""
        database.create(self.place, head, contents, journal=self._journal)

    def load(self) -> State:
        """A consistent snapshot; a settled attempt comes without its manifest."""
        with self._database.read() as connection:
            return snapshot.read_state(connection)

    def revision(self) -> Hashable:
        """Another one after each write through any other connection, or when this one was opened again."""
        with self._database.read() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return (id(connection), version)

    def history(self, address: str) -> tuple[tuple[GenerationRecord, ...], tuple[AttemptRecord, ...]]:
        """Every generation and attempt of an address, oldest first, with manifests; the whole state for `*`."""
        with self._database.read() as connection:
            return snapshot.read_history(connection, None if address == "*" else address)

    def contents(self) -> Contents:
        """All that is recorded, in one consistent reading."""
        with self._database.read() as connection:
            return snapshot.read_contents(connection)

    @contextmanager
    def lease(self, owner: str) -> Iterator[Lease]:
        """Hold the right to decide; another thread keeps it alive."""
        with self._database.write() as connection:
            held = lease.take_lease(connection, owner, self._clock(), self._lease_seconds)
            lineage = snapshot.read_head(connection).lineage
        try:
            if self.place.lineage() is None:  # its maker was killed before it came to that
                self.place.write_marker(lineage)
            with lease.heartbeat(lambda: self._beat(held), self._lease_seconds / 3):
                yield held
        finally:
            with suppress(StateError):  # it expires by itself; what the block raised matters more
                self._give_back(held)

    def lease_info(self) -> LeaseInfo | None:
        """Who holds the lease now; an expired one counts as held until somebody takes it over."""
        with self._database.read() as connection:
            return lease.read_lease(connection)

    def break_lease(self) -> LeaseInfo | None:
        """Take the lease away from whoever holds it."""
        with self._database.write() as connection:
            held = lease.read_lease(connection)
            connection.execute("DELETE FROM lease")
            return held

    def decide(self, lease: Lease, serial: int, writes: Sequence[Write]) -> int:
        """Apply a decision in the order of its writes; a generation comes before its attempts.

        Raises:
            StateLocked: the lease was taken over or broken meanwhile.
            StalePlan: another decision or a drain was first; nothing was written.
        """
        with self._deciding(lease, len(writes)) as connection:
            recorded = snapshot.read_head(connection).serial
            if recorded != serial:
                raise StalePlan(
                    f"the state has moved on from serial {serial} to {recorded}: another apply decided meanwhile",
                    hint="plan again",
                )
            for item in writes:
                decision.write(connection, item)
            decision.require_whole(connection, writes)
            connection.execute("UPDATE head SET serial = ?", (serial + 1,))
        return serial + 1

    def replace(self, lease: Lease, contents: Contents) -> None:
        """Put other contents in the place of all that is recorded, lineage and serial included."""
        with self._deciding(lease, len(contents.attempts)) as connection:
            decision.replace_contents(connection, contents)
        self.place.write_marker(contents.head.lineage)

    def claim(
        self, attempts: Sequence[AttemptRecord], owner: str, now: float, expires_at: float
    ) -> tuple[AttemptRecord, ...]:
        """Those of the attempts that are now the owner's, as they are on record."""
        with self._database.write() as connection:
            return claim.claim_attempts(connection, attempts, owner, now, expires_at)

    def renew(self, attempts: Sequence[AttemptRecord], held: Claim, expires_at: float) -> None:
        """Extend what is still held under the claim."""
        with self._database.write() as connection:
            claim.renew_claims(connection, attempts, held, expires_at)

    def record(self, attempts: Sequence[AttemptRecord]) -> tuple[AttemptRecord, ...]:
        """Write outcomes; returns those that were taken, as they are on record now."""
        with self._database.write() as connection:
            return claim.record_outcomes(connection, attempts)

    def add_attempt(self, record: AttemptRecord) -> bool:
        """Append the next attempt, unless another drain or decision was first."""
        with self._database.write() as connection:
            return claim.append_attempt(connection, record)

    def draw(self, sweep: SweepRecord, trials: Sequence[NewTrial]) -> bool:
        """Append trials, unless the sweep is another one by now."""
        with self._database.write() as connection:
            return draw_trials(connection, sweep, trials)

    def measure(self, series: Sequence[Series]) -> None:
        """Keep readings; a longer one on record stays."""
        with self._database.write() as connection:
            keep_series(connection, series)

    def series(self, address: str) -> Mapping[str, Series]:
        """The readings of all trials of a sweep, by run id."""
        with self._database.read() as connection:
            return snapshot.read_sweep_series(connection, address)

    def resolve(self, record: AttemptRecord) -> None:
        """Replace the status of a lost attempt."""
        with self._database.write() as connection:
            claim.resolve_attempt(connection, record)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _deciding(self, held: Lease, records: int) -> Iterator[sqlite3.Connection]:
        write = self._database.write_much if records > _MANY else self._database.write
        with write() as connection:
            lease.require_lease(connection, held)
            yield connection

    def _beat(self, held: Lease) -> bool:
        with self._database.write() as connection:
            return lease.extend_lease(connection, held, self._clock() + self._lease_seconds)

    def _give_back(self, held: Lease) -> None:
        with self._database.write() as connection:
            lease.give_back(connection, held)
