"""What all runs of a job share, read once: its source, its defaults, its rules for inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.context import Capabilities, CompileContext
from launchctl.compiler.entries import JobEntry, ResolvedRun
from launchctl.compiler.inherit import Variables, variables_of
from launchctl.compiler.inputs import InputRules, declared_inputs
from launchctl.compiler.merge import INPUTS, merge
from launchctl.compiler.node import EMPTY_LIST, EMPTY_MAP, ListNode, MapNode, ScalarNode, descend, nearest_span
from launchctl.compiler.paths import parse_path
from launchctl.compiler.program import CodeSource, FieldClass
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span
from launchctl.errors import SourceError
from launchctl.values import Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """A job as its runs use it."""

    name: str
    image: ScalarNode | None
    """The image as it is written; None for code."""
    code: CodeSource | None
    """The code; None for an image, and where it cannot be read."""
    command: ListNode
    env: Variables
    inputs: MapNode
    rules: InputRules
    rules_by_file: Mapping[str, InputRules] | None
    classes: tuple[tuple[Path, FieldClass], ...]
    faults: Diagnostics


def mapping_at(node: MapNode, key: str) -> MapNode:
    """The mapping under a key; an empty one where there is none."""
    found = node.entries.get(key)
    return found if isinstance(found, MapNode) else EMPTY_MAP


def list_at(node: MapNode, key: str) -> ListNode | None:
    """The list under a key."""
    found = node.entries.get(key)
    return found if isinstance(found, ListNode) else None


class JobReader:
    """Reads every job once, and once for every target whether that can run it."""

    def __init__(self, context: CompileContext) -> None:
        self._context = context
        self._recipes: dict[int, tuple[JobEntry, Recipe]] = {}
        self._misfits: dict[tuple[int, str], Diagnostics] = {}

    def read(self, job: JobEntry) -> Recipe:
        """A job's recipe, with what is wrong with it wherever it runs."""
        if id(job) not in self._recipes:
            self._recipes[id(job)] = (job, self._read(job))
        return self._recipes[id(job)][1]

    def faults(self, run: ResolvedRun) -> Diagnostics:
        """What keeps a run from being compiled before anything of its own is looked at."""
        key = (id(run.job), run.queue.name)
        if key not in self._misfits:
            self._misfits[key] = (*self.read(run.job).faults, *self._target_faults(run))
        return self._misfits[key]

    def _read(self, job: JobEntry) -> Recipe:
        source = mapping_at(job.node, "source")
        image = source.entries.get("image")
        classes, bad_paths = _classes(mapping_at(job.node, "fields"))
        rules, by_file, bad_inputs = declared_inputs(job.node)
        faults = [*_later(job), *bad_paths, *bad_inputs]
        return Recipe(
            name=job.name,
            image=image if isinstance(image, ScalarNode) else None,
            code=self._code(job, source, faults),
            command=list_at(job.node, "command") or EMPTY_LIST,
            env=variables_of(job.node.entries.get("env")),
            inputs=merge(EMPTY_MAP, mapping_at(mapping_at(job.node, "inputs"), "config"), INPUTS),
            rules=rules,
            rules_by_file=by_file,
            classes=classes,
            faults=tuple(faults),
        )

    def _code(self, job: JobEntry, source: MapNode, faults: list[Diagnostic]) -> CodeSource | None:
        path, ignore = job.model.source.code, job.model.source.ignore or ()
        if path is None:
            return None
        span = nearest_span(source, ("code",))
        try:
            return CodeSource(path, self._context.code(path, ignore).digest, span, ignore)
        except SourceError as error:
            faults.append(Diagnostic(codes.UNREADABLE_CODE, span, {"reason": error.message}, hint=error.hint))
            return None

    def _target_faults(self, run: ResolvedRun) -> Iterator[Diagnostic]:
        """What the run's target cannot do with the job."""
        target = self._context.capabilities_by_resource.get(run.resource)
        if target is None:
            notes = (Note(f"{run.address} is to run there", run.span),)
            yield _not_yet(f'the target "{run.resource}"', nearest_span(run.queue.node, ("resource",)), notes)
            return
        kind = run.job.model.source.kind
        if kind in target.sources or kind == "git":
            return
        span = nearest_span(run.job.node, ("source", kind))
        notes = (Note(f'queue "{run.queue.name}" is declared here', run.queue.span),)
        if kind == "code":
            yield _not_yet(f'code on the target "{run.resource}"', span, notes)
        else:
            hint = _other_source(target)
            arguments = {"resource": run.resource, "kind": kind}
            yield Diagnostic(codes.SOURCE_NOT_SUPPORTED, span, arguments, notes, hint)


def _other_source(target: Capabilities) -> str | None:
    return "give the job `source: {code: FOLDER}`, or send it to another queue" if "code" in target.sources else None


def _not_yet(what: str, span: Span | None, notes: tuple[Note, ...] = ()) -> Diagnostic:
    return Diagnostic(codes.NOT_SUPPORTED_YET, span, {"what": what}, notes)


_LATER = (
    (("source", "git"), "a git repository as a source"),
    (("source", "dockerfile"), "building an image"),
    (("source", "build_context"), "building an image"),
    (("inputs", "schema"), "a schema of inputs"),
)


def _later(job: JobEntry) -> Iterator[Diagnostic]:
    """What the language has and this version does not compile."""
    for path, what in _LATER:
        found = descend(job.node, path)
        if found is not None:
            yield _not_yet(what, found.span)
    for name in mapping_at(mapping_at(job.node, "inputs"), "files").entries:
        found = descend(job.node, ("inputs", "files", name, "schema"))
        if found is not None:
            yield _not_yet("a schema of inputs", found.span)


def _classes(fields: MapNode) -> tuple[tuple[tuple[Path, FieldClass], ...], list[Diagnostic]]:
    classes: list[tuple[Path, FieldClass]] = []
    faults: list[Diagnostic] = []
    for text, node in fields.entries.items():
        path = parse_path(text)
        if path is None:
            faults.append(Diagnostic(codes.BAD_INPUT_PATH, fields.key_spans.get(text, node.span), {"text": text}))
        elif isinstance(node, ScalarNode):
            classes.append((path, FieldClass(str(node.value))))
    return tuple(classes), faults
