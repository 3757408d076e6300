"""The variables of W&B Launch: which a job gets, their texts, and the pieces of long ones."""

from __future__ import annotations

import json

import pytest
from fakes.expansion import expand_text

from launchctl.addresses import Address, Kind
from launchctl.compiler.environment import (
    CHOSEN_UNLESS_SAID,
    NAMES,
    chunks,
    joined,
    launch_variables,
    owned_name,
    symbolic_json,
    wandb_variables,
    with_inputs,
)
from launchctl.compiler.node import EMPTY_MAP, MapNode, ScalarNode, node_of, plain
from launchctl.compiler.program import Identity, ImageSource, LaunchSpec
from launchctl.values import JSON

VALUES = {
    "project_name": "churn",
    "entity_name": "acme",
    "run_id": "runs-a-0123456789",
    "run_name": "a",
    "queue_name": "gpu",
    "author": 'ada "the first"',
    "image_uri": "reg/t:1",
}


def tree(value: JSON) -> MapNode:
    node = node_of(value)
    assert isinstance(node, MapNode)
    return node


def variables(inputs: JSON, attempt: int = 1, chunk: int = 100) -> dict[str, JSON]:
    spec = LaunchSpec(
        Address(Kind.RUNS, "a"),
        "train",
        "gpu",
        "docker",
        ImageSource(ScalarNode("reg/t:1")),
        None,
        wandb=with_inputs(
            wandb_variables("https://api.wandb.ai", has_entity=True, has_author=True, has_image=True),
            tree(inputs),
            EMPTY_MAP,
        ),
    )
    found = launch_variables(spec, Identity("x", "x", attempt=attempt), VALUES, chunk)
    return {name: plain(node) for name, node in found.items()}


def test_a_job_gets_the_variables_of_wandb_launch() -> None:
    assert variables({"lr": 0.1}) == {
        "WANDB_BASE_URL": "https://api.wandb.ai",
        "WANDB_PROJECT": "churn",
        "WANDB_ENTITY": "acme",
        "WANDB_LAUNCH": "True",
        "WANDB_RUN_ID": "runs-a-0123456789",
        "WANDB_DOCKER": "reg/t:1",
        "WANDB_NAME": "a",
        "WANDB_USERNAME": 'ada "the first"',
        "WANDB_LAUNCH_QUEUE_NAME": "gpu",
        "WANDB_CONFIG": '{"lr":0.1}',
        "WANDB_LAUNCH_FILE_OVERRIDES": "{}",
        "WANDB_ARTIFACTS": "{}",
    }


def test_a_later_attempt_resumes() -> None:
    assert variables({}, attempt=2)["WANDB_RESUME"] == "allow"


def test_what_has_no_value_is_no_variable() -> None:
    found = wandb_variables("u", has_entity=False, has_author=False, has_image=False)
    without = {"WANDB_ENTITY", "WANDB_USERNAME", "WANDB_DOCKER"}
    assert set(NAMES) - set(found) == {*without, "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"}


def test_a_macro_in_an_input_is_filled_in_as_json() -> None:
    inputs = {"who": "${author}", "literal": "$${author}", "${author}": 1}
    assert json.loads(str(variables(inputs)["WANDB_CONFIG"])) == {
        "who": 'ada "the first"',
        "literal": "${author}",
        "${author}": 1,
    }


def test_the_json_of_inputs_does_not_depend_on_the_order_of_keys() -> None:
    assert symbolic_json(tree({"b": 1, "a": {"d": 1, "c": "é"}})) == '{"a":{"c":"é","d":1},"b":1}'


def test_a_long_variable_is_there_in_numbered_pieces_alone() -> None:
    found = variables({"learning_rate": 0.01, "batch_size": 32}, chunk=12)
    assert {name: text for name, text in found.items() if name.startswith("WANDB_CONFIG")} == {
        "WANDB_CONFIG_0": '{"batch_size',
        "WANDB_CONFIG_1": '":32,"learni',
        "WANDB_CONFIG_2": 'ng_rate":0.0',
        "WANDB_CONFIG_3": "1}",
    }


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 3, {"X": ""}),
        ("abc", 3, {"X": "abc"}),
        ("abcd", 3, {"X_0": "abc", "X_1": "d"}),
        ("äöüß€", 2, {"X_0": "äö", "X_1": "üß", "X_2": "€"}),
    ],
)
def test_pieces_are_cut_between_characters(text: str, limit: int, pieces: dict[str, str]) -> None:
    assert dict(chunks("X", text, limit)) == pieces
    assert joined("X", pieces) == text


def test_pieces_are_read_until_the_first_gap_and_the_whole_wins() -> None:
    assert joined("X", {"X_0": "a", "X_2": "c"}) == "a"
    assert joined("X", {"X": "whole", "X_0": "a"}) == "whole"
    assert joined("X", {}) is None


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        ("WANDB_PROJECT", "WANDB_PROJECT"),
        ("WANDB_CONFIG_3", "WANDB_CONFIG"),
        ("WANDB_CONFIG_X", None),
        ("WANDB_MODE", None),
        ("WANDB_API_KEY", None),
    ],
)
def test_the_names_that_a_user_may_not_overwrite(name: str, owned: str | None) -> None:
    assert owned_name(name, NAMES) == owned


def test_a_sweep_that_no_server_knows_is_named_to_none_unless_the_project_says_so() -> None:
    assert set(NAMES) - set(CHOSEN_UNLESS_SAID) == {"WANDB_SWEEP_ID"}
    text = """\
version: 1
project: churn
wandb: {environment: [WANDB_SWEEP_ID]}
queues: {gpu: {resource: docker}}
jobs: {train: {source: {image: i}, command: [train]}}
sweeps: {s: {job: train, queue: gpu, method: grid, parameters: {x: {values: [1]}}}}
"""
    assert expand_text(text).program.sweeps["s"].launch.wandb == {"WANDB_SWEEP_ID": "s"}
    assert (
        "WANDB_SWEEP_ID" not in expand_text(text.replace("[WANDB_SWEEP_ID]", "true")).program.sweeps["s"].launch.wandb
    )
