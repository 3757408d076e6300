"""Strings the plain commands together; nothing here that cannot be typed."""

import nox

nox.options.sessions = ["lint", "tests"]


def _install(session: nox.Session, lock: str) -> None:
    session.install("--require-hashes", "-r", f"requirements/{lock}.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Formatter, linter, type checkers, import contracts."""
    _install(session, "dev")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("pyright", "--pythonpath", f"{session.virtualenv.location}/bin/python")
    session.run("lint-imports")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """All tests; engines only where their environment variables are set."""
    _install(session, "tests")
    session.run("pytest", *session.posargs)


@nox.session(python="3.11")
def benchmarks(session: nox.Session) -> None:
    """The table of costs."""
    _install(session, "tests")
    session.run("python", "-m", "benchmarks", *session.posargs)
