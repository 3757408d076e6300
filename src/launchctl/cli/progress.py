"""Following an apply: a live table on a terminal, a line an event elsewhere; and how a person interrupts it."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from launchctl.cli import console
from launchctl.cli.views.event_text import event_lines
from launchctl.engine.events import Event, Sink, Waiting
from launchctl.engine.interrupt import Interrupt

_NUMBER = re.compile(r"[0-9]+")
_AFTER_ONE = "stopping: what is in flight is finished and recorded, runs go on; once more to go at once"


@contextmanager
def progress() -> Iterator[Sink]:
    """A sink that shows events on standard error while the block lasts."""
    if not console.is_rich(sys.stderr, os.environ):
        yield PlainProgress()
        return
    from launchctl.cli.views.live import LiveProgress

    with LiveProgress(sys.stderr) as live:
        yield live


class PlainProgress:
    """A sink that prints each event once; that something still waits for the same is no event."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def __call__(self, event: Event) -> None:
        """Prints an event's lines."""
        if isinstance(event, Waiting):
            event = self._news(event)
        console.tell(*event_lines(event, time.time()))

    def _news(self, event: Waiting) -> Waiting:
        news = {name: reason for name, reason in event.reasons.items() if self._is_new(name, reason)}
        return Waiting(news, tuple(left for left in event.sweeps if self._is_new(left.address, left.reason)))

    def _is_new(self, name: str, reason: str) -> bool:
        key = (name, _NUMBER.sub("", reason))
        is_new = key not in self._told
        self._told.add(key)
        return is_new


@contextmanager
def interruptible(answer: str = _AFTER_ONE) -> Iterator[Interrupt]:
    """While the block lasts, Ctrl-C and SIGTERM are requests to stop: the first an orderly one, the second at once."""
    interrupt = Interrupt()

    def request(number: int, frame: FrameType | None) -> None:
        if not interrupt.is_requested:
            # Past the stream, which may be in the middle of writing; and a reader who went away changes nothing.
            with suppress(OSError):
                os.write(sys.stderr.fileno(), f"\n{answer}\n".encode())
        interrupt.request()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
