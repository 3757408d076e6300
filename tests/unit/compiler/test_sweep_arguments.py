"""The spelling of a trial's parameters: what scripts made for W&B have always been given."""

from __future__ import annotations

import pytest

from launchctl.compiler.sweep.arguments import ARGUMENTS, json_of, parameter_file, text_of, value_at
from launchctl.values import JSON

VALUES = {"lr": 0.001, "amp": True, "fast": False, "opt": None, "name": "a b", "net": {"x": 1, "y": {"z": "q"}}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (False, "False"),
        (None, "None"),
        (32, "32"),
        (0.001, "0.001"),
        (1e-05, "1e-05"),
        (3e6, "3000000.0"),
        (1.0, "1.0"),
        ("a b", "a b"),
        ("1e-5", "1e-5"),
        ("", ""),
        ([1, 2], "[1, 2]"),
        ((1, "a"), "[1, 'a']"),
        ({"x": 1, "y": {"z": "q"}}, "{'x': 1, 'y': {'z': 'q'}}"),
        ("끝", "끝"),
    ],
)
def test_a_value_is_spelled_as_python_spells_it(value: JSON, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("macro", "elements"),
    [
        ("args", ["--lr=0.001", "--amp=True", "--fast=False", "--opt=None", "--name=a b"]),
        ("args_no_hyphens", ["lr=0.001", "amp=True", "fast=False", "opt=None", "name=a b"]),
        ("args_no_boolean_flags", ["--lr=0.001", "--amp", "--opt=None", "--name=a b"]),
        (
            "args_no_equals",
            ["--lr", "0.001", "--amp", "True", "--fast", "False", "--opt", "None", "--name", "a b"],
        ),
        ("args_append_hydra", ["+lr=0.001", "+amp=True", "+fast=False", "+opt=None", "+name=a b"]),
        ("args_override_hydra", ["++lr=0.001", "++amp=True", "++fast=False", "++opt=None", "++name=a b"]),
        ("args_json", ['{"lr": 0.001, "amp": true, "fast": false, "opt": null, "name": "a b"}']),
    ],
)
def test_every_macro_has_its_own_form(macro: str, elements: list[str]) -> None:
    assert ARGUMENTS[macro]({name: value for name, value in VALUES.items() if name != "net"}) == elements


def test_a_text_that_looks_like_a_boolean_is_no_flag() -> None:
    assert ARGUMENTS["args_no_boolean_flags"]({"a": "True", "b": "False", "c": 1}) == ["--a=True", "--b=False", "--c=1"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lr", (0.1,)),
        ("a.b", (1,)),
        ("a", ({"b": 2, "c.d": {"e": 3}},)),
        ("a.c.d.e", (3,)),
        ("a.c.d", ({"e": 3},)),
        ("nothing", (None,)),
        ("a.x", None),
        ("lr.x", None),
        ("x", None),
    ],
)
def test_a_parameter_is_found_by_its_dotted_name(name: str, found: tuple[JSON] | None) -> None:
    values = {"lr": 0.1, "a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "nothing": None}
    assert value_at(values, name) == found


def test_json_is_escaped_as_wandb_escapes_it() -> None:
    assert (
        json_of({"a": "é끝", "b": 1e-05, "c": [None, True]}) == '{"a": "\\u00e9\\ub05d", "b": 1e-05, "c": [null, true]}'
    )


def test_the_parameter_file_has_a_line_for_each_parameter() -> None:
    values = {"lr": 1e-05, "net": {"layers": [1, 2e20]}, "odd \u2028": "é \u2028\x85\x7f\ufeff😀"}
    assert parameter_file(values) == (
        '{"wandb_version": 1,\n'
        '"lr": {"value": 1.0e-05},\n'
        '"net": {"value": {"layers": [1, 2.0e+20]}},\n'
        '"odd \\u2028": {"value": "é \\u2028\\u0085\\u007f\\ufeff😀"}}\n'
    )
    assert parameter_file({}) == '{"wandb_version": 1}\n'
