"""The command line of a manifest as a shell script that a person can read, review and run."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence

from launchctl.compiler.node import Deferred
from launchctl.providers.docker.argv import Parts, take_apart
from launchctl.providers.docker.files import FOLDER
from launchctl.values import JSON

_REFERENCE = r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}"


def script(body: JSON) -> str:
    """`docker run`, one option a line; what is only known where it runs is read from the environment there."""
    argv: Sequence[JSON] = body["argv"]
    parts = take_apart(argv)
    lines = [" ".join(map(_quoted, option)) for option in parts.options]
    lines += [_quoted(parts.image), *([" ".join(map(_quoted, parts.command))] if parts.command else [])]
    commands = _with_files(parts, lines, body["files"]) if body.get("files") else [_joined("exec docker run", lines)]
    comment = ["# As it could be typed in the project's folder.", *_needs(parts.values("env"), argv)]
    return "\n".join(["#!/bin/sh", *comment, "set -eu", *commands, ""])


def _joined(command: str, lines: Sequence[str]) -> str:
    return " \\\n  ".join([command, *lines])


def _with_files(parts: Parts, lines: Sequence[str], files: Mapping[str, str]) -> list[str]:
    """Commands that create the container, copy its files into it and start it."""
    name = shlex.quote(parts.values("name")[0])
    is_volume = ("--read-only",) in parts.options
    folders = sorted({posixpath.dirname(path) for path in files})
    copied = (f"{FOLDER}/.", FOLDER) if is_volume else (FOLDER, "/")
    return [
        "umask 022",
        "files=$(mktemp -d)",
        """trap 'rm -rf "$files"' EXIT""",
        *(f'mkdir -p "$files"{shlex.quote(folder)}' for folder in folders),
        *(f'printf %s {shlex.quote(text)} > "$files"{shlex.quote(path)}' for path, text in files.items()),
        _joined("docker create", [*lines, ">/dev/null"]),
        f'docker cp "$files"{copied[0]} {name}:{copied[1]}',
        f"docker start --attach {name}",
    ]


def _needs(env: Sequence[JSON], argv: Sequence[JSON]) -> list[str]:
    """Which variables the script reads, secrets among them."""
    passed_on = {value for value in env if isinstance(value, str) and "=" not in value}
    needed = passed_on.union(*(_pieces(argument)[1::2] for argument in argv))
    return [f"# Needs in the environment: {' '.join(sorted(needed))}"] if needed else []


def _pieces(argument: JSON) -> Sequence[str]:
    """Literal text and names of variables in turn, as in `Deferred`."""
    return argument.pieces if isinstance(argument, Deferred) else re.split(_REFERENCE, str(argument))


def _quoted(argument: JSON) -> str:
    pieces = _pieces(argument)
    if len(pieces) == 1:
        return shlex.quote(pieces[0])
    quoted = [
        f'"${{{piece}}}"' if place % 2 else shlex.quote(piece) if piece else "" for place, piece in enumerate(pieces)
    ]
    return "".join(quoted)
