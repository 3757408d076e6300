"""The docker command line as a process of ours: without a shell, out of reach of the terminal's interrupts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launchctl.errors import ProviderError, Refused, Throttled, UnknownOutcome

PATIENCE = 3600.0
"""Seconds after which a command is given up; creating a container may pull a large image first."""
_UNANSWERED = (
    *("Cannot connect to the Docker daemon", "error during connect", "failed to connect to the docker API"),
    *("context deadline exceeded", "connection reset by peer", "i/o timeout", "EOF"),
)
_NOISE = ("Usage:", "Run 'docker", "See 'docker")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    code: int
    output: str
    words: str
    """What it printed to standard error, without its advice on usage."""

    def error(self, tried: str) -> ProviderError:
        """The failure as an exception, the engine's own words in it."""
        message = f"{tried}: {self.words or f'docker ended with {self.code}'}"
        if "toomanyrequests" in self.words:
            return Throttled(message, retry_after=60.0)
        is_answer = "Error response from daemon" in self.words
        if self.code < 0 or (not is_answer and any(sign in self.words for sign in _UNANSWERED)):
            return UnknownOutcome(message)
        return Refused(message)


def run_docker(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, patience: float = PATIENCE
) -> Answer:
    """The answer to `docker …`; raises UnknownOutcome where it does not end, Refused where it cannot be started."""
    program = shutil.which("docker", path=environment.get("PATH", ""))
    if program is None:
        raise Refused("the docker command line is not on the PATH", hint="install docker, or its command line alone")
    try:
        process = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
            [program, *arguments[1:]],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise Refused(f"the docker command line could not be started: {error}") from error
    try:
        output, words = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise UnknownOutcome(f"`docker {arguments[1]}` did not end within {patience:.0f} s") from error
    return Answer(process.returncode, output.decode("utf-8", "replace"), _words(words.decode("utf-8", "replace")))


def _words(text: str) -> str:
    """The last lines that say something; progress of a pull comes before them."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(_NOISE):
            break
        if line.strip():
            lines.append(line.strip())
    return "; ".join(lines[-3:])
