"""Where to stop and look: 400 lines a module, 40 a function, and a median function under 10."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("src", "compiler", "providers", "schemas", "benchmarks")
MODULE_LINES = 400
FUNCTION_LINES = 40
MEDIAN_LINES = 10
EXCEPTIONS: dict[str, str] = {}
"""Module or `module::function` to the reason why a wall stands where it stands."""


def _modules() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.resolve() == path:  # a link is a second name of a room that is listed itself
                yield str(path.relative_to(ROOT)), path.read_text()


def _functions() -> Iterator[tuple[str, int]]:
    for module, text in _modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module}::{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {module: len(text.splitlines()) for module, text in _modules()}
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES and name not in EXCEPTIONS} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {name: length for name, length in _functions() if length > FUNCTION_LINES and name not in EXCEPTIONS}
    assert long == {}


def test_the_median_function_is_shorter_than_10_lines() -> None:
    assert median(length for _, length in _functions()) < MEDIAN_LINES


def test_every_exception_still_names_something_long() -> None:
    long = {module for module, text in _modules() if len(text.splitlines()) > MODULE_LINES}
    long |= {name for name, length in _functions() if length > FUNCTION_LINES}
    assert set(EXCEPTIONS) <= long
