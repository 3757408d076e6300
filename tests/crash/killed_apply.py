"""An apply that kills itself with SIGKILL at its n-th step, as `kill -9` would: run as a program by the crash tests.

    python killed_apply.py PROJECT_FOLDER STEP

STEP 0 never kills; the number of steps is printed at the end.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.events import Event
from launchctl.engine.pipeline import Request, compile_project
from launchctl.engine.session import open_session


def main(folder: Path, step: int) -> None:
    """Plans and applies, and dies at the step."""
    steps = 0

    def sink(event: Event) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    request = Request(project=folder, here=folder, environment=dict(os.environ))
    compiled = compile_project(request)
    with open_session(compiled, request) as session:
        report = apply(session, session.plan(), ApplyOptions(wait=True), sink)
    if report.errors or report.failed:
        sys.exit(f"{report.errors} {report.failed}")
    sys.stdout.write(f"{steps}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
