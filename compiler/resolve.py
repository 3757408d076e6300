"""References resolved: every name of a `Project` leads to an entry, or is reported with the nearest one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from launchctl.addresses import Address, Kind, parse_address
from launchctl.collector import paused_collector
from launchctl.compiler import codes
from launchctl.compiler.cycles import find_cycles
from launchctl.compiler.entries import Entry, JobEntry, Project, QueueEntry, ResolvedProject, ResolvedRun, ResolvedSweep
from launchctl.compiler.extends import Extension
from launchctl.compiler.lookup import declared, place, unknown
from launchctl.compiler.model import JOB_KEYS, Run, RunSettings
from launchctl.compiler.node import MapNode, ScalarNode
from launchctl.compiler.program import Dependency, SecretReference
from launchctl.compiler.renames import resolve_moves
from launchctl.compiler.resources import RESOURCES
from launchctl.compiler.secret_use import api_key, secrets_of
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span
from launchctl.suggest import did_you_mean

if TYPE_CHECKING:
    from launchctl.compiler.model import Sweep

_RUN_KEYS = tuple(key for key in Run.model_fields if key not in JOB_KEYS and key != "job")


def resolve(project: Project, resources: Mapping[str, str] = RESOURCES) -> tuple[ResolvedProject, Diagnostics]:
    """The project with everything that runs and sweeps refer to; `resources` maps a target's names to its provider."""
    with paused_collector():
        resolver = _Resolver(project, resources)
        return resolver.project_resolved(), tuple(resolver.diagnostics)


