"""How the tests of a state come by one: on a clock of their own, opened as often as they like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from state_records import (
    HEAD,
    NOW,
)

from launchctl.state.owner import Owner, host_id
from launchctl.state.store import (
    StateStore,
)

DEAD = str(Owner("ada@box", 999_999_99, 1, host_id()))
"""A process of this host that does not exist: its number is beyond the kernel's."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class OpenedStates(ABC):
    """A store is made by `open_at`, any number of times on the same place."""

    @abstractmethod
    def open_at(self, place: Path, clock: Callable[[], float], lease_seconds: float) -> StateStore:
        """A store on a place; two on the same place share one state."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def reopen(self, tmp_path: Path, clock: Clock) -> Iterator[Callable[[], StateStore]]:
        opened: list[StateStore] = []

        def another() -> StateStore:
            opened.append(self.open_at(tmp_path, clock, 60.0))
            return opened[-1]

        yield another
        for store in opened:
            store.close()

    @pytest.fixture
    def store(self, reopen: Callable[[], StateStore]) -> StateStore:
        store = reopen()
        store.create(HEAD)
        return store
