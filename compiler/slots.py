"""Which names the templates of a run may use, and the values behind them, kept within their guard rails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.bounds import Guard, declaration_faults, value_fault
from launchctl.compiler.entries import Project, QueueEntry, ResolvedRun
from launchctl.compiler.node import EMPTY_MAP, MapNode, Node, ScalarNode
from launchctl.compiler.templates import Renderer, Slot, Use
from launchctl.compiler.variables import VariableText, variable_slots
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.suggest import did_you_mean
from launchctl.values import JSON, format_path

_SHOWN = 3
"""How many of the places that use a variable are named."""
_NO_BOUNDS = (codes.EMPTY_RANGE, codes.INVALID_PATTERN, codes.BOUND_WITHOUT_MEANING)
"""What is wrong with bounds that no value can be held against."""
_NO_SCALAR = ScalarNode("")
"""Stands in for a list or a mapping, which was reported."""
_Values: TypeAlias = tuple[tuple[str, str, JSON], ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """What the templates of a run may name; runs with the same queue and the same values share one object."""

    by_name: Mapping[str, Slot]
    used: set[str] = field(default_factory=set[str])
    """Names that some text used so far."""


class SlotReader:
    """The slots of a project's runs, and what is wrong with declarations and values."""

    def __init__(self, project: Project, given: Mapping[str, VariableText]) -> None:
        self.vars, self.found = variable_slots(project, given)
        self._unbounded: set[tuple[str, str]] = set()
        self._guards = {name: self._guards_of(queue) for name, queue in project.queues.items()}
        self._slots: dict[tuple[str, _Values], Slots] = {}
        self._missing: dict[str, list[Use]] = {}
        self._used_by_values: set[str] = set()

    def of_queue(self, queue: QueueEntry) -> Slots:
        """The slots of a run that gives no values."""
        return self._shared(queue.name, {})

    def of_run(self, run: ResolvedRun) -> tuple[Slots, list[Diagnostic]]:
        """The slots of a run, and what is wrong with the values that it gives."""
        given = run.node.entries.get("templates")
        if not isinstance(given, MapNode) or not given.entries:
            return self.of_queue(run.queue), []
        faults: list[Diagnostic] = []
        values = dict(self._values(run, given, faults))
        return self._shared(run.queue.name, values), faults

    def note_missing(self, missing: Mapping[str, list[Use]]) -> bool:
        """Whether a variable of the project is among those without a value; `finish` says so, once each."""
        names = [name for name in missing if name in self.vars]
        for name in names:
            self._missing.setdefault(name, []).extend(missing[name][:_SHOWN])
        return bool(names)

    def finish(self) -> Iterator[Diagnostic]:
        """Declarations that are wrong, and variables of the project that have no value."""
        yield from self.found
        for name, uses in self._missing.items():
            guard = self.vars[name].guard
            hint = f"`--var {guard.name}=VALUE`, or give it a `default`"
            arguments = {"name": guard.name, "paths": paths_of(uses)}
            yield Diagnostic(codes.MISSING_VARIABLE, guard.span, arguments, notes_of(uses), hint)

    def unused(self) -> tuple[set[str], Mapping[str, set[str]]]:
        """Names that nothing used that was rendered: the project's variables, and each queue's own."""
        used = {queue: set[str]() for queue in self._guards}
        for (queue, _), slots in self._slots.items():
            used[queue] |= slots.used
        used_vars = self._used_by_values.union(*used.values())
        own = {queue: set(guards) - used[queue] for queue, guards in self._guards.items()}
        return set(self.vars) - used_vars, own

    def guard(self, queue: str, name: str) -> Guard:
        """A queue's declaration of a variable."""
        return self._guards[queue][name]

    def _guards_of(self, queue: QueueEntry) -> Mapping[str, Guard]:
        templates = queue.node.entries.get("templates", EMPTY_MAP)
        guards: dict[str, Guard] = {}
        for name, node in templates.entries.items() if isinstance(templates, MapNode) else ():
            guards[name] = Guard.of(name, node if isinstance(node, MapNode) else EMPTY_MAP)
            faults = [*declaration_faults(guards[name])]
            self.found += faults
            self._unbounded |= {(queue.name, name) for fault in faults if fault.code in _NO_BOUNDS}
        return guards

    def _values(self, run: ResolvedRun, given: MapNode, faults: list[Diagnostic]) -> Iterator[tuple[str, ScalarNode]]:
        """The values of a run, with the project's variables filled in; null gives none."""
        guards = self._guards[run.queue.name]
        for name, node in given.entries.items():
            if isinstance(node, ScalarNode) and node.value is None:
                continue
            if name not in guards:
                faults.append(_unknown(run, name, given.key_spans.get(name, node.span), guards))
                continue
            value = self._rendered(node, ("templates", name), faults)
            if value is not None:
                is_bounded = (run.queue.name, name) not in self._unbounded
                fault = value_fault(guards[name], value) if is_bounded else None
                faults += [fault] if fault is not None else []
                yield name, value if isinstance(value, ScalarNode) else _NO_SCALAR

    def _rendered(self, node: Node, path: tuple[str, ...], faults: list[Diagnostic]) -> Node | None:
        if not (isinstance(node, ScalarNode) and isinstance(node.value, str) and "{{" in node.value):
            return node
        renderer = Renderer(self.vars, is_symbolic=False)
        value = renderer.render(node, path)
        self._used_by_values |= renderer.used
        faults += renderer.found
        return None if self.note_missing(renderer.missing) or renderer.found else value

    def _shared(self, queue: str, values: Mapping[str, ScalarNode]) -> Slots:
        key = (queue, tuple((name, type(node.value).__name__, node.value) for name, node in sorted(values.items())))
        if key not in self._slots:
            slots = dict(self.vars)
            for name, guard in self._guards[queue].items():
                default = guard.default if isinstance(guard.default, ScalarNode) else None
                slots[name] = Slot(guard, values.get(name, default))
            self._slots[key] = Slots(slots)
        return self._slots[key]


def _unknown(run: ResolvedRun, name: str, span: Span | None, known: Mapping[str, Guard]) -> Diagnostic:
    notes = (Note(f'queue "{run.queue.name}" is declared here', run.queue.span),)
    hint = did_you_mean(name, known) or (None if known else "the queue has no `templates`")
    return Diagnostic(codes.UNKNOWN_TEMPLATE_VARIABLE, span, {"name": name}, notes, hint)


def paths_of(uses: list[Use]) -> str:
    """The first of the paths that use a variable, in words."""
    paths = [*dict.fromkeys(format_path(use.path) for use in uses)]
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")


def notes_of(uses: list[Use]) -> tuple[Note, ...]:
    """The first of the places that use a variable."""
    spans = [*dict.fromkeys(use.span for use in uses if use.span)]
    return tuple(Note("used here", span) for span in spans[:_SHOWN])
