"""The JSON Schema of the project file says what its reader says."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from launchctl.compiler.model import ProjectFile
from launchctl.compiler.model.schema import project_schema
from launchctl.schemas import load
from launchctl.values import JSON, pretty

SHIPPED = Path(__file__).parents[3] / "schemas" / "project.schema.json"
HEAD = {"version": 1, "project": "churn"}


def test_the_shipped_schema_is_current(*, update: bool) -> None:
    if update:
        SHIPPED.write_text(pretty(project_schema()), encoding="utf-8")
    assert SHIPPED.read_text(encoding="utf-8") == pretty(project_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(load("project"))


def test_every_key_is_described() -> None:
    schema = load("project")
    mappings = {"project": schema, **schema["$defs"]}
    missing = [
        f"{name}.{key}"
        for name, mapping in mappings.items()
        for key, value in mapping.get("properties", {}).items()
        if not value.get("description")
    ]
    assert missing == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"queues": {"gpu": {"resource": "docker", "max_jobs": -1, "config": {"gpus": "all"}}}},
        {"queues": {"gpu": {"resource": "docker", "templates": {"n": {"type": "float", "exclusiveMinimum": 0}}}}},
        {"jobs": {"train": {"source": {"code": "./train"}, "env": ["HOME", "A=1", {"B": 2}]}}},
        {"runs": {"first": {"job": "train", "queue": "gpu", "timeout": "1h30m", "args": ["--n", 3]}}},
        {"runs": {"first": {"extends": "other", "secrets": ["a", {"B": "b"}], "depends_on": ["runs.x", {"run": "y"}]}}},
        {"sweeps": {"lr": {"method": "grid", "parameters": {"a": {"parameters": {"b": {"value": None}}}}}}},
        {"policies": {"run": {"file": "policy.yaml"}}, "wandb": {"environment": ["WANDB_PROJECT"]}},
        {"policies": {"run": "wandb-hardened"}, "wandb": {"environment": False}},
    ],
)
def test_reader_and_schema_accept_the_same(content: JSON) -> None:
    ProjectFile.model_validate(HEAD | content)
    jsonschema.Draft202012Validator(load("project")).validate(HEAD | content)


@pytest.mark.parametrize(
    "content",
    [
        {"unknown": 1},
        {"version": 2},
        {"project": ""},
        {"project": "a/b"},
        {"queues": {"1st": {"resource": "docker"}}},
        {"queues": {"gpu": {"resource": "docker", "max_jobs": 0}}},
        {"queues": {"gpu": {"resource": "docker", "max_jobs": "4"}}},
        {"queues": {"gpu": {}}},
        {"jobs": {"train": {"source": {"image": "x"}, "command": "python train.py"}}},
        {"jobs": {"train": {"source": {"image": "x"}, "env": {"A-B": "x"}}}},
        {"jobs": {"train": {"source": {"image": "x"}, "env": ["A B=1"]}}},
        {"runs": {"first": {"timeout": "6 hours"}}},
        {"runs": {"first": {"priority": "urgent"}}},
        {"runs": {"first": {"retry": {"max": -1}}}},
        {"runs": {"first": {"depends_on": [{"rerun": True}]}}},
        {"moved": [{"from": "runs.a"}]},
        {"policies": {"run": "none"}},
    ],
)
def test_reader_and_schema_refuse_the_same(content: JSON) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ProjectFile.model_validate(HEAD | content)
    assert not jsonschema.Draft202012Validator(load("project")).is_valid(HEAD | content)
