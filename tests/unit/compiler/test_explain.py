"""Which layer set a value, which lost, and where each of them stands."""

from __future__ import annotations

from textwrap import dedent

import pytest
from fakes.expansion import expand_text, resolve_text

from launchctl.addresses import Address, Kind
from launchctl.compiler.explain import explain, parse_target
from launchctl.compiler.variables import VariableText
from launchctl.values import Path, format_path

PROJECT = dedent("""
    version: 1
    project: churn
    variables: {tag: {default: v1}}
    secrets: {hf: {env: HF_TOKEN}}
    queues:
      gpu:
        resource: docker
        config:
          gpus: "{{ gpus }}"
          label: {a: 1, b: 2}
          name: "x-{{ var.tag }}-{{ gpus }}"
        templates:
          gpus: {type: integer, default: 1}
    jobs:
      train:
        source: {image: "reg/t:1"}
        command: [python, train.py]
        env: {A: "1", B: "2"}
        secrets: [hf]
        inputs: {config: {trainer: {lr: 0.1, seed: 1}}}
    runs:
      a:
        job: train
        queue: gpu
        templates: {gpus: 2}
        resource: {label: {b: null, c: 3}}
        config: {trainer: {lr: 0.2}}
        command: [python, other.py]
        args: [--fast]
        env: {B: "3"}
    """)


def lines(path: Path, variables: dict[str, VariableText] | None = None) -> list[str]:
    given = variables or {}
    spec = expand_text(PROJECT, given).run("a")
    return [
        f"{format_path(one.path)}={'gone' if one.is_deletion else one.value} by {one.layer}"
        + (f" at {one.span.line}" if one.span else "")
        + (" wins" if one.is_winner else "")
        for one in explain(resolve_text(PROJECT), spec, given, path)
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("config", "label", "a"), ['config.label.a=1 by queue "gpu" at 11 wins']),
        (
            ("config", "label"),
            [
                'config.label.a=1 by queue "gpu" at 11 wins',
                'config.label.b=2 by queue "gpu" at 11',
                'config.label.b=gone by run "a"',
                'config.label.c=3 by run "a" at 27 wins',
            ],
        ),
        (
            ("resource", "gpus"),
            ['config.gpus={{ gpus }} by queue "gpu" at 10', "config.gpus=2 by template variable gpus at 26 wins"],
        ),
        (
            ("config", "name"),
            [
                'config.name=x-{{ var.tag }}-{{ gpus }} by queue "gpu" at 12',
                "config.name=v1 by variable tag at 4 wins",
                "config.name=2 by template variable gpus at 26 wins",
            ],
        ),
        (
            ("inputs", "trainer", "lr"),
            [
                'inputs.trainer.lr=0.1 by job "train" at 21',
                'inputs.trainer.lr=0.2 by run "a" at 28 wins',
            ],
        ),
        (("config", "trainer", "seed"), ['inputs.trainer.seed=1 by job "train" at 21 wins']),
        (
            ("command",),
            [
                "command=['python', 'train.py'] by job \"train\" at 18",
                "command=['python', 'other.py'] by run \"a\" at 29 wins",
            ],
        ),
        (("args", 0), ['args[0]=--fast by run "a" at 30 wins']),
        (("env", "B"), ['env.B=2 by job "train" at 19', 'env.B=3 by run "a" at 31 wins']),
        (("env", "HF_TOKEN"), ['env.HF_TOKEN=(sensitive) by secret "hf" at 20 wins']),
        (("env", "WANDB_RUN_ID"), ["env.WANDB_RUN_ID=${run_id} by launchctl wins"]),
        (("config", "nothing"), []),
        (("nothing",), []),
    ],
)
def test_every_layer_that_set_a_value_is_named(path: Path, said: list[str]) -> None:
    assert lines(path) == said


def test_a_variable_of_the_command_line_is_named_with_its_declaration() -> None:
    assert "config.name=v2 by variable tag at 4 wins" in lines(("config", "name"), {"tag": VariableText("v2")})


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("runs.a.config.shm-size", (Address(Kind.RUNS, "a"), ("config", "shm-size"))),
        (
            "runs.a.config.spec.containers[0].image",
            (Address(Kind.RUNS, "a"), ("config", "spec", "containers", 0, "image")),
        ),
        (r"runs.a.config.labels.a\.b", (Address(Kind.RUNS, "a"), ("config", "labels", "a.b"))),
        ("sweeps.lr[3f].env.A", (Address(Kind.SWEEPS, "lr", "3f"), ("env", "A"))),
        ("runs.a", None),
        ("queues.a.config", None),
        ("runs.a.", None),
        ("runs.a.config..x", None),
        ("runs.a.config[", None),
        (r"runs.a.config\x", None),
    ],
)
def test_a_target_is_a_run_and_a_path_within_it(text: str, target: tuple[Address, Path] | None) -> None:
    assert parse_target(text) == target


SWEEP = dedent("""
    sweeps:
      s:
        job: train
        queue: gpu
        method: grid
        parameters: {trainer: {parameters: {lr: {values: [0.1, 0.2]}}}}
        config: {trainer: {seed: 2}}
    """)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("inputs", "trainer", "seed"),
         ['inputs.trainer.seed=1 by job "train"', 'inputs.trainer.seed=2 by sweep "s" wins']),
        (("parameters", "trainer"), ['parameters.trainer.parameters.lr.values=[0.1, 0.2] by sweep "s" wins']),
        (("command",), ["command=['python', 'train.py'] by job \"train\" wins"]),
        (("args",), ["args=['${args}'] by sweep \"s\" wins"]),
    ],
)  # fmt: skip
def test_a_sweep_says_which_layer_sets_what_its_trials_share(path: Path, expected: list[str]) -> None:
    spec = expand_text(PROJECT + SWEEP).program.sweeps["s"].launch
    found = explain(resolve_text(PROJECT + SWEEP), spec, {}, path)
    assert [
        f"{format_path(one.path)}={one.value} by {one.layer}" + (" wins" if one.is_winner else "") for one in found
    ] == expected
