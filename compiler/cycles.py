"""Circles among things that name one another."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def find_cycles(edges: Mapping[Key, Sequence[Key]]) -> Iterator[tuple[Key, ...]]:
    """Circles, so that without one edge of each there would be none; each begins at its first key in `edges`."""
    order = {key: place for place, key in enumerate(edges)}
    done: set[Key] = set()
    for start in edges:
        if start in done:
            continue
        path: list[Key] = [start]
        places = {start: 0}
        waiting = [iter(edges[start])]
        while waiting:
            following = next((key for key in waiting[-1] if key in edges and key not in done), None)
            if following is None:
                waiting.pop()
                last = path.pop()
                del places[last]
                done.add(last)
            elif following in places:
                yield _turned(path[places[following] :], order)
            else:
                places[following] = len(path)
                path.append(following)
                waiting.append(iter(edges[following]))


def _turned(circle: list[Key], order: Mapping[Key, int]) -> tuple[Key, ...]:
    first = min(range(len(circle)), key=lambda place: order[circle[place]])
    return (*circle[first:], *circle[:first])
