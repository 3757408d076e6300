"""Reading a sweep for a reader: from the state where it is on record, else from the project. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.addresses import Address, Kind, Reference, parse_reference
from launchctl.compiler.sweep.codec import from_text
from launchctl.engine.session import Session
from launchctl.engine.sweep.report import SweepReport, TrialHistory, report_of, report_of_new
from launchctl.errors import UsageError
from launchctl.state.model import State, SweepRecord
from launchctl.suggest import did_you_mean
from launchctl.sweeps.searcher import page, size


def read_sweep(
    session: Session, text: str, epoch: int | None = None, *, first: int = 20, refresh: bool = True, news: bool = False
) -> SweepReport:
    """The sweep that a text names, `lr` or `sweeps.lr`, in an epoch or its latest.

    With `refresh` targets are asked what runs now, and with `news` also for what trials have said since a drain
    last read them. Of a sweep that was never applied it has so many of the first trials, all where that is 0.

    Raises:
        UsageError: nobody knows such a sweep, or it has no such epoch.
    """
    reference = _reference(text)
    wanted = epoch or reference.generation
    address = str(reference.address)
    state = session.observed_state() if refresh else session.state()
    record = state.sweeps.get(address) if state else None
    if state is not None and record is not None and not record.is_lost:
        return _recorded(session, state, record, wanted, news=refresh and news)
    program = session.compiled.program
    spec = program.sweeps.get(reference.address.name) if program else None
    if spec is None:
        raise UsageError(f"there is no sweep {address}", hint=did_you_mean(address, sweep_addresses(session, state)))
    if wanted is not None:
        raise UsageError(f"{address} has no epoch {wanted}: it was never applied")
    total = size(spec.search)
    return report_of_new(spec, page(spec.search, 0, first or total or 0), total)


def sweep_addresses(session: Session, state: State | None) -> tuple[str, ...]:
    """The sweeps of the project and of the state."""
    program = session.compiled.program
    named = (str(found.address) for found in program.sweeps.values()) if program else ()
    return tuple(dict.fromkeys((*named, *(state.sweeps if state else ()))))


def _reference(text: str) -> Reference:
    found = parse_reference(text if "." in text.partition("[")[0] else f"{Kind.SWEEPS.value}.{text}")
    if found is None or found.address.kind is not Kind.SWEEPS or found.attempt is not None:
        raise UsageError(f'"{text}" is no sweep', hint="as in `sweeps.lr`, or `lr` alone")
    if found.address.key:
        raise UsageError(
            f"{found.address} is one trial of a sweep", hint=f"`launchctl sweep show {_whole(found.address)}`"
        )
    return found


def _whole(address: Address) -> Address:
    return Address(address.kind, address.name)


def _recorded(session: Session, state: State, record: SweepRecord, wanted: int | None, *, news: bool) -> SweepReport:
    epoch = wanted or record.epoch
    if not 1 <= epoch <= record.epoch:
        epochs = "one epoch" if record.epoch == 1 else f"epochs 1 to {record.epoch}"
        raise UsageError(f"{record.address} has no epoch {epoch}", hint=f"it has {epochs}")
    spec, _ = from_text(record.spec)
    trials = list(_latest(state, record) if epoch == record.epoch else _earlier(session, record, epoch))
    series = session.store.series(record.address)
    if news and epoch == record.epoch:
        from launchctl.engine.sweep.looking import with_news

        series = with_news(session, spec.search, (found.attempt for found in trials if found.attempt), series)
    return report_of(
        spec,
        trials,
        {run_id: session.redactor.series(found) for run_id, found in series.items()},
        epoch=epoch,
        latest_epoch=record.epoch,
        standing=record.standing,
        size=size(spec.search),
    )


def _latest(state: State, record: SweepRecord) -> Iterator[TrialHistory]:
    """The trials of the present epoch; one that the epoch has no more keeps an older number."""
    for address, run in state.runs.items():
        if address.startswith(f"{record.address}[") and run.generation is not None:
            yield TrialHistory(run.generation, run.latest, run.run.standing is not record.standing)


def _earlier(session: Session, record: SweepRecord, epoch: int) -> Iterator[TrialHistory]:
    generations, attempts = session.store.history("*")
    latest = {found.address: found for found in attempts if found.generation == epoch}
    for found in generations:
        if found.number == epoch and found.address.startswith(f"{record.address}["):
            yield TrialHistory(found, latest.get(found.address))
