"""Sweeps to searches: what is inferred, what is kept as written, and what each of the keys becomes."""

from __future__ import annotations

import json

import pytest
from fakes.expansion import expand_text

from launchctl.compiler.node import plain
from launchctl.compiler.program import SweepSpec
from launchctl.compiler.sweep.early import bands_from_above, bands_from_below
from launchctl.compiler.sweep.search import Hyperband, Median, MetricSource, Objective, Search, Threshold
from launchctl.compiler.sweep.space import Assignment, Condition, Distribution
from launchctl.compiler.variables import VariableText
from launchctl.values import JSON

HEAD = """\
version: 1
project: churn
queues: {gpu: {resource: docker, prioritization: true, config: {gpus: "{{ g }}"}, templates: {g: {default: all}}}}
variables: {low: {type: number, default: 0.5}}
jobs:
  train: {source: {image: "reg/t:1"}, command: [python, train.py], inputs: {config: {lr: 0.1}}}
  bare: {source: {image: "reg/t:1"}}
  ready: {source: {image: "reg/t:1"}, command: [python, train.py, "--all", "${args_no_hyphens}"]}
sweeps:
  s: """
ONE = {"a": {"values": [1, 2]}}
KEYS: dict[str, JSON] = {"job": "train", "queue": "gpu", "method": "random", "parameters": ONE}


def sweep(**keys: JSON) -> SweepSpec:
    written = {key: item for key, item in {**KEYS, **keys}.items() if item is not None}
    found = expand_text(HEAD + json.dumps(written) + "\n")
    assert [one for one in found.said if "unused-variable" not in one] == []
    return found.program.sweeps["s"]


def search(**keys: JSON) -> Search:
    return sweep(**keys).search


def said(**keys: JSON) -> list[str]:
    found = expand_text(HEAD + json.dumps({**KEYS, **keys}) + "\n")
    return [one.partition(" ")[2] for one in found.said if "unused-variable" not in one]


@pytest.mark.parametrize(
    ("written", "distribution"),
    [
        ({"value": None}, Distribution.CONSTANT),
        ({"values": [1]}, Distribution.CATEGORICAL),
        ({"values": [1, 2], "probabilities": [0.5, 0.5]}, Distribution.CATEGORICAL_W_PROBABILITIES),
        ({"min": 1, "max": 3}, Distribution.INT_UNIFORM),
        ({"min": 1.0, "max": 3.0}, Distribution.UNIFORM),
        ({"min": 0, "max": 1.5}, Distribution.UNIFORM),
    ],
)
def test_a_distribution_follows_from_the_keys(written: JSON, distribution: Distribution) -> None:
    (leaf,) = search(parameters={"a": written}).space.leaves
    assert (leaf.distribution, leaf.is_inferred) == (distribution, True)


def test_a_distribution_that_is_named_is_not_inferred() -> None:
    (leaf,) = search(parameters={"a": {"distribution": "uniform", "min": 1, "max": 3}}).space.leaves
    assert (leaf.distribution, leaf.is_inferred) == (Distribution.UNIFORM, False)


def test_numbers_are_kept_as_written() -> None:
    (leaf,) = search(parameters={"a": {"distribution": "q_uniform", "min": 1, "max": 9.0, "q": 2}}).space.leaves
    assert [repr(number) for number in (leaf.low, leaf.high, leaf.q)] == ["1", "9.0", "2"]
    (leaf,) = search(parameters={"a": {"distribution": "q_normal"}}).space.leaves
    assert [repr(number) for number in (leaf.mu, leaf.sigma, leaf.q)] == ["0.0", "1.0", "1.0"]


def test_groups_are_flat_in_the_order_of_the_file() -> None:
    parameters = {
        "z": {"value": 1},
        "net": {"parameters": {"b": {"values": [1]}, "deep": {"parameters": {"a": {"values": [2]}}}}},
        "net.b": {"value": 2},
    }
    leaves = search(parameters=parameters).space.leaves
    assert [leaf.path for leaf in leaves] == [("z",), ("net", "b"), ("net", "deep", "a"), ("net.b",)]


def test_relations_name_parameters_by_dotted_paths() -> None:
    space = search(
        method="grid",
        parameters={
            "opt": {"values": ["sgd", "adam"]},
            "momentum": {"values": [0.9, 0.99]},
            "net": {"parameters": {"depth": {"values": [1, 2]}, "width": {"min": 1, "max": 4}}},
        },
        zip=[["opt", "net.depth"]],
        exclude=[{"momentum": 0.9, "net": {"depth": 1.0}}],
        when={"momentum": {"opt": "sgd"}, "net": {"opt": ["sgd", "adam"], "momentum": 0.9}},
    ).space
    assert space.zips == ((("opt",), ("net", "depth")),)
    assert space.exclude == ((Assignment(("momentum",), 0.9), Assignment(("net", "depth"), 1.0)),)
    assert space.conditions == (
        Condition(("momentum",), ("opt",), ("sgd",)),
        Condition(("net",), ("opt",), ("sgd", "adam")),
        Condition(("net",), ("momentum",), (0.9,)),
    )


