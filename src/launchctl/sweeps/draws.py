"""Drawing points at random, each from the seed and its index alone.

Every parameter has a stream of its own, named by its path, so that a parameter that is added, removed or edited
changes the values of no other. Parameters that are zipped share the stream of the first of them; a constant has
none. A point that is excluded is drawn anew from the streams' next branch, which changes no other index either. Of
an attempt only the leaves that decide about it are drawn, for where little is left there are many attempts.

Points may repeat, as they do in W&B: a search that never repeats one could not keep the streams apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Leaf, ParameterPath
from launchctl.errors import LaunchctlError
from launchctl.sweeps.key import with_repeat
from launchctl.sweeps.point import Shape
from launchctl.sweeps.quantile import quantile
from launchctl.values import JSON, canonical

_ATTEMPTS = 10_000
_CELLS = 2**53


class Draws:
    """The points of a random search."""

    def __init__(self, search: Search) -> None:
        space = search.space
        leader = {path: zipped[0] for zipped in space.zips for path in zipped}
        self._shape = Shape(space)
        self._constants = {leaf.path: leaf.values[0] for leaf in space.constants}
        self._searched = tuple((leaf, leader.get(leaf.path, leaf.path)) for leaf in space.searched)
        decisive = self._shape.excluding
        self._excludes = bool(space.exclude)
        self._decisive = tuple(found for found in self._searched if found[0].path in decisive)
        self._streams = {
            path: hashlib.blake2b(canonical([search.seed, path]).encode("utf-8", "surrogatepass"), digest_size=8)
            for path in {path for _, path in self._searched}
        }

    def trial(self, index: int, repeat: int) -> Trial:
        """The trial of an index; raises LaunchctlError where `exclude` leaves nothing to draw."""
        for attempt in range(_ATTEMPTS):
            place = f"{index}.{attempt}".encode() if attempt else str(index).encode()
            if not (self._excludes and self._shape.is_excluded(self._point(self._decisive, place))):
                existing = self._point(self._searched, place)
                return Trial(with_repeat(str(index), repeat), index, repeat, self._shape.nested(existing))
        raise LaunchctlError(
            f"{_ATTEMPTS:,} points were drawn at random, and all of them are excluded",
            hint="exclude fewer combinations",
        )

    def _point(self, searched: Sequence[tuple[Leaf, ParameterPath]], place: bytes) -> Mapping[ParameterPath, JSON]:
        """The values of these leaves and of the constants, without those of leaves that do not exist."""
        values = {leaf.path: quantile(leaf, self._share(stream, place)) for leaf, stream in searched}
        return self._shape.existing(self._constants | values)

    def _share(self, path: ParameterPath, place: bytes) -> float:
        """A number strictly between 0 and 1: the middle of one of 2⁵² cells."""
        stream = self._streams[path].copy()
        stream.update(b"\n" + place)
        return ((int.from_bytes(stream.digest()) >> 12) * 2 + 1) / _CELLS


def draw(search: Search, index: int, repeat: int) -> Trial:
    """The trial of an index, where one is all that is asked for."""
    return Draws(search).trial(index, repeat)
