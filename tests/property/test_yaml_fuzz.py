"""No input of any kind gives a traceback: bytes, YAML-like text, generated trees, mutated projects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from launchctl.cli.views.diagnostics import as_github, as_json, as_sarif, render_text
from launchctl.compiler.build import build_project
from launchctl.compiler.document import parse_document
from launchctl.compiler.load import Loaded, load_project
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, plain
from launchctl.compiler.resolve import resolve
from launchctl.compiler.source import Source
from launchctl.diagnostics import Diagnostics, Span
from launchctl.values import JSON

CASES = Path(__file__).parents[1] / "cases"
CONTRACT = (CASES / "contract" / "project.yaml").read_text(encoding="utf-8")
SOURCES = [path.read_bytes() for path in sorted(CASES.glob("*/**/*.yaml"))]
FRAGMENTS = (
    *"{}[]:,-?&*!|>'\"%@`#~\n\t \\",
    *("\n  ", "\n- ", ": ", "<<: ", "*a", "&a ", "!!str ", "---\n", "...\n", "{{ x }}", "${run_id}", "\r\n", "\ufeff"),
    *("version: 1\n", "runs:\n", "jobs:\n", "queues:\n", "extends: ", "depends_on: ", "1e-5", "012", "no", "1:30"),
    *("null", ".inf", "0x1F", "한국어", "🐍", "\u2028", "\x00", "\x85", "a" * 100, "9" * 50),
)
WORDS = st.sampled_from(FRAGMENTS)
YAML_LIKE = st.lists(WORDS | st.text(max_size=3), max_size=60).map("".join)
NAMES = st.sampled_from(["a", "b", "A", "train", "gpu", "1", "a b", "x" * 70, "own"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NAMES
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KEYS = sorted(
    {
        *("job", "queue", "extends", "source", "image", "code", "command", "args", "env", "secrets", "depends_on"),
        *("retry", "timeout", "lifecycle", "config", "files", "templates", "resource", "priority", "queues"),
        *("max_jobs", "parameters", "method", "inputs", "fields", "kubernetes", "default", "type", "enum", "run_token"),
    }
)
ENTRIES = st.dictionaries(NAMES, TREES | st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6), max_size=4)
SECTIONS = st.sampled_from(
    ["variables", "secrets", "agents", "queues", "jobs", "runs", "sweeps", "moved", "wandb", "policies", "include"]
)
PROJECTS = st.dictionaries(SECTIONS, ENTRIES | TREES, max_size=6).map(lambda found: {"version": 1, **found})


def compile_text(text: str) -> Diagnostics:
    """Every stage of the front, and every way to show what it says."""
    document, problems = parse_document(Source("p.yaml", text))
    project, faults = build_project([document])
    _, unresolved = resolve(project)
    found = (*problems, *faults, *unresolved)
    show(found, {"p.yaml": text})
    return found


def show(found: Diagnostics, sources: dict[str, str]) -> None:
    render_text(found, sources)
    json.dumps(as_json(found))
    json.dumps(as_sarif(found, "1"))
    as_github(found)
    for each in found:
        assert "pydantic" not in each.message.lower()
        assert "{" not in each.code.sentence or each.message != each.code.sentence
        assert each.span is None or (each.span.line >= 1 and each.span.column >= 1)


@given(YAML_LIKE)
@example("<<: &a {<<: *a}")
@example("a: &a\n  b: *a\n")
@example("? - a\n: b")
@example("version: 1\nproject: x\nruns: {a: {extends: a}}")
@example("{? : }")
@example("- &a a\n- *a\n- {*a : b}")
def test_no_text_gives_a_traceback(text: str) -> None:
    compile_text(text)


@given(st.binary(max_size=200) | st.sampled_from(SOURCES))
def test_no_bytes_give_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("project")
    (folder / "project.yaml").write_bytes(content)
    loaded: Loaded = load_project(folder)
    show(loaded.diagnostics, {source.name: source.text for source in loaded.sources})


@given(PROJECTS)
def test_no_tree_gives_a_traceback(project: JSON) -> None:
    try:
        text = yaml.safe_dump(project, allow_unicode=True)
    except yaml.YAMLError:
        return
    compile_text(text)


FEW = st.sampled_from(["a", "b", "c", "d", "missing"])
REFERENCES = st.fixed_dictionaries(
    {},
    optional={
        "job": FEW,
        "queue": FEW,
        "extends": FEW,
        "depends_on": st.lists(FEW.map("runs.{}".format) | FEW.map("sweeps.{}".format) | FEW, max_size=3),
        "secrets": st.lists(FEW, max_size=2),
        "priority": st.just("high"),
        "config": st.dictionaries(FEW, SCALARS, max_size=2),
        "timeout": st.sampled_from(["1h", None]),
    },
)
LINKED = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "project": st.just("x"),
        "queues": st.dictionaries(FEW, st.just({"resource": "process"}), max_size=3),
        "jobs": st.dictionaries(FEW, REFERENCES.map(lambda keys: {"source": {"image": "i"}, **keys}), max_size=3),
        "runs": st.dictionaries(FEW, REFERENCES, max_size=4),
        "secrets": st.dictionaries(FEW, st.just({"env": "A"}), max_size=2),
        "sweeps": st.dictionaries(FEW, REFERENCES.map(lambda keys: {"file": "s.yaml", **keys}), max_size=2),
        "moved": st.lists(st.fixed_dictionaries({"from": FEW.map("runs.{}".format), "to": FEW.map("runs.{}".format)})),
    }
)


@given(LINKED)
def test_no_web_of_references_gives_a_traceback(project: JSON) -> None:
    compile_text(yaml.safe_dump(project, allow_unicode=True))


@given(st.data())
def test_no_mutation_of_a_valid_project_gives_a_traceback(data: st.DataObject) -> None:
    text = CONTRACT
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(WORDS | st.text(max_size=4)) + text[start + length :]
    compile_text(text)


@given(st.data())
def test_a_removed_or_doubled_line_gives_no_traceback(data: st.DataObject) -> None:
    lines = CONTRACT.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1))
    compile_text("\n".join([*lines[:at], *lines[at + 1 :]]))
    compile_text("\n".join([*lines[:at], lines[other], *lines[at:]]))


def _values(node: Node) -> list[Node]:
    inner = node.items if isinstance(node, ListNode) else node.entries.values() if isinstance(node, MapNode) else ()
    return [node, *(value for item in inner for value in _values(item))]


PLAIN = st.from_regex(r"[A-Za-z_가-힣][A-Za-z0-9_가-힣]{0,6}", fullmatch=True).filter(
    lambda text: text.lower() not in {"y", "n", "yes", "no", "on", "off", "null", "true", "false"}
)
SAFE_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=20,
)


@given(tree=SAFE_TREES, flow=st.booleans())
def test_what_another_tool_writes_is_read_as_it_was(tree: JSON, *, flow: bool) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow, sort_keys=False)
    document, problems = parse_document(Source("p.yaml", text))
    assert problems == ()
    assert document.root is not None
    assert plain(document.root) == tree


@given(SAFE_TREES)
def test_the_text_at_a_values_place_is_the_value(tree: JSON) -> None:
    lines = (text := yaml.safe_dump(tree, allow_unicode=True)).split("\n")
    root = parse_document(Source("p.yaml", text))[0].root
    assert root is not None
    for node in _values(root):
        span = node.span
        assert isinstance(span, Span)
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and span.line == span.end_line:
            assert lines[span.line - 1][span.column - 1 : span.end_column - 1].strip("'\"") == node.value
