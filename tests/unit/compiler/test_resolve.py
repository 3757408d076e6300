"""Names to things: references, inheritance, order, renames."""

from __future__ import annotations

import pytest

from launchctl.compiler.build import build_project
from launchctl.compiler.document import parse_document
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.node import plain
from launchctl.compiler.resolve import resolve
from launchctl.compiler.source import Source
from launchctl.diagnostics import Diagnostics
from launchctl.values import JSON

BASE = """
version: 1
project: churn
secrets: {key: {env: API_KEY}, other: {env: OTHER}, hf: {aws: "arn:hf"}}
queues:
  local: {resource: process}
  gpu: {resource: local-container, prioritization: true}
jobs:
  train: {source: {image: x}, secrets: [key]}
"""

SWEEP = "sweeps: {s: {extends: a, method: grid, parameters: {p: {value: 1}}}}\n"


def run(text: str) -> tuple[ResolvedProject, Diagnostics]:
    document, problems = parse_document(Source("p.yaml", BASE + text))
    project, faults = build_project([document])
    assert problems + faults == ()
    return resolve(project)


def sound(text: str) -> ResolvedProject:
    resolved, diagnostics = run(text)
    assert diagnostics == ()
    return resolved


def said(text: str) -> list[str]:
    return [found.message for found in run(text)[1]]


def node(text: str, name: str) -> JSON:
    return plain(sound(text).runs[name].node)


def test_a_target_goes_by_its_own_name() -> None:
    assert sound("").resources == {"local": "process", "gpu": "docker"}


def test_a_registered_target_is_known() -> None:
    document, _ = parse_document(Source("p.yaml", "version: 1\nproject: x\nqueues: {q: {resource: slurm}}\n"))
    resolved, diagnostics = resolve(build_project([document])[0], {"slurm": "slurm"})
    assert (resolved.resources, diagnostics) == ({"q": "slurm"}, ())


def test_runs_come_in_the_order_of_their_addresses() -> None:
    text = "runs: {b: {job: train, queue: local}, a10: {job: train, queue: local}, a2: {job: train, queue: local}}"
    assert list(sound(text).runs) == ["a10", "a2", "b"]


def test_agents_are_known_by_queue() -> None:
    text = "agents: {b: {queues: [gpu, local]}, a: {queues: [gpu, gpu]}}"
    assert sound(text).agents == {"local": ("b",), "gpu": ("a", "b")}


def test_a_run_has_its_jobs_secrets_under_its_own() -> None:
    runs = sound(
        "runs: {a: {job: train, queue: local}, b: {job: train, queue: local, secrets: [{API_KEY: other}, {T: hf}]}}"
    ).runs
    assert {name: secret.name for name, secret in runs["a"].secrets.items()} == {"API_KEY": "key"}
    assert {name: secret.name for name, secret in runs["b"].secrets.items()} == {"API_KEY": "other", "T": "hf"}
    assert (runs["b"].secrets["T"].kind, runs["b"].secrets["T"].locator) == ("aws", {"arn": "arn:hf"})


def test_runs_without_secrets_of_their_own_share_their_jobs() -> None:
    runs = sound("runs: {a: {job: train, queue: local}, b: {job: train, queue: local}}").runs
    assert runs["a"].secrets is runs["b"].secrets


def test_every_run_is_given_the_projects_key_unless_it_says_otherwise() -> None:
    text = """
wandb: {api_key: key}
runs:
  a: {job: train, queue: local}
  b: {job: train, queue: local, secrets: [{WANDB_API_KEY: other}]}
"""
    runs = sound(text).runs
    assert runs["a"].secrets["WANDB_API_KEY"].name == "key"
    assert runs["b"].secrets["WANDB_API_KEY"].name == "other"


