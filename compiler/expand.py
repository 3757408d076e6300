"""Expansion: a resolved project to a `Program`, its templates filled in and its macros symbolic.

What the runs of a queue share is merged, rendered and checked once. A run with an error is
left out; everything else is expanded, so that all faults are found in one go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from launchctl.addresses import Address, Kind
from launchctl.collector import paused_collector
from launchctl.compiler import expand_codes as codes
from launchctl.compiler.checks import check_program
from launchctl.compiler.context import CompileContext
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.environment import API_KEY, NAMES
from launchctl.compiler.node import descend, nearest_span, plain
from launchctl.compiler.program import AgentSpec, LaunchSpec, Program, QueueSpec, SweepSpec
from launchctl.compiler.runs import RunExpander
from launchctl.compiler.unused import unused_names
from launchctl.diagnostics import Diagnostic, Diagnostics, in_order
from launchctl.suggest import did_you_mean

NO_LIMIT = -1
_KNOWN_POLICIES = ("open", "default")


def expand(resolved: ResolvedProject, context: CompileContext) -> tuple[Program, Diagnostics]:
    """The program of a project, and everything that is wrong with its values."""
    with paused_collector():
        return _expand(resolved, context)


def _expand(resolved: ResolvedProject, context: CompileContext) -> tuple[Program, Diagnostics]:
    expander = RunExpander(resolved, context)
    launches = tuple([spec for run in resolved.runs.values() if (spec := expander.expand(run)) is not None])
    sweeps = {sweep.address.name: sweep for sweep in _sweeps(resolved, expander)}
    used = {run.queue.name for run in resolved.runs.values()} | {each.queue.name for each in resolved.sweeps.values()}
    for name, queue in resolved.project.queues.items():
        if name not in used:
            expander.check_queue(queue)
    program = _program(resolved, context, launches, sweeps)
    found = [*expander.found, *expander.slots.finish()]
    if not any(one.code is codes.UNKNOWN_TEMPLATE_VARIABLE for one in found):
        found += unused_names(resolved, expander.slots)  # otherwise it is the misspelt one
    shared = [sweep.launch for sweep in sweeps.values()]
    found += [*_policies(resolved), *_wandb_names(resolved), *check_program((*launches, *shared))]
    return program, in_order(found)


def _sweeps(resolved: ResolvedProject, expander: RunExpander) -> Iterator[SweepSpec]:
    """The sweeps without an error; what reads them is loaded where there is one at all."""
    if resolved.sweeps:
        from launchctl.compiler.sweep.expand import expand_sweep

        for sweep in resolved.sweeps.values():
            spec = expand_sweep(sweep, expander)
            if spec is not None:
                yield spec


def _program(
    resolved: ResolvedProject,
    context: CompileContext,
    launches: tuple[LaunchSpec, ...],
    sweeps: Mapping[str, SweepSpec],
) -> Program:
    settings = resolved.project.settings
    return Program(
        project=settings.project,
        entity=settings.entity,
        author=settings.author,
        state=settings.state,
        environment=settings.environment,
        queues={queue.address.name: queue for queue in _queues(resolved, context)},
        agents={agent.address.name: agent for agent in _agents(resolved)},
        launches=launches,
        moved=resolved.moved,
        sweeps=sweeps,
    )


def _queues(resolved: ResolvedProject, context: CompileContext) -> Iterator[QueueSpec]:
    for name, queue in resolved.project.queues.items():
        resource = resolved.resources.get(name)
        if resource is None:
            continue
        target, limit = context.capabilities_by_resource.get(resource), queue.model.max_jobs
        if limit is None and target is not None:
            limit = target.default_max_jobs
        yield QueueSpec(
            address=Address(Kind.QUEUES, name),
            resource=resource,
            max_jobs=None if limit == NO_LIMIT else limit,
            prioritization=queue.model.prioritization,
            form=plain(queue.node),
            span=queue.span,
        )


def _agents(resolved: ResolvedProject) -> Iterator[AgentSpec]:
    for name, agent in resolved.project.agents.items():
        limit = agent.model.max_jobs
        yield AgentSpec(
            address=Address(Kind.AGENTS, name),
            queues=agent.model.queues,
            max_jobs=None if limit == NO_LIMIT else limit,
            form=plain(agent.node),
            span=agent.span,
        )


def _policies(resolved: ResolvedProject) -> Iterator[Diagnostic]:
    """A policy that would not be enforced must not look as if it were."""
    has_runs = bool(resolved.runs or resolved.sweeps)
    if has_runs and resolved.project.settings.policies.run not in _KNOWN_POLICIES:
        span = nearest_span(resolved.project.node, ("policies", "run"))
        yield Diagnostic(codes.NOT_SUPPORTED_YET, span, {"what": "this policy"})


def _wandb_names(resolved: ResolvedProject) -> Iterator[Diagnostic]:
    """Names in `wandb.environment` that launchctl never sets."""
    listed = resolved.project.settings.wandb.environment
    for place, name in enumerate(() if isinstance(listed, bool) else listed):
        if name not in NAMES:
            node = descend(resolved.project.node, ("wandb", "environment", place))
            hint = "name its secret: `wandb: {api_key: SECRET}`" if name == API_KEY else did_you_mean(name, NAMES)
            yield Diagnostic(codes.UNKNOWN_WANDB_VARIABLE, node.span if node else None, {"name": name}, hint=hint)