def test_a_condition_on_a_list_may_mean_the_list_itself() -> None:
    parameters = {"shape": {"values": [[1, 2], [3]]}, "x": {"values": [1]}}
    found = search(parameters=parameters, when={"x": {"shape": [1, 2]}}).space.conditions
    assert found == (Condition(("x",), ("shape",), ([1, 2],)),)


def test_templates_in_parameters_are_filled_in_and_macros_are_text() -> None:
    text = HEAD + json.dumps(
        {**KEYS, "parameters": {"a": {"min": "{{ var.low }}", "max": 1}, "b": {"value": "${args} {{{{"}}}
    )
    space = expand_text(text, {"low": VariableText("0.25")}).program.sweeps["s"].search.space
    assert (space.leaves[0].low, space.leaves[1].values) == (0.25, ("${args} {{",))


def test_a_seed_is_stable_and_of_the_address() -> None:
    assert (search().seed, search().has_own_seed) == (221987239066936, False)
    assert (search(seed=7).seed, search(seed=7).has_own_seed) == (7, True)


def test_bayes_tries_one_at_a_time() -> None:
    metric = {"name": "loss", "goal": "maximize", "target": 0.9, "impute": "best", "impute_while_running": False}
    found = search(method="bayes", metric=metric, run_cap=3)
    assert (found.parallel, found.run_cap) == (1, 3)
    assert found.objective == Objective("loss", "maximize", 0.9, "best", "false")
    assert search(method="bayes", metric=metric, parallel=4).parallel == 4
    assert search().parallel is None