def test_a_job_with_a_queue_is_a_run_of_the_same_name() -> None:
    text = """  eval:
    {source: {image: x}, command: [a], env: {B: c}, queue: gpu, priority: high, args: [d], secrets: [{T: hf}]}"""
    resolved = sound(text)
    found = resolved.runs["eval"]
    assert (str(found.address), found.job.name, found.queue.name, found.model.priority) == (
        "runs.eval",
        "eval",
        "gpu",
        "high",
    )
    assert plain(found.node) == {"job": "eval", "queue": "gpu", "priority": "high", "args": ["d"]}
    assert (found.model.command, found.model.env, found.model.secrets) == (None, None, None)
    assert list(found.secrets) == ["T"]


def test_a_run_that_extends_takes_mappings_by_key_and_replaces_the_rest() -> None:
    text = """
runs:
  base:
    job: train
    queue: gpu
    priority: low
    timeout: 1h
    config: {a: {x: 1, y: 2}, b: 3}
    args: [--one, --two]
    resource: {c: 1, containers: [{name: main, image: x, cpu: 1}]}
  child:
    extends: base
    timeout: null
    config: {a: {y: null, z: 4}}
    args: [--three]
    resource: {c: null, containers: [{name: main, cpu: 2}]}
"""
    assert node(text, "child") == {
        "job": "train",
        "queue": "gpu",
        "priority": "low",
        "config": {"a": {"x": 1, "y": None, "z": 4}, "b": 3},
        "args": ["--three"],
        "resource": {"c": None, "containers": [{"name": "main", "image": "x", "cpu": 2}]},
    }
    child = sound(text).runs["child"]
    assert (child.model.timeout, child.model.priority, child.model.args) == (None, "low", ("--three",))


def test_what_is_inherited_keeps_its_place() -> None:
    child = sound("runs:\n  base: {job: train, queue: local, args: [x]}\n  child: {extends: base}\n").runs["child"]
    assert str(child.node.entries["args"].span) == "p.yaml:11:42"
    assert str(child.span) == "p.yaml:12:3"


def test_a_chain_of_any_length_is_followed() -> None:
    links = "".join(f"  r{at}: {{extends: r{at - 1}, config: {{k{at}: 1}}}}\n" for at in range(1, 500))
    runs = sound(f"runs:\n  r0: {{job: train, queue: local}}\n{links}").runs
    assert len(plain(runs["r499"].node)["config"]) == 499


def test_inheriting_without_bound_is_refused_quickly() -> None:
    links = "".join(f"  r{at}: {{extends: r{at - 1}, config: {{k{at}: 1}}}}\n" for at in range(1, 3_000))
    (found,) = run(f"runs:\n  r0: {{job: train, queue: local}}\n{links}")[1]
    assert found.message == "runs that extend others repeat more than 2,000,000 values"


def test_a_run_may_extend_a_job_that_is_a_run() -> None:
    text = "  eval: {source: {image: x}, queue: gpu, args: [a]}\nruns: {more: {extends: eval, args: [b]}}\n"
    assert node(text, "more") == {"job": "eval", "queue": "gpu", "args": ["b"]}


def test_a_sweep_may_extend_a_run() -> None:
    text = "runs: {a: {job: train, queue: gpu, env: {X: z}}}\n" + SWEEP
    sweep = sound(text).sweeps["s"]
    assert (sweep.job.name, sweep.queue.name) == ("train", "gpu")
    assert plain(sweep.node.entries["env"]) == {"X": "z"}


def test_a_sweep_may_name_an_image_in_place_of_a_job() -> None:
    sweep = sound("sweeps: {s: {image_uri: x, queue: gpu, method: grid, parameters: {p: {value: 1}}}}\n").sweeps["s"]
    assert (sweep.job.name, sweep.job.model.source.image) == ("s", "x")


