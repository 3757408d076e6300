"""The command, the files and the inputs of a trial against W&B's own agent and its own `wandb.init`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence

import pytest

from launchctl.addresses import Address, Kind
from launchctl.compiler.bind import bind
from launchctl.compiler.environment import sweep_variables, wandb_variables, with_inputs
from launchctl.compiler.macros import Scope, validate_text
from launchctl.compiler.node import EMPTY_MAP, Deferred, ListNode, MapNode, Node, ScalarNode, node_of, plain
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program, SweepSpec
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Space
from launchctl.compiler.sweep.trial import launch_of
from launchctl.values import JSON

Ask = Callable[[Sequence[dict[str, JSON]]], list[JSON]]
SWEEP = Address(Kind.SWEEPS, "lr")
RUN_ID = "sweeps-lr-0-3f09a1c2d4"
WHOLE = (
    "${env}",
    "${interpreter}",
    "${program}",
    "${args}",
    "${args_no_hyphens}",
    "${args_no_boolean_flags}",
    "${args_no_equals}",
    "${args_append_hydra}",
    "${args_override_hydra}",
    "${args_json}",
    "${args_json_file}",
)
DEFAULT = ("${env}", "${interpreter}", "${program}", "${args}")
TRICKY: Mapping[str, JSON] = {
    "lr": 1e-5,
    "big": 3e6,
    "huge": 1e16,
    "whole": 1.0,
    "negative": -0.0,
    "epochs": 32,
    "amp": True,
    "no_amp": False,
    "nothing": None,
    "text": "a b",
    "words": 'it\'s "quoted" \\ $HOME `x` ${args} {{ var.x }} ${',
    "number_like": "1e-5",
    "bool_like": "True",
    "empty": "",
    "lines": "one\ntwo\r\n\ttab\0nul",
    "unicode": "é 끝 😀 \u2028\u2029\u0085\ufeff\x7f\x9b",
    "list": [1, "a", 2.5, None, True, [1e-7]],
    "group": {"x": 1, "y": {"z": "q'\"", "on": 1e-9}, "none": None},
    "flat.name": 0.1,
    "yes": "no",
    "{}": {},
    "[]": [],
}


def launch(values: Mapping[str, JSON], command: Sequence[JSON], *, chunk: int = 32_670) -> BoundLaunch:
    """The first attempt of a trial on a target that takes files in `wandb/`."""
    ours = wandb_variables("https://api.wandb.ai", has_entity=True, has_author=False, has_image=True)
    inputs = node_of({"seed": 42, "group": {"kept": "${project_name}", "x": 0}})
    assert isinstance(inputs, MapNode)
    spec = LaunchSpec(
        address=SWEEP,
        job="train",
        queue="gpu",
        resource="process",
        source=ImageSource(ScalarNode("train:1")),
        span=None,
        command=ListNode(tuple(ScalarNode(text) for text in command)),
        inputs=inputs,
        wandb=with_inputs({**ours, **sweep_variables("lr")}, inputs, EMPTY_MAP),
    )
    sweep = SweepSpec(SWEEP, spec, Search("grid", Space(()), 1), title="lr", program="train.py")
    program = Program("churn", "acme", "", None, ("HOME",), {}, {}, ())
    trial = launch_of(sweep, Trial("0", 0, 1, values))
    return bind(trial, Identity(RUN_ID, RUN_ID), program, "default", chunk, "wandb")


def words(launched: BoundLaunch, environment: Mapping[str, str] | None = None) -> list[JSON]:
    """The elements of the command line, deferred ones completed."""
    return [_word(item, environment or {}) for item in launched.command.items]


def _word(item: Node, environment: Mapping[str, str]) -> JSON:
    value = item.value if isinstance(item, ScalarNode) else None
    return value.resolve(environment) if isinstance(value, Deferred) else value


def random_value(dice: random.Random, depth: int = 0) -> JSON:
    """Any value that a parameter may have."""
    kinds: list[Callable[[], JSON]] = [
        lambda: dice.choice([None, True, False, 0, 1, -7, 10**20, "", "None", "False"]),
        lambda: dice.choice([1.0, -1.0]) * 10.0 ** dice.randint(-320, 308) * dice.random(),
        lambda: round(dice.uniform(-1000, 1000), dice.randint(0, 4)),
        lambda: "".join(
            chr(dice.choice([*range(1, 0x250), 0x2028, 0xFEFF, 0x1F600])) for _ in range(dice.randint(0, 9))
        ),
    ]
    if depth < 3:
        kinds += [
            lambda: [random_value(dice, depth + 1) for _ in range(dice.randint(0, 3))],
            lambda: {
                f"k{number}.{dice.random()}": random_value(dice, depth + 1) for number in range(dice.randint(0, 3))
            },
        ]
    return dice.choice(kinds)()


def random_values(seed: int) -> dict[str, JSON]:
    dice = random.Random(seed)
    names = dice.sample(
        ["lr", "batch_size", "Opt", "_x", "a.b", "optimizer", "n-layers", "yes", "null"], dice.randint(1, 6)
    )
    return {name: random_value(dice) for name in names}


SETS: tuple[Mapping[str, JSON], ...] = (
    {"lr": 0.001, "amp": True, "opt": None},
    TRICKY,
    {},
    *(random_values(seed) for seed in range(300)),
)


def agent(values: Mapping[str, JSON], command: Sequence[JSON] | None) -> dict[str, JSON]:
    """A request for what W&B's agent does."""
    own = None if command is None else [*command]
    program, sweep = "train.py", "lr"
    return {"call": "argv", "command": own, "values": values, "program": program, "run_id": RUN_ID, "sweep_id": sweep}


