"""`launchctl state`: the state, for people."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
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
    from launchctl.state.model import RunState, State
    from launchctl.state.store import Write
    from launchctl.values import JSON

app = command_app(help="Look at the state and mend it.", example=example("launchctl state list"))


@app.callback()
def state() -> None:
    """Look at the state and mend it."""


@app.command("list", epilog=example("launchctl state list"))
@with_project()
def list_(selection: Selection) -> int:
    """List the runs on record, those that the project does not name any more too."""
    from launchctl.cli.project import opened_to_look
    from launchctl.cli.views.state_text import list_lines

    with opened_to_look(selection) as session:
        console.show(list_lines(_recorded(session)))
    return ExitCode.OK


@app.command(epilog=example("launchctl state show runs.baseline"))
@with_project()
def show(selection: Selection, address: AddressArgument) -> int:
    """Show one run with its generations and attempts."""
    from launchctl.cli.project import opened_to_look
    from launchctl.cli.views.state_text import show_lines

    name = address_of(address)
    with opened_to_look(selection) as session:
        record = _run(_recorded(session), name)
        console.show(show_lines(record.run, *session.store.history(name)))
    return ExitCode.OK


@app.command(epilog=example("launchctl state rm runs.baseline"))
@with_project()
def rm(selection: Selection, address: AddressArgument) -> int:
    """Forget a run without touching it: its history stays, and what runs goes on unobserved."""
    from dataclasses import replace

    from launchctl.cli.project import opened_to_look
    from launchctl.state.model import Standing
    from launchctl.state.store import PutRun

    name = address_of(address)
    with opened_to_look(selection) as session:
        found = _recorded(session)
        record = _run(found, name)
        active = any(not attempt.status.is_terminal for attempt in record.attempts)
        standing = Standing.DETACHED if active else Standing.FORGOTTEN
        _decide(session, found, [PutRun(replace(record.run, standing=standing))])
    console.say(f"{name} is {standing.value}")
    return ExitCode.OK


@app.command(epilog=example("launchctl state mv runs.first runs.baseline"))
@with_project()
def mv(
    selection: Selection,
    old: AddressArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The address from now on.")],
) -> int:
    """Give a run's history another address. `moved:` in the project does so in a way that a review shows."""
    from launchctl.cli.project import opened_to_look
    from launchctl.state.store import RenameRun

    source, target = _run_address(old), _run_address(new)
    with opened_to_look(selection) as session:
        found = _recorded(session)
        _run(found, source)
        if target in found.runs:
            raise UsageError(f"{target} has a history of its own", hint=f"`launchctl state show {target}`")
        _decide(session, found, [RenameRun(source, target)])
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


def _run_address(text: str) -> str:
    """The address of a run, whole: neither another kind of thing nor one of its generations has a history of its own.

    Raises:
        UsageError: the text is something else.
    """
    reference = reference_of(text)
    if reference != Reference(Address(Kind.RUNS, reference.address.name)):
        raise UsageError(f'"{text}" is no run: only runs can be renamed', hint="as in `runs.baseline`")
    return str(reference.address)


def _recorded(session: Session) -> State:
    found = session.state()
    if found is None:
        raise StateError(f"there is no state at {state_place(session.store.url)}", hint="`launchctl apply` creates it")
    return found


def _run(found: State, address: str) -> RunState:
    if address not in found.runs:
        raise UsageError(f"{address} is not in the state", hint="`launchctl state list` shows what is")
    return found.runs[address]


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
