"""Templates: one name and its filters, typed where they stand alone, text where they do not, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launchctl.compiler.bounds import Guard
from launchctl.compiler.macros import substitute
from launchctl.compiler.node import MapNode, ScalarNode, node_of, plain
from launchctl.compiler.templates import Renderer, Slot, evaluate
from launchctl.diagnostics import Span
from launchctl.values import JSON


def slot(value: JSON, **declaration: JSON) -> Slot:
    node = node_of(declaration)
    assert isinstance(node, MapNode)
    return Slot(Guard.of("x", node), None if value is None else ScalarNode(value))


SLOTS = {
    "gpus": slot(2, type="integer", minimum=1, maximum=8),
    "rate": slot(1e-05, type="number"),
    "on": slot(True, type="boolean"),
    "name": slot("Ada"),
    "aws-instance": slot("ml.g5.xlarge"),
    "empty": slot(""),
    "macro": slot("${run_id}"),
    "dollar": slot("$"),
    "dollars": slot("a$$"),
    "brace": slot("{run_id}"),
    "braces": slot("{{ name }}"),
    "none": slot(None, type="integer", maximum=8),
    "long": slot("a" * 4096),
    "var.tag": slot("v1"),
}


def render(value: JSON) -> tuple[JSON, list[str]]:
    renderer = Renderer(SLOTS)
    rendered = plain(renderer.render(node_of(value)))
    return rendered, [found.message for found in renderer.found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{{ gpus }}", 2),
        ("{{gpus}}", 2),
        ("{{ rate }}", 1e-05),
        ("{{ on }}", True),
        ("{{ name }}", "Ada"),
        ("{{ aws-instance }}", "ml.g5.xlarge"),
        ("{{ var.tag }}", "v1"),
        ("{{ empty }}", ""),
        ("{{ gpus }}Gi", "2Gi"),
        ("{{ on }}/{{ rate }}/{{ name }}", "true/1e-05/Ada"),
        (" {{ gpus }}", " 2"),
        ("{{{{ name }}", "{{ name }}"),
        ("{{{{{{ name }}", "{{Ada"),
        ("a }} b", "a }} b"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("{ other }}", "{ other }}"),
        ("{{ braces }}x", "{{ name }}x"),
        ("{{ name | lower }}", "ada"),
        ("{{ name|upper }}-x", "ADA-x"),
        ("{{ name | lower | replace('a', 'b') }}", "bdb"),
        ('{{ name | replace("A", "}}") }}', "}}da"),
        ("{{ gpus | int }}", 2),
        ("{{ var.tag | replace('v', '') | int }}", 1),
        ("{{ name | tojson }}", '"Ada"'),
        ("{{ on | tojson }}", "true"),
        ("{{ none | default(3) }}", 3),
        ("{{ gpus | default(3) }}", 2),
        ("{{ name | default('x', true) | lower }}", "ada"),
        ("{{ name | int(7) }}", 7),
    ],
)
def test_a_template_is_filled_in(text: str, value: JSON) -> None:
    assert render(text) == (value, [])


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{ macro }}", "${run_id}"),
        ("x{{ macro }}-${run_id}", "x${run_id}-ID"),
        ("${{ brace }}", "${run_id}"),
        ("$${{ brace }}", "$${run_id}"),
        ("{{ dollar }}{run_id}", "${run_id}"),
        ("{{ dollar }}${run_id}", "$ID"),
        ("{{ dollars }}${run_id}", "a$$ID"),
        ("{{ dollars }}{{ brace }}", "a$${run_id}"),
        ("{{ dollar }}{{ dollar }}{{ empty }}{{ brace }}", "$${run_id}"),
        ("${{ empty }}{run_id}", "${run_id}"),
        ("{{ dollar }}{{{{", "${{"),
        ("${run_id}{{ empty }}", "ID"),
        ("$${run_id}{{ empty }}", "${run_id}"),
        ("{{ macro | lower }}", "${run_id}"),
    ],
)
def test_a_value_put_in_is_text_and_never_a_macro(text: str, filled: str) -> None:
    value, faults = render(text)
    assert faults == []
    assert substitute(str(value), {"run_id": "ID"}) == filled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ gpu }}", 'unknown template variable "gpu"'),
        ("{{ var.tga }}", 'unknown template variable "var.tga"'),
        ("{{ name", "the braces at character 1 are not closed or not opened: {{ name"),
        ("{{ name }", "the braces at character 1 are not closed or not opened: {{ name }"),
        ("x { name }}", "the braces at character 3 are not closed or not opened: { name }}"),
        ("ab{{ name + 1 }}", "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ name + 1 }}"),
        ("{{ }}", "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ }}"),
        ("{{ name.__class__ }}", "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ name.__class__ }}"),
        ("{{ name() }}", "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ name() }}"),
        ("{{ 'a' * 10 }}", "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ 'a' * 10 }}"),
        (
            "{{ name | default(gpus) }}",
            "expected `{{ NAME }}` or `{{ NAME | FILTER }}`, got {{ name | default(gpus) }}",
        ),
        ("{{ name | attr('x') }}", 'unknown filter "attr"'),
        ("{{ name | trim }}", 'unknown filter "trim"'),
        ("{{ name | replace('a') }}", "cannot fill in {{ name | replace('a') }}: `replace` takes 2 to 3 arguments"),
        ("{{ name | lower(1) }}", "cannot fill in {{ name | lower(1) }}: `lower` takes 0 arguments"),
        ("{{ name | int }}", 'cannot fill in {{ name | int }}: "Ada" is no integer'),
        ("{{ name | replace(1, 'x') }}", "cannot fill in {{ name | replace(1, 'x') }}: `replace` takes two texts"),
        ("{{ none | default(9) }}", "expected an integer of at most 8, got 9"),
        ("{{ gpus | default('many') }}", 'expected an integer from 1 to 8, got "many"'),
        (
            "{{ long | replace('a', 'bbbbbbbbbbbbbbbbbbbb') }}",
            "cannot fill in {{ long | replace('a', 'bbbbbbbbbbbbbbbbbbbb') }}: "
            "the result is longer than 65536 characters",
        ),
        (
            "{{ name " + "| tojson" * 40 + " }}",
            "cannot fill in {{ name " + "| tojson" * 40 + " }}: the result is longer than 65536 characters",
        ),
        (
            "{{ long }}" * 17,
            "the text is longer than 65536 characters once its templates are filled in",
        ),
    ],
)
def test_anything_else_is_an_error(text: str, message: str) -> None:
    assert render(text)[1] == [message]


def test_a_text_with_a_million_placeholders_is_refused_before_it_is_filled_in() -> None:
    text = "{{ long }}" * 1_000_000
    assert render(text) == (text, ["the text is longer than 65536 characters once its templates are filled in"])


def test_many_texts_are_bounded_together() -> None:
    texts: list[JSON] = [f"{{{{ long }}}} {place}" for place in range(20_000)]
    rendered, found = render(texts)
    assert found == [
        "the texts of the project are together longer than 67108864 characters once their templates are filled in"
    ]
    assert isinstance(rendered, list)
    assert rendered[-1] == "{{ long }} 19999"


def test_a_misspelt_name_has_a_hint_and_a_place_inside_the_text() -> None:
    renderer = Renderer(SLOTS)
    renderer.render(ScalarNode("reg/t:{{ var.tga }}", Span("project.yaml", 3, 12, 3, 33)))
    (found,) = renderer.found
    assert found.hint == 'did you mean "var.tag"?'
    assert found.span == Span("project.yaml", 3, 19, 3, 32)


def test_a_key_is_no_place_for_a_template() -> None:
    assert render({"{{ gpus }}": 1})[1] == ['templates `{{ … }}` are not filled in within a key, got "{{ gpus }}"']


def test_a_variable_without_a_value_lists_what_uses_it() -> None:
    renderer = Renderer(SLOTS)
    renderer.render(node_of({"a": ["{{ none }}", "{{ none }}Gi"], "b": "{{ none | default(1) }}"}), ("config",))
    assert [use.path for use in renderer.missing["none"]] == [("config", "a", 0), ("config", "a", 1)]
    assert renderer.found == []


def test_the_names_that_were_used_are_known() -> None:
    renderer = Renderer(SLOTS)
    renderer.render(node_of({"a": "{{ gpus }}", "b": ["{{ none | default(1) }}", "{{{{ name }}"]}))
    assert renderer.used == {"gpus", "none"}


def test_what_holds_no_template_is_shared() -> None:
    tree = node_of({"a": {"b": ["x", 1]}, "c": "{{ gpus }}"})
    rendered = Renderer(SLOTS).render(tree)
    assert isinstance(tree, MapNode)
    assert isinstance(rendered, MapNode)
    assert rendered.entries["a"] is tree.entries["a"]
    assert Renderer(SLOTS).render(rendered) is rendered


def test_a_template_keeps_the_place_of_its_text() -> None:
    span = Span("project.yaml", 3, 12, 3, 22)
    assert Renderer(SLOTS).render(ScalarNode("{{ gpus }}", span)) == ScalarNode(2, span)


@pytest.mark.parametrize("filters", ["| lower", "| replace('a', 'b')", "| default('x')", "| tojson"])
def test_filters_are_evaluated_by_jinja_in_its_sandbox(filters: str) -> None:
    assert isinstance(evaluate(filters, "abc"), str)


def test_a_placeholder_without_filters_does_not_load_jinja() -> None:
    script = (
        "import sys\n"
        "from launchctl.compiler.bounds import Guard\n"
        "from launchctl.compiler.node import EMPTY_MAP, ScalarNode\n"
        "from launchctl.compiler.templates import Renderer, Slot\n"
        "slots = {'x': Slot(Guard.of('x', EMPTY_MAP), ScalarNode('v'))}\n"
        "assert Renderer(slots).render(ScalarNode('{{ x }}')) == ScalarNode('v')\n"
        "assert Renderer(slots).render(ScalarNode('{{ x }}-')) == ScalarNode('v-')\n"
        "assert 'jinja2' not in sys.modules and 'jsonschema_rs' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "text", ["{{ name" + " " * 900_000, "{{ name | lower" + " " * 900_000, "{{" * 300_001, "{" * 999_999]
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    Renderer(SLOTS).render(ScalarNode(text))
