"""A sweep that was recorded renders and fingerprints its trials as the one that was compiled."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes.expansion import expand_text
from hypothesis import given
from hypothesis import strategies as st

from launchctl.addresses import Address, Kind
from launchctl.compiler.bind import bind
from launchctl.compiler.node import ScalarNode
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program, SweepSpec
from launchctl.compiler.sweep.codec import from_text, to_text
from launchctl.compiler.sweep.search import Trial
from launchctl.compiler.sweep.trial import launch_of
from launchctl.engine.fingerprint import Fingerprinter
from launchctl.providers.registry import load_provider
from launchctl.values import JSON

NAMES = st.sampled_from(["b", "a", "Z", "a.b", "lr", "value"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab${}é\n'", max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab$", max_size=2), inner, max_size=3)
)
LEAVES: st.SearchStrategy[JSON] = st.one_of(
    st.fixed_dictionaries({"value": VALUES}),
    st.fixed_dictionaries({"values": st.lists(VALUES, min_size=1, max_size=3)}),
    st.sampled_from([{"min": 1, "max": 3}, {"min": 0, "max": 1.5}, {"distribution": "q_normal", "q": 2}]),
    st.just({"values": [1, 2.0], "probabilities": [0.25, 0.75]}),
)
PARAMETERS = st.dictionaries(
    NAMES,
    LEAVES | st.dictionaries(NAMES, LEAVES, min_size=1, max_size=3).map(lambda inner: {"parameters": inner}),
    min_size=1,
    max_size=4,
)
OPTIONS: st.SearchStrategy[dict[str, JSON]] = st.fixed_dictionaries(
    {},
    optional={
        "command": st.sampled_from([["run", "${args}", "--x=${repeat}"], ["${args_json}"], ["a", 1]]),
        "program": st.just("p.py"),
        "args": st.just(["--z", "--a"]),
        "config": st.dictionaries(st.sampled_from("zya"), st.integers() | st.floats(0, 1), max_size=3),
        "env": st.dictionaries(st.sampled_from("ZYA"), st.sampled_from(["1", "${env:HOME}", "${repeat}"]), max_size=3),
        "resource": st.just({"shm-size": "1g", "label": ["b=1", "a=1"]}),
        "timeout": st.just("1h"),
        "retry": st.just({"max": 2, "on": ["oom"], "backoff": 1.5}),
        "depends_on": st.just(["runs.first"]),
        "lifecycle": st.just({"protect": True}),
        "priority": st.just("high"),
        "metric": st.just({"name": "loss", "goal": "maximize", "target": 1}),
        "early_terminate": st.sampled_from(
            [
                {"type": "hyperband", "min_iter": 3, "eta": 2.5},
                {"type": "median", "min_iter": 2},
                {"type": "threshold", "min_iter": 1, "value": 0},
            ]
        ),
        "metrics_from": st.sampled_from(["wandb", {"log": "{name}: {value}"}, {"regex": {"b": "(.)", "a": "(.)"}}]),
        "merge": st.just("replace"),
        "seed": st.integers(-5, 5),
        "repeats": st.just(2),
        "run_cap": st.just(9),
        "order": st.just("shuffled"),
        "name": st.text("ab é$", min_size=1, max_size=4),
        "project": st.just("other"),
    },
)  # fmt: skip
HEAD = """\
version: 1
project: churn
entity: team
author: ada
environment: [HOME]
secrets: {hf: {env: HF_TOKEN}}
queues: {gpu: {resource: docker, prioritization: true, config: {label: {z: 1, a: 2}}}}
jobs:
  train:
    source: {image: "reg/t:1"}
    command: [python, train.py]
    env: {Z: "1", A: "2"}
    secrets: [hf]
    fields: {shm-size: placement}
    inputs: {config: {z: 1, a: 2.0}}
runs: {first: {job: train, queue: gpu}}
sweeps:
  s: """
NO_LAUNCH = LaunchSpec(Address(Kind.SWEEPS, "s"), "", "", "", ImageSource(ScalarNode("")), None)
IDENTITY = Identity("run", "lineage", 2, 3)


def compiled(parameters: JSON, options: dict[str, JSON]) -> tuple[SweepSpec, Program] | None:
    """The sweep; None where it has an error, which is what other tests are about."""
    keys = {"job": "train", "queue": "gpu", "method": "random", "parameters": parameters, **options}
    if "early_terminate" in keys:
        keys.setdefault("metric", {"name": "loss"})
    program = expand_text(HEAD + json.dumps(keys, ensure_ascii=False) + "\n").program
    return (program.sweeps["s"], program) if program.sweeps else None


def bound(sweep: SweepSpec, program: Program, trial: Trial) -> BoundLaunch:
    """A trial of the sweep, without what only its file knows."""
    launch = bind(launch_of(sweep, trial), IDENTITY, program, "default", 900, "files")
    return replace(launch, spec=_without_places(launch.spec))


def _without_places(spec: LaunchSpec) -> LaunchSpec:
    secrets = {name: replace(secret, span=None) for name, secret in spec.secrets.items()}
    return replace(
        spec, span=None, secrets=secrets, depends_on=tuple(replace(one, span=None) for one in spec.depends_on)
    )


def shown(launch: BoundLaunch) -> str:
    """All that is said of a launch, its nodes without their places, in their order."""
    provider = load_provider("docker")
    return json.dumps([provider.lower(launch)[0].body, dict(launch.files), launch.image], default=str)


@given(PARAMETERS, OPTIONS)
def test_a_recorded_sweep_renders_and_fingerprints_as_the_compiled_one(
    parameters: JSON, options: dict[str, JSON]
) -> None:
    found = compiled(parameters, options)
    if found is None:
        return
    sweep, program = found
    text = to_text(sweep, program)
    again, reduced = from_text(text)
    assert to_text(again, reduced) == text
    assert _without_spans(again) == _without_spans(sweep)
    trial = Trial("0", 0, 2, {"lr": 0.5, "group": {"b": None, "a": [1, 2.0]}})
    assert shown(bound(again, reduced, trial)) == shown(bound(sweep, program, trial))
    provider = load_provider("docker")
    forms = [Fingerprinter().form_of(launch_of(one, trial), provider) for one in (sweep, again)]
    assert forms[0] == forms[1]


def _without_spans(sweep: SweepSpec) -> SweepSpec:
    """What a record keeps, but for the launch, whose trees are compared as they are rendered."""
    space = sweep.search.space
    leaves = tuple(replace(leaf, span=None) for leaf in space.leaves)
    search = replace(sweep.search, space=replace(space, leaves=leaves))
    return replace(sweep, search=search, span=None, launch=NO_LAUNCH)


def test_relations_survive() -> None:
    found = compiled(
        {
            "a": {"values": ["x", {"q": 1, "b": True}]},
            "b": {"values": [1, 2]},
            "g": {"parameters": {"c": {"values": [1, 2]}}},
        },
        {
            "method": "grid",
            "zip": [["b", "g.c"]],
            "exclude": [{"a": {"q": 1, "b": True}, "b": 2}],
            "when": {"g": {"a": ["x"]}},
        },
    )  # fmt: skip
    assert found is not None
    again, _ = from_text(to_text(*found))
    space = again.search.space
    assert space == replace(found[0].search.space, leaves=space.leaves)
    assert repr(space.leaves[0].values) == "('x', {'q': 1, 'b': True})"


@pytest.mark.parametrize(
    "text", ['{"version": 2}', '{"version": 1}', "[]", "nonsense", "null", '{"version": 1, "program": 3}']
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_text(text)
