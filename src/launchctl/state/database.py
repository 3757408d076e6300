"""One SQLite file as a state: made so that only one of two makers wins, and believed only after a check.

Nothing here opens the file but SQLite itself: closing any other descriptor of it would drop the
locks that SQLite holds for this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

from launchctl.errors import StateDamaged, StateError, StateMissing
from launchctl.state import decision, schema, upgrade
from launchctl.state.model import Contents, Head
from launchctl.state.mounts import is_local
from launchctl.state.place import WAY_OUT, Place
from launchctl.state.rows import DamagedRow
from launchctl.state.snapshot import read_head

Journal: TypeAlias = Literal["wal", "delete"]
"""A write-ahead log where locks and shared memory can be trusted, else a rollback journal."""

QUICK_CHECK_LIMIT = 4 * 1024 * 1024
"""Bytes up to which the whole structure is checked at every opening: about 3 ms."""

_READ_CACHE_KIB, _WRITE_CACHE_KIB = 8_192, 131_072
"""Reading goes through the file once and gains nothing by a cache; a large decision must not spill pages half done."""
_SHOWN = 120
"""Characters of SQLite's own words; it may quote a whole record."""
_BUSY = 5, 6
_UNUSABLE = 3, 8, 10, 13, 14
"""Primary result codes: permission, read-only, input/output, full, cannot open."""
_CONSTRAINT = 19


class Database:
    """The connection of one process to one state file, shared by its threads, one transaction at a time."""

    def __init__(self, place: Place, *, busy: float, journal: Journal | None = None) -> None:
        self.place = place
        self._busy = busy
        self._journal: Journal | None = journal
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent snapshot."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One atomic step that keeps every other writer out, durable once the block has ended."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def write_much(self) -> Iterator[sqlite3.Connection]:
        """The same for a step that may touch any number of records."""
        with self.write() as connection:
            connection.execute(f"PRAGMA cache_size = -{_WRITE_CACHE_KIB}")
            try:
                yield connection
            finally:
                connection.execute(f"PRAGMA cache_size = -{_READ_CACHE_KIB}")

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):  # a file that is damaged or gone has been reported before
                    connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, errors(self.place):
            connection = self._opened()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _opened(self) -> sqlite3.Connection:
        if not self.place.exists():
            raise StateError(f'there is no state "{self.place.path}" yet', hint="`launchctl apply` creates it")
        found = self.place.path.stat()
        inode = (found.st_dev, found.st_ino)
        if self._connection is not None and inode != self._inode:
            self.close()
            raise StateError(
                f'the state "{self.place.path}" was replaced by another file meanwhile', hint="run the command again"
            )
        if self._connection is None:
            self._connection = open_checked(self.place, busy=self._busy, journal=self._journal)
            self._inode = inode
        return self._connection


UNKNOWN_LINEAGE = "unknown"
"""What the marker says where a state could not even be asked for its name before it was put aside."""


def create(place: Place, head: Head, contents: Contents | None = None, *, journal: Journal | None = None) -> None:
    """Make a state with what `contents` hold, or nothing but its head; raises StateError where there is one by now."""
    try:
        is_there = place.exists()
    except StateMissing as missing:
        if contents is None or missing.lineage not in {head.lineage, UNKNOWN_LINEAGE}:
            raise
        is_there = False  # what was lost comes back
    if is_there:
        raise StateError(f'the state "{place.path}" exists already', hint="plan again")
    place.prepare()
    made = place.beside(f".{os.getpid()}.{os.urandom(4).hex()}.new")
    try:
        with errors(place), place.errors():
            _build(made, head, contents, journal=journal or _journal(place))
        place.publish(made)
    finally:
        for leftover in (made, *Place(made).companions):
            leftover.unlink(missing_ok=True)
    place.write_marker(head.lineage)


