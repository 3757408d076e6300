"""Rules over a whole program."""

from __future__ import annotations

import pytest
from fakes.expansion import expand_text

HEAD = """
version: 1
project: churn
queues:
  gpu: {resource: docker, config: {}}
  local: {resource: process}
jobs:
  train: {source: {image: "reg/t:1"}}
  code: {source: {code: train}, command: [python, a.py]}
"""


def said(run: str, head: str = HEAD) -> list[str]:
    return expand_text(f"{head}runs: {{a: {{job: train, queue: gpu, {run}}}}}\n").said


def test_two_runs_whose_names_look_the_same_at_the_target_are_a_warning() -> None:
    result = expand_text(HEAD + "runs: {a-b: {job: train, queue: gpu}, a_b: {job: train, queue: gpu}}\n")
    assert result.said == ["10:39 same-slug: runs.a_b and runs.a-b are both called runs-a-b at the target"]
    assert [str(note.span) for note in result.found[0].notes] == ["project.yaml:10:8"]
    assert len(result.program.launches) == 2


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "reg.example.com:5000/team/name:tag",
        "reg/${project_name}:${run_name}",
        "${entity_name}",
        "n@sha256:" + "0" * 64,
    ],
)
def test_an_image_is_a_reference(image: str) -> None:
    assert said("args: []", HEAD.replace("reg/t:1", image) + "entity: acme\n") == []


@pytest.mark.parametrize("image", ["''", '"a b"', "--privileged", '"a;b"', '"-v"', '"$(id)"'])
def test_anything_else_is_no_image(image: str) -> None:
    (line,) = said("args: []", HEAD.replace('"reg/t:1"', image))
    assert line.startswith("8:27 bad-image: expected an image such as registry.example.com/team/name:tag, got ")


@pytest.mark.parametrize(
    ("run", "code", "name"),
    [
        ("env: {WANDB_API_KEY: abc}", "secret-in-text", "WANDB_API_KEY"),
        ("env: {WANDB_API_KEY: '${env:WANDB_API_KEY}'}", "secret-in-text", "WANDB_API_KEY"),
        ("env: [AWS_SECRET_ACCESS_KEY=abc]", "secret-in-text", "AWS_SECRET_ACCESS_KEY"),
        ("resource: {env: [HF_TOKEN=abc]}", "secret-in-text", "HF_TOKEN"),
        ("resource: {e: HF_TOKEN=abc}", "secret-in-text", "HF_TOKEN"),
        ("resource: {spec: {env: [{name: HF_TOKEN, value: abc}]}}", "secret-in-text", "HF_TOKEN"),
        ("resource: {Environment: {HF_TOKEN: abc}}", "secret-in-text", "HF_TOKEN"),
        ("args: [--key, AKIA" + "IOSFODNN7EXAMPLE]", "text-like-secret", None),
        ("config: {token: ghp_" + "0123456789abcdefghijABCDEFGHIJ012345}", "text-like-secret", None),
        ("files: {c.yaml: {key: '-----BEGIN RSA" + " PRIVATE KEY-----'}}", "text-like-secret", None),
    ],
)
def test_a_secret_in_a_text_is_an_error_that_does_not_show_it(run: str, code: str, name: str | None) -> None:
    head = HEAD + "environment: [WANDB_API_KEY]\nwandb: {environment: false}\n"
    result = expand_text(f"{head}runs: {{a: {{job: train, queue: gpu, {run}}}}}\n")
    assert [(one.code.name, one.arguments.get("name")) for one in result.found] == [(code, name)]
    assert "abc" not in result.found[0].message + str(result.found[0].hint)


@pytest.mark.parametrize(
    "run",
    [
        "env: {WANDB_API_KEY: ''}",
        "env: {PAD_TOKEN: x, MAX_TOKENS: 3, HF_TOKEN_FILE: /x}",
        "args: [ghp_short, sk-learn, hf_hub, AKIA]",
        "config: {tokenizer: hf_internal_testing_tiny_random_gpt2_model}",
    ],
)
def test_a_name_or_a_text_that_only_resembles_a_secret_is_none(run: str) -> None:
    assert said(run) == []


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ("[HOME, HF_TOKEN, A=1]", []),
        ("HOME", []),
        ("[TEAM, A=1]", ["TEAM"]),
        ("TEAM", ["TEAM"]),
        ("[GITHUB_TOKEN]", ["GITHUB_TOKEN"]),
        ("['${author}', 'A=${author}', '${author}=A']", ["${author}", "${author}"]),
        ("[./data:/data]", []),
    ],
)
@pytest.mark.parametrize("key", ["env", "e"])
def test_a_configuration_takes_only_listed_variables_and_declared_secrets(key: str, env: str, names: list[str]) -> None:
    head = HEAD + "environment: [HOME]\nsecrets: {hf: {env: HF_TOKEN}}\nauthor: GITHUB_TOKEN\n"
    found = expand_text(f"{head}runs: {{a: {{job: train, queue: gpu, resource: {{{key}: {env}}}}}}}\n").found
    assert [(one.code.name, one.arguments["name"]) for one in found] == [("env-not-listed", name) for name in names]


@pytest.mark.parametrize(
    ("run", "names"),
    [
        ("resource: {env: [WANDB_PROJECT=x, A=1]}", ["WANDB_PROJECT"]),
        ("resource: {env: [WANDB_CONFIG_2=x]}", ["WANDB_CONFIG_2"]),
        ("resource: {env: [{name: WANDB_RUN_ID, value: x}]}", ["WANDB_RUN_ID"]),
        ("resource: {env: [WANDB_MODE=offline, A]}", []),
        ("resource: {label: [WANDB_PROJECT=x]}", []),
    ],
)
def test_a_configuration_does_not_contradict_the_variables_of_launchctl(run: str, names: list[str]) -> None:
    text = f"{HEAD}environment: [A]\nruns: {{a: {{job: train, queue: gpu, {run}}}}}\n"
    found = expand_text(text).found
    assert [one.arguments["name"] for one in found] == names
    assert {one.code.name for one in found} <= {"wandb-conflict"}
    assert expand_text(text + "wandb: {environment: false}\n").said == []
