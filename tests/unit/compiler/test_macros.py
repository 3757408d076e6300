"""Macros: what a text may name, what is said of what it may not, and filling them in once, as text."""

from __future__ import annotations

import pytest

from launchctl.compiler.macros import Scope, escape, substitute, substitute_tree, validate_text, validate_tree
from launchctl.compiler.node import Deferred, MapNode, ScalarNode, node_of, plain
from launchctl.diagnostics import Span

VALUES = {"run_id": "runs-a-0123456789", "project_name": "churn", "author": "ada"}
SCOPE = Scope(environment=frozenset({"HOME"}), missing=frozenset({"author", "image_uri"}))


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${run_id}", "runs-a-0123456789"),
        ("a-${project_name}-${author}", "a-churn-ada"),
        ("$${run_id}", "${run_id}"),
        ("$$${run_id}", "$${run_id}"),
        ("${$}${run_id}", "$runs-a-0123456789"),
        ("$run_id $ $$ $(x) {run_id}", "$run_id $ $$ $(x) {run_id}"),
        ("${sweep_name:-none}", "none"),
        ("${repeat:-}", ""),
    ],
)
def test_macros_are_filled_in_and_an_escape_is_text(text: str, filled: str) -> None:
    assert substitute(text, VALUES) == filled


def test_a_value_is_text_and_never_read_as_a_macro() -> None:
    assert substitute("${author}", {"author": "${run_id}", "run_id": "x"}) == "${run_id}"


def test_a_trial_has_a_sweep_name() -> None:
    assert substitute("${sweep_name:-none}", {"sweep_name": "lr"}) == "lr"


def test_an_environment_variable_stays_a_reference() -> None:
    found = substitute("x-${env:HOME}/${author}$${a}${env:TEAM}", VALUES)
    assert found == Deferred(("x-", "HOME", "/ada${a}", "TEAM", ""))
    assert isinstance(found, Deferred)
    assert found.resolve({"HOME": "/h", "TEAM": "${t}"}) == "x-/h/ada${a}${t}"


@pytest.mark.parametrize("text", ["${run_id}", "$${", "$", "${$}", "a$$${b}$", "{{x}}", "$${$}${"])
def test_an_escaped_text_stands_for_itself(text: str) -> None:
    assert substitute(escape(text), {}) == text


def faults(text: str) -> list[tuple[str, str, str | None]]:
    span = Span("project.yaml", 4, 10, 4, 10 + len(text))
    return [(found.code.name, found.message, found.hint) for found in validate_text(ScalarNode(text, span), SCOPE)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "${run_id}",
        "$${anything}",
        "${env:HOME}",
        "${sweep_name:-x}",
        "${repeat:-}",
        "${$}",
        "$HOME $(id)",
        "${entity_name}",
    ],
)
def test_known_macros_are_accepted(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        (
            "${run_di}",
            "unknown-macro",
            'unknown macro "${run_di}"',
            "did you mean `${run_id}`? write `$${` for the text `${`",
        ),
        (
            "echo ${HOSTNAME_X}",
            "unknown-macro",
            'unknown macro "${HOSTNAME_X}"',
            "`${env:HOSTNAME_X}` reads an environment variable; write `$${` for the text `${`",
        ),
        ("${", "invalid-macro", 'expected a macro such as "${run_id}", got "${"', "write `$${` for the text `${`"),
        ("${}", "invalid-macro", 'expected a macro such as "${run_id}", got "${}"', "write `$${` for the text `${`"),
        (
            "${ run_id }",
            "invalid-macro",
            'expected a macro such as "${run_id}", got "${ run_id }"',
            "write `$${` for the text `${`",
        ),
        (
            "${run-id}",
            "invalid-macro",
            'expected a macro such as "${run_id}", got "${run-id}"',
            "write `$${` for the text `${`",
        ),
        (
            "${run_id:-x}",
            "invalid-macro",
            'expected a macro such as "${run_id}", got "${run_id:-x}"',
            "write `${run_id}`",
        ),
        (
            "${env:TEAM}",
            "env-not-listed",
            'the project\'s `environment` does not list "TEAM"',
            "add it to the project: `environment: [TEAM]`",
        ),
        (
            "${env}",
            "invalid-macro",
            'expected a macro such as "${run_id}", got "${env}"',
            "write `${env:NAME}` for an environment variable",
        ),
        ("${args}", "macro-not-here", '"${args}" has a value in the command of a sweep alone', None),
        ("${param:lr}", "macro-not-here", '"${param:lr}" has a value in the command of a sweep alone', None),
        (
            "${envvar:HOME}",
            "macro-not-here",
            '"${envvar:HOME}" has a value in the command of a sweep alone',
            "write `${env:HOME}`",
        ),
        (
            "${sweep_name}",
            "macro-not-here",
            '"${sweep_name}" has a value in a trial of a sweep alone',
            "write `${sweep_name:-TEXT}` for a text that stands in outside of a sweep",
        ),
        ("${author}", "macro-without-value", '"${author}" has no value here', "add `author: NAME` to the project"),
        (
            "${image_uri}",
            "macro-without-value",
            '"${image_uri}" has no value here',
            "code that runs as a local process has no image",
        ),
    ],
)
def test_every_other_macro_is_an_error_that_says_what_to_write(
    text: str, code: str, message: str, hint: str | None
) -> None:
    assert faults(text) == [(code, message, hint)]


def test_what_is_known_where_apply_runs_alone_is_refused_where_it_may_not_stand() -> None:
    found = list(
        validate_text(ScalarNode("${env:HOME}"), Scope(frozenset({"HOME"}), without_env=("an image", "do this")))
    )
    assert [(one.message, one.hint) for one in found] == [('"${env:HOME}" cannot stand in an image', "do this")]


@pytest.mark.parametrize(
    ("end_column", "columns"),
    [(26, (14, 22)), (28, (15, 23)), (60, (10, 60))],
    ids=["plain", "quoted", "escaped"],
)
def test_a_fault_points_at_the_macro_inside_the_text(end_column: int, columns: tuple[int, int]) -> None:
    node = ScalarNode("abc-${nope_}-def", Span("project.yaml", 4, 10, 4, end_column))
    (found,) = validate_text(node, SCOPE)
    assert found.span is not None
    assert (found.span.column, found.span.end_column) == columns


def test_a_tree_is_filled_in_and_shares_what_holds_no_macro() -> None:
    tree = node_of({"a": {"b": "${run_id}", "c": [1, True, None]}, "d": {"e": ["x"]}})
    filled = substitute_tree(tree, VALUES)
    assert plain(filled) == {"a": {"b": "runs-a-0123456789", "c": [1, True, None]}, "d": {"e": ["x"]}}
    assert isinstance(tree, MapNode)
    assert isinstance(filled, MapNode)
    assert filled.entries["d"] is tree.entries["d"]
    assert substitute_tree(filled, VALUES) is filled


def test_every_fault_of_a_tree_is_found_keys_included() -> None:
    tree = node_of({"${run_id}": ["${nope}", {"x": "${args}"}], "y": 3})
    assert [found.code.name for found in validate_tree(tree, SCOPE)] == [
        "key-with-placeholder",
        "unknown-macro",
        "macro-not-here",
    ]
