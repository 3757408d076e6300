"""Documents to a typed project: entries on their own, names, files joined, spellings."""

from __future__ import annotations

import pytest

from launchctl.compiler.build import build_project
from launchctl.compiler.document import Document, parse_document
from launchctl.compiler.entries import Project
from launchctl.compiler.node import plain
from launchctl.compiler.source import Source
from launchctl.diagnostics import Diagnostics

HEAD = "version: 1\nproject: churn\n"


def documents(*texts: str) -> list[Document]:
    return [parse_document(Source(f"{at}.yaml", text))[0] for at, text in enumerate(texts)]


def build(*texts: str) -> tuple[Project, Diagnostics]:
    return build_project(documents(*texts))


def sound(*texts: str) -> Project:
    project, diagnostics = build(*texts)
    assert diagnostics == ()
    return project


def said(*texts: str) -> list[str]:
    return [f"{found.span}: {found.message}" for found in build(*texts)[1]]


def test_settings_have_defaults() -> None:
    settings = sound(HEAD).settings
    assert (settings.project, settings.entity, settings.author, settings.state) == ("churn", "", "", None)
    assert (settings.environment, settings.policies.run) == ((), "default")
    assert (settings.wandb.environment, settings.wandb.base_url, settings.wandb.api_key) == (
        True,
        "https://api.wandb.ai",
        None,
    )


def test_an_entry_keeps_its_model_its_node_and_its_place() -> None:
    entry = sound(HEAD + "runs:\n  first: {job: a, queue: b, timeout: 90m, config: {lr: 1e-3}}\n").runs["first"]
    assert (entry.model.job, entry.model.queue, entry.model.timeout) == ("a", "b", 5400.0)
    assert plain(entry.node.entries["config"]) == {"lr": 0.001}
    assert str(entry.span) == "0.yaml:4:3"


def test_a_section_without_entries_is_no_fault() -> None:
    project = sound(HEAD + "runs:\njobs: {}\nqueues: null\n")
    assert (project.runs, project.jobs, project.queues) == ({}, {}, {})


def test_a_key_without_a_value_is_no_key() -> None:
    project = sound(HEAD + "queues:\n  local:\n    resource: process\n    max_jobs:\n    config:\n")
    assert project.queues["local"].model.max_jobs is None
    assert list(project.queues["local"].node.entries) == ["resource"]


def test_a_null_is_kept_where_it_takes_away_what_is_extended() -> None:
    run = sound(HEAD + "runs: {a: {extends: b, timeout: null}}\n").runs["a"]
    assert list(run.node.entries) == ["extends", "timeout"]


def test_one_broken_entry_hides_no_other() -> None:
    project, diagnostics = build(HEAD + "runs:\n  a: {job: 1}\n  b: {job: x, queue: y}\n  c: {qeue: z}\n")
    assert [found.code.name for found in diagnostics] == ["wrong-value", "unknown-key"]
    assert list(project.runs) == ["b"]
    assert project.broken == {("runs", "a"), ("runs", "c")}


def test_wrong_settings_leave_the_rest_usable() -> None:
    project, diagnostics = build("version: 1\nentity: [x]\nauthor: ada\nruns: {a: {job: x, queue: y}}\n")
    assert [found.code.name for found in diagnostics] == ["missing-key", "wrong-value"]
    assert (project.settings.author, list(project.runs)) == ("ada", ["a"])


def test_files_are_merged_by_section() -> None:
    project = sound(
        HEAD + "environment: [A]\nruns: {a: {job: x, queue: y}}\n",
        "environment: [B]\nruns: {b: {job: x, queue: y}}\njobs: {x: {source: {image: i}}}\n",
        "version: 1\nmoved: [{from: runs.c, to: runs.a}]\n",
        "",
    )
    assert list(project.runs) == ["a", "b"]
    assert project.settings.environment == ("A", "B")
    assert [(move.old, move.new) for move in project.settings.moved] == [("runs.c", "runs.a")]


def test_a_project_may_be_set_in_an_included_file() -> None:
    assert sound("version: 1\n", "project: churn\n").settings.project == "churn"


def test_a_name_defined_twice_names_both_places() -> None:
    _, (found,) = build(HEAD + "queues: {gpu: {resource: process}}\n", "queues:\n  GPU: {resource: docker}\n")
    assert f"{found.span}: {found.message}" == '1.yaml:2:3: queue "GPU" is defined twice'
    assert [(note.message, str(note.span)) for note in found.notes] == [
        ('"gpu" is defined here as well', "0.yaml:3:10")
    ]


def test_the_same_name_in_two_sections_is_two_things() -> None:
    assert sound(HEAD + "jobs: {a: {source: {image: x}}}\nqueues: {a: {resource: process}}\n").broken == frozenset()


