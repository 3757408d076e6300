"""The one small interface behind which every state lives: SQLite here, shared stores by URL.

*Deciding* holds the lease and moves the serial. *Draining* holds none: each attempt is claimed
by one conditional write. Every write of either kind is one atomic step, durable when it returns.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

from launchctl.state.model import (
    AttemptRecord,
    Claim,
    ConfigRecord,
    Contents,
    GenerationRecord,
    Head,
    NewTrial,
    RunRecord,
    Series,
    State,
    SweepRecord,
)


class PutRun(NamedTuple):
    """Insert or replace a run's record."""

    record: RunRecord


class PutGeneration(NamedTuple):
    """Insert a generation, or replace one: its form only while its latest attempt is pending, the rest always."""

    record: GenerationRecord


class PutAttempt(NamedTuple):
    """Insert an attempt, or replace one that is pending."""

    record: AttemptRecord


class PutLaunch(NamedTuple):
    """Replace the manifest of an attempt that is under way: what may follow it, never what it is."""

    address: str
    generation: int
    number: int
    manifest: str


class DropAttempt(NamedTuple):
    """Delete a pending attempt (and its generation, where it was the only one)."""

    address: str
    generation: int
    number: int


class RequestCancel(NamedTuple):
    """Mark an attempt so that the next drain cancels it at its provider; one that has ended stays as it is."""

    address: str
    generation: int
    number: int


class RenameRun(NamedTuple):
    """Give a run and all its history another address, for those too that depend on it; its run ids stay."""

    source: str
    target: str


class DropRun(NamedTuple):
    """Delete the record of a run that has no generation."""

    address: str


class PutSweep(NamedTuple):
    """Insert or replace a sweep's record; its revision is raised by one whatever the record says."""

    record: SweepRecord


class ExpectSweep(NamedTuple):
    """Change nothing, and refuse the decision where trials of a sweep were drawn since it was looked at."""

    address: str
    revision: int


class RenameSweep(NamedTuple):
    """Give a sweep, its trials and all their history another name, for those too that depend on it; ids stay."""

    source: str
    target: str


class PutConfig(NamedTuple):
    """Insert or replace a queue's or an agent's record."""

    record: ConfigRecord


class DropConfig(NamedTuple):
    """Delete a queue's or an agent's record."""

    address: str


Write: TypeAlias = (
    PutRun
    | PutGeneration
    | PutAttempt
    | PutLaunch
    | DropAttempt
    | RequestCancel
    | RenameRun
    | DropRun
    | PutSweep
    | ExpectSweep
    | RenameSweep
    | PutConfig
    | DropConfig
)


class Lease(NamedTuple):
    """The right to decide: who holds it, and the fencing number that every write of a decision checks."""

    owner: str
    fence: int
    took_over_from: str | None = None
    """The owner of an expired lease that this one replaced, for the line that says so."""


class LeaseInfo(NamedTuple):
    """A lease as others see it."""

    owner: str
    since: float
    expires_at: float
    fence: int


