"""Sweeps with trials and metrics, made by hand: what a state would hold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from launchctl.addresses import Address, Kind
from launchctl.compiler.program import CodeSource, LaunchSpec, SweepSpec
from launchctl.compiler.sweep.search import Hyperband, Objective, Search
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.engine.sweep.report import SweepReport, TrialHistory, report_of
from launchctl.state.model import AttemptRecord, Form, GenerationRecord, Policy, Series, Standing, TrialRecord
from launchctl.status import Status
from launchctl.values import JSON, digest

FORM = Form(1, "{}", "sha256:a", "sha256:b", "sha256:c")
HOSTILE = "</script><img src=x onerror=alert(1)><b>&amp;${x} {{ y }}"
NOW = 1_000_000_100.0
RATES = Leaf(("learning_rate",), Distribution.CATEGORICAL, values=(0.3, 0.1, 0.03))
OPTIMIZERS = Leaf(("optimizer", "name"), Distribution.CATEGORICAL, values=("adam", "sgd"))
EPOCHS = Leaf(("epochs",), Distribution.CONSTANT, values=(27,))
SPACE = Space((RATES, OPTIMIZERS, EPOCHS))
LOSS = Objective("loss", "minimize", 0.05)
SEARCH = Search("grid", SPACE, 1, objective=LOSS, stopping=Hyperband((3, 9, 27)))


def sweep(search: Search = SEARCH, title: str = "lr") -> SweepSpec:
    """The sweep `lr` with a search."""
    address = Address(Kind.SWEEPS, "lr")
    launch = LaunchSpec(address, "train", "here", "process", CodeSource("train", "sha256:0", None), None)
    return SweepSpec(address, launch, search, title)


def trial(
    key: str,
    values: Mapping[str, JSON],
    status: Status | None = Status.SUCCEEDED,
    *,
    epoch: int = 1,
    index: int = 0,
    seconds: float | None = 84.0,
) -> TrialHistory:
    """A trial; its run id is its key behind an `r`."""
    address = f"sweeps.lr[{key}]"
    generation = GenerationRecord(
        address, epoch, FORM, Policy("here", "process"), f"r{key}", "never_run", 1, 0.0,
        trial=TrialRecord(index, 1, values),
    )  # fmt: skip
    if status is None:
        return TrialHistory(generation, None)
    started = 1_000_000_000.0 if seconds is not None else None
    ended = started + seconds if started is not None and seconds is not None and status.is_terminal else None
    attempt = AttemptRecord(address, epoch, 1, f"r{key}", status, started_at=started, ended_at=ended)
    return TrialHistory(generation, attempt)


def said(key: str, *values: float, **others: float) -> Series:
    """What a trial logged of `loss`, and the last value of other metrics."""
    return Series(f"r{key}", f"sweeps.lr[{key}]", values, {"loss": values[-1], **others} if values else others)


def report(
    trials: Sequence[TrialHistory],
    series: Sequence[Series] = (),
    search: Search = SEARCH,
    *,
    title: str = "lr",
    size: int | None = 6,
    latest_epoch: int = 1,
    epoch: int = 1,
) -> SweepReport:
    """The report of hand-made trials."""
    silent = (Series(found.generation.run_id, found.generation.address) for found in trials)
    return report_of(
        sweep(search, title),
        trials,
        {found.run_id: _read(found, search) for found in (*silent, *series)},
        epoch=epoch,
        latest_epoch=latest_epoch,
        standing=Standing.ACTIVE,
        size=size,
    )


def _read(series: Series, search: Search) -> Series:
    """A series as it is once a drain has read it to its end."""
    metric = search.objective.name if search.objective else ""
    return replace(series, is_complete=True, metric=metric, source=digest(search.metrics))


def point(rate: JSON, name: JSON) -> Mapping[str, JSON]:
    """Values of a trial of `SPACE`."""
    return {"learning_rate": rate, "optimizer": {"name": name}, "epochs": 27}


def small() -> SweepReport:
    """Five trials: two that succeeded, one pruned, one failed with the best value of all, one that waits."""
    trials = (
        trial("aaaa000000000001", point(0.3, "adam"), index=0),
        trial("aaab000000000002", point(0.1, "adam"), index=2),
        trial("bbbb000000000003", point(0.1, "sgd"), Status.PRUNED, index=3, seconds=9.0),
        trial("cccc000000000004", point(0.03, "sgd"), Status.FAILED, index=5, seconds=4.0),
        trial("dddd000000000005", point(0.03, "adam"), Status.PENDING, index=4, seconds=None),
    )
    series = (
        said("aaaa000000000001", 1.0, 0.6, 0.5, 0.55, accuracy=0.8),
        said("aaab000000000002", 0.9, 0.4, 0.25, accuracy=0.9),
        said("bbbb000000000003", 2.0, 1.9, 1.8),
        said("cccc000000000004", 0.01),
    )
    return report(trials, series)


def hostile() -> SweepReport:
    """The same, where every text that a user may choose would like to be a script."""
    leaf = Leaf((HOSTILE,), Distribution.CATEGORICAL, values=(HOSTILE, "2026-01-01", "=1+1"))
    search = replace(SEARCH, space=Space((RATES, leaf)), objective=LOSS._replace(name=HOSTILE))
    trials = [
        trial(f"{number:016x}", {"learning_rate": rate, HOSTILE: text}, index=number)
        for number, (rate, text) in enumerate([(0.3, HOSTILE), (0.1, "2026-01-01"), (0.03, "=1+1")])
    ]
    series = [Series(f"r{number:016x}", "", (3.0 - number, 2.0 - number / 2), {HOSTILE: 1.0}) for number in range(3)]
    return report(trials, series, search, title=HOSTILE)
