"""A space as a cube, and back."""

from __future__ import annotations

import pytest

from launchctl.compiler.sweep.space import Assignment, Condition, Distribution, Leaf, Space
from launchctl.sweeps.cube import Cube

LISTED = Distribution.CATEGORICAL
OPTIMIZER = Leaf(("optimizer", "name"), LISTED, values=("sgd", "adam", "rmsprop"))
MOMENTUM = Leaf(("optimizer", "momentum"), Distribution.UNIFORM, low=0.0, high=0.9)
LAYERS = Leaf(("layers",), Distribution.INT_UNIFORM, low=1, high=4)
WITH_SGD = Condition(MOMENTUM.path, OPTIMIZER.path, ("sgd",))


@pytest.mark.parametrize(
    "leaf",
    [
        Leaf(("p",), Distribution.UNIFORM, low=-1.0, high=3.0),
        Leaf(("p",), Distribution.INT_UNIFORM, low=-3, high=9),
        Leaf(("p",), Distribution.Q_UNIFORM, low=0.0, high=1.0, q=0.1),
        Leaf(("p",), Distribution.LOG_UNIFORM_VALUES, low=1e-5, high=1.0),
        Leaf(("p",), Distribution.Q_LOG_UNIFORM_VALUES, low=1, high=512, q=2),
        Leaf(("p",), Distribution.INV_LOG_UNIFORM_VALUES, low=1e-5, high=1.0),
        Leaf(("p",), Distribution.NORMAL, mu=2.0, sigma=3.0),
        Leaf(("p",), Distribution.Q_NORMAL, mu=2.0, sigma=3.0, q=1),
        Leaf(("p",), Distribution.LOG_NORMAL, mu=1.0, sigma=0.5),
        Leaf(("p",), Distribution.Q_LOG_NORMAL, mu=1.0, sigma=0.5, q=0.5),
        Leaf(("p",), Distribution.BETA, a=2.0, b=3.0),
        Leaf(("p",), Distribution.Q_BETA, a=2.0, b=3.0, q=0.05),
        Leaf(("p",), LISTED, values=(64, 16, 32)),
        Leaf(("p",), LISTED, values=("a", None, True, 2.5)),
        Leaf(("p",), Distribution.CATEGORICAL_W_PROBABILITIES, values=("a", "b", "c"), probabilities=(0.7, 0.2, 0.1)),
    ],
)
def test_a_point_is_found_again_by_its_values(leaf: Leaf) -> None:
    cube = Cube(Space((leaf,)))
    for place in (0.0, 0.13, 0.5, 0.77, 0.999, 1.0):
        point = cube.point((place,))
        assert point is not None
        found = cube.find(cube.nested(point))
        assert found is not None
        assert found.identity == point.identity
        assert found.coordinates == pytest.approx(point.coordinates)
        again = cube.point(found.place)
        assert again is not None
        assert (
            again.identity == point.identity
            or leaf.distribution.value in ("normal", "log_normal", "beta")
            or (cube.nested(again)["p"] == pytest.approx(cube.nested(point)["p"]))
        )


def test_numbers_that_were_listed_lie_along_one_axis_by_size() -> None:
    cube = Cube(Space((Leaf(("p",), LISTED, values=(64, 16, 32, 128)),)))
    found = [cube.find({"p": value}) for value in (16, 32, 64, 128)]
    assert [point and point.coordinates for point in found] == [(0.125,), (0.375,), (0.625,), (0.875,)]


def test_values_without_an_order_have_an_axis_each() -> None:
    cube = Cube(Space((OPTIMIZER,)))
    point = cube.find({"optimizer": {"name": "adam"}})
    assert point is not None
    assert point.coordinates == (0.0, 1.0, 0.0)


def test_zipped_leaves_have_one_place() -> None:
    encoder = Leaf(("encoder",), LISTED, values=("small", "large"))
    hidden = Leaf(("hidden",), LISTED, values=(128, 512))
    cube = Cube(Space((encoder, hidden), zips=((("encoder",), ("hidden",)),)))
    assert cube.size == 2
    points = [cube.point(place) for place in cube.all_places()]
    assert [point and cube.nested(point) for point in points] == [
        {"encoder": "small", "hidden": 128},
        {"encoder": "large", "hidden": 512},
    ]
    assert cube.find({"encoder": "small", "hidden": 512}) is None


def test_a_parameter_that_does_not_exist_has_the_middle_for_a_coordinate() -> None:
    cube = Cube(Space((OPTIMIZER, MOMENTUM), conditions=(WITH_SGD,)))
    low, high = cube.point((0.1, 0.5)), cube.point((0.9, 0.5))
    assert low is not None
    assert high is not None
    assert low.coordinates == high.coordinates == (0.5, 0.0, 1.0, 0.0)
    assert low.identity == high.identity
    assert cube.nested(low) == {"optimizer": {"name": "adam"}}


def test_an_excluded_point_is_none() -> None:
    exclude = ((Assignment(OPTIMIZER.path, "sgd"), Assignment(LAYERS.path, 2)),)
    cube = Cube(Space((OPTIMIZER, LAYERS), exclude=exclude))
    points = [cube.point(place) for place in cube.all_places()]
    assert len(points) == cube.size == 12
    assert points.count(None) == 1


@pytest.mark.parametrize(
    ("leaf", "size"),
    [
        (LAYERS, 4),
        (Leaf(("p",), Distribution.Q_UNIFORM, low=0.05, high=1.0, q=0.1), 10),
        (Leaf(("p",), Distribution.Q_BETA, a=2.0, b=2.0, q=0.25), 5),
        (Leaf(("p",), Distribution.Q_UNIFORM, low=1.2, high=1.4, q=1.0), None),
        (Leaf(("p",), Distribution.Q_NORMAL, q=1.0), None),
        (MOMENTUM, None),
    ],
)
def test_a_space_is_finite_where_all_values_can_be_told(leaf: Leaf, size: int | None) -> None:
    cube = Cube(Space((leaf,)))
    assert cube.size == size
    points = [cube.point(place) for place in cube.all_places()]
    assert len({point.identity for point in points if point}) == (size or 0)


@pytest.mark.parametrize(
    "values",
    [{"layers": 5}, {"layers": True}, {"layers": "2"}, {"optimizer": {"name": "lion"}, "layers": 2}],
)
def test_values_that_the_space_does_not_have_any_more_are_not_found(values: dict[str, object]) -> None:
    assert Cube(Space((OPTIMIZER, LAYERS))).find(values) is None
