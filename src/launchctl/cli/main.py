"""The parser with its commands loaded on demand, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Protocol, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode, exit_code_of
from launchctl.cli.parser import command_app, example
from launchctl.cli.views.text import Segment, line, visible_block
from launchctl.errors import InvalidProject, LaunchctlError, UsageError

COMMANDS: dict[str, str] = {
    "init": "Write a small project that runs at once.",
    "validate": "Say everything that is wrong in a project, without a network.",
    "compile": "Print or write the concrete manifests.",
    "plan": "Show what apply would do, and why.",
    "apply": "Show the plan, ask, carry it out.",
    "agent": "Keep queues draining, until it is stopped.",
    "destroy": "Cancel what runs; history stays.",
    "status": "List what runs, what waits and how it ended.",
    "logs": "Print what a run prints.",
    "cancel": "Stop a run.",
    "resolve": "Say how a lost run ended.",
    "sweep": "Show the trials of a sweep, best first.",
    "state": "Look at the state and mend it.",
    "schema": "Print the JSON Schema of a format.",
    "explain": "Explain a key of the project file or a diagnostic code.",
    "version": "Print the version and what is installed.",
}
"""Each is the `app` of the module of its name, which is imported when the command is used."""

_FOLLOWING = frozenset({"logs", "status"})
"""Commands that Ctrl-C is the ordinary way out of."""
_OF_THE_MACHINE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EDQUOT}
    | {errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENAMETOOLONG, errno.ELOOP}
)


class _Context(Protocol):
    resilient_parsing: bool


class _Formatter(Protocol):
    def section(self, name: str, /) -> contextlib.AbstractContextManager[None]: ...
    def write_dl(self, rows: Sequence[tuple[str, str]], /) -> None: ...


class LazyGroup(TyperGroup):
    """A group that knows the names of its commands and imports none before it is used."""

    def list_commands(self, ctx: object) -> list[str]:
        """Names, in the order of a project's life."""
        return list(COMMANDS)

    def get_command(self, ctx: _Context, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """The command of a name; an unknown one is answered with the nearest."""
        if cmd_name in COMMANDS:
            return _load(cmd_name)
        if ctx.resilient_parsing or cmd_name.startswith("-"):
            return None
        from launchctl.suggest import did_you_mean

        hint = did_you_mean(cmd_name, COMMANDS) or "`launchctl --help` lists the commands"
        raise UsageError(f'unknown command "{cmd_name}"', hint=hint)

    def format_commands(self, ctx: object, formatter: _Formatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def run(arguments: Sequence[str]) -> int:
    """Carries out a command line and returns the exit code; nothing that a user did ends in a traceback."""
    console.prepare_streams()
    try:
        return _call(arguments)
    except KeyboardInterrupt:
        return _interrupted(arguments)
    except InvalidProject as error:
        _show_diagnostics(error)
        return ExitCode.INVALID
    except LaunchctlError as error:
        _show_error(error.message, error.hint)
        return exit_code_of(error)
    except Exception as error:  # noqa: BLE001 - the boundary: what comes here is a bug or the machine's fault
        return _unexpected(error)


def _call(arguments: Sequence[str]) -> int:
    name, rest, command = _command(arguments)
    try:
        code = command.main(rest, prog_name=name, standalone_mode=False)
    except typer.TyperException as error:
        if not arguments:
            with contextlib.redirect_stdout(sys.stderr):
                command.main(["--help"], prog_name="launchctl", standalone_mode=False)
            return ExitCode.USAGE
        message = getattr(error, "format_message", error.__str__)()
        raise UsageError(_in_our_voice(message), hint=f"`{_path_of(error)} --help` shows how") from error
    except typer.Abort:
        return _interrupted(arguments)
    if type(code) is int and code == ExitCode.INTERRUPTED:  # no code of ours: what the parser made of an interrupt
        return _interrupted(arguments)
    return code if isinstance(code, int) else ExitCode.OK


def _interrupted(arguments: Sequence[str]) -> ExitCode:
    """Says so, undisturbed; an apply that has decided anything is interrupted elsewhere, and says more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name = arguments[0] if arguments else ""
    if name not in _FOLLOWING:
        console.say("interrupted before anything was decided" if name == "apply" else "interrupted")
    return ExitCode.INTERRUPTED


def _command(arguments: Sequence[str]) -> tuple[str, list[str], TyperCommand | TyperGroup]:
    """The parser of a command line, its name and its arguments.

    A command that is named first is called by itself: on the way through the group the parser
    would load a library that costs more than all of ours.
    """
    if arguments and arguments[0] in COMMANDS:
        return f"launchctl {arguments[0]}", list(arguments[1:]), _load(arguments[0])
    app = command_app(
        cls=LazyGroup,
        help="Training jobs as code: compile a project file, plan what would run, apply it.",
        example=example("launchctl init first", "launchctl apply first --wait"),
        completes=True,
    )
    app.callback()(_root)
    return "launchctl", list(arguments), cast("TyperGroup", get_command(app))


def _load(name: str) -> TyperCommand | TyperGroup:
    return cast("TyperCommand | TyperGroup", get_command(import_module(f"launchctl.cli.{name}").app))


def _root(*, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        raise UsageError("`--version` stands alone")


def _in_our_voice(message: str) -> str:
    message = " ".join(message.split()).replace(". Choose from: ", ": one of ").replace("'", '"')
    message = message.replace(": Value error, ", ": ").replace("Input should be", "expected a number").rstrip(".")
    return message[:1].lower() + message[1:]


def _path_of(error: Exception) -> str:
    found: object = getattr(getattr(error, "ctx", None), "command_path", None)
    return found if isinstance(found, str) else "launchctl"


def _show_error(message: str, hint: str | None) -> None:
    head, *rest = visible_block(message).split("\n")
    console.tell(line(Segment("error:", "bold red"), f" {head}"), *(line(f"  {found}") for found in rest))
    if hint:
        console.tell(line(Segment("hint:", "cyan"), f" {visible_block(hint)}"))


def _show_diagnostics(error: InvalidProject) -> None:
    from launchctl.cli.project import tell_diagnostics

    tell_diagnostics(error.diagnostics, error.sources)


def _unexpected(error: Exception) -> ExitCode:
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        said = (error.strerror or "failed").lower()
        _show_error(f'cannot use "{error.filename}": {said}' if error.filename else said, None)
        return ExitCode.FAILED
    place = _write_report()
    _show_error(f"{type(error).__name__}: this is a bug in launchctl", None)
    console.say(f"please report it with the output of `launchctl version` and the file {place}")
    return ExitCode.BUG


def _write_report() -> str:
    """Writes the traceback being handled where its owner alone can read it; the file's path."""
    import os
    import tempfile
    import traceback

    handle, path = tempfile.mkstemp(prefix="launchctl-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(traceback.format_exc())
    return path