def test_every_macro_gives_the_arguments_that_the_reference_gives(ask_reference: Ask) -> None:
    answers = ask_reference([agent(values, WHOLE) for values in SETS])
    for values, answer in zip(SETS, answers, strict=True):
        assert words(launch(values, WHOLE)) == answer["value"]["argv"]


@pytest.mark.parametrize(
    "command",
    [
        DEFAULT,
        ("${env}", "python3", "${program}", "${args}"),
        ("${env}", "${interpreter}", "${program}"),
        ("python", "${program}", "--config", "your-training-config.json", "${args}", "--last"),
        ("python", "${args_json}", "${args_json}", "a b", "", "$", "$HOME", "{}", "5"),
    ],
)
def test_macros_stand_where_they_are_written(ask_reference: Ask, command: tuple[str, ...]) -> None:
    values = {"lr": 0.001, "amp": False}
    answer = ask_reference([agent(values, command)])[0]
    assert words(launch(values, command)) == answer["value"]["argv"]


def test_an_environment_variable_is_read_in_part_of_an_argument(ask_reference: Ask) -> None:
    command = ("python", "--out=${envvar:PATH}/x", "${envvar:PATH}")
    answer = ask_reference([agent({}, command)])[0]["value"]["argv"]
    outside = answer[2]
    assert words(launch({}, command), {"PATH": outside}) == answer


def test_the_variables_and_files_are_those_of_the_agent(ask_reference: Ask) -> None:
    launched = launch(TRICKY, WHOLE)
    answer = ask_reference([agent(TRICKY, WHOLE)])[0]["value"]
    variables = {name: plain(node) for name, node in launched.env.entries.items() if name in answer["env"]}
    assert variables == answer["env"]
    assert sorted(launched.files) == sorted(answer["files"])
    path = f"wandb/sweep-lr/config-{RUN_ID}.json"
    assert launched.files[path] == answer["files"][path]


def test_the_parameter_file_is_read_as_it_was_meant(ask_reference: Ask) -> None:
    path = f"wandb/sweep-lr/config-{RUN_ID}.yaml"
    texts = [launch(values, DEFAULT).files[path] for values in SETS]
    answer = ask_reference([{"call": "read_parameters", "texts": texts}])[0]["value"]
    assert [repr(found) for found in answer] == [repr(dict(values)) for values in SETS]
    assert [json.loads(text) for text in texts] == [
        {"wandb_version": 1, **{name: {"value": value} for name, value in values.items()}} for values in SETS
    ]


GIVEN = {"lr": 0.003, "group": {"x": 3}, "opt": None, "text": "${args} {{"}
MERGED = {**GIVEN, "seed": 42, "group": {"x": 3, "kept": "churn", "init": 1}, "own": 5}


@pytest.mark.parametrize(
    ("chunk", "names", "expected"),
    [
        (32_670, None, MERGED),
        (20, None, MERGED),
        (
            32_670,
            ("WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH", "WANDB_RUN_ID", "WANDB_NAME"),
            {**GIVEN, "group": {"x": 3, "init": 1, "kept": "init"}, "own": 5, "seed": 1},
        ),
    ],
    ids=["everything", "in pieces", "the parameter file alone"],
)
def test_a_script_made_for_wandb_sees_the_values(
    ask_reference: Ask, chunk: int, names: tuple[str, ...] | None, expected: JSON
) -> None:
    launched = launch(GIVEN, DEFAULT, chunk=chunk)
    environment = {name: plain(node) for name, node in launched.env.entries.items() if names is None or name in names}
    config = {"lr": 1, "own": 5, "seed": 1, "group": {"x": 1, "init": 1, "kept": "init"}}
    request = {"call": "run_config", "environment": environment, "files": launched.files, "config": config}
    assert ask_reference([request]) == [{"value": [expected, RUN_ID, "lr-0", "lr"]}]


COMMAND_SCOPE = Scope(frozenset({"SET"}), trial=True, parameters=frozenset({"lr"}))


@pytest.mark.parametrize(
    ("text", "reference", "ours"),
    [
        ("--x=${args}", ["--x=${args}"], ["--x=--lr=0.1 --amp=True"]),
        ("--x=${args_json}", ["--x=${args_json}"], ['--x={"lr": 0.1, "amp": true}']),
        ("./${program}", ["./${program}"], ["./train.py"]),
        ("${args_no_hyphens} ${args}", [], ["lr=0.1 amp=True --lr=0.1 --amp=True"]),
        ("--lr=${param:lr}", ["--lr=${param:lr}"], ["--lr=0.1"]),
        ("${param:lr}", [], ["0.1"]),
        ("${sweep_name}", [], ["lr"]),
        ("${run_id}", [], [RUN_ID]),
        ("$${args}", ["$${args}"], ["${args}"]),
        ("${lr}", [], "unknown-macro"),
        ("--lr=${lr}", ["--lr=${lr}"], "unknown-macro"),
        ("${args_dict}", ["lr", "amp"], "unknown-macro"),
        ("${}", [], "invalid-macro"),
        ("${envvar:NOT_LISTED}", ["NOT_LISTED"], "env-not-listed"),
        ("${envvar:lower}", [], "env-not-listed"),
    ],
)
def test_a_command_deviates_as_documented(
    ask_reference: Ask, text: str, reference: list[str], ours: list[str] | str
) -> None:
    values = {"lr": 0.1, "amp": True}
    assert ask_reference([agent(values, (text,))])[0]["value"]["argv"] == reference
    faults = [fault.code.name for fault in validate_text(ScalarNode(text), COMMAND_SCOPE)]
    assert (faults or words(launch(values, (text,)))) == ([ours] if isinstance(ours, str) else ours)


def test_a_variable_that_is_listed_and_not_set_starts_nothing() -> None:
    with pytest.raises(KeyError, match="SET"):
        words(launch({}, ("${envvar:SET}",)))
