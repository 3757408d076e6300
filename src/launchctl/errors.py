"""What can go wrong outside a project file, as one tree of exceptions.

    LaunchctlError
    ├── UsageError            a wrong command line; nothing was read
    ├── InvalidProject        carries the diagnostics of a project
    ├── SourceError           code or an image that cannot be read as it should run
    ├── Blocked               something needs a person's decision first
    ├── StalePlan             a saved plan that may not be applied any more
    ├── StateError            the state is unreadable, foreign, missing
    │   ├── StateLocked       another process decides right now
    │   ├── StateMissing      there was one, and it is gone
    │   └── StateDamaged      it is torn, and may be repaired
    └── ProviderError         a provider said no, or said nothing
        ├── Refused           nothing happened there, and nothing will
        ├── NameTaken         an object of that name exists and is not ours
        ├── UnknownOutcome    it may have happened: look before anything else
        ├── NoOutput          what an attempt printed is not there, or not any more
        └── Throttled         nothing happened; try again later

What is wrong *in* a project file is a `Diagnostic`, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping

from launchctl.diagnostics import Diagnostics


class LaunchctlError(Exception):
    """An error whose text is written for the user; `hint` says the way out."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LaunchctlError):
    """A command line that cannot be carried out as it stands."""


class InvalidProject(LaunchctlError):
    """A project with at least one error among its diagnostics."""

    def __init__(self, diagnostics: Diagnostics, sources: Mapping[str, str] | None = None) -> None:
        super().__init__("the project is invalid")
        self.diagnostics = diagnostics
        self.sources = sources or {}
        """Text of the project's files by name, to show the faulty lines."""


class SourceError(LaunchctlError):
    """A job's code, or an image, that cannot be read."""


class Blocked(LaunchctlError):
    """Nothing was done, since a person has to decide something first."""


class StalePlan(LaunchctlError):
    """A saved plan of another serial, lineage, project text or hand."""


class StateError(LaunchctlError):
    """A state that cannot be read or may not be written."""


class StateLocked(StateError):
    """The lease is held by somebody else."""


class StateMissing(StateError):
    """A state was created here and is not there any more; `lineage` is None where only its traces are left."""

    def __init__(self, message: str, *, lineage: str | None, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.lineage = lineage


class StateDamaged(StateError):
    """A state whose bytes cannot be believed."""


class ProviderError(LaunchctlError):
    """A provider's answer; its own words stay verbatim in the message."""


class Refused(ProviderError):
    """The provider declined; nothing was created."""


class NameTaken(ProviderError):
    """An object of the attempt's name exists and carries another owner's labels."""


class UnknownOutcome(ProviderError):
    """No answer: the object may or may not exist."""


class NoOutput(ProviderError):
    """There is no output of an attempt here: another machine has it, or it was removed. An empty one is no error."""


class Throttled(ProviderError):
    """Too many requests; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
