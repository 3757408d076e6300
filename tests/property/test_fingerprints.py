"""What moves a fingerprint and what does not: spelling never, the machine never, an experiment always."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.engine.pipeline import Compiled, Request, compile_project
from launchctl.state.model import Form
from launchctl.values import JSON

BASE = """\
version: 1
project: churn
entity: acme
environment: [TEAM]
queues:
  gpu:
    resource: docker
    prioritization: true
    config: {gpus: all, shm-size: 8g, env: [MODE=prod], label: [team=a]}
  other:
    resource: docker
    prioritization: true
    config: {gpus: all, shm-size: 8g, env: [MODE=prod], label: [team=a]}
jobs:
  train:
    source: {image: "registry.example.com/churn:v1"}
    command: [python, train.py]
    env: {A: "1", B: "2"}
    inputs: {config: {lr: 0.01, seed: 42}}
runs:
  baseline: {job: train, queue: gpu, args: ["--fast", "--lr", "0.1"], timeout: 6h, priority: medium}
"""


def compile_text(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Compiled:
    for name, content in {"project.yaml": text, **(files or {})}.items():
        (folder / name).write_text(content, encoding="utf-8")
    compiled = compile_project(Request(project=folder, here=folder, environment={}))
    assert compiled.is_valid, [found.message for found in compiled.diagnostics]
    return compiled


def form(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Form:
    return compile_text(folder, text, files).desired["runs.baseline"].form


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "a comment": lambda text: "# hello\n" + text.replace("runs:", "runs: # all of them"),
    "a longer unit": lambda text: text.replace("8g", "8192m"),
    "an option's short name": lambda text: text.replace("env: [MODE=prod]", "e: [MODE=prod]"),
    "an underscore in an option": lambda text: text.replace("shm-size", "shm_size"),
    "another duration": lambda text: text.replace("6h", "360m"),
    "a duration in seconds": lambda text: text.replace("6h", "21600"),
    "quotes": lambda text: text.replace('"--fast"', "--fast").replace("medium", '"medium"'),
    "a number in place of its text": lambda text: text.replace('A: "1"', "A: 1"),
    "an environment as a list": lambda text: text.replace('{A: "1", B: "2"}', "[A=1, B=2]"),
    "another order of keys": lambda text: text.replace('{A: "1", B: "2"}', '{B: "2", A: "1"}').replace(
        "{lr: 0.01, seed: 42}", "{seed: 42, lr: 0.01}"
    ),
    "a scientific number": lambda text: text.replace("lr: 0.01", "lr: 1e-2"),
    "an anchor": lambda text: text.replace(
        "config: {gpus: all, shm-size: 8g, env: [MODE=prod], label: [team=a]}\n  other:",
        "config: &all {gpus: all, shm-size: 8g, env: [MODE=prod], label: [team=a]}\n  other:",
    ).replace(
        "prioritization: true\n    config: {gpus: all, shm-size: 8g, env: [MODE=prod], label: [team=a]}\njobs",
        "prioritization: true\n    config: *all\njobs",
    ),
    "a default written out": lambda text: text.replace("priority: medium", "priority: medium, lifecycle: {}"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_moves_no_fingerprint(tmp_path: Path, spelling: str) -> None:
    other = SPELLINGS[spelling](BASE)
    assert other != BASE
    assert form(tmp_path, other).hashes == form(tmp_path, BASE).hashes


def test_an_include_moves_no_fingerprint(tmp_path: Path) -> None:
    head, queues, rest = BASE.partition("queues:\n")
    queues_text, jobs, tail = rest.partition("jobs:\n")
    split = head + "include: [queues.yaml]\n" + jobs + tail
    included = form(tmp_path, split, {"queues.yaml": queues + queues_text})
    assert included.hashes == form(tmp_path, BASE).hashes


CHANGES: tuple[tuple[str, str, str, str], ...] = (
    ("another image", "intent", "churn:v1", "churn:v2"),
    ("another command", "intent", "train.py]", "other.py]"),
    ("another argument", "intent", '"0.1"', '"0.2"'),
    ("another variable", "intent", 'A: "1"', 'A: "3"'),
    ("another input", "intent", "seed: 42", "seed: 43"),
    ("a queue's own environment", "intent", "MODE=prod", "MODE=dev"),
    ("a run token", "intent", "priority: medium", 'priority: medium, run_token: "2"'),
    ("another queue", "placement", "queue: gpu", "queue: other"),
    ("another size", "placement", "8g", "9g"),
    ("another timeout", "placement", "6h", "7h"),
    ("another label", "metadata", "team=a", "team=b"),
    ("a retry policy", "metadata", "priority: medium", "priority: medium, retry: {max: 1}"),
)


@pytest.mark.parametrize(("what", "field_class", "old", "new"), CHANGES)
def test_an_edit_moves_the_fingerprint_of_its_class_and_no_other(
    tmp_path: Path, what: str, field_class: str, old: str, new: str
) -> None:
    assert old in BASE
    before, after = form(tmp_path, BASE), form(tmp_path, BASE.replace(old, new))
    names = ("intent", "placement", "metadata")
    moved = [name for name, a, b in zip(names, before.hashes, after.hashes, strict=True) if a != b]
    assert moved == [field_class], what


def test_a_job_may_class_a_field_differently(tmp_path: Path) -> None:
    classed = BASE.replace("command: [python", "fields: {shm-size: intent}\n    command: [python")
    before, after = form(tmp_path, classed), form(tmp_path, classed.replace("8g", "9g"))
    assert before.intent != after.intent
    assert before.placement == after.placement


def test_what_launchctl_adds_is_in_no_fingerprint(tmp_path: Path) -> None:
    canonical = form(tmp_path, BASE).canonical
    assert "WANDB_" not in canonical
    assert "launchctl.dev" not in canonical


_PROGRAM = """
import json, sys
from pathlib import Path
from launchctl.engine.outputs import compile_document
from launchctl.engine.pipeline import Request, compile_project
from launchctl.engine.rendering import render
compiled = compile_project(Request(project=Path(sys.argv[1]), here=Path(sys.argv[2]), environment=dict()))
print(json.dumps(compile_document("p", "e", render(compiled, "default"))))
"""


def compiled_elsewhere(folder: Path, **environment: str) -> str:
    command = [sys.executable, "-c", _PROGRAM, str(folder), str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"], **environment}
    ).stdout


def test_the_same_inputs_give_the_same_bytes_in_every_process_and_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "a" / "very" / "other" / "place"
    for folder in (one, two):
        folder.mkdir(parents=True)
        (folder / "project.yaml").write_text(BASE, encoding="utf-8")
    first = compiled_elsewhere(one, PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C", HOME="/root", USER="ada")
    second = compiled_elsewhere(two, PYTHONHASHSEED="77", TZ="Asia/Seoul", LC_ALL="C.UTF-8", HOME="/tmp", USER="bob")
    assert json.loads(first)["resources"]
    assert first == second


scalars = st.one_of(st.integers(-5, 5), st.booleans(), st.text("abc", max_size=3), st.floats(0, 1, width=16))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


def shuffled(value: JSON, dice: random.Random) -> JSON:
    if isinstance(value, dict):
        keys = list(value)
        dice.shuffle(keys)
        return {key: shuffled(value[key], dice) for key in keys}
    return [shuffled(item, dice) for item in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), values, max_size=4), st.integers())
@settings(max_examples=40)
def test_the_order_of_keys_at_any_depth_moves_no_fingerprint(
    tmp_path_factory: pytest.TempPathFactory, inputs: dict[str, JSON], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    texts = [
        BASE.replace("{lr: 0.01, seed: 42}", json.dumps(found))
        for found in (inputs, shuffled(inputs, random.Random(seed)))
    ]
    assert form(folder, texts[0]).hashes == form(folder, texts[1]).hashes
