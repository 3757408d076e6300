"""`extends`: another run's settings first, then the run's own.

Mappings merge by key, at every depth; lists and scalars replace. A `null` at the top takes an inherited key away.
Deeper down a `null` stays: in `resource` it deletes a key of the queue's configuration. Containers in `resource`
merge by name, as they do everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from launchctl.compiler import codes
from launchctl.compiler.build import is_null
from launchctl.compiler.cycles import find_cycles
from launchctl.compiler.entries import Entry, Project
from launchctl.compiler.faults import diagnose
from launchctl.compiler.lookup import place, unknown
from launchctl.compiler.merge import CONFIG, INPUTS, MergeRules, merge
from launchctl.compiler.model import Run, RunSettings
from launchctl.compiler.model.reading import read_model
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, plain
from launchctl.diagnostics import Diagnostic, Diagnostics, Note

if TYPE_CHECKING:
    from launchctl.compiler.model import Sweep

SettingsT = TypeVar("SettingsT", bound=RunSettings)
MOST_INHERITED = 2_000_000
"""Values that all runs of a project together may take from the runs that they extend."""
_RESOURCE = MergeRules(null_deletes=False, named_lists=CONFIG.named_lists)


class Extension:
    """Merges runs and sweeps with the runs that they extend; what cannot be merged is reported and left out."""

    def __init__(self, project: Project, runs: Mapping[str, Entry[Run]]) -> None:
        self.project = project
        self.declared = runs
        self.diagnostics: list[Diagnostic] = []
        self.lost: set[str] = set()
        """Runs that extend something unknown or broken, or one another."""
        self.sizes: dict[str, int] = {}
        """Values of the runs that others extend, at most."""
        self.inherited = 0
        self.runs: dict[str, Entry[Run]] = {name: run for name, run in runs.items() if run.model.extends is None}
        self._drop_cycles()
        for name in runs:
            self._extend(name)

    def sweep(self, sweep: Entry[Sweep]) -> tuple[Entry[Sweep] | None, Diagnostics]:
        """The sweep over the run that it extends."""
        base = sweep.model.extends
        if base is None:
            return sweep, ()
        before = len(self.diagnostics)
        found = self._over(self.runs[base], sweep, "sweep") if self._is_usable(sweep, base) else None
        return found, tuple(self.diagnostics[before:])

    def _drop_cycles(self) -> None:
        edges = {name: (run.model.extends,) for name, run in self.declared.items() if run.model.extends is not None}
        for circle in find_cycles(edges):
            self.lost.update(circle)
            self.diagnostics.append(self._cycle(circle))

    def _cycle(self, circle: Sequence[str]) -> Diagnostic:
        spans = [place(self.declared[name].node, "extends") for name in circle]
        ring = (*circle[1:], circle[0])
        notes = tuple(Note(f'"{a}" extends "{b}"', span) for a, b, span in zip(circle, ring, spans, strict=True))
        arguments: dict[str, object] = {"cycle": " → ".join((circle[0], *ring))}
        return Diagnostic(codes.EXTENDS_CYCLE, spans[0], arguments, notes[1:])

    def _extend(self, name: str) -> None:
        """Merge a run, the runs below it first; without recursion, since a chain may be long."""
        chain: list[Entry[Run]] = []
        while name not in self.runs and name not in self.lost:
            run = self.declared[name]
            chain.append(run)
            base = run.model.extends or ""
            if not self._is_usable(run, base, pending=True):
                self.lost.add(name)
            else:
                name = base
        for run in reversed(chain):
            base = run.model.extends or ""
            merged = self._over(self.runs[base], run, "run") if base in self.runs else None
            if merged is None:
                self.lost.add(run.name)
            else:
                self.runs[run.name] = merged

    def _is_usable(self, entry: Entry[RunSettings], base: str, *, pending: bool = False) -> bool:
        if base in self.runs or (pending and base in self.declared):
            return True
        if base not in self.declared:
            span = place(entry.node, "extends")
            self.diagnostics.extend(unknown(self.project, "runs", "run", base, span, self.declared))
        return False

    def _is_bounded(self, base: Entry[Run], entry: Entry[RunSettings]) -> bool:
        """Whether the project may still take so many values from other runs; the first that may not is reported."""
        if base.name not in self.sizes:
            self.sizes[base.name] = _size(base.node)
        before = self.inherited
        self.inherited += self.sizes[base.name]
        self.sizes.setdefault(entry.name, self.sizes[base.name] + _size(entry.node))
        if before <= MOST_INHERITED < self.inherited:
            arguments: dict[str, object] = {"what": "runs that extend others", "limit": f"{MOST_INHERITED:,}"}
            self.diagnostics.append(Diagnostic(codes.TOO_MANY_VALUES, place(entry.node, "extends"), arguments))
        return self.inherited <= MOST_INHERITED

    def _over(self, base: Entry[Run], entry: Entry[SettingsT], kind: str) -> Entry[SettingsT] | None:
        if not self._is_bounded(base, entry):
            return None
        node, model = _merged(base.node, entry.node), type(entry.model)
        read, faults = read_model(model, plain(node))
        self.diagnostics.extend(diagnose(fault, node, model, f'{kind} "{entry.name}"') for fault in faults)
        return None if read is None else Entry(entry.name, read, node, entry.span)


def _size(node: Node) -> int:
    if isinstance(node, ScalarNode):
        return 1
    return 1 + sum(map(_size, node.items if isinstance(node, ListNode) else node.entries.values()))


def _merged(base: MapNode, own: MapNode) -> MapNode:
    entries = {key: node for key, node in base.entries.items() if key not in own.entries}
    entries.update(_layered(base, own))
    return MapNode(entries, {**base.key_spans, **own.key_spans}, own.span)


def _layered(base: MapNode, own: MapNode) -> Iterator[tuple[str, Node]]:
    for key, node in own.entries.items():
        below = base.entries.get(key)
        if key == "extends" or is_null(node):
            continue
        if isinstance(node, MapNode) and isinstance(below, MapNode):
            yield key, merge(below, node, _RESOURCE if key == "resource" else INPUTS)
        else:
            yield key, node
