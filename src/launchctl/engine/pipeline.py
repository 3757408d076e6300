"""Compiling: a project's text to everything that a plan needs of it. Reads files, and nothing else of the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from launchctl.compiler.bind import bind
from launchctl.compiler.context import CompileContext
from launchctl.compiler.entries import ResolvedProject, ResolvedSweep
from launchctl.compiler.expand import expand
from launchctl.compiler.load import load_project, unsaid
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.program import CodeSource, Identity, LaunchSpec, Program
from launchctl.compiler.source import display_prefix, locate
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span, has_errors, in_order
from launchctl.engine.codes import NO_TRIALS
from launchctl.engine.fingerprint import Fingerprinter
from launchctl.engine.variables import chosen_variables
from launchctl.engine.world import Desired, SweepDesired
from launchctl.errors import LaunchctlError
from launchctl.images.source import CodeTree, code_reader
from launchctl.providers.base import Capabilities, Provider
from launchctl.providers.registry import LATER, ResourceNames, load_provider
from launchctl.values import digest_text


@dataclass(frozen=True, slots=True)
class Request:
    """What a command line selects, with the surroundings that it was typed in."""

    project: Path
    """A project file, or a folder that holds `project.yaml`."""
    here: Path
    """The current folder: places are told as somebody in it would type them."""
    environment: Mapping[str, str]
    workspace: str = "default"
    variables: tuple[str, ...] = ()
    """`NAME=VALUE`, as `--var` has them."""
    variable_files: tuple[Path, ...] = ()
    state: str | None = None
    """A path or URL, where the command line names one."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A project, compiled as far as its faults allow."""

    project_folder: Path
    diagnostics: Diagnostics
    """In the order of their places, named as somebody in `Request.here` would type them."""
    program: Program | None
    """None where not even a part of the project can be read."""
    resolved: ResolvedProject | None
    desired: Mapping[str, Desired]
    """Every run without an error, by address."""
    sources: Mapping[str, str]
    """Text of each file by the name that a diagnostic gives it."""
    inputs: Mapping[str, str]
    """Digest of each file by its name relative to the project's folder."""
    variables: Mapping[str, str]
    """Every value from outside that was used."""
    code: Mapping[str, CodeTree] = field(default_factory=dict[str, CodeTree])
    """Code folders by digest."""
    sweeps: Mapping[str, SweepDesired] = field(default_factory=dict[str, SweepDesired])
    """Every sweep without an error, by address."""

    @property
    def is_valid(self) -> bool:
        """Whether the project has no error."""
        return self.program is not None and not has_errors(self.diagnostics)

    def __contains__(self, address: str) -> bool:
        """Whether the project names this run, or the sweep that this is or that it is a trial of."""
        return address in self.desired or address.partition("[")[0] in self.sweeps

    @property
    def resources(self) -> frozenset[str]:
        """The targets that runs and sweeps of the project use."""
        sweeps = (sweep.spec.launch.resource for sweep in self.sweeps.values())
        return frozenset({*(run.spec.resource for run in self.desired.values()), *sweeps})

    def code_of(self, address: str) -> CodeTree | None:
        """The code that a run, or every trial of a sweep, works in a copy of, if it does."""
        sweep = self.sweeps.get(address.partition("[")[0])
        source = sweep.spec.launch.source if sweep else self.desired[address].spec.source
        return self.code[source.digest] if isinstance(source, CodeSource) else None


def compile_project(request: Request) -> Compiled:
    """The compiled project; whatever is wrong with it is among its diagnostics, all of it."""
    project = request.here / request.project
    folder = locate(project).folder.resolve()
    front = load_project(project, ResourceNames())
    inputs = {source.name: digest_text(source.text) for source in front.sources}
    variables, problems = chosen_variables(request.variables, request.variable_files, request.environment)
    found: list[Diagnostic] = [*front.diagnostics, *problems]
    program: Program | None = None
    desired: dict[str, Desired] = {}
    sweeps: dict[str, SweepDesired] = {}
    trees: dict[str, CodeTree] = {}
    if front.resolved is not None:
        read = code_reader(folder, inputs)

        def code(path: str, ignore: tuple[str, ...]) -> CodeTree:
            tree = read(path, ignore)
            trees[tree.digest] = tree
            return tree

        program, expanded = expand(front.resolved, CompileContext(code, _capabilities(front.resolved), variables))
        back = _Back(program, front.resolved)
        desired, sweeps = back.runs(), back.sweeps()
        found += [*unsaid(expanded, front.diagnostics), *back.found, *_queue_faults(front.resolved)]
    declared = front.resolved.project.variables if front.resolved else {}
    prefix = display_prefix(project, request.here)
    return Compiled(
        project_folder=folder,
        diagnostics=in_order(_named(diagnostic, prefix) for diagnostic in found),
        program=program,
        resolved=front.resolved,
        desired=desired,
        sources={prefix + source.name: source.text for source in front.sources},
        inputs=inputs,
        variables={name: value.text for name, value in variables.items() if name in declared},
        code=trees,
        sweeps=sweeps,
    )


