"""Guard rails: which values keep them, and what is wrong with a declaration."""

from __future__ import annotations

import pytest

from launchctl.compiler.bounds import Guard, declaration_faults, typed, value_fault
from launchctl.compiler.node import MapNode, node_of
from launchctl.diagnostics import Span
from launchctl.values import JSON


def guard(**declaration: JSON) -> Guard:
    node = node_of(declaration, Span("project.yaml", 2, 1, 2, 9))
    assert isinstance(node, MapNode)
    return Guard.of("x", node)


def fault(value: JSON, **declaration: JSON) -> tuple[str, str, str | None] | None:
    found = value_fault(guard(**declaration), node_of(value))
    return (found.code.name, found.message, found.hint) if found else None


@pytest.mark.parametrize(
    ("value", "declaration"),
    [
        ("v1", {}),
        ("", {"type": "string"}),
        (1, {"type": "integer", "minimum": 1, "maximum": 8}),
        (8, {"type": "integer", "minimum": 1, "maximum": 8}),
        (0.5, {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        (3, {"type": "float"}),
        (True, {"type": "boolean"}),
        ("1024Mi", {"type": "quantity", "minimum": "1Gi", "maximum": "64Gi"}),
        ("1Gi", {"type": "quantity", "enum": ["1024Mi", "2Gi"]}),
        (2, {"type": "quantity", "maximum": 4}),
        ("90m", {"type": "duration", "minimum": "1h", "maximum": "6h"}),
        ("b", {"enum": ["a", "b"]}),
        ("ml.g5.xlarge", {"pattern": r"ml\.[a-z0-9]+\.[0-9]*xlarge"}),
    ],
)
def test_a_value_within_its_bounds_is_accepted(value: JSON, declaration: dict[str, JSON]) -> None:
    assert fault(value, **declaration) is None


@pytest.mark.parametrize(
    ("value", "declaration", "code", "message"),
    [
        (
            "many",
            {"type": "integer", "minimum": 1, "maximum": 8},
            "wrong-value-type",
            'expected an integer from 1 to 8, got "many"',
        ),
        (
            9,
            {"type": "integer", "minimum": 1, "maximum": 8},
            "value-out-of-bounds",
            "expected an integer from 1 to 8, got 9",
        ),
        (0, {"type": "integer", "minimum": 1}, "value-out-of-bounds", "expected an integer of at least 1, got 0"),
        (9, {"type": "integer", "maximum": 8}, "value-out-of-bounds", "expected an integer of at most 8, got 9"),
        (0, {"type": "number", "exclusiveMinimum": 0}, "value-out-of-bounds", "expected a number above 0, got 0"),
        (
            1.0,
            {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            "value-out-of-bounds",
            "expected a number of at least 0 and below 1, got 1.0",
        ),
        (True, {"type": "integer"}, "wrong-value-type", "expected an integer, got true"),
        (2.0, {"type": "integer"}, "wrong-value-type", "expected an integer, got 2.0"),
        (1, {"type": "boolean"}, "wrong-value-type", "expected true or false, got 1"),
        (None, {"type": "integer"}, "wrong-value-type", "expected an integer, got null"),
        ([1], {"type": "integer"}, "wrong-value-type", "expected an integer, got a list"),
        ({}, {"type": "string"}, "wrong-value-type", "expected a text, got a mapping"),
        (float("inf"), {"type": "number"}, "wrong-value-type", "expected a number, got Infinity"),
        (
            "65Gi",
            {"type": "quantity", "maximum": "64Gi"},
            "value-out-of-bounds",
            'expected a quantity such as 16Gi of at most "64Gi", got "65Gi"',
        ),
        ("16 GB", {"type": "quantity"}, "wrong-value-type", 'expected a quantity such as 16Gi, got "16 GB"'),
        (
            "7h",
            {"type": "duration", "maximum": "6h"},
            "value-out-of-bounds",
            'expected a duration such as 6h of at most "6h", got "7h"',
        ),
        ("soon", {"type": "duration"}, "wrong-value-type", 'expected a duration such as 6h, got "soon"'),
        ("c", {"enum": ["a", "b"]}, "value-out-of-bounds", 'expected one of "a", "b", got "c"'),
        ("xa", {"pattern": "a"}, "value-out-of-bounds", 'expected a text that matches "a", got "xa"'),
    ],
)
def test_a_value_outside_of_its_bounds_is_an_error(
    value: JSON, declaration: dict[str, JSON], code: str, message: str
) -> None:
    assert fault(value, **declaration) == (code, message, None)


def test_a_number_where_a_text_is_wanted_has_a_hint() -> None:
    assert fault(1.1, type="string") == ("wrong-value-type", "expected a text, got 1.1", "put it in quotes")


def test_a_long_value_is_shortened_in_the_message() -> None:
    found = fault("y" * 70, enum=["a"])
    assert found is not None
    assert found[1] == 'expected one of "a", got "' + "y" * 57 + '…"'


def test_a_value_that_is_too_long_is_no_text() -> None:
    assert fault("y" * 4096) is None
    assert fault("y" * 4097) is not None


def test_the_place_of_the_bound_is_a_note() -> None:
    node = MapNode(
        {"type": node_of("integer"), "maximum": node_of(8, Span("project.yaml", 5, 20, 5, 21))},
        {},
        Span("p", 1, 1, 1, 1),
    )
    found = value_fault(Guard.of("gpus", node), node_of(9, Span("project.yaml", 40, 3, 40, 4)))
    assert found is not None
    assert (str(found.span), str(found.notes[0].span)) == ("project.yaml:40:3", "project.yaml:5:20")


@pytest.mark.parametrize(
    ("declaration", "faults"),
    [
        ({}, []),
        ({"type": "integer", "minimum": 1, "maximum": 8, "default": 1, "enum": [1, 2]}, []),
        ({"type": "integer", "minimum": 3, "maximum": 3}, []),
        ({"type": "integer", "minimum": 9, "maximum": 8}, ["empty-range"]),
        ({"type": "number", "exclusiveMinimum": 3, "maximum": 3}, ["empty-range"]),
        ({"type": "integer", "minimum": "one", "maximum": 8}, ["wrong-value-type"]),
        ({"type": "integer", "maximum": 8, "default": 9}, ["value-out-of-bounds"]),
        ({"type": "integer", "default": "9"}, ["wrong-value-type"]),
        ({"type": "integer", "maximum": 8, "enum": [7, 9]}, ["value-out-of-bounds"]),
        ({"type": "string", "enum": ["a", 1]}, ["wrong-value-type"]),
        ({"enum": ["a", "b"], "default": "c"}, ["value-out-of-bounds"]),
        ({"type": "string", "minimum": 1}, ["bound-without-meaning"]),
        ({"type": "boolean", "maximum": True}, ["bound-without-meaning"]),
        ({"type": "integer", "pattern": "[0-9]"}, ["bound-without-meaning"]),
        ({"pattern": "("}, ["invalid-pattern"]),
        ({"pattern": "(a)\\1"}, ["invalid-pattern"]),
        ({"pattern": "[a-z]+", "default": "A"}, ["value-out-of-bounds"]),
        ({"type": "quantity", "minimum": "1Gi", "default": "512Mi"}, ["value-out-of-bounds"]),
        ({"type": "duration", "minimum": "2h", "maximum": "90m"}, ["empty-range"]),
    ],
)
def test_a_declaration_is_checked_itself(declaration: dict[str, JSON], faults: list[str]) -> None:
    assert [found.code.name for found in declaration_faults(guard(**declaration))] == faults


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "3", "3"),
        ("integer", "3", 3),
        ("integer", "-3", -3),
        ("integer", "3.0", "3.0"),
        ("integer", "٣", "٣"),
        ("integer", "9" * 65, "9" * 65),
        ("number", "3", 3),
        ("number", "1e-5", 1e-05),
        ("number", ".5", 0.5),
        ("number", "nan", "nan"),
        ("boolean", "true", True),
        ("boolean", "yes", "yes"),
        ("quantity", "16Gi", "16Gi"),
        ("duration", "6h", "6h"),
    ],
)
def test_a_text_of_the_command_line_is_typed_by_its_declaration(kind: str, text: str, value: JSON) -> None:
    assert typed(guard(type=kind), text) == value