@pytest.mark.parametrize(
    ("rule", "stopping"),
    [
        ({"type": "hyperband", "max_iter": 27, "s": 2}, Hyperband((3, 9), max_iter=27, s=2)),
        (
            {"type": "hyperband", "max_iter": 12, "s": 10, "eta": 2, "strict": False},
            Hyperband((1, 3, 6), 2.0, False, max_iter=12, s=10),
        ),
        ({"type": "hyperband", "min_iter": 30, "max_iter": 10, "s": 3}, Hyperband((1, 3), max_iter=10, s=3)),
        ({"type": "threshold", "min_iter": 3, "value": 0.5}, Threshold(3, 0.5)),
        ({"type": "median", "min_iter": 3}, Median(3, 3)),
        ({"type": "median", "min_iter": 3, "min_trials": 5}, Median(3, 5)),
    ],
)  # fmt: skip
def test_rules_that_stop_trials(rule: JSON, stopping: object) -> None:
    assert search(metric={"name": "loss"}, early_terminate=rule).stopping == stopping


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        (bands_from_above(27, 3, 3), (1, 3, 9)),
        (bands_from_above(18, 2, 3), (2, 6)),
        (bands_from_above(300, 2, 3), (33, 100)),
        (bands_from_above(2, 2, 3), ()),
        (bands_from_below(3, 3.0)[:5], (3, 9, 27, 81, 243)),
        (bands_from_below(1, 1.5)[:6], (1, 1, 2, 3, 5, 7)),
        (bands_from_below(3, 1e9), (3, 3_000_000_000)),
    ],
)
def test_bands_are_those_of_the_library(bands: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert bands == expected


def test_no_more_bands_than_a_trial_can_reach() -> None:
    bands = bands_from_below(1, 3.0)
    assert len(bands) == 34
    assert bands[-1] == 3**33 < 2**53 < 3**34
    assert len(bands_from_below(1, 1.01)) == 100


@pytest.mark.parametrize(
    ("written", "source"),
    [
        (None, MetricSource()),
        ("log", MetricSource()),
        ("wandb", MetricSource("wandb")),
        ({"log": "{name}={value}"}, MetricSource("pattern", "{name}={value}")),
        ({"regex": {"acc": "acc: ([0-9.]+)"}}, MetricSource("regex", expressions=(("acc", "acc: ([0-9.]+)"),))),
    ],
)
def test_metrics_are_read_where_the_sweep_says(written: JSON, source: MetricSource) -> None:
    assert search(metrics_from=written).metrics == source


@pytest.mark.parametrize(
    ("keys", "command", "args"),
    [
        ({}, ["python", "train.py"], ["${args}"]),
        ({"args": ["--x"]}, ["python", "train.py"], ["${args}", "--x"]),
        ({"program": "p.py"}, ["${env}", "${interpreter}", "${program}", "${args}"], []),
        ({"program": "p.py", "command": []}, ["${env}", "${interpreter}", "${program}", "${args}"], []),
        ({"command": ["run", "--lr=${param:a}", "${repeat}"]}, ["run", "--lr=${param:a}", "${repeat}"], []),
        ({"command": ["${args_no_hyphens}", "--x"]}, ["python", "train.py"], ["${args_no_hyphens}", "--x"]),
        ({"job": "bare"}, [], ["${args}"]),
        ({"job": "ready"}, ["python", "train.py", "--all", "${args_no_hyphens}"], []),
        ({"job": None, "image_uri": "reg/x:1"}, [], ["${args}"]),
    ],
)
def test_the_command_of_a_trial(keys: JSON, command: list[str], args: list[str]) -> None:
    launch = sweep(**keys).launch
    assert (plain(launch.command), plain(launch.args)) == (command, args)


def test_a_sweep_takes_every_key_of_a_run() -> None:
    found = sweep(
        config={"lr": 0.2},
        templates={"g": "two"},
        resource={"shm-size": "1g"},
        env={"A": "${sweep_name}"},
        priority="high",
        timeout="1h",
        retry={"max": 2},
        lifecycle={"on_change": "keep"},
        run_token=3,
        description="text",
        name="my sweep",
        entity="team",
        project="other",
        merge="replace",
    )
    launch = found.launch
    assert str(launch.address) == "sweeps.s"
    assert plain(launch.inputs) == {"lr": 0.2}
    assert plain(launch.config) == {"gpus": "two", "shm-size": "1g"}
    assert plain(launch.env) == {"A": "${sweep_name}"}
    assert (launch.priority, launch.timeout, launch.retry.max, launch.lifecycle.on_change) == ("high", 3600, 2, "keep")
    assert (launch.run_token, launch.description) == ("3", "text")
    assert (found.title, found.project, found.entity, found.merge) == ("my sweep", "other", "team", "replace")


def test_a_sweep_that_names_an_image_has_it_as_its_job() -> None:
    launch = sweep(job=None, image_uri="reg/x:{{ var.low }}").launch
    assert (launch.job, getattr(launch.source, "image").value) == ("s", "reg/x:0.5")  # noqa: B009


@pytest.mark.parametrize(
    ("item", "is_told"),
    [
        ("--a 1 --b 2", True),
        ("--lr ${param:a}", True),
        ("-x 1", True),
        ("--name=a b", False),
        ("a --b", False),
        ("--flag", False),
        ("import sys; print(1)", False),
    ],
)
def test_several_flags_in_one_argument_are_told(item: str, is_told: bool) -> None:
    found = [one for one in said(command=["run", item]) if one.startswith("several-flags")]
    assert bool(found) is is_told


def test_one_broken_sweep_is_no_hindrance_to_another() -> None:
    text = HEAD + json.dumps({**KEYS, "parameters": {"a": 1}}) + "\n  t: " + json.dumps(KEYS) + "\n"
    assert list(expand_text(text).program.sweeps) == ["t"]


def test_each_bare_group_is_one_error_and_naming_what_is_in_it_none() -> None:
    parameters = {"opt": {"lr": {"values": [1]}, "betas": {"b1": {"values": [1]}}}}
    assert said(parameters=parameters, method="grid", exclude=[{"opt.lr": 3}]) == [
        'group-without-parameters: "opt" holds parameters, but not under the key "parameters"',
        'group-without-parameters: "betas" holds parameters, but not under the key "parameters"',
    ]


def test_a_parameter_that_cannot_be_filled_in_is_one_error() -> None:
    assert said(parameters={"a": {"value": "{{ nope }}"}}, command=["run", "${param:a}"]) == [
        'unknown-template-variable: unknown template variable "nope"'
    ]


def test_a_warning_about_a_value_keeps_the_sweep() -> None:
    text = HEAD + json.dumps({**KEYS, "parameters": {"a": {"values": ["1e-5", "1e-4"]}}}) + "\n"
    found = expand_text(text)
    assert "text-like-number" in found.codes
    assert list(found.program.sweeps) == ["s"]


def test_a_text_like_a_secret_is_found_in_a_parameter() -> None:
    assert said(parameters={"a": {"value": "AKIA" + "IOSFODNN7EXAMPL3"}})[0].startswith("text-like-secret")
