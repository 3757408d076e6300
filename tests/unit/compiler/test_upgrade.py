"""Versions of the project file."""

from __future__ import annotations

import pytest

from launchctl.compiler.node import MapNode, ScalarNode, node_of, plain
from launchctl.compiler.upgrade import upgrade
from launchctl.values import JSON


def project(**keys: JSON) -> MapNode:
    node = node_of(keys)
    assert isinstance(node, MapNode)
    return node


def rename_colour(root: MapNode) -> MapNode:
    return project(color=root.entries["colour"])


def add_size(root: MapNode) -> MapNode:
    return MapNode({**root.entries, "size": ScalarNode(1)}, {})


def test_a_file_without_a_version_is_taken_as_it_is() -> None:
    assert upgrade(project(a=1)) == (project(a=1), ())


def test_the_version_is_no_setting() -> None:
    root, diagnostics = upgrade(project(version=1, a=1))
    assert (plain(root), diagnostics) == ({"a": 1}, ())


def test_an_older_file_is_upgraded_version_by_version() -> None:
    root, diagnostics = upgrade(project(version=1, colour="red"), {1: rename_colour, 2: add_size}, newest=3)
    assert (plain(root), diagnostics) == ({"color": "red", "size": 1}, ())


def test_a_newer_file_names_both_versions() -> None:
    _, (found,) = upgrade(project(version=7))
    assert found.message == "the project file has version 7, and this launchctl reads up to version 1"


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1", 'expected the number 1, got "1"'),
        (True, "expected the number 1, got true"),
        (0, "expected the number 1, got 0"),
        (1.0, "expected the number 1, got 1.0"),
        (None, "expected the number 1, got nothing"),
        ([1], "expected the number 1, got a list"),
    ],
)
def test_a_version_is_a_number(version: JSON, message: str) -> None:
    _, (found,) = upgrade(project(version=version))
    assert found.message == message
