"""Whatever the values of a trial are, its command, its inputs and its file hold exactly these."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from launchctl.addresses import Address, Kind
from launchctl.compiler.bind import bind
from launchctl.compiler.macros import escape
from launchctl.compiler.node import EMPTY_MAP, ListNode, ScalarNode
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program, SweepSpec
from launchctl.compiler.sweep.arguments import ARGUMENTS, text_of
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Space
from launchctl.compiler.sweep.trial import launch_of
from launchctl.values import JSON

SWEEP = Address(Kind.SWEEPS, "lr")
PROGRAM = Program("churn", "acme", "", None, (), {}, {}, ())
TEXTS = (
    st.text(st.sampled_from("${}:-a é\\\"'\n\u2028"))
    | st.sampled_from(["${args}", "$", "$$", "${", "${run_id}"])
    | st.text()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SETS = st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,5}", fullmatch=True), VALUES, max_size=4)


def launch(values: dict[str, JSON], command: list[str]) -> BoundLaunch:
    spec = LaunchSpec(
        address=SWEEP,
        job="train",
        queue="gpu",
        resource="process",
        source=ImageSource(ScalarNode("i")),
        span=None,
        command=ListNode(tuple(map(ScalarNode, command))),
        wandb={"WANDB_CONFIG": "{}"},
    )
    sweep = SweepSpec(SWEEP, spec, Search("random", Space(()), 1), title="${repeat}", program="a ${args}")
    return bind(launch_of(sweep, Trial("0", 0, 1, values)), Identity("r", "r"), PROGRAM, "default", 10**9, "f")


def words(found: BoundLaunch) -> list[JSON]:
    return [item.value for item in found.command.items if isinstance(item, ScalarNode)]


@given(SETS, st.sampled_from(sorted(ARGUMENTS)))
def test_a_macro_gives_exactly_its_elements(values: dict[str, JSON], macro: str) -> None:
    elements = ARGUMENTS[macro](values)
    assert words(launch(values, [f"${{{macro}}}"])) == elements
    assert words(launch(values, [f"<${{{macro}}}"])) == ["<" + " ".join(elements)]


@given(TEXTS, VALUES, TEXTS)
def test_a_value_amid_any_text_is_text(before: str, value: JSON, after: str) -> None:
    middle = escape(after)
    symbolic = f"{escape(before.rstrip('$'))}${{param:x}}{middle}"
    assert words(launch({"x": value}, [symbolic])) == [before.rstrip("$") + text_of(value) + after]


@given(VALUES)
def test_a_value_before_a_macro_leaves_it_a_macro(value: JSON) -> None:
    command = ["${param:x}${run_id}${sweep_name}${program}"]
    assert words(launch({"x": value}, command)) == [text_of(value) + "r${repeat}a ${args}"]


@given(SETS)
def test_inputs_and_file_hold_the_values(values: dict[str, JSON]) -> None:
    found = launch(values, [])
    config = found.env.entries["WANDB_CONFIG"]
    assert isinstance(config, ScalarNode)
    assert json.loads(str(config.value)) == values
    assert json.loads(found.files["f/sweep-lr/config-r.yaml"]) == {
        "wandb_version": 1,
        **{name: {"value": value} for name, value in values.items()},
    }
    assert found.spec.inputs.entries.keys() == values.keys()
    assert found.config == EMPTY_MAP
