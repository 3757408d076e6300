"""Durations, quantities and sizes as exact numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from launchctl.compiler.quantity import parse_duration, parse_quantity, parse_size
from launchctl.values import JSON


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("6h", 21600.0),
        ("90m", 5400.0),
        ("1h30m", 5400.0),
        ("45s", 45.0),
        ("1d", 86400.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
        ("1m0.1s", 60.1),
        ("30", 30.0),
        (30, 30.0),
        (0.5, 0.5),
        (0, 0.0),
    ],
)
def test_a_duration_is_so_many_seconds(value: JSON, seconds: float) -> None:
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "h",
        "6 hours",
        "-1h",
        "30m1h",
        "1h1h",
        "1e3s",
        "٣s",
        -1,
        True,
        None,
        [],
        float("nan"),
        1e13,
        "9" * 70,
        "9" * 20 + "h",
    ],
)
def test_anything_else_is_no_duration(value: JSON) -> None:
    assert parse_duration(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("500m", Fraction(1, 2)),
        ("1Gi", Fraction(2**30)),
        ("1G", Fraction(10**9)),
        ("1e3", Fraction(1000)),
        ("1E3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("1Ei", Fraction(2**60)),
        ("0.1", Fraction(1, 10)),
        (".5k", Fraction(500)),
        ("-2u", Fraction(-1, 500_000)),
        (0.1, Fraction(1, 10)),
        (3, Fraction(3)),
    ],
)
def test_a_kubernetes_quantity_is_exact(value: JSON, number: Fraction) -> None:
    assert parse_quantity(value) == number


@pytest.mark.parametrize(
    "value", ["", "Gi", "1K", "1gi", "1 Gi", "1.2.3", "1e", "1e9999", True, None, float("inf"), "1" * 65]
)
def test_anything_else_is_no_quantity(value: JSON) -> None:
    assert parse_quantity(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("512m", 2**29),
        ("8g", 2**33),
        ("1.5 GiB", 3 * 2**29),
        ("10b", 10),
        ("7", 7),
        ("1KB", 1024),
        ("2T", 2**41),
        (64, 64),
    ],
)
def test_a_docker_size_counts_in_powers_of_1024(value: JSON, number: int) -> None:
    assert parse_size(value) == number


@pytest.mark.parametrize("value", ["", "m", "-1g", "1e", "1Gi2", "1  g", True, None])
def test_anything_else_is_no_size(value: JSON) -> None:
    assert parse_size(value) is None
