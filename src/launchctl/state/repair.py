"""`state repair`: a file that is sound gets its marker right, a damaged one is made anew from what it still gives.

The damaged file stays beside the new one, and nothing is changed where too much is lost.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from launchctl.errors import StateDamaged, StateError
from launchctl.state.database import UNKNOWN_LINEAGE, connect, create, damaged, errors, in_a_line, open_sound
from launchctl.state.lease import locked, read_lease
from launchctl.state.model import Contents
from launchctl.state.owner import is_dead
from launchctl.state.place import Place, sync_folder
from launchctl.state.salvage import UNREADABLE, Hopeless, Salvage, salvage
from launchctl.state.snapshot import read_contents
from launchctl.state.soundness import faults

_BUSY_SECONDS = 5.0


def repair(path: Path, now: float) -> tuple[str, ...]:
    """Mend what can be mended; returns what was found and done, a line each.

    Raises:
        StateMissing: there is no file to mend; `state push` brings a copy back.
        StateLocked: somebody decides right now.
        StateError: it is foreign or newer, or too much is lost; nothing was changed.
    """
    place = Place(path.absolute())
    if place.path.is_file() and place.path.stat().st_size == 0:
        return _put_aside(place, "it is empty")
    if not place.exists():
        raise StateError(f'there is no state "{place.path}"', hint="`launchctl apply` creates it")
    try:
        contents = _read_sound(place, now)
    except StateDamaged as error:
        return _rebuild(place, error.message)
    return (f"sound: {_counted(contents)}", *_mark(place, contents.head.lineage))


def _read_sound(place: Place, now: float) -> Contents:
    """All that the file records, once every page and every record was held against the others."""
    with closing(open_sound(place, busy=_BUSY_SECONDS)) as connection, errors(place):
        held = read_lease(connection)
        if held is not None and held.expires_at > now and not is_dead(held.owner):
            raise locked(held, now)
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise damaged(place, in_a_line(found))
        contents = read_contents(connection)
    wrong = faults(contents)
    if wrong:
        raise damaged(place, wrong[0])
    return contents


def _rebuild(place: Place, why: str) -> tuple[str, ...]:
    try:
        found = _salvaged(place)
    except Hopeless as error:
        raise StateError(
            f"{why}; it cannot be repaired: {error}",
            hint=f'move "{place.path.name}" away and push a copy by `launchctl state push FILE`',
        ) from error
    lines = _put_aside(place, why, lineage=found.contents.head.lineage)
    create(place, found.contents.head, found.contents)
    return (*lines, *found.notes, f"made anew: {_counted(found.contents)}")


def _salvaged(place: Place) -> Salvage:
    with _copy(place) as copy:
        try:
            with closing(connect(copy, busy=_BUSY_SECONDS)) as connection:
                found = salvage(connection)
        except UNREADABLE as error:
            raise Hopeless(str(error)) from error
    wrong = faults(found.contents)
    if wrong:
        raise Hopeless(wrong[0])
    return found


@contextmanager
def _copy(place: Place) -> Iterator[Place]:
    """A copy to read from, so that not even a checkpoint touches the damaged file."""
    copy = Place(place.beside(".salvage"))
    wal = place.beside("-wal")
    try:
        with place.errors():
            shutil.copyfile(place.path, copy.path)
            if wal.exists():
                shutil.copyfile(wal, copy.beside("-wal"))
        yield copy
    finally:
        for leftover in (copy.path, *copy.companions):
            leftover.unlink(missing_ok=True)


def _put_aside(place: Place, why: str, lineage: str = UNKNOWN_LINEAGE) -> tuple[str, ...]:
    """Rename the file and what belongs to it; the marker then says that a state is missing, not that none ever was."""
    if place.lineage() is None or lineage != UNKNOWN_LINEAGE:
        place.write_marker(lineage)
    aside = _free_name(place)
    with place.errors():
        place.path.rename(aside.path)
        for own, kept in zip(place.companions, aside.companions, strict=True):
            with suppress(FileNotFoundError):
                own.rename(kept)
        sync_folder(place.path.parent)
    return (why, f'kept the file as "{aside.path.name}"')


def _free_name(place: Place) -> Place:
    number = 1
    while place.beside(f".broken-{number}").exists():
        number += 1
    return Place(place.beside(f".broken-{number}"))


def _mark(place: Place, lineage: str) -> tuple[str, ...]:
    marked = place.lineage()
    if marked == lineage:
        return ()
    place.write_marker(lineage)
    return (f'"{place.marker.name}" names lineage {lineage} now' + (f", it named {marked}" if marked else ""),)


def _counted(contents: Contents) -> str:
    return (
        f"serial {contents.head.serial}, {len(contents.runs)} runs, "
        f"{len(contents.generations)} generations, {len(contents.attempts)} attempts"
        + (f", {len(contents.sweeps)} sweeps" if contents.sweeps else "")
    )
