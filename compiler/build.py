"""Documents to a `Project`: every entry read as its model, on its own, so that no mistake hides another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from launchctl.addresses import NAME_PATTERN
from launchctl.collector import paused_collector
from launchctl.compiler import codes, model
from launchctl.compiler.containment import paths_outside, state_outside
from launchctl.compiler.document import Document
from launchctl.compiler.entries import Entry, Project
from launchctl.compiler.faults import diagnose, key_hint, show
from launchctl.compiler.model import JOB_KEYS, Job, Settings
from launchctl.compiler.model.common import Model
from launchctl.compiler.model.reading import Fault, read_model
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, plain
from launchctl.compiler.source import Include
from launchctl.compiler.sweep.file import over_file
from launchctl.compiler.upgrade import VERSION, upgrade
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span
from launchctl.values import JSON

ModelT = TypeVar("ModelT", bound=Model)
KINDS = {
    "variables": "variable",
    "secrets": "secret",
    "agents": "agent",
    "queues": "queue",
    "jobs": "job",
    "runs": "run",
    "sweeps": "sweep",
}
"""Sections of a project file, and what one entry of each is called."""
JOINED = frozenset({"environment", "moved"})
"""Settings that are lists, and that every file may add to."""
SETTINGS = frozenset({field.alias or name for name, field in Settings.model_fields.items()})
_NAME = re.compile(NAME_PATTERN)
_TEXTS = ("command", "args", "env")


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry as it was written, before anybody looked at it."""

    name: str
    span: Span | None
    node: Node


@dataclass(slots=True)
class _Collected:
    """What all files together say."""

    settings: dict[str, Node] = field(default_factory=dict[str, Node])
    setting_spans: dict[str, Span] = field(default_factory=dict[str, Span])
    sections: dict[str, list[_Written]] = field(default_factory=lambda: {section: [] for section in KINDS})
    place: Span | None = None
    """Where the mapping of the main file begins."""
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])


def includes_of(document: Document) -> tuple[Include, ...]:
    """The patterns under a file's `include`, whatever else is wrong with the file."""
    if not isinstance(document.root, MapNode):
        return ()
    node = document.root.entries.get("include")
    items = node.items if isinstance(node, ListNode) else ()
    texts = ((item.value, item.span) for item in items if isinstance(item, ScalarNode))
    return tuple(Include(value, span) for value, span in texts if isinstance(value, str))


def build_project(
    documents: Sequence[Document], files: Mapping[str, Document] | None = None
) -> tuple[Project, Diagnostics]:
    """The typed project of a main file and the files that it includes, and what is wrong within single entries."""
    with paused_collector():
        return _build(documents, files or {})


def _build(documents: Sequence[Document], files: Mapping[str, Document]) -> tuple[Project, Diagnostics]:
    collected = _Collected()
    for place, document in enumerate(documents):
        _collect(document, collected, is_main=place == 0)
    diagnostics = collected.diagnostics
    builder = _Builder(diagnostics, files)
    settings = _setting_node(collected)
    project = Project(
        settings=_settings(settings, diagnostics),
        node=settings,
        variables=builder.section("variables", lambda: model.Variable, collected),
        secrets=builder.section("secrets", lambda: model.Secret, collected),
        agents=builder.section("agents", lambda: model.Agent, collected),
        queues=builder.section("queues", lambda: model.Queue, collected),
        jobs=builder.section("jobs", lambda: model.Job, collected),
        runs=builder.section("runs", lambda: model.Run, collected),
        sweeps=builder.section("sweeps", lambda: model.Sweep, collected),
        broken=frozenset(builder.broken),
    )
    for job in project.jobs.values():
        diagnostics.extend(_run_keys_without_queue(job))
    return project, tuple(diagnostics)


# --- files ---


def _collect(document: Document, collected: _Collected, *, is_main: bool) -> None:
    root = document.root
    if root is None:
        return
    if isinstance(root, MapNode):
        if is_main and root.span is not None:
            collected.place = root.span._replace(end_line=root.span.line, end_column=root.span.column)
        if is_main and "version" not in root.entries:
            collected.diagnostics.append(_missing_version(collected.place))
        _collect_keys(root, collected)
    elif is_main or not is_null(root):
        arguments: dict[str, object] = {"expected": "a mapping that begins with `version: 1`", "found": show(root)}
        collected.diagnostics.append(Diagnostic(codes.WRONG_VALUE, root.span, arguments))