class _Resolver:
    """One pass over a project; collects what is wrong and leaves out what cannot be used."""

    def __init__(self, project: Project, resources: Mapping[str, str]) -> None:
        self.project = project
        self.known_resources = resources
        self.diagnostics: list[Diagnostic] = []
        self.resources = dict(self._resources())
        self.declared = self._declared()
        self.addresses = {f"runs.{name}" for name in self.declared} | {f"sweeps.{name}" for name in project.sweeps}
        self.extension = Extension(project, self.declared)
        self.diagnostics.extend(self.extension.diagnostics)
        self.api_key = api_key(project, self.diagnostics)
        self.job_secrets = {name: secrets_of(project, job, self.diagnostics) for name, job in project.jobs.items()}

    def project_resolved(self) -> ResolvedProject:
        """Everything that could be resolved."""
        runs = [found for _, run in sorted(self.extension.runs.items()) if (found := self._run(run))]
        sweeps = [each for _, sweep in sorted(self.project.sweeps.items()) if (each := self._sweep(sweep))]
        entries: list[ResolvedRun | ResolvedSweep] = [*runs, *sweeps]
        self._report_dependency_cycles({str(entry.address): entry for entry in entries})
        moved, faults = resolve_moves(self.project, self.addresses)
        self.diagnostics.extend(faults)
        return ResolvedProject(
            self.project,
            self.resources,
            self._agents(),
            {run.address.name: run for run in runs},
            {sweep.address.name: sweep for sweep in sweeps},
            moved,
        )

    # --- queues and agents ---

    def _resources(self) -> Iterator[tuple[str, str]]:
        for name, queue in self.project.queues.items():
            written = queue.model.resource
            if written in self.known_resources:
                yield name, self.known_resources[written]
                continue
            hint = did_you_mean(written, self.known_resources) or "targets: " + ", ".join(self.known_resources)
            span = place(queue.node, "resource")
            self.diagnostics.append(Diagnostic(codes.UNKNOWN_RESOURCE, span, {"name": written}, hint=hint))

    def _agents(self) -> dict[str, tuple[str, ...]]:
        served: dict[str, list[str]] = {name: [] for name in self.project.queues}
        for name, agent in sorted(self.project.agents.items()):
            for index, queue in enumerate(agent.model.queues):
                if queue in served:
                    served[queue].append(name)
                else:
                    span = place(agent.node, "queues", index)
                    self._report_unknown("queues", "queue", queue, span)
        return {queue: tuple(dict.fromkeys(agents)) for queue, agents in served.items()}

    # --- runs and sweeps ---

    def _declared(self) -> dict[str, Entry[Run]]:
        """The entries of `runs`, and the jobs that are runs as well."""
        runs = dict(self.project.runs)
        by_folded = {name.casefold(): run for name, run in runs.items()}
        for name, job in self.project.jobs.items():
            if job.model.queue is None:
                continue
            run = by_folded.get(name.casefold())
            if run is None:
                runs[name] = _run_of_job(job)
            else:
                notes = (Note(f'job "{name}" is declared here', job.span),)
                self.diagnostics.append(Diagnostic(codes.RUN_AND_JOB, run.span, {"name": run.name, "job": name}, notes))
        return runs

    def _run(self, run: Entry[Run]) -> ResolvedRun | None:
        job, queue = self._job(run, "run"), self._queue(run, "run")
        depends_on, secrets = self._depends_on(run), self._secrets(run, job)
        if job is None or queue is None:
            return None
        address, resource = Address(Kind.RUNS, run.name), self.resources[queue.name]
        return ResolvedRun(address, run.model, run.node, job, queue, resource, depends_on, secrets, run.span)

    def _sweep(self, entry: Entry[Sweep]) -> ResolvedSweep | None:
        sweep, faults = self.extension.sweep(entry)
        self.diagnostics.extend(faults)
        if sweep is None:
            return None
        job = _job_of_image(sweep) if sweep.model.image_uri is not None else self._job(sweep, "sweep")
        queue = self._queue(sweep, "sweep")
        depends_on, secrets = self._depends_on(sweep), self._secrets(sweep, job)
        if job is None or queue is None:
            return None
        address, resource = Address(Kind.SWEEPS, sweep.name), self.resources[queue.name]
        return ResolvedSweep(address, sweep.model, sweep.node, job, queue, resource, depends_on, secrets, sweep.span)

    def _job(self, entry: Entry[RunSettings], kind: str) -> JobEntry | None:
        name: str | None = getattr(entry.model, "job", None)
        if name is None:
            self._report_missing("job", entry, kind)
            return None
        if name not in self.project.jobs:
            self._report_unknown("jobs", "job", name, place(entry.node, "job"))
        return self.project.jobs.get(name)

    def _queue(self, entry: Entry[RunSettings], kind: str) -> QueueEntry | None:
        name = entry.model.queue
        if name is None:
            self._report_missing("queue", entry, kind)
            return None
        queue = self.project.queues.get(name)
        if queue is None:
            self._report_unknown("queues", "queue", name, place(entry.node, "queue"))
            return None
        if entry.model.priority is not None and not queue.model.prioritization:
            notes = declared("queue", name, queue.span)
            hint = "add `prioritization: true` to the queue"
            span = place(entry.node, "priority")
            self.diagnostics.append(Diagnostic(codes.NO_PRIORITIES, span, {"queue": name}, notes, hint))
        return queue if name in self.resources else None

    def _secrets(self, entry: Entry[RunSettings], job: JobEntry | None) -> Mapping[str, SecretReference]:
        """The job's secrets, the entry's own over them; shared between runs that add none."""
        inherited = self.job_secrets.get(job.name, {}) if job is not None else {}
        own = secrets_of(self.project, entry, self.diagnostics) if entry.model.secrets else {}
        if not self.api_key and not own:
            return inherited
        return {**self.api_key, **inherited, **own}

    # --- dependencies ---

    def _depends_on(self, entry: Entry[RunSettings]) -> tuple[Dependency, ...]:
        uses = entry.model.depends_on
        if not uses:
            return ()
        found: list[Dependency] = []
        for index, use in enumerate(uses):
            span = place(entry.node, "depends_on", index, "run")
            address = self._dependency(use.run, span)
            if address is not None:
                found.append(Dependency(address, use.rerun, span))
        return tuple(found)

    def _dependency(self, text: str, span: Span | None) -> Address | None:
        address = parse_address(text)
        if address is None or address.kind not in {Kind.RUNS, Kind.SWEEPS}:
            hint = next(
                (f'write "{kind}.{text}"' for kind in ("runs", "sweeps") if f"{kind}.{text}" in self.addresses), None
            )
            arguments: dict[str, object] = {"expected": "an address such as `runs.NAME`", "text": text}
            self.diagnostics.append(Diagnostic(codes.BAD_ADDRESS, span, arguments, hint=hint))
            return None
        section = address.kind.value
        if f"{section}.{address.name}" in self.addresses:
            return address
        known = [name.partition(".")[2] for name in self.addresses if name.startswith(section)]
        for found in unknown(self.project, section, section.removesuffix("s"), address.name, span, known):
            self.diagnostics.append(found)
        return None

    def _report_dependency_cycles(self, entries: Mapping[str, ResolvedRun | ResolvedSweep]) -> None:
        edges = {
            key: [f"{each.address.kind.value}.{each.address.name}" for each in entry.depends_on]
            for key, entry in entries.items()
            if entry.depends_on
        }
        for circle in find_cycles(edges):
            ring = (*circle[1:], circle[0])
            spans = [_span_towards(entries[key], following) for key, following in zip(circle, ring, strict=True)]
            notes = [Note(f"{a} waits for {b}", span) for a, b, span in zip(circle, ring, spans, strict=True)]
            arguments: dict[str, object] = {"cycle": " → ".join((circle[0], *ring))}
            self.diagnostics.append(Diagnostic(codes.DEPENDENCY_CYCLE, spans[0], arguments, tuple(notes[1:])))

    # --- reports ---

    def _report_unknown(self, section: str, kind: str, name: str, span: Span | None) -> None:
        known = getattr(self.project, section)
        self.diagnostics.extend(unknown(self.project, section, kind, name, span, known))

    def _report_missing(self, key: str, entry: Entry[RunSettings], kind: str) -> None:
        arguments: dict[str, object] = {"key": key, "where": f'{kind} "{entry.name}"'}
        span = entry.span if kind == "sweep" else entry.node.span  # a block begins at its first key, not at its name
        self.diagnostics.append(Diagnostic(codes.MISSING_KEY, span, arguments))


def _run_of_job(job: JobEntry) -> Entry[Run]:
    """The run that a job with a queue of its own stands for."""
    given = {key: getattr(job.model, key) for key in _RUN_KEYS if key in job.model.model_fields_set}
    entries = {key: node for key, node in job.node.entries.items() if key not in JOB_KEYS}
    node = MapNode({"job": ScalarNode(job.name, job.span), **entries}, job.node.key_spans, job.node.span)
    return Entry(job.name, Run.model_construct(job=job.name, **given), node, job.span)


def _job_of_image(sweep: Entry[Sweep]) -> JobEntry:
    """The job that stands in for a sweep's `image_uri`."""
    from launchctl.compiler.model import Job, JobSource

    image = sweep.node.entries["image_uri"]
    source = MapNode({"image": image}, {}, image.span)
    model = Job.model_construct(source=JobSource(image=sweep.model.image_uri))
    return Entry(sweep.name, model, MapNode({"source": source}, {}, image.span), image.span)


def _span_towards(entry: ResolvedRun | ResolvedSweep, target: str) -> Span | None:
    return next(
        (each.span for each in entry.depends_on if f"{each.address.kind.value}.{each.address.name}" == target), None
    )
