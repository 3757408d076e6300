"""What draining works with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from launchctl.engine.clients import Clients
from launchctl.engine.events import Sink
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch
from launchctl.engine.redaction import Redactor
from launchctl.state.model import AttemptRecord
from launchctl.state.store import StateStore


@dataclass(frozen=True, slots=True)
class Means:
    """The surroundings of one drain."""

    store: StateStore
    clients: Clients
    owner: str
    environment: Mapping[str, str]
    """Of the process: secrets and `${env:NAME}` are read from it."""
    sink: Sink
    interrupt: Interrupt
    redactor: Redactor
    prepare: Callable[[AttemptRecord, Launch], None]
    """Makes ready what an attempt needs on this machine, before it is created."""
    parallelism: int = 10
    clock: Callable[[], float] = time.time
