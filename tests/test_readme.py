"""The README's tour is real: its commands are run, and what they print is what it shows.

A code block of the language `console` holds commands after `$ ` and below each what it prints.
Times, ids and digests differ between two runs and are compared by their form alone. In which order a busy machine
sees its runs move differs too, so that lines of progress are not compared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
_TOUR = re.compile(r"<!-- tour: .*?<!-- end of tour -->", re.DOTALL)
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_CHANGING = (
    (r"\b[0-9a-f]{10}\b", "0123456789"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\bsha256:[0-9a-f]+", "sha256:…"),
    (r"\b\d+(\.\d+)? ?(ms|s|seconds?)\b", "0 s"),
    (r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?", "TIME"),
    (r"\b\d{2}:\d{2}:\d{2}\b", "TIME"),
    (r" +", " "),
)


_PROGRESS = re.compile(r"runs\.\w+@g\d+#a\d+: ")


class Shell:
    """A terminal without a terminal: one folder after another, both streams in one."""

    def __init__(self, folder: Path) -> None:
        self.home = self.folder = folder
        # A person at a desk: whoever has CI set names the state, which the tour does not.
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"CI", "LAUNCHCTL_STATE", "COLUMNS", "LINES"}
        }
        self.environment = {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "NO_COLOR": "1"}

    def run(self, command: str) -> str:
        """What a command prints."""
        if command.startswith("cd "):
            self.folder = (self.folder / command[3:]).resolve()
            return ""
        answer = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        text = answer.stdout.replace(f"{self.home}/", "")
        return text if text.endswith("\n") or not text else text + "\n"


def _play(block: str, shell: Shell) -> str:
    """The block with what its commands print now."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{shell.run(command)}" for command in commands)


def _form(text: str) -> list[str]:
    for pattern, stand_in in _CHANGING:
        text = re.sub(pattern, stand_in, text)
    return [line.rstrip() for line in text.splitlines() if not _PROGRESS.match(line)]


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path, update: bool) -> None:
    text = README.read_text()
    (tour,) = _TOUR.findall(text)
    shell = Shell(tmp_path)
    played = _BLOCK.sub(lambda match: _play(match[0], shell), tour)
    if update and _form(played) != _form(tour):
        README.write_text(text.replace(tour, played))
        tour = played
    assert _form(played) == _form(tour), "run `pytest tests/test_readme.py --update`"
    shown = [text for text in ("[unknown-key]", "2 to start", "Nothing to do", "generation 2", "@g1") if text in tour]
    assert len(shown) == 5, "the tour does not show what it is there to show"


def test_the_readme_has_the_two_commands_that_ci_runs() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    assert blocks == ["python3 dev.py quickstart\n", "python3 dev.py test\n"]