def _collect_keys(root: MapNode, collected: _Collected) -> None:
    upgraded, faults = upgrade(root)
    collected.diagnostics.extend(faults)
    for key, node in upgraded.entries.items():
        span = upgraded.key_spans.get(key, node.span)
        if key in KINDS:
            collected.sections[key].extend(_entries(key, node, collected))
        elif key in SETTINGS:
            _collect_setting(key, node, span, collected)
        else:
            collected.diagnostics.append(_unknown_key(key, span, root))


def _missing_version(span: Span | None) -> Diagnostic:
    arguments: dict[str, object] = {"key": "version", "where": "the project file"}
    return Diagnostic(codes.MISSING_KEY, span, arguments, hint="begin the file with `version: 1`")


def _unknown_key(key: str, span: Span | None, root: MapNode) -> Diagnostic:
    nothing: Mapping[str, JSON] = {}
    known = dict.fromkeys((*KINDS, *sorted(SETTINGS)), nothing)
    hint = key_hint(key, known, root.entries, nothing)
    return Diagnostic(codes.UNKNOWN_KEY, span, {"key": key, "where": "the project file"}, hint=hint)


def _entries(section: str, node: Node, collected: _Collected) -> Iterator[_Written]:
    if isinstance(node, MapNode):
        for name, item in node.entries.items():
            yield _Written(name, node.key_spans.get(name), item)
    elif not is_null(node):
        expected = f"a mapping of names to {section}"
        collected.diagnostics.append(
            Diagnostic(codes.WRONG_VALUE, node.span, {"expected": expected, "found": show(node)})
        )


def _collect_setting(key: str, node: Node, span: Span | None, collected: _Collected) -> None:
    earlier = collected.settings.get(key)
    if earlier is None:
        collected.settings[key] = node
        if span is not None:
            collected.setting_spans[key] = span
    elif key in JOINED and isinstance(earlier, ListNode) and isinstance(node, ListNode):
        collected.settings[key] = ListNode((*earlier.items, *node.items), earlier.span)
    elif key != "include":
        notes = (Note("it is set here as well", collected.setting_spans.get(key)),)
        collected.diagnostics.append(Diagnostic(codes.SETTING_TWICE, span, {"key": key}, notes))


def _setting_node(collected: _Collected) -> MapNode:
    return MapNode(without_nulls(collected.settings), collected.setting_spans, collected.place)


def _settings(node: MapNode, diagnostics: list[Diagnostic]) -> Settings:
    """The settings; what is wrong is reported, left out, and stood in for where it is required."""
    value: dict[str, JSON] = plain(node)
    diagnostics.extend(paths_outside("settings", node))
    elsewhere = [*state_outside(node)]
    if elsewhere:
        diagnostics.extend(elsewhere)
        value.pop("state")  # commands that need a project's name and state alone go on without
    settings, faults = read_model(Settings, {"version": VERSION, **value})
    if settings is not None:
        return settings
    if node.span is not None:  # otherwise the file is no mapping, which says it all
        diagnostics.extend(diagnose(fault, node, Settings, "the project file") for fault in faults)
    wrong = {str(fault.path[0]) for fault in faults}
    sound = {key: item for key, item in value.items() if key not in wrong}
    return Settings.model_validate({"version": VERSION, "project": "unnamed", **sound})


# --- entries ---


