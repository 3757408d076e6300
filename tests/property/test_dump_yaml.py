"""Dumped YAML is read back as the same value, by our own reader and by a reader of YAML 1.1."""

from __future__ import annotations

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from launchctl.compiler.document import parse_document
from launchctl.compiler.dump import dump_yaml
from launchctl.compiler.node import plain
from launchctl.compiler.source import Source
from launchctl.values import JSON, canonical

TRICKY = st.sampled_from(
    (
        *(
            "",
            "y",
            "no",
            "On",
            "1e3",
            "0x1f",
            "0o7",
            "012",
            "1:30",
            ".5",
            "..",
            "---",
            "-",
            "- a",
            "--env",
            "a: b",
            "a:",
        ),
        *("a #b", "#x", "null", "~", "<<", "=", "2026-01-01", "1_000", "+1", "-.inf", ".NaN", "a: ", "x:y", "[a"),
        *("${env:A}", "{{ x }}", "%a", "@a", "a\tb", " a", "a ", "a\n", "a\n\n", "\na", "a\n b\n\n c\n", "a\n \nb"),
        *("   ", "x" * 150, "a b " * 60, "? a", "!a", "&a", "*a", "|", "> a", "é 😀", "\x85", "\u2028", "\x07"),
        *("\ufeff", "'", '"', "\\"),
    )
)
TEXTS = st.one_of(TRICKY, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
@example({"a": [[], {}, [[1], {"b": []}], "x\ny\n"]})
def test_a_reader_of_yaml_1_1_gets_the_value_back(value: JSON) -> None:
    assert yaml.safe_load(dump_yaml(value)) == value


@given(
    st.dictionaries(st.from_regex(r"\A[a-z]{1,8}\Z"), st.one_of(TRICKY, st.booleans(), st.integers(-(2**53), 2**53)))
)
def test_our_own_reader_gets_the_value_back(value: dict[str, JSON]) -> None:
    document, diagnostics = parse_document(Source("x.yaml", dump_yaml(value)))
    assert diagnostics == ()
    assert document.root is not None
    assert canonical(plain(document.root)) == canonical(value)
