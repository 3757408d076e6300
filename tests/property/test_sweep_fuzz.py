"""Whatever stands in a sweep, it is compiled or refused in words, at a place; the same each time."""

from __future__ import annotations

import json

from fakes.expansion import expand_freely
from hypothesis import given
from hypothesis import strategies as st

from launchctl.compiler.sweep.codec import from_text, to_text
from launchctl.diagnostics import has_errors
from launchctl.values import JSON

HEAD = """\
version: 1
project: churn
queues: {gpu: {resource: docker}}
variables: {low: {type: number, default: 1}}
jobs: {train: {source: {image: "reg/t:1"}}}
sweeps:
  s: """
WORDS = st.sampled_from(
    ["a", "b", "a.b", "value", "values", "parameters", "min", "max", "distribution", "type", "job", "engine", "queue",
     "uniform", "categorical", "hyperband", "median", "wandb", "optuna", "${args}", "${param:a}", "{{ var.low }}", "{{",
     "1e-5", "num_workers", "overrides", "run_config", "log", "regex", "({name}", "x"]
)  # fmt: skip
SCALARS = WORDS | st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from([0.5, 1.0, 1e300, -2.5])
JUNK: st.SearchStrategy[JSON] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
NUMBERS = st.sampled_from([0, 1, 2, 3.5, -1, "1", None])
PARAMETER = st.one_of(
    st.fixed_dictionaries({"values": st.lists(SCALARS, max_size=3)}),
    st.fixed_dictionaries({"min": NUMBERS, "max": NUMBERS}),
    st.fixed_dictionaries({"value": JUNK}),
    st.dictionaries(WORDS, JUNK, max_size=3),
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["a", "b", "g", "a.b"]),
    PARAMETER | st.fixed_dictionaries({"parameters": st.dictionaries(st.sampled_from(["a", "b"]), PARAMETER)}),
    max_size=3,
)
NAMES = st.sampled_from(["a", "b", "g", "g.a", "g.b", "x"])
VALUE = st.sampled_from([1, 2, "a", 0.5, [1, 2], {"a": 1}, None])
SWEEP = st.fixed_dictionaries(
    {"method": st.sampled_from(["grid", "random", "bayes"]), "parameters": PARAMETERS | JUNK},
    optional={
        "metric": JUNK | st.just({"name": "loss"}),
        "early_terminate": JUNK | st.fixed_dictionaries({"type": st.just("hyperband"), "min_iter": NUMBERS}),
        "zip": st.lists(st.lists(NAMES, max_size=3), max_size=2) | JUNK,
        "exclude": st.lists(st.dictionaries(NAMES, VALUE, max_size=2), max_size=2) | JUNK,
        "when": st.dictionaries(NAMES, st.dictionaries(NAMES, VALUE, max_size=2), max_size=3) | JUNK,
        "command": st.lists(SCALARS, max_size=4) | JUNK,
        "args": JUNK,
        "program": JUNK,
        "metrics_from": JUNK,
        "launch": JUNK
        | st.dictionaries(st.sampled_from(["queue", "priority", "overrides", "template_variables"]), JUNK),
        "scheduler": st.dictionaries(st.sampled_from(["engine", "job", "num_workers", "source"]), JUNK) | JUNK,
        "config": JUNK,
        "run_cap": NUMBERS,
        "file": JUNK,
        "image_uri": JUNK,
        "engine": JUNK,
    },
)  # fmt: skip


@given(SWEEP)
def test_a_sweep_is_compiled_or_refused_in_words(config: dict[str, JSON]) -> None:
    job = {} if "image_uri" in config else {"job": "train"}
    text = HEAD + json.dumps({**job, "queue": "gpu", **config}) + "\n"
    _, program, found = expand_freely(text, {})
    assert all(one.message and one.span is not None for one in found)
    assert not program.sweeps or not has_errors(found)
    assert program.sweeps or has_errors(found) or "file" in config
    for sweep in program.sweeps.values():
        recorded = to_text(sweep, program)
        assert to_text(*from_text(recorded)) == recorded
    assert [one.sort_key for one in expand_freely(text, {})[2]] == [one.sort_key for one in found]
