"""A decision diagram of the combinations of a grid: how many there are, which is the n-th, and where one stands.

A node stands for what the choices so far leave open, not for the choices themselves, so a grid without excluded
combinations has one node an axis, however many points it has. Choices with the same consequences share an edge.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from launchctl.errors import LaunchctlError
from launchctl.sweeps.clauses import Clause, Literal

EDGES = 50_000
"""More than these are not built: combinations that entangle so many axes cannot be counted within reason."""
_Open: TypeAlias = frozenset[int]
"""Numbers of the clause ends of which everything before holds."""


class Edge(NamedTuple):
    """Neighbouring choices that lead to one node."""

    first: int
    stop: int
    node: Node


class Node:
    """What may be chosen from one axis on."""

    __slots__ = ("before", "count", "edges", "firsts")

    def __init__(self, edges: Sequence[Edge] = (), count: int = 0) -> None:
        self.edges = [edge for edge in edges if edge.node.count]
        self.firsts = [edge.first for edge in self.edges]
        self.before: list[int] = []
        """How many combinations come before each edge."""
        self.count: int = count
        for edge in self.edges:
            self.before.append(self.count)
            self.count += (edge.stop - edge.first) * edge.node.count


class Diagram:
    """All combinations of one choice an axis, without those of the clauses, the last axis varying fastest."""

    def __init__(self, counts: Sequence[int], clauses: Sequence[Clause]) -> None:
        self._root = Node() if () in clauses else _Builder(counts, clauses).root()
        self.size = self._root.count

    def choices(self, rank: int) -> list[int]:
        """The combination at a place."""
        return next(self.runs(rank, rank + 1))[0]

    def runs(self, start: int, stop: int) -> Iterator[tuple[list[int], int]]:
        """The combinations between two places: the first of each run, and how many follow on the last axis alone."""
        while start < stop:
            node, rank, chosen = self._root, start, list[int]()
            length = 1
            while node.edges:
                number = bisect_right(node.before, rank) - 1
                edge = node.edges[number]
                steps, rank = divmod(rank - node.before[number], edge.node.count)
                chosen.append(edge.first + steps)
                length = edge.stop - chosen[-1]
                node = edge.node
            length = min(length, stop - start)
            yield chosen, length
            start += length

    def rank(self, choices: Iterable[int]) -> int | None:
        """The place of a combination; None where the grid does not have it."""
        node, rank = self._root, 0
        for choice in choices:
            number = bisect_right(node.firsts, choice) - 1
            if number < 0 or choice >= node.edges[number].stop:
                return None
            edge = node.edges[number]
            rank += node.before[number] + (choice - edge.first) * edge.node.count
            node = edge.node
        return rank


class _End(NamedTuple):
    literal: Literal
    rest: int | None
    """The end after its first literal; None where that was the last."""


class _Builder:
    def __init__(self, counts: Sequence[int], clauses: Sequence[Clause]) -> None:
        self._counts = counts
        self._numbers: dict[Clause, int] = {}
        self._ends: list[_End] = []
        self._starting: list[list[int]] = [[] for _ in counts]
        for clause in clauses:
            self._starting[clause[0].axis].append(self._number(clause))

    def root(self) -> Node:
        """Finds what may be open at each axis, first to last, then counts from the last to the first."""
        levels: list[dict[_Open, list[tuple[int, int, _Open]]]] = []
        current: set[_Open] = {frozenset()}
        edges = 0
        for axis in range(len(self._counts)):
            level = {state: self._edges(axis, state) for state in current}
            edges += sum(map(len, level.values()))
            if edges > EDGES:
                raise LaunchctlError(
                    "what is excluded from this grid entangles too many of its parameters to count its points",
                    hint="exclude fewer combinations, of fewer parameters each, or split the sweep",
                )
            levels.append(level)
            current = {following for found in level.values() for _, _, following in found}
        nodes = {state: Node(count=1) for state in current}
        for level in reversed(levels):
            nodes = {
                state: Node([Edge(first, stop, nodes[following]) for first, stop, following in found])
                for state, found in level.items()
            }
        return nodes[frozenset()]

    def _number(self, clause: Clause) -> int:
        if clause not in self._numbers:
            first, *others = clause
            rest = self._number(tuple(others)) if others else None
            self._numbers[clause] = len(self._ends)
            self._ends.append(_End(first, rest))
        return self._numbers[clause]

    def _edges(self, axis: int, state: _Open) -> list[tuple[int, int, _Open]]:
        open_ = state.union(self._starting[axis])
        here = [self._ends[number] for number in open_ if self._ends[number].literal.axis == axis]
        later = frozenset(number for number in open_ if self._ends[number].literal.axis != axis)
        special = sorted({choice for end in here for choice in end.literal.choices})
        mentioned: dict[int, list[_End]] = {choice: [] for choice in special}
        unmentioned = [end for end in here if not end.literal.is_among]
        for end in here:
            for choice in end.literal.choices:
                mentioned[choice].append(end)
        usual = _after(later, unmentioned)
        edges: list[tuple[int, int, _Open]] = []
        place = 0
        for choice in special:
            _add(edges, place, choice, usual)
            holding = [end for end in mentioned[choice] if end.literal.is_among]
            holding += [end for end in unmentioned if choice not in end.literal.choices]
            _add(edges, choice, choice + 1, _after(later, holding))
            place = choice + 1
        _add(edges, place, self._counts[axis], usual)
        return edges


def _after(later: _Open, holding: Iterable[_End]) -> _Open | None:
    """What is open after a choice at which these literals hold; None where a clause is complete."""
    rests = [end.rest for end in holding]
    found = [rest for rest in rests if rest is not None]
    return None if len(found) < len(rests) else later.union(found)


def _add(edges: list[tuple[int, int, _Open]], first: int, stop: int, following: _Open | None) -> None:
    if first >= stop or following is None:
        return
    if edges and edges[-1][1] == first and edges[-1][2] == following:
        first = edges.pop()[0]
    edges.append((first, stop, following))