def _capabilities(resolved: ResolvedProject) -> Mapping[str, Capabilities]:
    """Of the targets that a queue uses, and that this version can compile for."""
    return {name: load_provider(name).capabilities for name in {*resolved.resources.values()} - LATER}


def _named(found: Diagnostic, prefix: str) -> Diagnostic:
    """The diagnostic with its places as somebody in the current folder would type them."""
    if not prefix:
        return found
    notes = tuple(Note(note.message, _placed(note.span, prefix)) for note in found.notes)
    return replace(found, span=_placed(found.span, prefix), notes=notes)


def _placed(span: Span | None, prefix: str) -> Span | None:
    return span._replace(file=prefix + span.file) if span else None


# The back: specifications to forms and manifests.


class _Back:
    """Forms of all runs and sweeps, and what their targets refuse; equal configurations are checked once.

    What has a configuration that is refused has no form; everything else is looked at all the same.
    """

    def __init__(self, program: Program, resolved: ResolvedProject) -> None:
        self.found: list[Diagnostic] = []
        self._program = program
        self._resolved = resolved
        self._fingerprinter = Fingerprinter()
        self._is_refused: dict[tuple[int, str], bool] = {}

    def runs(self) -> dict[str, Desired]:
        """Every run that is not refused."""
        desired: dict[str, Desired] = {}
        for spec in self._program.launches:
            provider = load_provider(spec.resource)
            if self._is_accepted(spec, provider):
                run = Desired(spec, self._fingerprinter.form_of(spec, provider), provider)
                desired[str(spec.address)] = run
                self.found += _lowered(run, self._program)
        return desired

    def sweeps(self) -> dict[str, SweepDesired]:
        """Every sweep that is not refused; of its trials one is looked at in the stead of all."""
        desired: dict[str, SweepDesired] = {}
        for spec in self._program.sweeps.values():
            if self._is_accepted(spec.launch, load_provider(spec.launch.resource)):
                from launchctl.engine.sweep.form import sweep_desired  # for projects that have a sweep

                resolved = self._resolved.sweeps[spec.address.name]
                sweep = sweep_desired(spec, self._program, self._fingerprinter, resolved)
                desired[sweep.address] = sweep
                self.found += _of_sample(sweep, self._program, resolved)
        return desired

    def _is_accepted(self, spec: LaunchSpec, provider: Provider) -> bool:
        key = (id(spec.config), spec.resource)
        if key not in self._is_refused:
            faults = provider.check(spec.config)
            self._is_refused[key] = has_errors(faults)
            self.found += faults
        return not self._is_refused[key]


def _queue_faults(resolved: ResolvedProject) -> Iterator[Diagnostic]:
    """What targets refuse in the queues as they are written, whether or not a run without faults uses them."""
    for name, resource in resolved.resources.items():
        config = resolved.project.queues[name].node.entries.get("config")
        if resource not in LATER and isinstance(config, MapNode):
            yield from load_provider(resource).check(_unjudged(config))


def _unjudged(config: MapNode) -> MapNode:
    """The configuration with a macro in place of every template: a value that nobody knows yet is not judged."""

    def blank(node: Node) -> Node:
        match node:
            case ScalarNode(str(text), span) if "{{" in text:
                return ScalarNode("${}", span)
            case ScalarNode():
                return node
            case ListNode(items, span):
                return ListNode(tuple(map(blank, items)), span)
            case MapNode(entries, key_spans, span):
                return MapNode({key: blank(item) for key, item in entries.items()}, key_spans, span)

    blanked = blank(config)
    assert isinstance(blanked, MapNode)
    return blanked


def _of_sample(sweep: SweepDesired, program: Program, resolved: ResolvedSweep) -> Diagnostics:
    """What is wrong with the manifest of one of a sweep's trials, or why it has none."""
    from launchctl.compiler.sweep.places import place_of
    from launchctl.engine.sweep.form import desired_trial, sample_of
    from launchctl.sweeps.grid import TooManyPointsError

    try:
        trial = sample_of(sweep.spec.search)
    except LaunchctlError as error:
        place = place_of(resolved, "parameters" if isinstance(error, TooManyPointsError) else "exclude")
        return (Diagnostic(NO_TRIALS, place, {"message": error.message}, hint=error.hint),)
    return _lowered(desired_trial(sweep, trial, 1), program)


def _lowered(run: Desired, program: Program) -> Diagnostics:
    """What is wrong with a run's manifest: nothing may reach a target that could have been refused before."""
    identity = Identity(str(run.spec.address), str(run.spec.address))
    able = run.provider.capabilities
    launch = bind(run.spec, identity, program, "default", able.environment_chunk, able.file_folder)
    return run.provider.lower(launch)[1]
