"""What must hold between the records of a state, whoever wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from launchctl.addresses import Kind, attempt_name, generation_name, parse_address
from launchctl.state.model import AttemptRecord, Contents, SweepRecord
from launchctl.status import Status


def faults(contents: Contents) -> tuple[str, ...]:
    """Everything that cannot be, one sentence each; empty for a sound state."""
    return (
        *_run_faults(contents),
        *_generation_faults(contents),
        *_attempt_faults(contents),
        *_sweep_faults(contents),
        *_series_faults(contents),
    )


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
    yield from _repeated(
        "generation", (generation_name(record.address, record.number) for record in contents.generations)
    )
    for record in contents.generations:
        name = generation_name(record.address, record.number)
        if record.address not in runs:
            yield f"{name} has no run"
        if (record.address, record.number) not in tried:
            yield f"{name} has no attempt"
        if record.number < 1:
            yield f"{name} has no valid number"
        if record.serial > contents.head.serial:
            yield f"{name} was decided at serial {record.serial}, later than the state's {contents.head.serial}"
        if record.trial is not None and "[" not in record.address:
            yield f"{name} is a trial of no sweep"


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
        if record.prune_requested and not record.cancel_requested:
            yield f"{_name(record)} is to be stopped early, but not to be cancelled"


def _sweep_faults(contents: Contents) -> Iterator[str]:
    yield from _repeated("sweep", (sweep.address for sweep in contents.sweeps))
    for sweep in contents.sweeps:
        address = parse_address(sweep.address)
        if address is None or address.kind is not Kind.SWEEPS or address.key:
            yield f'"{sweep.address}" is no sweep'
        if sweep.serial > contents.head.serial:
            yield f"{sweep.address} was decided at serial {sweep.serial}, later than the state's {contents.head.serial}"
        yield from _invalid_numbers(sweep)


def _invalid_numbers(sweep: SweepRecord) -> Iterator[str]:
    if sweep.epoch < 1:
        yield f"{sweep.address} has no valid epoch"
    if sweep.parallel is not None and sweep.parallel < 1:
        yield f"{sweep.address} has no valid parallel"
    if sweep.revision < 0:
        yield f"{sweep.address} has no valid revision"


def _series_faults(contents: Contents) -> Iterator[str]:
    yield from _repeated("series", (series.run_id for series in contents.series))
    addresses = {attempt.run_id: attempt.address for attempt in contents.attempts}
    for series in contents.series:
        if addresses.get(series.run_id) != series.address:
            yield f"the metrics of {series.run_id} are of no attempt of {series.address}"
        if series.position < 0:
            yield f"the metrics of {series.run_id} have no valid position"


def _name(record: AttemptRecord) -> str:
    return attempt_name(*record.key)


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the {what} {name} is recorded {count} times"
