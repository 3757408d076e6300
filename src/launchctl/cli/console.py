"""The two streams: results on standard output, all else on standard error, and colour where it belongs."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from launchctl.cli.views.text import Line, line, plain
from launchctl.errors import LaunchctlError, UsageError
from launchctl.values import JSON, pretty

_OFF = frozenset({"", "0", "false", "no"})


def prepare_streams() -> None:
    """Lets nothing fail on what is printed: a closed stream swallows it, a narrow terminal has characters spelled out.

    A closed descriptor is opened, since the next file that is opened would get its number, and what
    is printed with it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115  (open as long as the process)
            os.set_inheritable(nowhere.fileno(), True)  # noqa: FBT003
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_ci(environment: Mapping[str, str]) -> bool:
    """Whether nobody is there to look or to answer."""
    return environment.get("CI", "").lower() not in _OFF


def is_rich(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a stream gets colours and live progress."""
    return (
        stream.isatty()
        and not environment.get("NO_COLOR")
        and not is_ci(environment)
        and environment.get("TERM", "") != "dumb"
    )


def show(lines: Iterable[Line]) -> None:
    """Prints a result."""
    _print(lines, sys.stdout)


def tell(*lines: Line) -> None:
    """Prints a message, on standard error; a reader who went away is no reason to stop working."""
    try:
        _print(lines, sys.stderr)
    except BrokenPipeError:
        _silence(sys.stderr)


def say(text: str) -> None:
    """Prints one plain message."""
    tell(line(text))


def show_text(text: str) -> None:
    """Prints a result as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def show_json(document: JSON) -> None:
    """Prints a result as one JSON document; on a terminal that knows no Unicode, with escapes."""
    if (sys.stdout.encoding or "ascii").lower().replace("-", "") == "utf8":
        show_text(pretty(document))
    else:
        show_text(json.dumps(document, indent=2) + "\n")


def write_bytes(data: bytes) -> None:
    """Passes a run's own output through, untouched."""
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def write_file(path: Path, text: str) -> None:
    """Writes a result to a file; raises LaunchctlError where that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise LaunchctlError(f'cannot write "{path}": {(error.strerror or "failed").lower()}') from error


def confirm(question: str) -> bool:
    """Asks on the terminal, `no` by default.

    Raises:
        UsageError: nobody can answer.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "there is no terminal on which to ask for approval", hint="`--auto-approve` goes on without asking"
        )
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in {"y", "yes"}


def _silence(stream: TextIO) -> None:
    if isinstance(stream, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _print(lines: Iterable[Line], stream: TextIO) -> None:
    if not is_rich(stream, os.environ):
        stream.write(plain(lines))
        stream.flush()
        return
    from rich.console import Console  # loaded where colours are shown alone
    from rich.text import Text

    console = Console(file=stream, soft_wrap=True, highlight=False, markup=False, emoji=False)
    for found in lines:
        console.print(Text.assemble(*((segment.text, segment.style) for segment in found)))
