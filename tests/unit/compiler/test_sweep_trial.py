"""The run of one trial: what it takes from its sweep, and where its own values go."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import pytest

from launchctl.addresses import Address, Kind
from launchctl.compiler.bind import bind
from launchctl.compiler.environment import sweep_variables, wandb_variables, with_inputs
from launchctl.compiler.node import EMPTY_MAP, Deferred, ListNode, MapNode, ScalarNode, node_of, plain
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program, SweepSpec
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Space
from launchctl.compiler.sweep.trial import launch_of, run_name
from launchctl.diagnostics import Span
from launchctl.values import JSON

SWEEP = Address(Kind.SWEEPS, "lr")
SPAN = Span("project.yaml", 9, 5, 9, 20)
PROGRAM = Program("Churn", "acme", "", None, ("HOME",), {}, {}, ())
VALUES: Mapping[str, JSON] = {"lr": 0.1, "net": {"layers": 2}, "name": "${run_id} {{ x }} $"}


def mapping(value: JSON) -> MapNode:
    node = node_of(value)
    assert isinstance(node, MapNode)
    return node


def sweep(
    command: Sequence[JSON] = (),
    *,
    inputs: JSON = None,
    merge: Literal["deep", "replace"] = "deep",
    launch: LaunchSpec | None = None,
    **settings: JSON,
) -> SweepSpec:
    base = launch or LaunchSpec(
        address=SWEEP,
        job="train",
        queue="gpu",
        resource="docker",
        source=ImageSource(ScalarNode("train:${repeat}")),
        span=SPAN,
    )
    ours = wandb_variables("https://api.wandb.ai", has_entity=True, has_author=False, has_image=True)
    tree = mapping(inputs or {})
    base = replace(
        base,
        command=ListNode(tuple(ScalarNode(text, SPAN) for text in command), SPAN),
        inputs=tree,
        wandb=with_inputs({**ours, **sweep_variables("lr")}, tree, EMPTY_MAP),
    )
    return SweepSpec(
        SWEEP, base, Search("grid", Space(()), 1), title="Rates", program="train.py", merge=merge, **settings
    )


def trial(values: Mapping[str, JSON] = VALUES, key: str = "3f09a1c2d4e5f607", repeat: int = 1) -> Trial:
    return Trial(key, 0, repeat, values)


def bound(spec: LaunchSpec, folder: str | None = "/launchctl") -> BoundLaunch:
    return bind(spec, Identity("sweeps-lr-2", "sweeps-lr-1", 1, 2), PROGRAM, "default", 32_670, folder)


def words(launch: BoundLaunch) -> list[JSON]:
    return [item.value for item in launch.command.items if isinstance(item, ScalarNode)]


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("${args_no_hyphens}", ["lr=0.1", "net={'layers': 2}", "name=${run_id} {{ x }} $"]),
        ("<${args}>", ["<--lr=0.1 --net={'layers': 2} --name=${run_id} {{ x }} $>"]),
        ("--config=${args_json}", ['--config={"lr": 0.1, "net": {"layers": 2}, "name": "${run_id} {{ x }} $"}']),
        ("${args_json_file}", ["/launchctl/sweep-lr/config-sweeps-lr-1.json"]),
        ("--file=${args_json_file}", ["--file=/launchctl/sweep-lr/config-sweeps-lr-1.json"]),
        ("${env}", ["/usr/bin/env"]),
        ("a${env}b", ["a/usr/bin/envb"]),
        ("${interpreter}", ["python"]),
        ("./${program}", ["./train.py"]),
        ("${param:lr}", ["0.1"]),
        ("--rate=${param:lr}/${param:net.layers}", ["--rate=0.1/2"]),
        ("${param:name}${run_id}", ["${run_id} {{ x }} $sweeps-lr-1"]),
        ("${param:name}{run_id}", ["${run_id} {{ x }} ${run_id}"]),
        ("$${args}", ["${args}"]),
        ("$$${param:lr}", ["$${param:lr}"]),
        ("${$}${param:lr}", ["$0.1"]),
        ("${sweep_name}-${repeat}-${run_name}", ["Rates-1-lr-3f09a1c2"]),
        ("${sweep_name:-none}", ["Rates"]),
        ("${envvar:HOME}/${param:lr}", [Deferred(("", "HOME", "/0.1"))]),
        ("plain", ["plain"]),
        ("${param:absent}", []),
        ("--x=${param:absent}", []),
    ],
)
def test_a_macro_stands_for_its_elements_and_values_are_text(text: str, elements: list[JSON]) -> None:
    assert words(bound(launch_of(sweep([text]), trial()))) == elements


def test_every_element_is_where_its_macro_is_written() -> None:
    spec = launch_of(sweep(["python", "${args}"]), trial())
    assert {item.span for item in spec.command.items} == {SPAN}


def test_arguments_after_the_jobs_command_are_filled_in_too() -> None:
    found = sweep(["python", "train.py"])
    found = replace(found, launch=replace(found.launch, args=ListNode((ScalarNode("${args}"), ScalarNode("--x")))))
    launch = bound(launch_of(found, trial({"lr": 0.1, "amp": True})))
    assert plain(launch.args) == ["--lr=0.1", "--amp=True", "--x"]


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        ("deep", {"seed": 42, "net": {"layers": 2, "width": 8}, "lr": 0.1}),
        ("replace", {"seed": 42, "net": {"layers": 2}, "lr": 0.1}),
    ],
)
def test_values_go_into_the_inputs_of_the_job(merge: Literal["deep", "replace"], expected: JSON) -> None:
    inputs = {"seed": 42, "net": {"layers": 1, "width": 8}, "lr": None}
    spec = launch_of(sweep(inputs=inputs, merge=merge), trial({"lr": 0.1, "net": {"layers": 2}}))
    assert plain(spec.inputs) == expected
    assert json.loads(str(plain(bound(spec).env.entries["WANDB_CONFIG"]))) == expected


def test_inputs_reach_the_job_as_they_are() -> None:
    inputs = {"note": "${sweep_name} of ${project_name}"}
    config = plain(
        bound(launch_of(sweep(inputs=inputs), trial({"a": '${run_id} \\ "q" {{ x }}', "b": [None, "$"]}))).env
    )
    assert json.loads(config["WANDB_CONFIG"]) == {
        "note": "Rates of churn",
        "a": '${run_id} \\ "q" {{ x }}',
        "b": [None, "$"],
    }


def test_a_trial_has_the_variables_of_a_sweep_and_finds_its_parameters() -> None:
    launch = bound(launch_of(sweep(["${args}"]), trial()))
    env = plain(launch.env)
    assert env["WANDB_SWEEP_ID"] == "lr"
    assert env["WANDB_SWEEP_PARAM_PATH"] == "/launchctl/sweep-lr/config-sweeps-lr-1.yaml"
    assert (env["WANDB_NAME"], env["WANDB_RUN_ID"]) == ("lr-3f09a1c2", "sweeps-lr-1")
    assert launch.files == {
        "/launchctl/sweep-lr/config-sweeps-lr-1.yaml": (
            '{"wandb_version": 1,\n"lr": {"value": 0.1},\n"net": {"value": {"layers": 2}},\n'
            '"name": {"value": "${run_id} {{ x }} $"}}\n'
        )
    }


def test_the_json_file_is_delivered_where_something_names_it() -> None:
    launch = bound(launch_of(sweep(["--config", "x${args_json_file}"]), trial({"lr": 0.1})))
    assert launch.files["/launchctl/sweep-lr/config-sweeps-lr-1.json"] == '{"lr": 0.1}'
    assert len(bound(launch_of(sweep(["$${args_json_file}"]), trial())).files) == 1


def test_a_target_without_files_gets_none_and_no_path() -> None:
    launch = bound(launch_of(sweep(["${args}"]), trial()), None)
    assert launch.files == {}
    assert "WANDB_SWEEP_PARAM_PATH" not in launch.env.entries
    assert plain(launch.env.entries["WANDB_SWEEP_ID"]) == "lr"


def test_a_run_outside_of_sweeps_has_neither_files_nor_variables_of_a_sweep() -> None:
    ours = wandb_variables("https://api.wandb.ai", has_entity=True, has_author=False, has_image=True)
    spec = replace(sweep().launch, address=Address(Kind.RUNS, "a"), source=ImageSource(ScalarNode("i")), wandb=ours)
    launch = bound(spec)
    assert launch.files == {}
    assert [name for name in launch.env.entries if "SWEEP" in name] == []


def test_repetitions_differ_in_their_number_alone() -> None:
    found = sweep(["--seed=${repeat}", "${args}"])
    first, second = (launch_of(found, trial(key=key, repeat=number)) for number, key in ((1, "a1"), (2, "a1.2")))
    assert [str(spec.address) for spec in (first, second)] == ["sweeps.lr[a1]", "sweeps.lr[a1.2]"]
    assert [words(bound(spec))[0] for spec in (first, second)] == ["--seed=1", "--seed=2"]
    assert [bound(spec).image for spec in (first, second)] == ["train:1", "train:2"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("3f09a1c2d4e5f607", "lr-3f09a1c2"),
        ("3f09a1c2d4e5f607.3", "lr-3f09a1c2-3"),
        ("17", "lr-17"),
        ("17.2", "lr-17-2"),
    ],
)
def test_the_name_of_a_trial_is_short(key: str, name: str) -> None:
    assert run_name("lr", key) == name


def test_a_sweep_may_have_a_wandb_project_of_its_own() -> None:
    found = sweep(["${project_name}"], project="Other${x}", entity="team")
    launch = bound(launch_of(found, trial()))
    env = plain(launch.env)
    assert (env["WANDB_PROJECT"], env["WANDB_ENTITY"]) == ("other${x}", "team")
    assert words(launch) == ["churn"]
    silent = replace(found, launch=replace(found.launch, wandb={}))
    assert bound(launch_of(silent, trial())).env == EMPTY_MAP


def test_what_trials_share_is_shared() -> None:
    config = mapping({"env": ["SWEEP=${sweep_name}"]})
    found = sweep()
    found = replace(found, launch=replace(found.launch, config=config))
    first, second = (launch_of(found, trial({"lr": rate})) for rate in (0.1, 0.2))
    assert first.config is second.config
    assert plain(first.config) == {"env": ["SWEEP=Rates"]}


def test_another_sweep_of_the_same_name_is_another() -> None:
    assert [words(bound(launch_of(sweep([text]), trial()))) for text in ("a", "b")] == [["a"], ["b"]]
