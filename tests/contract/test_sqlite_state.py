"""The SQLite store held to the contract of every store, with either of its journals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from state_contract import StateContract
from state_records import HEAD

from launchctl.state.database import Journal
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import StateStore


class TestSqliteState(StateContract):
    """On a local file system: a write-ahead log."""

    journal: ClassVar[Journal] = "wal"

    def open_at(self, place: Path, clock: Callable[[], float], lease_seconds: float) -> StateStore:
        path = place / ".launchctl" / "state.db"
        return SqliteStore(path, clock=clock, lease_seconds=lease_seconds, journal=self.journal)

    def test_journal_is_the_one_of_its_file_system(self, store: StateStore, tmp_path: Path) -> None:
        assert store.head() == HEAD
        assert (tmp_path / ".launchctl" / "state.db-wal").exists() is (self.journal == "wal")


class TestSqliteStateOnANetwork(TestSqliteState):
    """On any other: a rollback journal."""

    journal: ClassVar[Journal] = "delete"