def open_checked(place: Place, *, busy: float, journal: Journal | None = None) -> sqlite3.Connection:
    """A connection to an existing file that is a sound state of this version, and the one that belongs here.

    Raises:
        StateDamaged: it is torn.
        StateError: it is foreign, of another lineage, or newer than this version.
    """
    connection = open_sound(place, busy=busy, journal=journal)
    try:
        _check_lineage(place, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_sound(place: Place, *, busy: float, journal: Journal | None = None) -> sqlite3.Connection:
    """The same, whatever lineage the marker names; a state of an older version is upgraded."""
    with errors(place):
        has_log = _has_log(place)  # opening makes one
        connection = connect(place, busy=busy)
        try:
            _check_identity(place, connection)
            _check_structure(place, connection, has_log=has_log)
            upgrade.upgrade(place, connection)
            _configure(connection, journal or _journal(place))
        except BaseException:
            connection.close()
            raise
        return connection


def connect(place: Place, *, busy: float) -> sqlite3.Connection:
    """A connection to an existing file, whatever it holds; transactions are ours to begin."""
    connection = sqlite3.connect(
        place.path.as_uri() + "?mode=rw", uri=True, timeout=busy, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


@contextmanager
def errors(place: Place) -> Iterator[None]:
    """Turn what SQLite says into a `StateError` that names the file and the way out."""
    try:
        yield
    except DamagedRow as error:
        raise damaged(place, f"unreadable {error}") from error
    except UnicodeDecodeError as error:  # a check quotes what it found, and that was no text
        raise damaged(place, "what should be text is none") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise  # our own mistake, not the file's
    except sqlite3.Error as error:
        raise _translated(place, error) from error


def in_a_line(found: str) -> str:
    """What a check of SQLite found, without its heading."""
    return found.splitlines()[-1][:_SHOWN]


def damaged(place: Place, what: str) -> StateDamaged:
    """The error for a file that cannot be believed."""
    return StateDamaged(f'the state "{place.path}" is damaged: {what}', hint=WAY_OUT)


def _translated(place: Place, error: sqlite3.Error) -> StateError:
    # Errors that the binding itself finds, such as bytes that are no UTF-8, carry no code: they are damage.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StateError(f'the state "{place.path}" is busy: another process keeps writing', hint="try again")
    if code in _UNUSABLE:
        return StateError(
            f'the state "{place.path}" cannot be used: {error}',
            hint="the folder and the file must be writable by you, and the disk must not be full",
        )
    if code == _CONSTRAINT:
        return StateError(
            f'the state "{place.path}" refused a record: {error}; this is a bug in launchctl',
            hint="`launchctl state repair` says whether the file is sound",
        )
    return damaged(place, str(error)[:_SHOWN])


def _build(path: Path, head: Head, contents: Contents | None, *, journal: Journal) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("BEGIN")
        schema.build(connection)
        identity = (head.lineage, head.serial, head.project, head.entity, head.workspace)
        connection.execute("INSERT INTO head VALUES (1, ?, ?, ?, ?, ?, 0, 0)", identity)
        if contents is not None:
            decision.replace_contents(connection, contents)
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA journal_mode = {journal}")
    finally:
        connection.close()


def _journal(place: Place) -> Journal:
    return "wal" if is_local(place.path.parent) else "delete"


def _configure(connection: sqlite3.Connection, journal: Journal) -> None:
    (current,) = connection.execute("PRAGMA journal_mode").fetchone()
    if current != journal:
        with suppress(sqlite3.OperationalError):  # others have it open: they all go on in the mode it has
            (current,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    connection.execute(f"PRAGMA synchronous = {'FULL' if current == 'wal' else 'EXTRA'}")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_READ_CACHE_KIB}")


def _check_identity(place: Place, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != schema.APPLICATION_ID:
        raise StateError(
            f'"{place.path}" is not a state of launchctl: it is a database of another program',
            hint="name another file by `--state`",
        )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.SCHEMA_VERSION:
        raise StateError(
            f'the state "{place.path}" was written by a newer launchctl (format {version}, '
            f"this version reads up to {schema.SCHEMA_VERSION})",
            hint="upgrade launchctl",
        )
    if version < 1:
        raise damaged(place, f"format {version}")


def _has_log(place: Place) -> bool:
    """Whether pages may still be in the write-ahead log alone."""
    try:
        return place.beside("-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _check_structure(place: Place, connection: sqlite3.Connection, *, has_log: bool) -> None:
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    size = place.path.stat().st_size
    if size % page and not has_log:
        raise damaged(place, "its last page is cut off")
    if size <= QUICK_CHECK_LIMIT:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise damaged(place, in_a_line(found))


def _check_lineage(place: Place, connection: sqlite3.Connection) -> None:
    with errors(place):
        lineage = read_head(connection).lineage
    marked = place.lineage()
    if marked is not None and marked != lineage:
        raise StateError(
            f'the state "{place.path}" is of lineage {lineage}, but "{place.marker.name}" names lineage {marked}',
            hint="put the right file back, or accept this one by `launchctl state repair`",
        )
