"""YAML to positioned nodes: values, places, bounds."""

from __future__ import annotations

import gc
import time
import tracemalloc

import pytest

from launchctl.compiler.document import parse_document
from launchctl.compiler.node import MapNode, Node, descend, plain
from launchctl.compiler.source import Source
from launchctl.diagnostics import Diagnostics
from launchctl.values import JSON, Path


def parse(text: str) -> tuple[Node | None, Diagnostics]:
    document, diagnostics = parse_document(Source("p.yaml", text))
    return document.root, diagnostics


def value_of(text: str) -> JSON:
    root, diagnostics = parse(text)
    assert diagnostics == ()
    assert root is not None
    return plain(root)


def codes(text: str) -> list[str]:
    return [found.code.name for found in parse(text)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("3.", 3.0),
        (".5", 0.5),
        ("+12", 12),
        ("-0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("007", 7),
        ("18446744073709551615", 18446744073709551615),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("Null", None),
        ("", None),
        ("nUll", "nUll"),
        ("tRue", "tRue"),
        ("8080:80", "8080:80"),
        ("1.2.3", "1.2.3"),
        ("-x", "-x"),
        ("--fast", "--fast"),
        ("0x", "0x"),
        ('"no"', "no"),
        ("'012'", "012"),
        ('"1_000"', "1_000"),
        ("none", "none"),
        ("yesterday", "yesterday"),
        ("=", "="),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, expected: JSON) -> None:
    found = value_of(f"key: {text}")["key"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", '"no" is a text here, and false where a tool reads the file as YAML 1.1'),
        ("On", '"On" is a text here, and true where a tool reads the file as YAML 1.1'),
        ("YES", '"YES" is a text here, and true where a tool reads the file as YAML 1.1'),
        ("012", '"012" is the number 12 here, and 10 where a tool reads the file as YAML 1.1'),
        ("-010", '"-010" is the number -10 here, and -8 where a tool reads the file as YAML 1.1'),
        ("09", '"09" is the number 9 here, and a text where a tool reads the file as YAML 1.1'),
        ("1:30", '"1:30" is a text here, and the number 90 where a tool reads the file as YAML 1.1'),
        ("22:22", '"22:22" is a text here, and the number 1342 where a tool reads the file as YAML 1.1'),
        ("1_000", '"1_000" is a text here, and the number 1000 where a tool reads the file as YAML 1.1'),
        ("1_0.5", '"1_0.5" is a text here, and the number 10.5 where a tool reads the file as YAML 1.1'),
        ("0b11", '"0b11" is a text here, and the number 3 where a tool reads the file as YAML 1.1'),
    ],
)
def test_a_scalar_that_would_silently_train_something_else_is_an_error(text: str, message: str) -> None:
    _, (found,) = parse(f"key: {text}")
    assert (found.code.name, found.severity.value, found.message) == ("ambiguous-value", "error", message)


@pytest.mark.parametrize("text", ["y", "N", "2026-01-02", "2026-01-02 10:00:00"])
def test_a_scalar_that_almost_everybody_means_as_text_is_a_warning(text: str) -> None:
    root, (found,) = parse(f"key: {text}")
    assert (found.code.name, found.severity.value) == ("old-value", "warning")
    assert root is not None
    assert plain(root) == {"key": text}


def test_a_key_is_never_taken_for_a_boolean() -> None:
    assert value_of("on: 1\nno: 2\ny: 3\n") == {"on": 1, "no": 2, "y": 3}


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NaN", "1e999", "9" * 40, "-9223372036854775809", "1" * 10_000])
def test_a_number_that_is_no_json_is_refused(text: str) -> None:
    assert codes(f"key: {text}") == ["no-json-number"]


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a: 1\nb: two\n", ("b",), (2, 4, 2, 7)),
        ("a: 'x'", ("a",), (1, 4, 1, 7)),
        ("a:\n  b: [1, 22]\n", ("a", "b", 1), (2, 10, 2, 12)),
        ("a:\n  b: [1, 22]\n", ("a", "b"), (2, 6, 2, 13)),
        ("a:\n  b: 1\n  c: 2\n\n\nd: 3\n", ("a",), (2, 3, 3, 7)),
        ("a:\n- 1\n- x\n# comment\n", ("a",), (2, 1, 3, 4)),
        ("a: {}\n", ("a",), (1, 4, 1, 6)),
        ("한국어: 값 # c\n", ("한국어",), (1, 6, 1, 7)),
        ("emoji: 🐍🐍\n", ("emoji",), (1, 8, 1, 10)),
        ("a:\n", ("a",), (1, 3, 1, 3)),
        ("a: x\r\nb: y\r\n", ("b",), (2, 4, 2, 5)),
    ],
)
def test_every_value_knows_its_place(text: str, path: Path, place: tuple[int, int, int, int]) -> None:
    root, _ = parse(text)
    assert root is not None
    node = descend(root, path)
    assert node is not None
    assert node.span == ("p.yaml", *place)


def test_every_key_knows_its_place() -> None:
    root, _ = parse("a: 1\n'b c':\n  d: 2\n")
    assert isinstance(root, MapNode)
    assert root.key_spans == {"a": ("p.yaml", 1, 1, 1, 2), "b c": ("p.yaml", 2, 1, 2, 6)}


