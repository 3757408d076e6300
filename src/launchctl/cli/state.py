"""`launchctl state`: the state, for people."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from launchctl.addresses import Address, Kind, Reference
from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import AddressArgument, address_of, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import state_place, visible
from launchctl.errors import LaunchctlError, StateError, UsageError

if TYPE_CHECKING:
    from launchctl.engine.session import Session
    from launchctl.state.model import RunState, Standing, State
    from launchctl.state.store import PutRun, Write
    from launchctl.values import JSON

app = command_app(help="Look at the state and mend it.", example=example("launchctl state list"))


@app.callback()
def state() -> None:
    """Look at the state and mend it."""


@app.command("list", epilog=example("launchctl state list"))
@with_project()
def list_(selection: Selection) -> int:
    """List the runs and sweeps on record, those that the project does not name any more too."""
    from launchctl.cli.project import opened_to_look
    from launchctl.cli.views.state_text import list_lines

    with opened_to_look(selection) as session:
        console.show(list_lines(_recorded(session)))
    return ExitCode.OK


@app.command(epilog=example("launchctl state show runs.baseline"))
@with_project()
def show(selection: Selection, address: AddressArgument) -> int:
    """Show one run or trial with its generations and attempts, or one sweep and how many trials it has."""
    from launchctl.cli.project import opened_to_look
    from launchctl.cli.views.state_text import show_lines, sweep_lines

    name = address_of(address)
    with opened_to_look(selection) as session:
        found = _recorded(session)
        if name in found.sweeps:
            console.show(sweep_lines(found.sweeps[name], _trials_of(found, name)))
        else:
            record = _run(found, name)
            console.show(show_lines(record.run, *session.store.history(record.run.address)))
    return ExitCode.OK


@app.command(epilog=example("launchctl state rm runs.baseline"))
@with_project()
def rm(selection: Selection, address: AddressArgument) -> int:
    """Forget a run, or a sweep with its trials: its history stays, and what runs goes on, untouched and unobserved."""
    from launchctl.cli.project import opened_to_look

    name = address_of(address)
    with opened_to_look(selection) as session:
        found = _recorded(session)
        if name in found.sweeps:
            writes, standing = _forgotten_sweep(found, name)
        else:
            write = _forgotten_run(_run(found, name))
            name, standing, writes = write.record.address, write.record.standing, [write]
        _decide(session, found, writes)
    console.say(f"{name} is {standing.value}")
    return ExitCode.OK


@app.command(epilog=example("launchctl state mv runs.first runs.baseline"))
@with_project()
def mv(
    selection: Selection,
    old: AddressArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The address from now on.")],
) -> int:
    """Give the history of a run, or of a sweep, another address. `moved:` in the project shows it in a review."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.store import RenameRun

    kind, source = _whole(old)
    other, target = _whole(new)
    if kind is not other:
        raise UsageError(f"{source} cannot become {target}", hint="a run stays a run, and a sweep a sweep")
    with opened_to_look(selection) as session:
        found = _recorded(session)
        if kind is Kind.SWEEPS:
            writes = _renamed_sweep(found, source, target)
        else:
            _run(found, source)
            if target in found.runs:
                raise _taken(target)
            writes = [RenameRun(source, target)]
        _decide(session, found, writes)
    console.say(f"{source} is {target} from now on")
    return ExitCode.OK


@app.command("import", epilog=example("launchctl state import --all", "launchctl state import runs.baseline"))
@with_project()
def import_(
    selection: Selection,
    address: Annotated[str | None, typer.Argument(metavar="ADDR", help="Objects of this run alone.")] = None,
    run_id: Annotated[str | None, typer.Argument(metavar="ID", help="Of these, the one of this name alone.")] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every object of this project that is not on record.")
    ] = False,
) -> int:
    """Adopt objects that carry this project's labels and that the state does not know."""
    from launchctl.cli.progress import PlainProgress
    from launchctl.cli.project import opened
    from launchctl.engine.adopt import adopt_all

    if everything == (address is not None):
        raise UsageError("say which objects are to be adopted", hint="`launchctl state import --all`, or an address")
    with opened(selection) as session:
        said = adopt_all(session, PlainProgress(), address_of(address) if address else "", run_id or "")
    console.show_text("".join(f"{visible(sentence)}\n" for sentence in said))
    if not said:
        console.say(f"Nothing to adopt: the state knows every object of {address or 'this project'}")
    return ExitCode.OK


@app.command(epilog=example("launchctl state pull > state.json"))
@with_project()
def pull(selection: Selection) -> int:
    """Print the whole state as one JSON document."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.transfer import export

    with opened_to_look(selection) as session:
        console.show_json(export(session.store))
    return ExitCode.OK


@app.command(epilog=example("launchctl state push state.json"))
@with_project()
def push(
    selection: Selection,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `state pull` wrote.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Even where the state in place knows more.")] = False,
) -> int:
    """Put a pulled state in the place of the one that is there; refused where that knows more."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.owner import current_owner
    from launchctl.state.transfer import import_ as put

    document = _read(file)
    with opened_to_look(selection) as session:
        head = put(session.store, document, owner=current_owner(), force=force)
        console.say(f"{state_place(session.store.url)} is at decision {head.serial} now")
    return ExitCode.OK