class _Builder:
    """Reads sections; keeps what is wrong, and the names of what is."""

    def __init__(self, diagnostics: list[Diagnostic], files: Mapping[str, Document]) -> None:
        self.diagnostics = diagnostics
        self.files = files
        self.broken: set[tuple[str, str]] = set()

    def section(
        self, section: str, load: Callable[[], type[ModelT]], collected: _Collected
    ) -> dict[str, Entry[ModelT]]:
        """Every sound entry of a section, by name; its model is loaded where there is one at all."""
        entries: dict[str, Entry[ModelT]] = {}
        first: dict[str, _Written] = {}
        for written in collected.sections[section]:
            other = first.setdefault(written.name.casefold(), written)
            if other is not written:
                self._report_twice(section, written, other)
                continue
            entry = self._entry(section, load(), written)
            if not _NAME.fullmatch(written.name):
                self.diagnostics.append(Diagnostic(codes.BAD_NAME, written.span, {"name": written.name}))
                entry = None
            if entry is None:
                self.broken.add((section, written.name))
            else:
                entries[written.name] = entry
        return entries

    def _entry(self, section: str, model_class: type[ModelT], written: _Written) -> Entry[ModelT] | None:
        where = f'{KINDS[section]} "{written.name}"'
        if not isinstance(written.node, MapNode):
            arguments: dict[str, object] = {"expected": f"a mapping for {where}", "found": show(written.node)}
            self.diagnostics.append(Diagnostic(codes.WRONG_VALUE, written.node.span, arguments))
            return None
        node = self._sweep(written) if section == "sweeps" else written.node
        if node is None:
            return None
        value = plain(node)
        if None in value.values():
            value = {key: item for key, item in value.items() if item is not None}
            node = node if "extends" in value else node._replace(entries=without_nulls(node.entries))
        read, faults = read_model(model_class, value)
        wrong = [*_said(faults, section, node, model_class, written)]
        wrong += [*_lost_spellings(node), *paths_outside(section, node)]
        if section == "sweeps" and read is None:
            wrong += _further_faults(node, written)
        self.diagnostics.extend(wrong)
        return None if read is None or wrong else Entry(written.name, read, node, written.span)

    def _sweep(self, written: _Written) -> MapNode | None:
        """A sweep with what its file and its W&B blocks say; None where that cannot be used."""
        from launchctl.compiler.sweep.blocks import without_blocks

        found: list[Diagnostic] = []
        whole = over_file(written.node, self.files, found) if isinstance(written.node, MapNode) else None
        node = without_blocks(whole, written.name, found) if whole is not None else None
        self.diagnostics.extend(found)
        return node

    def _report_twice(self, section: str, written: _Written, other: _Written) -> None:
        notes = (Note(f'"{other.name}" is defined here as well', other.span),)
        arguments: dict[str, object] = {"kind": KINDS[section], "name": written.name}
        self.diagnostics.append(Diagnostic(codes.DUPLICATE_NAME, written.span, arguments, notes))


def _said(
    faults: Sequence[Fault], section: str, node: MapNode, model_class: type[Model], written: _Written
) -> Iterator[Diagnostic]:
    """What does not fit a model."""
    where = f'{KINDS[section]} "{written.name}"'
    if section != "sweeps" or not faults:
        return (diagnose(fault, node, model_class, where) for fault in faults)
    from launchctl.compiler.sweep.habits import diagnose_sweep

    return diagnose_sweep(faults, node, model_class, where, written.span)


def _further_faults(node: MapNode, written: _Written) -> Diagnostics:
    """What else is wrong with a sweep that comes no further."""
    from launchctl.compiler.sweep.read import faults_of_broken

    return faults_of_broken(node, written.name, written.span)


def is_null(node: Node) -> bool:
    """Whether nothing is written here."""
    return isinstance(node, ScalarNode) and node.value is None


def without_nulls(entries: Mapping[str, Node]) -> dict[str, Node]:
    """A key without a value is no key."""
    return {key: node for key, node in entries.items() if not is_null(node)}


def _lost_spellings(node: MapNode) -> Iterator[Diagnostic]:
    """Numbers in arguments and environment variables whose text is not what stands in the file."""
    for key in _TEXTS:
        if key in node.entries:
            for item in _scalars(node.entries[key]):
                if isinstance(item.value, int | float) and not isinstance(item.value, bool):
                    yield from _lost_spelling(item)


def _scalars(node: Node) -> Iterable[ScalarNode]:
    if isinstance(node, ScalarNode):
        return (node,)
    items = node.items if isinstance(node, ListNode) else node.entries.values()
    return [scalar for item in items for scalar in _scalars(item)]


def _lost_spelling(node: ScalarNode) -> Iterator[Diagnostic]:
    text, span = str(node.value), node.span
    if span is not None and len(text) != span.end_column - span.column:
        hint = "put the number in quotes, as the job should get it"
        yield Diagnostic(codes.LOST_SPELLING, span, {"text": f'"{text}"'}, hint=hint)


def _run_keys_without_queue(job: Entry[Job]) -> Iterator[Diagnostic]:
    if job.model.queue is not None:
        return
    for key, node in job.node.entries.items():
        if key not in JOB_KEYS:
            span = job.node.key_spans.get(key, node.span)
            hint = "give the job a `queue`, or write this in the runs of the job"
            yield Diagnostic(codes.RUN_KEY_WITHOUT_QUEUE, span, {"key": key, "name": job.name}, hint=hint)
