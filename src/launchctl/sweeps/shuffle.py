"""A permutation of any range of integers that follows from a seed and is computed place by place.

A Feistel network over a rectangle just as large as the range, as Black and Rogaway describe it for encryption: what
falls outside of the range is sent through again. Nothing is stored, so a million points cost as much as ten.
"""

from __future__ import annotations

import hashlib
from math import isqrt

from launchctl.values import canonical

_ROUNDS = 8


class Permutation:
    """Which number stands at a place, and at which place a number stands."""

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._width = isqrt(max(size - 1, 0)) + 1
        self._height = -(-size // self._width) or 1
        state = hashlib.blake2b(canonical([seed, "order"]).encode(), digest_size=32)
        self._rounds = [(state.copy(), number) for number in range(_ROUNDS)]
        for one, number in self._rounds:
            one.update(b"\n%d " % number)

    def at(self, place: int) -> int:
        """The number at a place."""
        number = self._forward(place)
        while number >= self._size:
            number = self._forward(number)
        return number

    def place(self, number: int) -> int:
        """The place of a number."""
        place = self._backward(number)
        while place >= self._size:
            place = self._backward(place)
        return place

    def _forward(self, number: int) -> int:
        row, column = divmod(number, self._width)
        for turn in range(_ROUNDS):
            if turn % 2:
                column = (column + self._mixed(turn, row)) % self._width
            else:
                row = (row + self._mixed(turn, column)) % self._height
        return row * self._width + column

    def _backward(self, number: int) -> int:
        row, column = divmod(number, self._width)
        for turn in reversed(range(_ROUNDS)):
            if turn % 2:
                column = (column - self._mixed(turn, row)) % self._width
            else:
                row = (row - self._mixed(turn, column)) % self._height
        return row * self._width + column

    def _mixed(self, turn: int, half: int) -> int:
        state = self._rounds[turn][0].copy()
        state.update(b"%d" % half)
        return int.from_bytes(state.digest())
