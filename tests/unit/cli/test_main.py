"""The parser, the error boundary and the exit codes, in a process of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from launchctl import __version__
from launchctl.cli import console, main
from launchctl.cli.exit_code import ExitCode, exit_code_of, gravest
from launchctl.cli.main import COMMANDS, run
from launchctl.cli.parser import command_app
from launchctl.errors import (
    Blocked,
    InvalidProject,
    LaunchctlError,
    ProviderError,
    StalePlan,
    StateError,
    StateLocked,
    UsageError,
)


def call(*arguments: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `launchctl` as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "launchctl", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_version_is_one_line() -> None:
    assert call("--version").stdout == f"launchctl {__version__}\n"


def test_the_script_and_the_module_are_the_same_program() -> None:
    script = Path(sys.executable).with_name("launchctl")
    found = subprocess.run([script, "--help"], capture_output=True, text=True)
    assert found.stdout == call("--help").stdout
    assert found.stdout.startswith("Usage: launchctl [OPTIONS] COMMAND")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(command: str) -> None:
    found = call(command, "--help")
    assert found.returncode == 0
    assert "Example:" in found.stdout
    assert f"\n    launchctl {command}" in found.stdout


GROUPS = {"state": ["list"], "sweep": ["show"], "agent": ["run"]}
"""Commands that are groups, with one of theirs."""


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"init", "schema", "explain", "version"}])
def test_every_command_of_a_project_takes_the_common_options(command: str) -> None:
    shown = call(command, *GROUPS.get(command, ()), "--help").stdout
    for option in ("-p, --project", "--state", "--workspace", "--var ", "--var-file"):
        assert option in shown


@pytest.mark.parametrize("command", ["schema", "version"])
def test_the_common_options_do_no_harm_where_there_is_no_project(command: str) -> None:
    found = call(command, "-p", "x", "--state", "y", "--workspace", "z", "--var", "a=b", "--var-file", "f")
    assert found.returncode == 0 or "project.schema.json" in found.stderr


def test_help_imports_no_command() -> None:
    program = (
        "import sys; sys.argv = ['launchctl', '--help']\n"
        "from launchctl.__main__ import main\n"
        "code = main()\n"
        "print(code, sorted(name for name in sys.modules if name.startswith('launchctl.cli.')), file=sys.stderr)\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stderr == (
        "0 ['launchctl.cli.console', 'launchctl.cli.exit_code', 'launchctl.cli.main', 'launchctl.cli.parser', "
        "'launchctl.cli.views', 'launchctl.cli.views.text']\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], 'error: unknown command "frobnicate"\nhint: `launchctl --help` lists the commands\n'),
        (["paln"], 'error: unknown command "paln"\nhint: did you mean "plan"?\n'),
        (
            ["plan", "--fomat", "json"],
            "error: no such option: --fomat (Possible options: --format)\nhint: `launchctl plan --help` shows how\n",
        ),
        (
            ["plan", "--format", "xml"],
            'error: invalid value for "--format": "xml" is not one of "text", "json", "markdown", "html"\n'
            "hint: `launchctl plan --help` shows how\n",
        ),
        (
            ["plan", "--limit", "-1"],
            'error: invalid value for "--limit": expected a number greater than or equal to 0\n'
            "hint: `launchctl plan --help` shows how\n",
        ),
        (["--frobnicate"], "error: no such option: --frobnicate\nhint: `launchctl --help` shows how\n"),
        (
            ["resolve", "runs.a"],
            'error: missing option "--as": one of succeeded, failed\nhint: `launchctl resolve --help` shows how\n',
        ),
        (["logs"], 'error: missing argument "ADDR"\nhint: `launchctl logs --help` shows how\n'),
        (
            ["logs", "baseline"],
            'error: "baseline" is no address\nhint: as in `runs.baseline`, or `runs.baseline@g1#a2`\n',
        ),
        (["state"], "error: missing command\nhint: `launchctl state --help` shows how\n"),
        (
            ["plan", "a", "-p", "b"],
            "error: the project is named twice\nhint: name it as PROJECT or with `--project`\n",
        ),
        (
            ["plan", "--allow", "everything=runs.a"],
            'error: expected `cancel=ADDR` or `supersede=ADDR`, got "everything=runs.a"\n'
            "hint: as in `--allow cancel=runs.baseline`\n",
        ),
        (["compile", "--check"], "error: `--check` needs the folder that it compares with\nhint: add `-o DIR`\n"),
        (["--version", "plan"], "error: `--version` stands alone\n"),
    ],
)
def test_a_wrong_command_line_is_64_and_says_how(arguments: list[str], message: str) -> None:
    found = call(*arguments)
    assert (found.returncode, found.stdout, found.stderr) == (64, "", message)


def test_no_command_at_all_shows_help_and_is_wrong_usage() -> None:
    found = call()
    assert (found.returncode, found.stdout) == (64, "")
    assert found.stderr == call("--help").stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LaunchctlError("x"), 1),
        (ProviderError("x"), 1),
        (StateError("x"), 1),
        (Blocked("x"), 3),
        (StateLocked("x"), 4),
        (StalePlan("x"), 5),
        (InvalidProject(()), 6),
        (UsageError("x"), 64),
    ],
)
def test_every_error_has_its_exit_code(error: LaunchctlError, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (set(), 0),
        ({7}, 7),
        ({7, 3}, 3),
        ({7, 3, 1}, 1),
        ({1, 6}, 6),
        ({6, 5}, 5),
        ({5, 4}, 4),
        ({1, 3, 4, 5, 6, 7, 130}, 130),
    ],
)
def test_apply_ends_with_the_first_that_holds(held: set[int], code: int) -> None:
    assert gravest({ExitCode(found) for found in held}) == code


def _command_that_raises(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    app = command_app()

    @app.command()
    def fail() -> None:
        raise error

    module = types.ModuleType("launchctl.cli.fail")
    module.__dict__["app"] = app
    monkeypatch.setitem(sys.modules, "launchctl.cli.fail", module)
    monkeypatch.setitem(main.COMMANDS, "fail", "Fail.")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StateLocked("the lease is held by ada", hint="wait"), 4, "error: the lease is held by ada\nhint: wait\n"),
        (LaunchctlError("one\ntwo \x1b[2J"), 1, "error: one\n  two \\x1b[2J\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, 'error: cannot use "/x": permission denied\n'),
        (OSError(28, "No space left on device"), 1, "error: no space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_the_boundary_turns_errors_into_codes_and_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    _command_that_raises(monkeypatch, error)
    handler = signal.getsignal(signal.SIGINT)
    assert run(["fail"]) == code
    signal.signal(signal.SIGINT, handler)
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [("--version", 0), ("version", 0), ("--help", 0), ("explain max_jobs", 0), ("frobnicate", 64), ("status", 6)],
)
def test_a_closed_stream_is_silent_and_changes_no_exit_code(
    tmp_path: Path, arguments: str, code: int, closed: str
) -> None:
    found = subprocess.run(
        ["sh", "-c", f'"$0" -m launchctl {arguments} <&- {closed}', sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert found.returncode == code
    assert "bug" not in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_a_bug_is_70_and_its_traceback_goes_to_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _command_that_raises(monkeypatch, ZeroDivisionError("division by zero"))
    assert run(["fail"]) == 70
    (report,) = tmp_path.iterdir()
    assert capsys.readouterr().err == (
        "error: ZeroDivisionError: this is a bug in launchctl\n"
        f"please report it with the output of `launchctl version` and the file {report}\n"
    )
    assert report.read_text().startswith("Traceback")
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "xterm", "CI": "false"}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_needs_a_terminal_and_somebody_who_looks(environment: dict[str, str], expected: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        assert console.is_rich(stream, environment) is expected
    os.close(ours)
    with open(os.devnull, "w") as stream:
        assert console.is_rich(stream, environment) is False


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_terminal_gets_every_character_somehow(encoding: str) -> None:
    program = (
        "from launchctl.cli import console\n"
        "from launchctl.cli.views.text import line\n"
        "console.prepare_streams()\n"
        "console.show([line('이름 é 😀')])\n"
        "console.show_json({'k': '이름 é 😀'})\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert found.returncode == 0
    assert b'"k": "\\uc774\\ub984 \\u00e9 \\ud83d\\ude00"' in found.stdout


def test_a_reader_who_goes_away_is_no_error_message() -> None:
    writer = subprocess.Popen(
        [sys.executable, "-m", "launchctl", "explain", "max_jobs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    said = writer.stderr.read()
    writer.wait()
    writer.stderr.close()
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said
