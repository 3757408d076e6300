"""Live progress on a terminal: runs as rows, what they wait for, how long it has been."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from launchctl.cli.views.event_text import event_lines
from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS, counts, status_lines, undrawn_line, waits_for
from launchctl.cli.views.text import duration, outcome, shorten, visible
from launchctl.engine.events import Claimed, Drawn, Event, Measured, Overview, Retrying, StatusChanged, Undrawn, Waiting
from launchctl.status import Status

_PER_SECOND = 4
_LEAST_ROWS = 4
_LONGEST_REMARK = 100


@dataclass(slots=True)
class _Row:
    status: Status
    since: float
    started_at: float | None = None
    remark: str = ""


@dataclass(slots=True)
class Board:
    """Where every attempt stands that was heard of."""

    clock: Callable[[], float] = time.time
    rows: dict[str, _Row] = field(default_factory=dict[str, _Row])
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    undrawn: tuple[Undrawn, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """The table is drawn by a thread of its own."""

    def take(self, event: Event) -> bool:
        """Whether the board shows the event; what it does not show is printed as a line."""
        with self._lock:
            return self._take(event)

    def _take(self, event: Event) -> bool:
        match event:
            case Claimed(attempts):
                for reference, _ in attempts:
                    self._set(reference, Status.INTENT, None, "")
            case StatusChanged(reference, _, _, new, exit_code, message, started_at, ended_at):
                self._set(reference, new, started_at, outcome(exit_code, message), ended_at)
            case Retrying(reference, _, cause):
                self._set(reference, Status.PENDING, None, f"again, after {cause.replace('_', ' ')}")
            case Waiting(reasons, sweeps):
                self.waiting, self.undrawn = dict(reasons), sweeps
            case Drawn() | Measured():
                pass
            case _:
                return False
        return True

    def _set(
        self, reference: str, status: Status, started_at: float | None, remark: str, since: float | None = None
    ) -> None:
        self.rows.pop(reference, None)
        self.waiting.pop(reference, None)
        self.rows[reference] = _Row(status, self.clock() if since is None else since, started_at, remark)

    def draw(self, height: int) -> Group:
        """As many rows as there is room for: what is under way first, then what changed last; counts below."""
        with self._lock:
            return self._draw(height)

    def _draw(self, height: int) -> Group:
        room = max(height - 3 - len(self.undrawn), _LEAST_ROWS)
        active = [name for name, row in self.rows.items() if not row.status.is_terminal]
        ended = [name for name, row in self.rows.items() if row.status.is_terminal]
        shown = active[:room]
        shown = ended[len(ended) - (room - len(shown)) :] + shown if room > len(shown) else shown
        waiting = list(self.waiting)[: room - len(shown)] if room > len(shown) else []
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        for name in shown:
            self._add(table, name, self.rows[name])
        for name in waiting:
            reason = shorten(visible(waits_for(self.waiting[name])), _LONGEST_REMARK)
            table.add_row(visible(name), Text("pending", STATUS_STYLES[Status.PENDING]), "", Text(reason, "dim"))
        left = (Text("".join(part.text for part in undrawn_line(found)), "dim") for found in self.undrawn)
        return Group(table, *left, Text(self._counts(), "bold"))

    def _add(self, table: Table, name: str, row: _Row) -> None:
        since = row.started_at if row.started_at is not None else row.since
        lasted = (row.since if row.status.is_terminal else self.clock()) - since
        elapsed = "" if row.status.is_terminal and row.started_at is None else duration(lasted)
        status = Text(STATUS_WORDS[row.status], STATUS_STYLES[row.status])
        table.add_row(
            visible(name),
            status,
            Text(elapsed, justify="right"),
            Text(shorten(visible(row.remark), _LONGEST_REMARK), "dim"),
        )

    def _counts(self) -> str:
        found = Counter(row.status for row in self.rows.values())
        found[Status.PENDING] += len(self.waiting)
        return counts(found)


class LiveProgress:
    """A sink of events that redraws a table in place while it is entered."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._board = Board()
        self._live = Live(
            console=self._console,
            refresh_per_second=_PER_SECOND,
            get_renderable=lambda: self._board.draw(self._console.height),
            transient=True,
        )

    def __call__(self, event: Event) -> None:
        """Shows an event."""
        if self._board.take(event):
            return
        for found in event_lines(event, time.time()):
            self._console.print(Text.assemble(*((segment.text, segment.style) for segment in found)))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


def watch_runs(look: Callable[[], Overview], pause: float) -> None:
    """Redraws the runs on standard output until all have ended."""
    console = Console(highlight=False, markup=False, emoji=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            runs, undrawn = look()
            texts = [
                Text.assemble(*((segment.text, segment.style) for segment in found))
                for found in status_lines(runs, time.time(), undrawn)
            ]
            live.update(Group(*texts), refresh=True)
            if not undrawn and all(run.status.is_terminal for run in runs):
                return
            time.sleep(pause)
