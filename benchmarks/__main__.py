"""Prints the table of costs, and with `--markdown FILE` writes it; `--rounds N` repeats each pair so often.

Exit code 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bayes, sweeps, workshop
from benchmarks.measure import Cost, Pair, alone, paired


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    other: str = ""
    ratio: float | None = None
    limit: float | None = None
    """The ratio that is promised."""

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds; a line without one always does."""
        return self.limit is None or self.ratio is None or self.ratio <= self.limit

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's columns."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        limit = "" if self.limit is None else f"≤ {self.limit:g} {'✓' if self.is_kept else '✗'}"
        return (self.what, self.ours, self.other, ratio, limit)


def main() -> int:
    """1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table as markdown")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="pairs a line (5)")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="launchctl-bench-") as folder:
        for row in measure(Path(folder), arguments.rounds):
            print("  ".join(f"{cell:{width}}" for cell, width in zip(row.cells, (58, 22, 34, 6, 8), strict=True)))
            sys.stdout.flush()
            rows.append(row)
    if arguments.markdown:
        arguments.markdown.write_text(_markdown(rows))
    return 0 if all(row.is_kept for row in rows) else 1


def measure(folder: Path, rounds: int) -> Iterator[Row]:
    """The lines of the table, as they are measured."""
    workshop.register_instant(folder)
    yield from _start_up(folder, rounds)
    yield from _against_terraform(folder, rounds)
    yield from _growth(folder, rounds)
    yield from _planned_grids(folder, rounds)
    yield from _grids(rounds)
    yield from _bayes()


def _start_up(folder: Path, rounds: int) -> Iterator[Row]:
    bare = workshop.python("-c", "pass")
    version = paired(workshop.launchctl(folder, "--version"), bare, rounds * 4)
    yield _row("`launchctl --version` / `python -c pass`", version, 3)
    empty = workshop.python(str(workshop.write_empty_program(folder / "empty.py")), "--help")
    help_ = paired(workshop.launchctl(folder, "--help"), empty, rounds * 2)
    yield _row("`launchctl --help` / an empty typer program", help_, 1.5)


def _against_terraform(folder: Path, rounds: int) -> Iterator[Row]:
    docker = workshop.write_project(folder / "docker", "docker", 1_000)
    instant = workshop.write_project(folder / "instant", "instant", 1_000)
    plan = workshop.launchctl(docker, "plan")
    apply = workshop.launchctl(instant, "apply", "--auto-approve", "--wait", prepare=workshop.forget(instant))
    again = workshop.launchctl(instant, "plan", "--detailed-exitcode")
    if not shutil.which("terraform"):
        for what, command in (("plan 1,000 new runs", plan), ("apply 1,000 runs", apply), ("plan them again", again)):
            yield Row(what, _seconds(alone(command, rounds)), "terraform is not installed here")
        return
    theirs = workshop.write_terraform(folder / "terraform", 1_000)
    forget = workshop.forget_terraform(theirs)
    their_plan = workshop.terraform(theirs, "plan", "-input=false", prepare=forget)
    their_apply = workshop.terraform(theirs, "apply", "-input=false", "-auto-approve", prepare=forget)
    their_second = workshop.terraform(theirs, "plan", "-input=false", "-detailed-exitcode")
    yield _row("plan 1,000 new runs / `terraform plan` of 1,000 `terraform_data`", paired(plan, their_plan, rounds), 1)
    yield _row("apply 1,000 runs / `terraform apply`", paired(apply, their_apply, rounds), 0.1)
    yield _row("plan them again, nothing to do / `terraform plan`", paired(again, their_second, rounds), 1)


def _growth(folder: Path, rounds: int) -> Iterator[Row]:
    few = workshop.write_project(folder / "few", "instant", 1_000)
    many = workshop.write_project(folder / "many", "instant", 10_000)
    for what, arguments in (
        ("validate", ["validate"]),
        ("plan", ["plan"]),
        ("apply", ["apply", "--auto-approve", "--wait"]),
        ("plan again", ["plan", "--detailed-exitcode"]),
    ):
        is_first = what != "plan again"
        large, small = (
            workshop.launchctl(project, *arguments, prepare=workshop.forget(project) if is_first else None)
            for project in (many, few)
        )
        pair = paired(large, small, max(rounds // 2, 1))
        yield Row(
            f"{what}: a run of 10,000 / a run of 1,000",
            f"{pair.first.seconds / 10:.3f} ms, {pair.first.megabytes:.0f} MB",
            f"{pair.second.seconds:.3f} ms, {pair.second.megabytes:.0f} MB",
            pair.ratio / 10,
            1,
        )


def _planned_grids(folder: Path, rounds: int) -> Iterator[Row]:
    """A sweep of 10,000 and one of 1,000,000 points: planned, and the first planned again once all has ended."""
    docker = workshop.write_grid(folder / "grid", "docker", 100, 100)
    vast = workshop.write_grid(folder / "vast", "docker", 100, 100, 100)
    ended = workshop.write_grid(folder / "ended", "instant", 100, 100)
    plan, plan_vast = workshop.launchctl(docker, "plan"), workshop.launchctl(vast, "plan")
    size = paired(plan_vast, plan, rounds)
    yield _row("plan a grid of 1,000,000, its size and first page / of 10,000", size, 1.2)
    apply = alone(workshop.launchctl(ended, "apply", "--auto-approve", "--wait"), 1)
    yield Row("apply a grid of 10,000", _seconds(apply))
    again = workshop.launchctl(ended, "plan", "--detailed-exitcode")
    if not shutil.which("terraform"):
        yield Row("plan a grid of 10,000", _seconds(alone(plan, rounds)), "terraform is not installed here")
        return
    theirs = workshop.write_terraform(folder / "terraform-grid", 10_000)
    their_plan = workshop.terraform(theirs, "plan", "-input=false")
    of_terraform = "`terraform plan` of 10,000 `terraform_data`"
    yield _row(f"plan a grid of 10,000 / {of_terraform}", paired(plan, their_plan, rounds), 0.25)
    yield _row(f"plan it again, all ended / the first {of_terraform}", paired(again, their_plan, rounds), 0.5)


def _grids(rounds: int) -> Iterator[Row]:
    for what, ours, theirs, limit in sweeps.compared(rounds):
        if theirs is None:
            yield Row(what, f"{ours:.3f} s", "the reference library is not installed here")
        else:
            yield Row(what, f"{ours:.3f} s", f"{theirs:.3f} s", ours / theirs, limit)


def _bayes() -> Iterator[Row]:
    for count in bayes.COUNTS:
        yield Row(f"bayes: a suggestion after {count} trials", f"{bayes.suggestion_seconds(count) * 1000:.0f} ms")
    interpreter = os.environ.get("LAUNCHCTL_TEST_REFERENCE")
    for function in bayes.FUNCTIONS:
        what = f"bayes: regret of 50 trials, median of 10 seeds, {function.name}"
        if interpreter is None:
            yield Row(what, "", "LAUNCHCTL_TEST_REFERENCE names no interpreter")
            continue
        found = bayes.compare(function, 10, 50, interpreter)
        ours, theirs = found.ours - function.optimum, found.theirs - function.optimum
        yield Row(what, f"{ours:.5f}", f"{theirs:.5f}", found.ratio, 1)


def _row(what: str, pair: Pair, limit: float) -> Row:
    return Row(what, _seconds(pair.first), _seconds(pair.second), pair.ratio, limit)


def _seconds(cost: Cost) -> str:
    return f"{cost.seconds:.3f} s, {cost.megabytes:.0f} MB"


def _markdown(rows: list[Row]) -> str:
    head = [("what", "launchctl", "compared with", "ratio", "promised"), ("---", "---:", "---:", "---:", "---:")]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [*head, *(row.cells for row in rows)])


if __name__ == "__main__":
    sys.exit(main())
