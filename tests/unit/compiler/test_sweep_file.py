"""A W&B sweep configuration taken from a file, and the blocks that W&B Launch reads in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.compiler.entries import ResolvedSweep
from launchctl.compiler.load import Loaded, load_project
from launchctl.compiler.node import plain
from launchctl.engine.pipeline import Request, compile_project
from launchctl.values import JSON

HEAD = """\
version: 1
project: churn
queues: {gpu: {resource: docker, prioritization: true, templates: {g: {type: integer, default: 1}}}}
jobs: {train: {source: {image: "reg/t:1"}}}
sweeps:
"""
WANDB = """\
program: train.py
method: grid
metric: {name: loss, goal: maximize}
parameters:
  lr: {values: [1e-5, 1e-4]}
  bs: {min: 16, max: 32}
  chat: {value: "{{ text }} ${args}"}
"""


def load(folder: Path, entry: str, file: str = WANDB, name: str = "sweep.yaml") -> Loaded:
    (folder / "project.yaml").write_text(HEAD + entry + "\n")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(file)
    return load_project(folder)


def sweep(folder: Path, entry: str, file: str = WANDB, name: str = "sweep.yaml") -> ResolvedSweep:
    loaded = load(folder, entry, file, name)
    assert [one.message for one in loaded.diagnostics] == []
    assert loaded.resolved is not None
    return loaded.resolved.sweeps["s"]


def said(folder: Path, entry: str, file: str = WANDB) -> list[str]:
    return [f"{one.span}: {one.code.name}: {one.message}" for one in load(folder, entry, file).diagnostics]


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    found = sweep(tmp_path, "  s: {job: train, queue: gpu, file: sweep.yaml}")
    assert (found.model.program, found.model.method) == ("train.py", "grid")
    assert str(found.node.key_spans["program"]) == "sweep.yaml:1:1"


def test_what_looks_like_a_template_in_a_file_is_text(tmp_path: Path) -> None:
    load(tmp_path, "  s: {job: train, queue: gpu, file: sweep.yaml}")
    compiled = compile_project(Request(tmp_path, here=tmp_path, environment={}))
    assert compiled.is_valid
    assert compiled.program is not None
    leaves = compiled.program.sweeps["s"].search.space.leaves
    assert leaves[2].values == ("{{ text }} ${args}",)


def test_the_digest_of_the_file_is_among_the_inputs_of_a_plan(tmp_path: Path) -> None:
    load(tmp_path, "  s: {job: train, queue: gpu, file: ./below/sweep.yaml}", name="below/sweep.yaml")
    compiled = compile_project(Request(tmp_path, here=tmp_path, environment={}))
    assert list(compiled.inputs) == ["project.yaml", "below/sweep.yaml"]
    assert list(compiled.sources) == ["project.yaml", "below/sweep.yaml"]


@pytest.mark.parametrize(
    ("own", "key", "expected"),
    [
        ("method: random", "method", "random"),
        ("metric: {goal: minimize}", "metric", {"name": "loss", "goal": "minimize"}),
        ("metric: null", "metric", None),
        ("parameters: {lr: {value: 1}, bs: null, chat: null}", "parameters", {"lr": {"value": 1}}),
        ("parameters: {bs: null, chat: null, x: {value: 2}}", "parameters",
         {"lr": {"values": [1e-5, 1e-4]}, "x": {"value": 2}}),
    ],
)  # fmt: skip
def test_the_entry_lies_over_the_file(tmp_path: Path, own: str, key: str, expected: JSON) -> None:
    found = sweep(tmp_path, f"  s: {{job: train, queue: gpu, file: sweep.yaml, {own}}}").node.entries.get(key)
    assert (plain(found) if found is not None else None) == expected


def test_a_json_file_may_be_indented_by_tabs(tmp_path: Path) -> None:
    file = '{\n\t"method": "grid",\n\t"parameters": {\n\t\t"a": {"values": [1, 2]}\n\t}\n}\n'
    found = sweep(tmp_path, "  s: {job: train, queue: gpu, file: sweep.json}", file, "sweep.json")
    assert plain(found.node.entries["parameters"]) == {"a": {"values": [1, 2]}}


def test_two_sweeps_may_take_one_file(tmp_path: Path) -> None:
    entry = "  s: {job: train, queue: gpu, file: sweep.yaml}\n  t: {job: train, queue: gpu, file: sweep.yaml}"
    loaded = load(tmp_path, entry)
    assert loaded.diagnostics == ()
    assert [source.name for source in loaded.sources] == ["project.yaml", "sweep.yaml"]


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(WANDB)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "project.yaml").write_text(HEAD + "  s: {job: train, queue: gpu, file: link.yaml}\n")
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    assert [one.code.name for one in load_project(folder).diagnostics] == ["outside-project"]


def test_the_blocks_of_launch_become_keys_of_the_sweep(tmp_path: Path) -> None:
    blocks = """\
launch:
  queue: gpu
  priority: 0
  template_variables: {g: 2}
  overrides: {run_config: {epochs: 3, seed: 1}}
scheduler: {num_workers: "4"}
"""
    found = sweep(tmp_path, "  s: {job: train, file: sweep.yaml, config: {seed: 2}}", WANDB + blocks)
    assert (found.queue.name, found.model.priority, found.model.parallel) == ("gpu", "critical", 4)
    assert (found.model.templates, found.model.config) == ({"g": 2}, {"epochs": 3, "seed": 2})
    assert (found.model.launch, found.model.scheduler) == (None, None)


def test_the_sweep_itself_says_more_than_its_blocks(tmp_path: Path) -> None:
    blocks = "launch: {queue: cpu, priority: 3}\nscheduler: {num_workers: 4}\n"
    entry = "  s: {job: train, queue: gpu, priority: high, parallel: 2, file: sweep.yaml}"
    found = sweep(tmp_path, entry, WANDB + blocks)
    assert (found.queue.name, found.model.priority, found.model.parallel) == ("gpu", "high", 2)


def test_the_engine_of_wandb_is_what_launchctl_does_itself(tmp_path: Path) -> None:
    found = sweep(tmp_path, "  s: {job: train, queue: gpu, file: sweep.yaml}", WANDB + "scheduler: {engine: wandb}\n")
    assert found.model.scheduler is None


def test_faults_of_a_file_are_told_at_their_place_in_it(tmp_path: Path) -> None:
    file = "method: gird\nparameters:\n  lr: 5\n"
    assert said(tmp_path, "  s: {job: train, queue: gpu, file: sweep.yaml}", file) == [
        'sweep.yaml:1:9: wrong-value: expected `grid`, `random`, `bayes` or `custom`, got "gird"',
        "sweep.yaml:3:7: wrong-value: expected a mapping such as `{values: [1, 2]}`, got 5",
    ]
