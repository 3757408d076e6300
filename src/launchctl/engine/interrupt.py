"""How a person stops an apply: once to finish what is in flight, twice to go at once."""

from __future__ import annotations

import threading


class Interrupt:
    """Counts requests to stop; safe to call from a signal handler."""

    def __init__(self) -> None:
        self._first = threading.Event()
        self._second = threading.Event()

    def request(self) -> None:
        """One more request to stop."""
        (self._second if self._first.is_set() else self._first).set()

    @property
    def is_requested(self) -> bool:
        """Whether no new action may begin."""
        return self._first.is_set()

    @property
    def is_urgent(self) -> bool:
        """Whether not even what is in flight is waited for."""
        return self._second.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleeps, but not past the first request; whether there was one."""
        return self._first.wait(seconds)
