"""Who holds a lease or a claim: a process of a host, told apart from every other that ever was.

A host counts as the same only while it has not been restarted and the process numbers are of
the same namespace, so that two containers of one machine never believe each other dead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TEXT = re.compile(
    r"(?P<name>.+) pid=(?P<pid>[1-9][0-9]{0,8}) started=(?P<started>[0-9]{1,18}) host=(?P<host>[0-9a-z]+)"
)
UNKNOWN = "unknown"
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its user and host for people, and what identifies it for others."""

    name: str
    pid: int
    started: int
    """Start of the process in the kernel's own ticks; 0 where it cannot be known."""
    host: str

    def __str__(self) -> str:
        return f"{self.name} pid={self.pid} started={self.started} host={self.host}"


def current_owner() -> str:
    """The owner that this process is."""
    pid = os.getpid()
    return str(Owner(f"{_user()}@{os.uname().nodename}", pid, _started(pid) or 0, host_id()))


def parse_owner(text: str) -> Owner | None:
    """The owner that a text spells, or None for one of another form."""
    match = _TEXT.fullmatch(text)
    return Owner(match["name"], int(match["pid"]), int(match["started"]), match["host"]) if match else None


def describe(text: str) -> str:
    """An owner for people: `ada@box (process 4711)`."""
    owner = parse_owner(text)
    return f"{owner.name} (process {owner.pid})" if owner else text


def is_dead(text: str) -> bool:
    """Whether an owner is known to be gone: a process of this very host that does not exist any more."""
    owner = parse_owner(text)
    if owner is None or owner.host == UNKNOWN or owner.host != host_id():
        return False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    started = _started(owner.pid)
    return owner.started != 0 and started is not None and started != owner.started


@cache
def host_id() -> str:
    """Digest of what identifies this host since it was started, and its process numbers' namespace.

    `UNKNOWN` where the kernel does not say: there an owner is only ever gone once it has expired.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return UNKNOWN
    return hashlib.sha256(f"{boot} {namespace} {os.uname().nodename}".encode()).hexdigest()[:16]


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _started(pid: int) -> int | None:
    """Start of a process in ticks since the kernel's own; -1 for one that has ended and was not collected."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return -1 if fields[0] in "ZX" else int(fields[19])