class StateStore(Protocol):
    """A place where state is kept."""

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        ...

    def head(self) -> Head | None:
        """Identity and serial, or None where no state was ever created.

        Raises:
            StateMissing: there was one, and it is gone.
            StateError: empty, torn, foreign or newer than this version: never mistaken for absence.
        """
        ...

    def create(self, head: Head, contents: Contents | None = None) -> None:
        """Create the state, only if there is none, with what `contents` hold; raises StateError if there is one by now.

        With contents it also brings back a state of the same lineage that is missing.
        """
        ...

    def load(self) -> State:
        """A consistent snapshot; raises StateError as `head` does, and where no state exists.

        An attempt that is terminal and released comes without its manifest, which `history` has.
        """
        ...

    def revision(self) -> Hashable:
        """Another one after each write of anybody else: with an equal one, what was loaded and what this store
        wrote since is all there is."""
        ...

    def history(self, address: str) -> tuple[tuple[GenerationRecord, ...], tuple[AttemptRecord, ...]]:
        """Every generation and attempt of an address, oldest first, with manifests; the whole state for `*`."""
        ...

    def contents(self) -> Contents:
        """All that is recorded, in one consistent reading (`state pull`)."""
        ...

    def lease(self, owner: str) -> AbstractContextManager[Lease]:
        """Hold the right to decide, with a heartbeat while it is held.

        Raises:
            StateLocked: somebody else holds it and has not expired; names the owner and since when.
        """
        ...

    def lease_info(self) -> LeaseInfo | None:
        """Who holds the lease now."""
        ...

    def break_lease(self) -> LeaseInfo | None:
        """Take the lease away from whoever holds it (`state unlock`); its later writes are refused by the fence."""
        ...

    def decide(self, lease: Lease, serial: int, writes: Sequence[Write]) -> int:
        """Apply a decision in one step, in the order of its writes, and return the next serial.

        A generation comes before its attempts. Nothing was written where it raises.

        Raises:
            StateLocked: the lease was taken over or broken meanwhile.
            StalePlan: the serial is not the state's any more, or a drain started what was to be changed.
        """
        ...

    def replace(self, lease: Lease, contents: Contents) -> None:
        """Put other contents in the place of all that is recorded, lineage and serial included (`state push`).

        Raises:
            StateLocked: the lease was taken over or broken meanwhile.
        """
        ...

    def claim(
        self, attempts: Sequence[AttemptRecord], owner: str, now: float, expires_at: float
    ) -> tuple[AttemptRecord, ...]:
        """Of pending attempts (or left in `intent` under an expired or dead claim), those that are now the owner's.

        Moves each from `pending` to `intent` in one step with its claim, in the order given, and only
        while its queue has room: fewer active attempts on the queue than the `max_jobs` on record, and for a trial
        fewer active trials of its sweep than the `parallel` on record.
        Left alone is what was asked to be cancelled, what must wait until `not_before`, and what was
        given another manifest than the caller's. The records returned are those on record, with the claim:
        one fence for all, higher than that of every claim before.
        """
        ...

    def renew(self, attempts: Sequence[AttemptRecord], held: Claim, expires_at: float) -> None:
        """Extend claims while a slow create is under way."""
        ...

    def record(self, attempts: Sequence[AttemptRecord]) -> tuple[AttemptRecord, ...]:
        """Write observations and outcomes in one step; returns those that were taken, as they are on record now.

        An attempt is taken where its record is not terminal, and where a claim is on record only with
        the same fence (observing an attempt in `intent` needs its claim; one that was submitted has none).
        A terminal record never changes, but for `is_released`, which becomes true, and by `resolve`.
        An attempt is known by its run id, whatever its address is by now; its manifest and sequence stay,
        a request to cancel is never taken back, and what was submitted never waits again.
        """
        ...

    def add_attempt(self, record: AttemptRecord) -> bool:
        """Append the next attempt that a recorded retry policy allows; False where another drain was first."""
        ...

    def draw(self, sweep: SweepRecord, trials: Sequence[NewTrial]) -> bool:
        """Append trials that were drawn from a sweep, all in one step; False where nothing was written.

        They are taken while the sweep on record is active and has the same epoch and revision, which is raised by
        one: of two drains that draw the same trial, one comes first. A trial whose address is on record begins its
        generation, which must be new there.
        """
        ...

    def measure(self, series: Sequence[Series]) -> None:
        """Keep what attempts said of their metrics; a longer reading replaces a shorter one, never the other way.

        One by other rules, of another metric or source, replaces any.
        """
        ...

    def series(self, address: str) -> Mapping[str, Series]:
        """The readings of all trials of a sweep, of every epoch, by run id."""
        ...

    def resolve(self, record: AttemptRecord) -> None:
        """Replace the status of a lost attempt by what a person says it was; raises StateError for any other."""
        ...

    def close(self) -> None:
        """Give back files and connections."""
        ...
