"""How many points a grid may have."""

from __future__ import annotations

import pytest
from fakes.spaces import grid_of, space_of

from launchctl.sweeps.grid import MOST_POINTS, Grid, TooManyPointsError


def test_a_grid_has_so_many_points_at_most() -> None:
    assert Grid(grid_of(space_of({"a": {"min": 1, "max": MOST_POINTS}}))).size == MOST_POINTS
    with pytest.raises(TooManyPointsError, match=r"more than 10\^18 points"):
        Grid(grid_of(space_of({"a": {"min": 0, "max": MOST_POINTS}})))


def test_points_that_are_excluded_do_not_count() -> None:
    space = space_of({"a": {"min": 1, "max": MOST_POINTS}, "b": {"values": [1, 2]}}, exclude=({"b": 2},))
    assert Grid(grid_of(space)).size == MOST_POINTS