@app.command(epilog=example("launchctl state lock"))
@with_project()
def lock(selection: Selection) -> int:
    """Hold the right to decide until this command is interrupted, so that nobody else applies."""
    from launchctl.cli.progress import interruptible
    from launchctl.cli.project import opened_to_look
    from launchctl.state.owner import current_owner

    with opened_to_look(selection) as session, interruptible("giving the lock back") as interrupt:
        _recorded(session)
        with session.store.lease(current_owner()):
            console.say("Locked: Ctrl-C gives it back")
            while not interrupt.wait(1.0):
                pass
    return ExitCode.OK


@app.command(epilog=example("launchctl state unlock"))
@with_project()
def unlock(selection: Selection) -> int:
    """Take the lock from whoever holds it; what they still write as a decision is refused."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.owner import describe

    with opened_to_look(selection) as session:
        _recorded(session)
        broken = session.store.break_lease()
    console.say(f"Taken from {visible(describe(broken.owner))}" if broken else "Nobody holds the lock")
    return ExitCode.OK


@app.command(epilog=example("launchctl state repair"))
@with_project()
def repair(selection: Selection) -> int:
    """Mend a damaged state file as far as it can be read; the damaged one is kept beside it."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.repair import repair as mend
    from launchctl.state.sqlite import SqliteStore

    with opened_to_look(selection) as session:
        if not isinstance(session.store, SqliteStore):
            raise UsageError("only a state in a file can be repaired")
        found = mend(session.store.place.path, time.time())
    console.show_text("".join(f"{visible(sentence)}\n" for sentence in found))
    return ExitCode.OK


def _whole(text: str) -> tuple[Kind, str]:
    """The address of a run or a sweep, whole: nothing else has a history that another name could have.

    Raises:
        UsageError: the text is something else.
    """
    reference = reference_of(text)
    address = reference.address
    if reference != Reference(Address(address.kind, address.name)) or address.kind not in {Kind.RUNS, Kind.SWEEPS}:
        raise UsageError(
            f'"{text}" is no run and no sweep: only these can be renamed', hint="as in `runs.baseline` or `sweeps.lr`"
        )
    return address.kind, str(address)


def _taken(address: str) -> UsageError:
    return UsageError(f"{address} has a history of its own", hint=f"`launchctl state show {address}`")


def _forgotten_run(record: RunState) -> PutRun:
    from launchctl.state.model import Standing
    from launchctl.state.store import PutRun

    active = any(not attempt.status.is_terminal for attempt in record.attempts)
    return PutRun(replace(record.run, standing=Standing.DETACHED if active else Standing.FORGOTTEN))


def _forgotten_sweep(found: State, address: str) -> tuple[Sequence[Write], Standing]:
    """The writes that forget a sweep and its trials; it is detached while one of these may run."""
    from launchctl.state.model import Standing
    from launchctl.state.store import PutSweep

    trials = [_forgotten_run(trial) for trial in _trials_of(found, address)]
    active = any(trial.record.standing is Standing.DETACHED for trial in trials)
    standing = Standing.DETACHED if active else Standing.FORGOTTEN
    return [*trials, PutSweep(replace(found.sweeps[address], standing=standing))], standing


def _renamed_sweep(found: State, source: str, target: str) -> Sequence[Write]:
    """The writes that rename a sweep; under the old name stays which epochs it has had."""
    from launchctl.state.model import Standing
    from launchctl.state.store import PutSweep, RenameSweep

    if source not in found.sweeps:
        raise _unknown(source)
    record, other = found.sweeps[source], found.sweeps.get(target)
    is_free = other is None or (other.standing is Standing.FORGOTTEN and other.epoch <= record.epoch)
    if not is_free or _trials_of(found, target):
        raise _taken(target)
    gone = replace(record, standing=Standing.FORGOTTEN, protect=False)
    return [RenameSweep(source, target), PutSweep(gone)]


def _trials_of(found: State, address: str) -> Sequence[RunState]:
    """The trials of a sweep on record, of every epoch."""
    return [run for name, run in found.runs.items() if name.startswith(f"{address}[")]


def _recorded(session: Session) -> State:
    found = session.state()
    if found is None:
        raise StateError(f"there is no state at {state_place(session.store.url)}", hint="`launchctl apply` creates it")
    return found


def _run(found: State, address: str) -> RunState:
    """A run, or a trial by as much of its key as no other trial has."""
    from launchctl.engine.abbreviation import expanded, keys_on_record

    whole = expanded(address, partial(keys_on_record, found))
    if whole not in found.runs:
        raise _unknown(address)
    return found.runs[whole]


def _unknown(address: str) -> UsageError:
    return UsageError(f"{address} is not in the state", hint="`launchctl state list` shows what is")


def _decide(session: Session, found: State, writes: Sequence[Write]) -> None:
    from launchctl.state.owner import current_owner

    with session.store.lease(current_owner()) as lease:
        session.store.decide(lease, found.head.serial, writes)


def _read(file: Path) -> JSON:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise LaunchctlError(f'cannot read "{file}": {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        raise StateError(f'"{file}" is no state: {error}', hint="push what `launchctl state pull` wrote") from error
