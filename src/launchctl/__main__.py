"""The command `launchctl`, also as `python -m launchctl`: `--version` is answered before anything is loaded."""

from __future__ import annotations

import gc
import os
import sys

from launchctl import __version__


def main() -> int:
    """Carries out the process's command line and returns its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"launchctl {__version__}")  # noqa: T201  (unlike `write`, silent on a closed stream)
        return 0
    # Plugins of other people's models: to look for them, every installed package would be read.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A compiled project is many objects that all live to the end; looking for garbage among them is lost time.
    gc.set_threshold(200_000, 20, 100)
    try:
        from launchctl.cli.main import run  # the argument parser alone costs more than the answer above
    except KeyboardInterrupt:
        print("interrupted before anything was decided", file=sys.stderr)  # noqa: T201
        return 130
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
