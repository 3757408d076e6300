"""What a plan shows of a sweep besides its change: its factors, its limits, and the first trials that would start."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from launchctl.compiler.node import ScalarNode
from launchctl.compiler.program import LaunchSpec, Program, QueueSpec, SweepSpec
from launchctl.compiler.sweep.codec import from_text
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.trial import launch_of
from launchctl.engine.plan import Action, Change, Plan
from launchctl.state.model import State
from launchctl.sweeps.factors import Factor
from launchctl.sweeps.searcher import factors, following, is_trial, page
from launchctl.values import JSON

_MOST_LOOKED_AT = 100_000
"""Points of a grid among which new ones are looked for."""
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class SweepOutline:
    """One sweep, as far as a reader of its plan wants to see it."""

    search: Search
    factors: tuple[Factor, ...]
    limits: tuple[str, ...]
    """What limits how many trials run at once: `parallel 2`, `queues.gpu max_jobs 8`."""
    offset: int = 0
    """How many trials come before those that are listed."""
    trials: tuple[Trial, ...] = ()
    """Some of those that would start, in the order of the search."""
    argv: tuple[JSON, ...] = ()
    """The command line of the first of them, macros of an attempt left as they are; where none is listed, of all."""


def outlines(
    program: Program, plan: Plan, state: State | None, *, offset: int = 0, limit: int = 20
) -> Mapping[str, SweepOutline]:
    """The outline of every sweep of a plan that something happens to; all trials where the limit is 0."""
    specs = {str(spec.address): spec for spec in program.sweeps.values()}
    found = ((change, specs.get(change.address)) for change in plan.changes if change.trials is not None)
    return {
        change.address: _outline(program, spec, change, state, offset, limit)
        for change, spec in found
        if spec is not None and change.action is not Action.NO_OP
    }


def _outline(
    program: Program, spec: SweepSpec, change: Change, state: State | None, offset: int, limit: int
) -> SweepOutline:
    starting = change.trials.start if change.trials and change.action is Action.START else 0
    count = min(limit, max(starting - offset, 0)) if limit else max(starting - offset, 0)
    trials = tuple(_starting(spec.search, change, state, offset, count)) if count else ()
    return SweepOutline(
        search=spec.search,
        factors=factors(spec.search),
        limits=tuple(_limits(spec, program.queues)),
        offset=offset,
        trials=trials,
        argv=_argv(launch_of(spec, trials[0]) if trials else spec.launch),
    )


def _limits(spec: SweepSpec, queues: Mapping[str, QueueSpec]) -> Iterator[str]:
    if spec.search.parallel is not None:
        yield f"parallel {spec.search.parallel}"
    queue = queues.get(spec.launch.queue)
    if queue is not None and queue.max_jobs is not None:
        yield f"{queue.address} max_jobs {queue.max_jobs}"


def _starting(search: Search, change: Change, state: State | None, offset: int, count: int) -> Iterator[Trial]:
    """The trials that start with this plan: all of a new epoch, of an edited one those that it did not have before."""
    record = state.sweeps.get(change.address) if state else None
    if record is not None and search.method == "bayes":  # chosen when they start, from what is known by then
        return iter(())
    if record is None or record.epoch != change.generation:
        return iter(page(search, offset, count))
    taken = _taken(state, change.address, record.epoch)
    accepted = from_text(record.spec)[0].search
    if record.is_stopped or search.method != "grid" or accepted.method != "grid":
        return iter(following(search, taken, (), offset + count)[offset:])
    new = (
        trial
        for trial in first_trials(search)
        if trial.key not in taken and not is_trial(accepted, trial.key, trial.values, trial.repeat)
    )
    return islice(new, offset, offset + count)


def first_trials(search: Search) -> Iterator[Trial]:
    """The trials of a search in their order, made as they are asked for, up to a great many."""
    for offset in range(0, _MOST_LOOKED_AT, _PAGE):
        found = page(search, offset, _PAGE)
        yield from found
        if len(found) < _PAGE:
            return


def _taken(state: State | None, address: str, epoch: int) -> Collection[str]:
    """Keys of the trials on record in an epoch."""
    start = f"{address}["
    runs = state.runs.items() if state else ()
    return frozenset(
        name[len(start) : -1] for name, run in runs if name.startswith(start) and run.run.generation == epoch
    )


def _argv(launch: LaunchSpec) -> tuple[JSON, ...]:
    items = (*launch.command.items, *launch.args.items)
    return tuple(item.value if isinstance(item, ScalarNode) else str(item) for item in items)
