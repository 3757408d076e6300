"""A state of format 1, by the statements with which its version made them: users have such files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

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
)

_FORM = """1, '{"intent":"i1","metadata":"m1","placement":"p1"}', 'i1', 'p1', 'm1'"""
_POLICY = """'["gpu","docker",2,[],2,["preempted","infra"],1.5,null]'"""
ROWS = (
    "INSERT INTO head VALUES (1, '3f09a1c2', 2, 'churn', 'acme', 'default', 2, 1)",
    """INSERT INTO configs VALUES ('queues.gpu', '{"max_jobs":2}', 2)""",
)


def rows_of(name: str, status: str) -> tuple[str, ...]:
    """The statements that record run `runs.NAME` with an attempt of a status, as format 1 had them."""
    first = f"runs-{name}-g1a1"
    owner = "NULL, NULL, 0" if status != "intent" else "'ada', 1700000060.0, 1"
    is_settled = int(status == "succeeded")
    return (
        f"INSERT INTO runs VALUES ('runs.{name}', 'active', 0, 1, '{{\"i1\":1}}', 'block', {_FORM})",
        f"INSERT INTO generations VALUES ('runs.{name}', 1, {_FORM}, {_POLICY}, '{first}', 'never_run', 1, "
        "1700000000.0, '{}')",
        "INSERT INTO attempts (address, generation, number, run_id, queue, status, is_settled, sequence, not_before, "
        "handle, message, since, cancel_requested, is_released, owner, expires_at, fence) VALUES "
        f"('runs.{name}', 1, 1, '{first}', 'gpu', '{status}', {is_settled}, 11, 0.0, '{{}}', '', 1700000000.0, 0, 1, "
        f"{owner})",
        f'INSERT INTO manifests SELECT id, \'{{"body":{{"name":"{first}"}}}}\' FROM attempts '
        f"WHERE run_id = '{first}'",
    )


def make_state(path: Path, statuses: dict[str, str]) -> None:
    """Make a state of format 1 with a run of each name, whose attempt has the status."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in (*STATEMENTS, *ROWS):
            connection.execute(statement)
        for name, status in statuses.items():
            for statement in rows_of(name, status):
                connection.execute(statement)
        connection.execute("PRAGMA application_id = 0x4C434354")
        connection.execute("PRAGMA user_version = 1")
    path.chmod(0o600)
    path.with_name(path.name + ".lineage").write_text("3f09a1c2\n")
