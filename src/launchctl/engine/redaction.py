"""Keeping values that are known by reference alone out of what is said and written.

A target's own words may repeat what it was given: an argument that cannot be executed, a
variable that it refuses. Messages pass through here before they are recorded, told or printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from launchctl.compiler.program import Program
from launchctl.providers.base import Observation
from launchctl.state.model import Series

_LEAST = 6
"""Shorter values of plain variables stay: replacing every `1` in a message would leave nothing of it."""


class Redactor:
    """Replaces secrets by `(sensitive)` and the values of `${env:NAME}` by that reference."""

    def __init__(self, secrets: Iterable[str], variables: Mapping[str, str]) -> None:
        words = {value: f"${{env:{name}}}" for name, value in variables.items() if len(value) >= _LEAST}
        words |= {value: "(sensitive)" for value in secrets if value}
        self._words = sorted(words.items(), key=lambda word: -len(word[0]))

    @classmethod
    def of(cls, program: Program | None, environment: Mapping[str, str]) -> Redactor:
        """What a project knows by reference, with the values of this process."""
        if program is None:
            return cls((), {})
        specs = (*program.launches, *(sweep.launch for sweep in program.sweeps.values()))
        names = {found.locator["env"] for spec in specs for found in spec.secrets.values() if found.kind == "env"}
        return cls(
            (environment[name] for name in sorted(names) if name in environment),
            {name: environment[name] for name in program.environment if name in environment},
        )

    def text(self, text: str) -> str:
        """The text without any of the values; a longer value is looked for before a shorter one that it holds."""
        for value, stand_in in self._words:
            if value in text:
                text = text.replace(value, stand_in)
        return text

    def observation(self, seen: Observation) -> Observation:
        """The observation with its message redacted."""
        message = self.text(seen.message)
        return seen if message == seen.message else replace(seen, message=message)

    def series(self, found: Series) -> Series:
        """The series with the names of its metrics redacted; the one that its sweep names itself stays as it is."""
        if not self._words:
            return found
        last = {name if name == found.metric else self.text(name): value for name, value in found.last.items()}
        return found if last.keys() == found.last.keys() else replace(found, last=last)
