"""The SQLite schema of a state: one file, one head, and rows that only decisions and drains write.

A run's manifest lives apart from its attempt, so that a change of status rewrites a short row.
`attempts.is_settled` is true once nothing remains to be done: terminal and released. A series
belongs to its attempt's row, so that a rename never touches it; its points are little-endian doubles. The
statements need nothing newer than SQLite 3.24.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x4C434354
"""`LCCT` in the header of every file of ours (`PRAGMA application_id`)."""

SCHEMA_VERSION = 2
"""Version of the statements below (`PRAGMA user_version`); every raise comes with a step in `upgrade`."""

STATEMENTS = (
    """
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        lineage TEXT NOT NULL,
        serial INTEGER NOT NULL,
        project TEXT NOT NULL,
        entity TEXT NOT NULL,
        workspace TEXT NOT NULL,
        lease_fence INTEGER NOT NULL,
        claim_fence INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE lease (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        owner TEXT NOT NULL,
        since REAL NOT NULL,
        expires_at REAL NOT NULL,
        fence INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE configs (
        address TEXT PRIMARY KEY NOT NULL,
        form TEXT NOT NULL,
        max_jobs INTEGER
    )
    """,
    """
    CREATE TABLE runs (
        address TEXT PRIMARY KEY NOT NULL,
        standing TEXT NOT NULL,
        protect INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        starts TEXT NOT NULL,
        on_remove TEXT NOT NULL,
        version INTEGER NOT NULL,
        canonical TEXT NOT NULL,
        intent TEXT NOT NULL,
        placement TEXT NOT NULL,
        metadata TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE generations (
        address TEXT NOT NULL REFERENCES runs (address) DEFERRABLE INITIALLY DEFERRED,
        number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        canonical TEXT NOT NULL,
        intent TEXT NOT NULL,
        placement TEXT NOT NULL,
        metadata TEXT NOT NULL,
        policy TEXT NOT NULL,
        run_id TEXT NOT NULL,
        reason TEXT NOT NULL,
        serial INTEGER NOT NULL,
        decided_at REAL NOT NULL,
        upstream TEXT NOT NULL,
        trial TEXT,
        PRIMARY KEY (address, number)
    )
    """,
    """
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL,
        generation INTEGER NOT NULL,
        number INTEGER NOT NULL,
        run_id TEXT NOT NULL UNIQUE,
        queue TEXT NOT NULL,
        status TEXT NOT NULL,
        is_settled INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        not_before REAL NOT NULL,
        handle TEXT NOT NULL,
        exit_code INTEGER,
        cause TEXT,
        message TEXT NOT NULL,
        since REAL NOT NULL,
        started_at REAL,
        ended_at REAL,
        cancel_requested INTEGER NOT NULL,
        prune_requested INTEGER NOT NULL,
        is_released INTEGER NOT NULL,
        owner TEXT,
        expires_at REAL,
        fence INTEGER NOT NULL,
        UNIQUE (address, generation, number),
        FOREIGN KEY (address, generation) REFERENCES generations (address, number) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    """
    CREATE TABLE manifests (
        attempt INTEGER PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE,
        body TEXT NOT NULL
    )
    """,
    "CREATE INDEX attempts_unsettled ON attempts (queue, status) WHERE is_settled = 0",
    """
    CREATE TABLE sweeps (
        address TEXT PRIMARY KEY NOT NULL,
        standing TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        version INTEGER NOT NULL,
        canonical TEXT NOT NULL,
        intent TEXT NOT NULL,
        placement TEXT NOT NULL,
        metadata TEXT NOT NULL,
        spec TEXT NOT NULL,
        parallel INTEGER,
        protect INTEGER NOT NULL,
        on_remove TEXT NOT NULL,
        serial INTEGER NOT NULL,
        is_stopped INTEGER NOT NULL,
        revision INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE series (
        attempt INTEGER PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE,
        points BLOB NOT NULL,
        last TEXT NOT NULL,
        position INTEGER NOT NULL,
        is_complete INTEGER NOT NULL,
        metric TEXT NOT NULL,
        source TEXT NOT NULL
    )
    """,
)


def build(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file and mark it as ours; the caller holds the transaction."""
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
