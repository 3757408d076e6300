"""Exit codes: a contract, and which error means which."""

from __future__ import annotations

from enum import IntEnum

from launchctl.errors import Blocked, InvalidProject, LaunchctlError, StalePlan, StateLocked, UsageError


class ExitCode(IntEnum):
    """What a process of ours ends with; see `docs/cli.md`."""

    OK = 0
    FAILED = 1
    """An error at run time, a declined prompt, or `--check` found a difference."""
    CHANGES = 2
    """`plan --detailed-exitcode`: apply would decide something."""
    BLOCKED = 3
    LOCKED = 4
    STALE = 5
    INVALID = 6
    RUN_FAILED = 7
    """A run that this apply waited for failed."""
    USAGE = 64
    BUG = 70
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[LaunchctlError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (InvalidProject, ExitCode.INVALID),
    (StalePlan, ExitCode.STALE),
    (StateLocked, ExitCode.LOCKED),
    (Blocked, ExitCode.BLOCKED),
)


def exit_code_of(error: LaunchctlError) -> ExitCode:
    """The code that an error ends the process with."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.FAILED


_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.LOCKED,
    ExitCode.STALE,
    ExitCode.INVALID,
    ExitCode.FAILED,
    ExitCode.BLOCKED,
    ExitCode.RUN_FAILED,
)


def gravest(codes: set[ExitCode]) -> ExitCode:
    """The first of apply's codes that holds, by the order of the contract."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.OK)