def test_an_alias_shares_the_node_of_its_anchor() -> None:
    root, diagnostics = parse("a: &x {b: 1}\nc: *x\nd: [*x, &y 2, *y]\n")
    assert diagnostics == ()
    assert isinstance(root, MapNode)
    assert root.entries["c"] is root.entries["a"]
    assert plain(root)["d"] == [{"b": 1}, 2, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", {"x": 1, "y": 3}),
        ("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}", {"x": 1, "y": 3}),
        ("a: [&a {x: 1}, &c {x: 2, z: 3}]\nb: {<<: [*a, *c]}", {"x": 1, "z": 3}),
        ("b: {'<<': 1}", {"<<": 1}),
        ("b: {<<: {x: 1}, z: 2}", {"x": 1, "z": 2}),
    ],
)
def test_a_merge_key_takes_the_keys_of_another_mapping(text: str, expected: JSON) -> None:
    assert value_of(text)["b"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", ["duplicate-key"]),
        ("{a: 1, b: {c: 1, c: 2}, a: 3}", ["duplicate-key", "duplicate-key"]),
        ("{<<: {a: 1}, <<: {b: 1}}", ["duplicate-key"]),
        ("{<<: 1}", ["merge-key"]),
        ("{<<: [{a: 1}, 2, [3]]}", ["merge-key", "merge-key"]),
        ("1: a", ["key-not-text"]),
        ("true: a", ["key-not-text"]),
        ("'1': a\n1: b\n", ["key-not-text"]),
        ("? [a]\n: b", ["key-not-text"]),
        ("? {a: b}\n: c", ["key-not-text"]),
        ("? \n: a", ["key-not-text"]),
        ("a: !!int 1", ["tag"]),
        ("a: !x {b: !y [c]}", ["tag", "tag"]),
        ("!k a: b", ["tag"]),
        ("a: *b", ["unknown-anchor"]),
        ("a: &a [*a]", ["recursive-anchor"]),
        ("a: &a {b: {c: *a}}", ["recursive-anchor"]),
        ("a: 1\n---\nb: 2\n", ["several-documents"]),
        ("a: 1\n--- \n...\n", ["several-documents"]),
        ('a: "x\\0y"', ["bad-character"]),
        ("a: \x1b[31m", ["bad-character"]),
        ("a: x\ufeff", ["bad-character"]),
        ("a: \u2028x", ["bad-character"]),
        ("a: [", ["syntax"]),
        ("\ta: 1", ["syntax"]),
        ("a: 'b\nc: d", ["syntax"]),
        ('a: "\\ud800"', ["syntax"]),
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("--- x\n...\n", "x"),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
    ],
)
def test_one_document_may_be_almost_nothing(text: str, expected: JSON) -> None:
    assert value_of(text) == expected


def test_a_syntax_error_shows_where_the_unclosed_begins() -> None:
    _, (found,) = parse("a: 1\nb: {c: 1\nd: 2\n")
    assert (str(found.span), found.message) == ("p.yaml:3:2", 'expected "," or "}"')
    assert [(note.message, str(note.span)) for note in found.notes] == [("the mapping begins here", "p.yaml:2:4")]


def test_a_hundred_levels_are_read_and_one_more_is_not() -> None:
    assert codes("[" * 100 + "]" * 100) == []
    assert codes("[" * 101 + "]" * 101) == ["too-deep"]


@pytest.mark.parametrize("text", ["{0}", "{{? {0}\n: x}}"])
def test_aliases_of_long_texts_count_by_their_length(text: str) -> None:
    anchored = text.format("a" * 100_000)
    assert codes(f"a: &a {anchored}\nb: [{', '.join(['*a'] * 600)}]") == []
    assert codes(f"a: &a {anchored}\nb: [{', '.join(['*a'] * 700)}]") == ["too-many-values"]


def test_aliases_count_as_levels() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{at}: &a{at} [*a{at - 1}]\n" for at in range(1, 99))
    assert codes(chain) == []
    assert codes(chain + "a99: &a99 [*a98]\nb: [*a99]\n") == ["too-deep"]


def test_ten_thousand_uses_of_one_mapping_are_no_bomb() -> None:
    uses = "".join(f"r{at}: {{<<: *d, n: {at}}}\n" for at in range(10_000))
    assert codes("d: &d {a: 1, b: [1, 2, 3], c: {d: 4}}\n" + uses) == []


@pytest.mark.parametrize(
    "bomb",
    [
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{at}: &a{at} [{','.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 40)),
        "a0: &a0 {k: x}\n"
        + "".join(f"a{at}: &a{at} {{{', '.join(f'k{key}: *a{at - 1}' for key in range(9))}}}\n" for at in range(1, 40)),
        "[" * 1_000_000,
        "{a: " * 300_000,
        "- " * 500_000,
        "? " * 200_000,
        "&a [" * 200_000,
    ],
    ids=["lists", "mappings", "brackets", "braces", "dashes", "question marks", "anchors"],
)
def test_a_bomb_is_refused_quickly_and_without_much_memory(bomb: str) -> None:
    started = time.process_time()
    assert codes(bomb)[-1] in {"too-many-values", "too-deep", "syntax"}
    assert time.process_time() - started < 2
    tracemalloc.start()
    try:
        parse(bomb[:100_000])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_many_faults_are_cut_short() -> None:
    found = codes("".join(f"a: {at}\n" for at in range(1_000)))
    assert len(found) == 201
    assert found[-1] == "too-many-faults"


def test_the_collector_is_as_before_afterwards() -> None:
    assert gc.isenabled()
    parse("a: [")
    assert gc.isenabled()
    gc.disable()
    try:
        parse("a: 1")
        assert not gc.isenabled()
    finally:
        gc.enable()
