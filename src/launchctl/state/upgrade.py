"""States of an earlier format: brought up to date in one transaction, with a copy of the old file kept.

`STEPS` maps a format to the function that leads from it to the next. A released step is never edited.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from launchctl.state.place import Place, sync_folder
from launchctl.state.schema import SCHEMA_VERSION

Step: TypeAlias = Callable[[sqlite3.Connection], None]


def _add_sweeps(connection: sqlite3.Connection) -> None:
    """Sweeps, their trials and what these said of their metrics."""
    connection.execute("ALTER TABLE generations ADD COLUMN trial TEXT")
    connection.execute("ALTER TABLE attempts ADD COLUMN prune_requested INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        "CREATE TABLE sweeps (address TEXT PRIMARY KEY NOT NULL, standing TEXT NOT NULL, epoch INTEGER NOT NULL, "
        "version INTEGER NOT NULL, canonical TEXT NOT NULL, intent TEXT NOT NULL, placement TEXT NOT NULL, "
        "metadata TEXT NOT NULL, spec TEXT NOT NULL, parallel INTEGER, protect INTEGER NOT NULL, "
        "on_remove TEXT NOT NULL, serial INTEGER NOT NULL, is_stopped INTEGER NOT NULL, revision INTEGER NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE series (attempt INTEGER PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE, "
        "points BLOB NOT NULL, last TEXT NOT NULL, position INTEGER NOT NULL, is_complete INTEGER NOT NULL, "
        "metric TEXT NOT NULL, source TEXT NOT NULL)"
    )


STEPS: Mapping[int, Step] = {1: _add_sweeps}


def upgrade(
    place: Place,
    connection: sqlite3.Connection,
    *,
    steps: Mapping[int, Step] = STEPS,
    target: int = SCHEMA_VERSION,
) -> Path | None:
    """Lead a state to the format `target`; returns the copy of the file as it was, None where nothing was to be done.

    Of several processes that come at once one does it and the others find it done.
    """
    if _version(connection) == target:
        return None
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        copy = _keep(place, version) if version < target else None
        for number in range(version, target):
            steps[number](connection)
        connection.execute(f"PRAGMA user_version = {target}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return copy


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _keep(place: Place, version: int) -> Path:
    """A copy of the file as it is while no other process can write."""
    kept = place.beside(f".v{version}")
    made = place.beside(f".{os.getpid()}.copy")
    with place.errors():
        os.close(os.open(made, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        # A connection cannot copy what it is about to change itself.
        with closing(sqlite3.connect(place.path)) as source, closing(sqlite3.connect(made)) as copy:
            source.backup(copy)
        os.replace(made, kept)
        sync_folder(kept.parent)
    return kept
