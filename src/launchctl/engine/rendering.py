"""Rendering: a run of a valid project to the manifest and the launch of one attempt. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from launchctl.compiler.bind import bind
from launchctl.compiler.program import Identity, LaunchSpec, Program
from launchctl.engine.abbreviation import named_trials
from launchctl.engine.cells import next_id
from launchctl.engine.launch import Launch
from launchctl.engine.pipeline import Compiled
from launchctl.engine.plan import Change, fits
from launchctl.engine.sweep.form import desired_trial
from launchctl.engine.world import Desired, SweepDesired
from launchctl.providers.base import Provider
from launchctl.providers.manifest import Manifest
from launchctl.state.model import Form
from launchctl.sweeps import searcher


@dataclass(frozen=True, slots=True)
class CompiledRun:
    """One run with the manifest of an attempt."""

    spec: LaunchSpec
    form: Form
    provider: Provider
    identity: Identity
    manifest: Manifest
    image: str | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CompiledSweep:
    """One sweep, and how many of its trials are shown beside it."""

    sweep: SweepDesired
    size: int | None
    """All trials; None where the search has no end."""
    offset: int
    shown: int


Rendered: TypeAlias = CompiledRun | CompiledSweep


@dataclass(frozen=True, slots=True)
class Page:
    """Which trials of each sweep are shown."""

    offset: int = 0
    limit: int | None = 20
    """None is no limit."""


FIRST_PAGE = Page()


def render(
    compiled: Compiled, workspace: str, patterns: tuple[str, ...] = (), page: Page = FIRST_PAGE
) -> Iterator[Rendered]:
    """Every run, or those that the patterns name, as the first attempt that a first apply would start; every sweep
    with a page of its trials, and single trials that a pattern names.

    Raises:
        UsageError: a key that fits no trial, or several.
    """
    program = compiled.program
    assert program is not None
    for address, run in compiled.desired.items():
        if not patterns or fits(address, patterns):
            yield _first(run, program, workspace)
    for address, sweep in compiled.sweeps.items():
        if not patterns or fits(address, patterns):
            yield from _sweep(sweep, program, workspace, page)
        else:
            for trial in named_trials(sweep.spec, patterns):
                yield _first(desired_trial(sweep, trial, 1), program, workspace)


def _sweep(sweep: SweepDesired, program: Program, workspace: str, page: Page) -> Iterator[Rendered]:
    search = sweep.spec.search
    size = searcher.size(search)
    limit = page.limit if page.limit is not None else max(0, (size or 0) - page.offset)
    trials = searcher.page(search, page.offset, limit)
    yield CompiledSweep(sweep, size, page.offset, len(trials))
    for trial in trials:
        yield _first(desired_trial(sweep, trial, 1), program, workspace)


def _first(run: Desired, program: Program, workspace: str) -> CompiledRun:
    first = next_id(program, workspace, run, 0)
    return manifest_of(run, program, workspace, Identity(first, first))


def manifest_of(run: Desired, program: Program, workspace: str, identity: Identity) -> CompiledRun:
    """The run for one attempt."""
    able = run.provider.capabilities
    launch = bind(run.spec, identity, program, workspace, able.environment_chunk, able.file_folder)
    manifest, _ = run.provider.lower(launch)
    return CompiledRun(run.spec, run.form, run.provider, identity, manifest, launch.image, launch.labels)


def launch_text(program: Program, workspace: str) -> Callable[[Desired, Change, str, int], str]:
    """Renders the launch of a decided attempt, with those that its retry policy may append to it."""

    def text(run: Desired, change: Change, first_id: str, before: int) -> str:
        attempts = range(change.attempt, max(change.attempt, run.spec.retry.max + 1) + 1)
        launches = [
            _launch(
                run,
                program,
                workspace,
                Identity(_id(run, change, number, before), first_id, change.generation, number),
            )
            for number in attempts
        ]
        following: Launch | None = None
        for launch in reversed(launches):
            following = replace(launch, retry=following)
        assert following is not None
        return following.to_text()

    def _id(run: Desired, change: Change, number: int, before: int) -> str:
        if number == change.attempt:
            return change.run_id
        return next_id(program, workspace, run, before + number - change.attempt)

    return text


def _launch(run: Desired, program: Program, workspace: str, identity: Identity) -> Launch:
    compiled = manifest_of(run, program, workspace, identity)
    return Launch.of(run.spec, compiled.manifest, identity.run_id, compiled.labels)