@pytest.mark.parametrize("section", ["variables", "secrets", "agents", "queues", "jobs", "runs", "sweeps"])
def test_an_entry_that_is_no_mapping_is_told_at_its_value(section: str) -> None:
    kind = section.removesuffix("s")
    assert said(f"{HEAD}{section}: {{x: 3}}\n") == [
        f'0.yaml:3:{len(section) + 7}: expected a mapping for {kind} "x", got 3'
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [("1e-5", "1e-05"), ("3.10", "3.1"), ("0x10", "16"), ("+5", "5"), ("1.", "1.0"), (".5", "0.5"), ("1E3", "1000.0")],
)
def test_a_number_that_would_lose_its_spelling_is_refused(written: str, text: str) -> None:
    for where in (
        f"args: [{written}]",
        f"env: {{A: {written}}}",
        f"command: [x, {written}]",
        f"env: [{{A: {written}}}]",
    ):
        (found,) = said(f"{HEAD}runs: {{a: {{job: x, queue: y, {where}}}}}\n")
        assert found.endswith(f': this number would reach the job as the text "{text}"')


@pytest.mark.parametrize("written", ["3", "-1", "0.1", "1.5", "1e-05", "100000", '"3.10"', "'1e-5'"])
def test_a_number_that_keeps_its_spelling_is_taken(written: str) -> None:
    sound(f"{HEAD}runs: {{a: {{job: x, queue: y, args: [{written}], env: {{A: {written}}}}}}}\n")


def test_an_environment_has_two_forms() -> None:
    project = sound(
        HEAD
        + "jobs:\n  a: {source: {image: x}, env: {A: x, B: 1, C: null}}\n"
        + "  b: {source: {image: x}, env: [A, B=1, {C: 2}]}\n"
    )
    assert project.jobs["a"].model.env == {"A": "x", "B": 1, "C": None}
    assert project.jobs["b"].model.env == ("A", "B=1", {"C": 2})


def test_secrets_and_dependencies_have_short_forms() -> None:
    run = sound(
        HEAD + "runs: {a: {secrets: [x, {TOKEN: y}], depends_on: [runs.b, {run: runs.c, rerun: true}]}}\n"
    ).runs["a"]
    assert [(use.secret, use.variable) for use in run.model.secrets or ()] == [("x", None), ("y", "TOKEN")]
    assert [(use.run, use.rerun) for use in run.model.depends_on or ()] == [("runs.b", False), ("runs.c", True)]


def test_every_key_of_a_wandb_sweep_is_known() -> None:
    sound(
        HEAD
        + """
sweeps:
  lr:
    program: train.py
    name: learning rate
    description: text
    project: other
    entity: team
    method: bayes
    metric: {name: loss, goal: maximize, target: 0.9, impute: best, impute_while_running: "false"}
    parameters:
      lr: {distribution: log_uniform_values, min: 1e-5, max: 1}
      seed: {value: null}
      layers: {values: [1, 2], probabilities: [0.5, 0.5]}
      a.b-c: {parameters: {x: {mu: 0, sigma: 1, distribution: q_normal, q: 1}}}
    early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3, strict: false}
    command: ["${env}", 3]
    run_cap: 10
    controller: {type: local, extra: 1}
    launch: {queue: x}
    apiVersion: v1
    kind: sweep
    job: train
    queue: gpu
"""
    )


def test_a_sweep_whose_file_could_not_be_read_is_no_second_error() -> None:
    project, found = build(HEAD + "sweeps: {lr: {file: sweep.yaml, job: a, queue: b}}\n")
    assert (dict(project.sweeps), found) == ({}, ())
    assert ("sweeps", "lr") in project.broken


def test_a_job_with_a_queue_takes_every_key_of_a_run() -> None:
    job = sound(HEAD + "jobs: {a: {source: {image: x}, queue: q, args: [b], timeout: 30, extends: c}}\n").jobs["a"]
    assert (job.model.queue, job.model.args, job.model.timeout) == ("q", ("b",), 30.0)


def test_nothing_is_raised_for_files_that_could_not_be_read() -> None:
    project, diagnostics = build("a: [", "b: {")
    assert (project.runs, diagnostics) == ({}, ())


@pytest.mark.parametrize("state", ["state.db", "a/b.db", "sqlite:///a.db", "s3://acme/churn", "postgresql://h/../d"])
def test_a_state_may_be_a_file_of_the_project_or_shared(state: str) -> None:
    project, found = build(f"version: 1\nproject: churn\nstate: {state}\n")
    assert ([one.code.name for one in found], project.settings.state) == ([], state)


@pytest.mark.parametrize("state", ["/etc/x", "../x.db", "a/../../x", "sqlite:////etc/x", "SQLite:///../x", "C:/x"])
def test_a_state_elsewhere_is_refused_and_not_used(state: str) -> None:
    project, found = build(f"version: 1\nproject: churn\nstate: {state}\n")
    assert [(one.code.name, str(one.span)) for one in found] == [("outside-project", "0.yaml:3:8")]
    assert project.settings.state is None
