"""Where an edit of a sweep was made: the line of the project, of its file, or of its job."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.compiler.entries import ResolvedSweep
from launchctl.compiler.load import load_project
from launchctl.compiler.sweep.places import place_of

PROJECT = """\
version: 1
project: churn
queues:
  gpu: {resource: docker, config: {gpus: all}}
jobs:
  train:
    source: {image: "reg/t:1"}
    command: [python, train.py]
    env: {SHARD: "1"}
    inputs: {config: {depth: 3}}
sweeps:
  s:
    job: train
    queue: gpu
    file: sweep.yaml
    run_cap: 20
    seed: 3
    env: {LOUD: "1"}
    config:
      width: 7
    resource: {memory: 1g}
    retry: {max: 2}
    parameters:
      a.b: {values: [1, 2]}
      epochs:
        value: 27
    exclude:
      - {a.b: 1, optimizer.name: sgd}
    when:
      optimizer.lr: {optimizer.name: adam}
      extra: {a.b: 2, optimizer.name: [sgd, adam]}
    early_terminate:
      type: hyperband
      min_iter: 3
    metrics_from:
      log: "{name}={value}"
"""
FILE = """\
method: random
metric:
  name: loss
parameters:
  optimizer:
    parameters:
      name: {values: [adam, sgd]}
      lr:
        min: 0.1
        max: 0.5
  extra: {values: [1, 2]}
"""


@pytest.fixture
def sweep(tmp_path: Path) -> ResolvedSweep:
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "sweep.yaml").write_text(FILE)
    loaded = load_project(tmp_path)
    assert [one.message for one in loaded.diagnostics] == []
    assert loaded.resolved is not None
    return loaded.resolved.sweeps["s"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("run_cap", "project.yaml:16:14"),
        ("seed", "project.yaml:17:11"),
        ("queue", "project.yaml:14:12"),
        ("retry.max", "project.yaml:22:18"),
        ("method", "sweep.yaml:1:9"),
        ("metric.name", "sweep.yaml:3:9"),
        ("parameters.optimizer.lr.max", "sweep.yaml:10:14"),
        ("parameters.optimizer.name.values", "sweep.yaml:7:14"),
        ("parameters.a.b.values", "project.yaml:24:13"),
        ("parameters.epochs", "project.yaml:26:16"),
        ("exclude", "project.yaml:27:5"),
        ("when[0]", "project.yaml:30:38"),
        ("when[1]", "project.yaml:31:20"),
        ("when[2]", "project.yaml:31:23"),
        ("early_terminate.bands", "project.yaml:34:17"),
        ("early_terminate.type", "project.yaml:33:13"),
        ("metrics_from.kind", "project.yaml:35:5"),
        ("metrics_from.pattern", "project.yaml:36:12"),
        ("command[1]", "project.yaml:8:23"),
        ("env.LOUD", "project.yaml:18:17"),
        ("env.SHARD", "project.yaml:9:18"),
        ("inputs.width", "project.yaml:20:14"),
        ("inputs.depth", "project.yaml:10:30"),
        ("config.memory", "project.yaml:21:24"),
        ("config.gpus", "project.yaml:4:42"),
        ("image", "project.yaml:7:21"),
        ("resource", "project.yaml:4:19"),
    ],
)
def test_a_part_is_found_where_it_is_written(sweep: ResolvedSweep, path: str, place: str) -> None:
    assert str(place_of(sweep, path)) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("parallel", "project.yaml:12:3"),
        ("zip", "project.yaml:12:3"),
        ("metric.goal", "sweep.yaml:2:1"),
        ("early_terminate.eta", "project.yaml:32:5"),
        ("parameters.optimizer.lr.distribution", "sweep.yaml:8:7"),
        ("parameters.optimizer.momentum.values", "sweep.yaml:5:3"),
        ("parameters.gone.min", "project.yaml:23:5"),
        ("when[7]", "project.yaml:29:5"),
    ],
)
def test_what_is_written_no_more_is_shown_at_what_is_above_it(sweep: ResolvedSweep, path: str, place: str) -> None:
    assert str(place_of(sweep, path)) == place


def test_an_argument_that_the_sweep_appends_is_found_at_the_sweep(sweep: ResolvedSweep) -> None:
    assert str(place_of(sweep, "args[0]")) == "project.yaml:12:3"
