"""Records and decisions for tests of a state, as short as they can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from launchctl.state.model import (
    AttemptRecord,
    ConfigRecord,
    Form,
    GenerationRecord,
    Head,
    Policy,
    RunRecord,
    Standing,
)
from launchctl.state.store import PutAttempt, PutConfig, PutGeneration, PutRun, StateStore, Write
from launchctl.status import Status

HEAD = Head("3f09a1c2", 0, "churn", "acme", "default")
NOW = 1_700_000_000.0


def form(intent: str = "i1", placement: str = "p1", metadata: str = "m1", *, text: str = "") -> Form:
    """A form whose canonical text follows from its fingerprints."""
    canonical = text or f'{{"intent":"{intent}","metadata":"{metadata}","placement":"{placement}"}}'
    return Form(1, canonical, intent, placement, metadata)


def run(
    name: str, generation: int = 1, *, accepted: Form | None = None, standing: Standing = Standing.ACTIVE
) -> RunRecord:
    """The record of `runs.NAME`."""
    accepted = accepted or form()
    return RunRecord(f"runs.{name}", standing, accepted, False, generation, {accepted.intent: generation})


def generation(
    name: str,
    number: int = 1,
    *,
    accepted: Form | None = None,
    queue: str = "gpu",
    depends_on: tuple[str, ...] = (),
    upstream: Mapping[str, int] | None = None,
) -> GenerationRecord:
    """Generation `number` of `runs.NAME`."""
    policy = Policy(queue, "docker", depends_on=depends_on, retry_max=2, retry_on=("preempted", "infra"), backoff=1.5)
    first = f"runs-{name}-g{number}a1"
    return GenerationRecord(
        f"runs.{name}", number, accepted or form(), policy, first, "never_run", 1, NOW, upstream or {}
    )


def attempt(name: str, number: int = 1, *, of: int = 1, status: Status = Status.PENDING) -> AttemptRecord:
    """Attempt `number` of generation `of` of `runs.NAME`."""
    run_id = f"runs-{name}-g{of}a{number}"
    manifest = f'{{"body":{{"name":"{run_id}"}}}}'
    return AttemptRecord(f"runs.{name}", of, number, run_id, status, manifest, sequence=10 * of + number, since=NOW)


def start(name: str, number: int = 1, *, queue: str = "gpu", accepted: Form | None = None) -> tuple[Write, ...]:
    """The decision to start generation `number` of `runs.NAME`."""
    return (
        PutRun(run(name, number, accepted=accepted)),
        PutGeneration(generation(name, number, queue=queue, accepted=accepted)),
        PutAttempt(attempt(name, of=number)),
    )


def limit(queue: str, max_jobs: int | None) -> PutConfig:
    """A queue's record."""
    return PutConfig(ConfigRecord(f"queues.{queue}", f'{{"max_jobs":{max_jobs or "null"}}}', max_jobs))


def decide(store: StateStore, writes: Sequence[Write], owner: str = "tester") -> int:
    """Decide on top of whatever the serial is."""
    head = store.head()
    assert head is not None
    with store.lease(owner) as lease:
        return store.decide(lease, head.serial, writes)


def latest(store: StateStore, name: str) -> AttemptRecord:
    """The latest attempt of `runs.NAME`, as it is on record."""
    found = store.load().runs[f"runs.{name}"].latest
    assert found is not None
    return found


def claim_one(store: StateStore, name: str, *, owner: str = "tester", now: float = NOW) -> AttemptRecord:
    """Claim the latest attempt of a run for a minute; it must succeed."""
    (claimed,) = store.claim([latest(store, name)], owner, now, now + 60)
    return claimed


def record_as(store: StateStore, attempt: AttemptRecord, status: Status) -> AttemptRecord:
    """Record a status; it must be taken."""
    (taken,) = store.record([replace(attempt, status=status)])
    return taken
