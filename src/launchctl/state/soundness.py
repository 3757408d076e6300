"""What must hold between the records of a state, whoever wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from launchctl.addresses import parse_address
from launchctl.state.model import AttemptRecord, Contents
from launchctl.status import Status


def faults(contents: Contents) -> tuple[str, ...]:
    """Everything that cannot be, one sentence each; empty for a sound state."""
    return (*_run_faults(contents), *_generation_faults(contents), *_attempt_faults(contents))


def _run_faults(contents: Contents) -> Iterator[str]:
    yield from _repeated("run", (run.address for run in contents.runs))
    yield from _repeated("queue or agent", (config.address for config in contents.configs))
    latest = dict[str, int]()
    for generation in contents.generations:
        latest[generation.address] = max(latest.get(generation.address, 0), generation.number)
    for run in contents.runs:
        if parse_address(run.address) is None:
            yield f'"{run.address}" is no address'
        if run.generation != latest.get(run.address, 0):
            yield f"{run.address} has generation {run.generation} but records up to {latest.get(run.address, 0)}"


def _generation_faults(contents: Contents) -> Iterator[str]:
    runs = {run.address for run in contents.runs}
    tried = {(attempt.address, attempt.generation) for attempt in contents.attempts}
    yield from _repeated("generation", (f"{record.address}@g{record.number}" for record in contents.generations))
    for record in contents.generations:
        name = f"{record.address}@g{record.number}"
        if record.address not in runs:
            yield f"{name} has no run"
        if (record.address, record.number) not in tried:
            yield f"{name} has no attempt"
        if record.number < 1:
            yield f"{name} has no valid number"
        if record.serial > contents.head.serial:
            yield f"{name} was decided at serial {record.serial}, later than the state's {contents.head.serial}"


def _attempt_faults(contents: Contents) -> Iterator[str]:
    generations = {(record.address, record.number) for record in contents.generations}
    yield from _repeated("attempt", map(_name, contents.attempts))
    yield from _repeated("run id", (record.run_id for record in contents.attempts))
    latest = dict[tuple[str, int], int]()
    for record in contents.attempts:
        key = (record.address, record.generation)
        latest[key] = max(latest.get(key, 0), record.number)
    for record in contents.attempts:
        key = (record.address, record.generation)
        if key not in generations:
            yield f"{_name(record)} has no generation"
        if record.number < 1:
            yield f"{_name(record)} has no valid number"
        if not record.status.is_terminal and record.number != latest[key]:
            yield f"{_name(record)} is {record.status}, but #a{latest[key]} came after it"
        if record.claim is not None and record.status is not Status.INTENT:
            yield f"{_name(record)} is {record.status} and still claimed"


def _name(record: AttemptRecord) -> str:
    return f"{record.address}@g{record.generation}#a{record.number}"


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the {what} {name} is recorded {count} times"
