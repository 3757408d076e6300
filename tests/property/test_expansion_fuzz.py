"""Whatever stands in a project, expanding it ends in a program and diagnostics, never in an exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy

from fakes.expansion import expand_freely
from hypothesis import given
from hypothesis import strategies as st

from launchctl.compiler.bind import bind
from launchctl.compiler.explain import explain
from launchctl.compiler.program import Identity
from launchctl.compiler.variables import VariableText
from launchctl.values import JSON, Path, is_list, is_mapping

PROJECT: JSON = {
    "version": 1,
    "project": "churn",
    "entity": "acme",
    "author": "ada",
    "environment": ["HOME"],
    "wandb": {"environment": ["WANDB_CONFIG", "WANDB_RUN_ID"], "api_key": "wandb"},
    "policies": {"run": "default"},
    "variables": {"tag": {"type": "string", "default": "v1"}, "n": {"type": "integer", "minimum": 1, "default": 2}},
    "secrets": {"wandb": {"env": "WANDB_API_KEY"}},
    "agents": {"box": {"queues": ["gpu"], "max_jobs": -1}},
    "queues": {
        "gpu": {
            "resource": "docker",
            "config": {
                "gpus": "{{ gpus }}",
                "name": "{{ size | upper }}-${run_id}",
                "env": ["A=1", "B"],
                "containers": [{"name": "main", "image": "x"}],
            },
            "templates": {
                "gpus": {"type": "integer", "minimum": 1, "maximum": 8, "default": 1},
                "size": {"type": "quantity", "enum": ["1Gi", "2Gi"], "default": "1Gi"},
            },
        },
        "local": {"resource": "process"},
    },
    "jobs": {
        "train": {
            "source": {"image": "reg/t:{{ var.tag }}"},
            "command": ["python", "${run_name}", "{{ var.n }}"],
            "env": {"A": "1"},
            "fields": {"gpus": "placement"},
            "inputs": {"config": {"lr": 0.1}, "include": ["lr"], "files": {"c.yaml": {"exclude": ["x"]}}},
        },
        "code": {
            "queue": "local",
            "source": {"code": "src", "ignore": ["*.tmp"]},
            "command": ["a"],
            "env": ["B", "C=1"],
        },
    },
    "runs": {
        "a": {
            "job": "train",
            "queue": "gpu",
            "config": {"lr": 0.2},
            "files": {"c.yaml": {"y": 1}},
            "templates": {"gpus": 2},
            "resource": {"gpus": None, "containers": [{"name": "main", "cpu": 1}]},
            "args": ["--x"],
            "env": ["D=2"],
            "timeout": "6h",
            "retry": {"max": 1, "on": ["any"]},
        }
    },
}
WORDS = st.sampled_from(
    [
        *(
            "{{ gpus }}",
            "{{ var.n }}",
            "{{ var.tag | default('x') }}",
            "{{ gpus | int }}",
            "{{{{",
            "{{",
            "}}",
            "{{ a.b }}",
        ),
        *(
            "${run_id}",
            "${env:HOME}",
            "${env:NO}",
            "${",
            "$${x}",
            "${$}",
            "${sweep_name:-x}",
            "${{ var.tag }}",
            "${image_uri}",
        ),
        *("", " ", "\0", "\u2028", "é", "-", "a=b", "1Gi", "6h", "1e999", "9" * 70, "a" * 5000, "\\", "a..b", "(a+)+$"),
        *("docker", "process", "kubernetes", "gpu", "train", "runs.a", "nowhere", "WANDB_RUN_ID", "WANDB_API_KEY"),
    ]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=6
)


def places(value: JSON, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if is_mapping(value):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif is_list(value):
        for place, item in enumerate(value):
            yield from places(item, (*path, place))


PLACES = sorted(places(PROJECT), key=str)


def changed(path: Path, value: JSON, *, key: str | None) -> JSON:
    """The project with another value at a path, or with the value under another key."""
    project = deepcopy(PROJECT)
    parent: JSON = project
    for part in path[:-1]:
        parent = parent[part]
    if key is None:
        parent[path[-1]] = value
    elif is_mapping(parent):
        parent[key] = value  # type: ignore[index]
    return project


@given(
    st.sampled_from(PLACES),
    VALUES,
    st.none() | WORDS,
    st.dictionaries(st.sampled_from(["tag", "n", "x"]), WORDS, max_size=2),
)
def test_no_project_gives_an_exception(path: Path, value: JSON, key: str | None, given_texts: dict[str, str]) -> None:
    text = json.dumps(changed(path, value, key=key))
    variables = {name: VariableText(word) for name, word in given_texts.items()}
    resolved, program, found = expand_freely(text, variables)
    for diagnostic in found:
        assert diagnostic.message
    for spec in program.launches:
        bind(spec, Identity("runs-a-0123456789", "runs-a-0123456789", 1, 2), program, "default", 16)
        for section in ("config", "inputs", "env", "command", "args", "files"):
            explain(resolved, spec, variables, (section,))
