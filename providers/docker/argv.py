"""The command line of a manifest, taken apart again: options, image, command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from launchctl.providers.docker.options import BY_SPELLING
from launchctl.values import JSON

HELD_BACK = "launchctl.dev/held-back"
"""Label of a container that is to be removed once its end is recorded."""


class Parts(NamedTuple):
    """What follows `docker run`: each option with its value, the image, and what is handed to it."""

    options: Sequence[tuple[str, ...]]
    image: str
    command: Sequence[str]

    def values(self, name: str) -> list[str]:
        """The values of an option, in their order."""
        return [option[1] for option in self.options if option[0] == f"--{name}" and len(option) > 1]


def take_apart(argv: Sequence[JSON]) -> Parts:
    """The parts of `["docker", "run", …]` as `lower` writes it: long names, a value in an argument of its own."""
    options: list[tuple[str, ...]] = []
    place = 2
    while place < len(argv) and str(argv[place]).startswith("--"):
        length = 1 if _is_bare(str(argv[place])) else 2
        options.append(tuple(argv[place : place + length]))
        place += length
    return Parts(options, argv[place], argv[place + 1 :])


def _is_bare(argument: str) -> bool:
    return "=" in argument or BY_SPELLING[argument[2:]].is_flag


def creation(parts: Parts) -> list[str]:
    """The same as `docker create`; `--rm` is held back, since it would take the exit code with it."""
    kept = [argument for option in parts.options if option != ("--rm",) for argument in option]
    held = ["--label", f"{HELD_BACK}=rm"] if ("--rm",) in parts.options else []
    return ["docker", "create", *kept, *held, parts.image, *parts.command]