def test_dependencies_are_addresses_of_runs_sweeps_and_trials() -> None:
    text = """
runs:
  a: {job: train, queue: local, depends_on: [runs.b, {run: "sweeps.s[3f09]", rerun: true}, sweeps.s]}
  b: {job: train, queue: local}
sweeps: {s: {job: train, queue: local, method: grid, parameters: {p: {value: 1}}}}
"""
    found = sound(text).runs["a"].depends_on
    assert [(str(each.address), each.rerun) for each in found] == [
        ("runs.b", False),
        ("sweeps.s[3f09]", True),
        ("sweeps.s", False),
    ]


def test_every_circle_is_told_once() -> None:
    text = "runs:\n" + "".join(
        f"  {name}: {{job: train, queue: local, depends_on: [{', '.join(f'runs.{each}' for each in after)}]}}\n"
        for name, after in {"a": "b", "b": "ac", "c": "d", "d": "c", "e": "a"}.items()
    )
    assert said(text) == [
        "these runs wait for one another: runs.a → runs.b → runs.a",
        "these runs wait for one another: runs.c → runs.d → runs.c",
    ]


def test_a_run_and_a_sweep_may_not_wait_for_one_another() -> None:
    text = """
runs: {a: {job: train, queue: local, depends_on: [sweeps.s]}}
sweeps: {s: {job: train, queue: local, method: grid, parameters: {p: {value: 1}}, depends_on: [runs.a]}}
"""
    assert said(text) == ["these runs wait for one another: runs.a → sweeps.s → runs.a"]


def test_a_chain_of_dependencies_of_any_length_is_followed() -> None:
    links = "".join(f"  r{at}: {{job: train, queue: local, depends_on: [runs.r{at - 1}]}}\n" for at in range(1, 3_000))
    assert len(sound(f"runs:\n  r0: {{job: train, queue: local}}\n{links}").runs) == 3_000


def test_what_refers_to_something_broken_is_left_out_without_a_word() -> None:
    text = (
        BASE
        + "  bad: {source: {}}\nruns: {a: {job: bad, queue: local}, b: {extends: a}, c: {job: train, queue: local}}\n"
    )
    document, _ = parse_document(Source("p.yaml", text))
    project, faults = build_project([document])
    resolved, diagnostics = resolve(project)
    assert len(faults) == 1
    assert diagnostics == ()
    assert list(resolved.runs) == ["c"]


def test_a_move_hands_one_address_to_another() -> None:
    text = "moved: [{from: runs.old, to: runs.a}, {from: runs.older, to: runs.old}]\n"
    text += "runs: {a: {job: train, queue: local}}\n"
    assert [(str(move.source), str(move.target)) for move in sound(text).moved] == [
        ("runs.old", "runs.a"),
        ("runs.older", "runs.old"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: {a: {job: x, queue: local}}", 'there is no job "x"'),
        ("runs: {a: {job: train, queue: x}}", 'there is no queue "x"'),
        ("runs: {a: {queue: local}}", 'missing key "job" in run "a"'),
        ("runs: {a: {job: train}}", 'missing key "queue" in run "a"'),
        ("runs: {a: {job: train, queue: local, priority: low}}", 'queue "local" has no priorities'),
        ("runs: {a: {job: train, queue: local, secrets: [x]}}", 'there is no secret "x"'),
        (
            "runs: {a: {job: train, queue: local, secrets: [hf]}}",
            'secret "hf" needs the name of an environment variable',
        ),
        ("wandb: {api_key: x}", 'there is no secret "x"'),
        ("agents: {a: {queues: [x]}}", 'there is no queue "x"'),
        ("runs: {a: {extends: x}}", 'there is no run "x"'),
        ("sweeps: {s: {extends: x, method: grid, parameters: {p: {value: 1}}}}", 'there is no run "x"'),
        ("sweeps: {s: {queue: local, method: grid, parameters: {p: {value: 1}}}}", 'missing key "job" in sweep "s"'),
        ("moved: [{from: runs.a, to: runs.b}]", 'there is no run "b"'),
        ("runs: {train: {job: train, queue: local, extends: train}}", "these runs extend one another: train → train"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_once(text: str, message: str) -> None:
    assert said(text) == [message]
