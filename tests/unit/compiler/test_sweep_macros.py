"""Macros in the texts of a sweep: which may stand where, and what is said of the others."""

from __future__ import annotations

import pytest

from launchctl.compiler.macros import Scope, fill, names_macro, substitute, validate_text
from launchctl.compiler.node import ScalarNode, node_of

COMMAND = Scope(
    frozenset({"HOME"}),
    frozenset({"program", "args_json_file"}),
    trial=True,
    parameters=frozenset({"lr", "net", "net.layers"}),
)


@pytest.mark.parametrize(
    "text",
    [
        "${env}",
        "a ${env} b",
        "${interpreter}",
        "${args}",
        "--x=${args_json}",
        "${args_no_hyphens}${args_no_equals}${args_no_boolean_flags}",
        "${args_append_hydra} ${args_override_hydra}",
        "${envvar:HOME}/${env:HOME}",
        "${param:lr}/${param:net}/${param:net.layers}",
        "${sweep_name} ${sweep_name:-none} ${repeat}",
        "${run_id}",
        "$${args_dict}",
    ],
)
def test_the_command_of_a_sweep_knows_the_macros_of_wandb(text: str) -> None:
    assert list(validate_text(ScalarNode(text), COMMAND)) == []


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("${program}", 'macro-without-value: "${program}" has no value here', "add `program: train.py` to the sweep"),
        (
            "-f ${args_json_file}",
            'macro-without-value: "${args_json_file}" has no value here',
            "its target takes no files: write `${args_json}`, or read WANDB_CONFIG",
        ),
        (
            "${param:net.layer}",
            'macro-without-value: "${param:net.layer}" has no value here',
            "did you mean `${param:net.layers}`?",
        ),
        ("${param}", 'invalid-macro: expected a macro such as "${run_id}", got "${param}"', "write `${param:NAME}`"),
        ("${args:-x}", 'invalid-macro: expected a macro such as "${run_id}", got "${args:-x}"', "write `${args}`"),
        ("${args:x}", 'invalid-macro: expected a macro such as "${run_id}", got "${args:x}"', "write `${args}`"),
        ("${repeat:2}", 'invalid-macro: expected a macro such as "${run_id}", got "${repeat:2}"', "write `${repeat}`"),
        (
            "${envvar:NOPE}",
            'env-not-listed: the project\'s `environment` does not list "NOPE"',
            "add it to the project: `environment: [NOPE]`",
        ),
        (
            "--lr=${lr}",
            'unknown-macro: unknown macro "${lr}"',
            "`${param:lr}` is the parameter; write `$${` for the text `${`",
        ),
        (
            "${args_dict}",
            'unknown-macro: unknown macro "${args_dict}"',
            "did you mean `${args}`? write `$${` for the text `${`",
        ),
    ],
)
def test_what_the_reference_drops_in_silence_is_an_error(text: str, said: str, hint: str) -> None:
    found = list(validate_text(ScalarNode(text), COMMAND))
    assert [(f"{one.code.name}: {one.message}", one.hint) for one in found] == [(said, hint)]


def test_elsewhere_in_a_sweep_only_a_trial_has_a_value() -> None:
    scope = Scope(trial=True)
    assert list(validate_text(ScalarNode("${sweep_name}/${repeat}"), scope)) == []
    found = [one.message for one in validate_text(ScalarNode("${args}${env}"), scope)]
    assert found == [
        '"${args}" has a value in the command of a sweep alone',
        'expected a macro such as "${run_id}", got "${env}"',
    ]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a ${x} ${run_id}", "a 1 ${run_id}"),
        ("$${x}", "$${x}"),
        ("${$}${x}", "$1"),
        ("${dollar}${run_id}", "${$}${run_id}"),
        ("${dollar}${dollar}${run_id}", "${$}${$}${run_id}"),
        ("${dollar}{run_id}", "$${run_id}"),
        ("${open}run_id}", "$${run_id}"),
        ("${x:-2}${y:-2}", "1${y:-2}"),
        ("plain", "plain"),
    ],
)
def test_what_is_not_filled_in_stays_symbolic(text: str, filled: str) -> None:
    values = {"x": "1", "dollar": "$", "open": "${"}
    assert fill(text, lambda token: values.get(token.name or "")) == filled


def test_a_filled_text_completes_to_what_was_put_in() -> None:
    symbolic = fill("${dollar}${dollar}${run_id}${dollar}{run_id}", lambda token: {"dollar": "$"}.get(token.name or ""))
    assert substitute(symbolic, {"run_id": "r"}) == "$$r${run_id}"


def test_a_macro_is_named_by_a_macro_alone() -> None:
    tree = node_of({"a": ["x", "$${args_json_file}", "${args_json_files}"], "b": 1})
    assert not names_macro(tree, "args_json_file")
    assert names_macro(node_of(["a", {"b": "-f ${args_json_file}"}]), "args_json_file")
