"""What is a sweep and what is not, against the library of record: over its own table of mistakes, over files of other
people, and over configurations that a generator makes. The one page of deviations is `docs/sweeps-deviations.md`.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from fakes.expansion import expand_freely

from launchctl.compiler.document import parse_document
from launchctl.compiler.node import MapNode, Node, plain
from launchctl.compiler.source import Source
from launchctl.diagnostics import Diagnostic, Severity, Span
from launchctl.values import JSON, is_list, is_mapping

Ask = Callable[[Sequence[dict[str, JSON]]], list[JSON]]
Places = frozenset[tuple[str, ...]]
PAGE = Path(__file__).parents[2] / "docs" / "sweeps-deviations.md"
SAMPLES = os.environ.get("LAUNCHCTL_TEST_SAMPLES", "")
HEAD = """\
version: 1
project: churn
queues: {gpu: {resource: docker, prioritization: true}}
jobs: {train: {source: {image: "reg/train:1"}, command: [python, train.py]}}
sweeps:
  s: """
BAD_PARAMETERS: tuple[JSON, ...] = ({}, [1], None)
MORE: tuple[dict[str, JSON], ...] = (
    {"foo": 1},
    {"settings": {"x": 1}},
    {"launch": {"queue": "gpu"}},
    {"kind": "job"},
    {"name": 3},
    {"program": ["a.py"]},
    {"description": None},
    {"command": "python x.py"},
    {"command": []},
    {"command": [1, "a"]},
    {"command": [None]},
    {"command": [True, {"a": 1}]},
    *({"run_cap": cap} for cap in (0, -1, 1.5, "5", True, 2.0, 3)),
    *(
        {"metric": metric}
        for metric in (
            "loss",
            {"goal": "minimize"},
            {"name": "l", "goal": "max"},
            {"name": "l", "x": 1},
            {"name": "l", "target": "0.9"},
            {"name": "l", "target": True},
            {"name": "l", "target": 1},
            {"name": "l", "impute": "mean"},
            {"name": "l", "impute_while_running": False},
            {"name": "l", "impute_while_running": "false"},
            {"name": 3},
        )
    ),
    {"metrics": [{"name": "a"}, {"name": "b"}]},
    *({"controller": controller} for controller in ({}, {"type": "remote"}, "local", {"type": "local", "x": 1})),
    {"job": 1},
    {"job": "train", "image_uri": "reg/x:1"},
    {"image_uri": "reg/x:1"},
    *(
        {"scheduler": scheduler}
        for scheduler in (
            {"job": "x", "num_workers": 2},
            {"num_workers": 2},
            {"engine": "wandb"},
            {"engine": "optuna"},
            {"engine": "foo"},
            {"engine": "wandb", "optimizer": "f"},
            {"engine": "wandb", "optimizer": "f", "source": "s.py"},
            "wandb",
        )
    ),
    {"scheduler": {"engine": "wandb"}, "early_terminate": {"type": "hyperband", "min_iter": 3}},
    {"scheduler": {"engine": "wandb"}, "controller": {"type": "local"}},
    {"scheduler": {"engine": "wandb"}, "controller": {}},
    {"apiVersion": "v1", "kind": "sweep", "description": "x", "project": "p", "entity": "e"},
)
ONE: JSON = {"a": {"values": [1, 2]}}


class Case(NamedTuple):
    """A configuration, and what both say of it."""

    name: str
    config: JSON
    """As launchctl reads it."""
    reference: Places
    """Where the library refuses it."""
    ours: Places
    """Where launchctl does."""
    said: str
    """What launchctl says."""
    is_other_yaml: bool = False
    """Whether the library's reader of YAML makes something else of the file."""


class Deviation(NamedTuple):
    """A row of the page."""

    reference: str
    launchctl: str


# --- the page ---


def deviations() -> dict[str, Deviation]:
    """The rows of the first table, by the name of the case."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if "|" in line]
    return {cells[0].strip("`"): Deviation(cells[1], cells[2]) for cells in rows[2:]}


# --- which case a configuration is ---


def parameters_of(config: JSON, depth: int = 0) -> Iterator[tuple[int, Mapping[str, JSON]]]:
    """Every parameter with how many groups it is in."""
    parameters: JSON = config.get("parameters") if is_mapping(config) else None
    for item in parameters.values() if is_mapping(parameters) else ():
        if is_mapping(item):
            yield depth, item
            yield from parameters_of(item, depth + 1)


def any_parameter(test: Callable[[int, Mapping[str, JSON]], bool]) -> Callable[[Case], bool]:
    return lambda case: any(test(depth, item) for depth, item in parameters_of(case.config))


def _is_whole(value: JSON) -> bool:
    return isinstance(value, float) and value.is_integer()


def _whole_floats(case: Case) -> bool:
    rule = case.config.get("early_terminate")
    counts = [case.config.get("run_cap")]
    counts += [rule.get(key) for key in ("min_iter", "max_iter")] if is_mapping(rule) else []
    return any(map(_is_whole, counts))


def _text_has(pattern: str) -> Callable[[Case], bool]:
    return lambda case: re.search(pattern, json.dumps(case.config)) is not None


def _is_weighted(item: Mapping[str, JSON]) -> bool:
    return "probabilities" in item


def _is_between_multiples(item: Mapping[str, JSON]) -> bool:
    numbers = [item.get(key, given) for key, given in (("min", None), ("max", None), ("q", 1.0))]
    if item.get("distribution") not in {"q_uniform", "q_log_uniform_values"}:
        return False
    low, high, q = (number if isinstance(number, int | float) else 0 for number in numbers)
    return q > 0 and math.floor(high / q) * q < low < high


def _bad_items(case: Case) -> bool:
    command = case.config.get("command")
    return is_list(command) and any(item is None or isinstance(item, bool | dict | list) for item in command)


OWN_KEYS = {
    "seed",
    "parallel",
    "order",
    "zip",
    "exclude",
    "when",
    "repeats",
    "metrics_from",
    "engine",
    "merge",
    "queue",
}
RULES: Mapping[str, Callable[[Case], bool]] = {
    "bare-key": lambda case: any(item is None for item in case.config.values()),
    "impute-while-running-false": _text_has(r'"impute_while_running": false'),
    "blocks-of-launch": lambda case: (
        any(key in case.config for key in ("launch", "settings"))
        or (is_mapping(case.config.get("scheduler")) and "num_workers" in case.config["scheduler"])
    ),
    "whole-floats": _whole_floats,
    "no-spread": any_parameter(lambda _, item: any(item.get(key) == 0 for key in ("sigma", "a", "b"))),
    "no-multiple": any_parameter(lambda _, item: _is_between_multiples(item)),
    "probabilities-in-a-group": any_parameter(lambda depth, item: depth > 0 and _is_weighted(item)),
    "exponents-in-a-group": any_parameter(
        lambda depth, item: depth > 0 and str(item.get("distribution", "")).endswith("log_uniform")
    ),
    "command-items": _bad_items,
    "job-and-image": lambda case: "job" in case.config and "image_uri" in case.config,
    "other-stopping-rules": _text_has(r'"type": "(threshold|median)"'),
    "own-keys": lambda case: bool(OWN_KEYS & {*case.config}),
    "program-without-program": lambda case: "${program}" in json.dumps(case.config) and "program" not in case.config,
    "unknown-macros": _text_has(r"\$\{(?!env|interpreter|program|args|param)"),
    "several-argument-lists": lambda case: len(re.findall(r'"\$\{args', json.dumps(case.config))) > 1,
    "no-file-at-the-target": _text_has(r"\$\{args_json_file"),
    "large-eta": lambda case: (
        is_mapping(case.config.get("early_terminate")) and case.config["early_terminate"].get("eta", 0) > 1000
    ),
    "not-finite": _text_has("NaN|Infinity"),
    "name-with-newline": _text_has(r'\\n": '),
    "yaml-1.2": lambda case: case.is_other_yaml,
    "words-of-yaml-1.1": lambda case: case.is_other_yaml,
    "misspelt-parameters": lambda case: "parameter" in case.config,
    "other-searches": lambda case: case.config.get("method") == "custom" or "scheduler" in case.config,
}
"""How the case of each row is known."""


# --- what both say ---


def judged(name: str, config: JSON, reference: list[list[str]]) -> Case:
    """The case of a configuration that stands in a project."""
    own: dict[str, JSON] = {"queue": "gpu", **({} if "image_uri" in config or "job" in config else {"job": "train"})}
    written = {**own, **config} | ({"job": "train"} if isinstance(config.get("job"), str) else {})
    return judged_text(name, config, HEAD + _as_yaml(written) + "\n", reference)


def judged_text(name: str, config: JSON, text: str, reference: list[list[str]]) -> Case:
    """The case of a project with one sweep."""
    _, _, found = expand_freely(text, {})
    document, _ = parse_document(Source("project.yaml", text))
    assert document.root is not None
    errors = [each for each in found if each.severity is Severity.ERROR]
    places = frozenset(_place(document.root, each) for each in errors)
    said = "; ".join(f"{each.code.name}: {each.message}" for each in errors)
    return Case(name, config, frozenset(tuple(place) for place in reference), places, said)


def _as_yaml(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False).replace("NaN", ".nan").replace("Infinity", ".inf")


def _place(root: Node, found: Diagnostic) -> tuple[str, ...]:
    """The key of the sweep, or the parameter below `parameters`, that a diagnostic is about."""
    path = _path_at(root, found.span)[2:]
    absent = {"missing-key": found.arguments.get("key"), "needs-metric": "metric"}.get(found.code.name)
    if found.code.name == "needs-metric":
        path = ()
    return (*path, *([str(absent)] if absent else []))[:2]


def _path_at(node: Node, span: Span | None) -> tuple[str, ...]:
    """The path of keys to the deepest value, or key, that holds a place."""
    assert span is not None
    if isinstance(node, MapNode):
        for key, item in node.entries.items():
            places = [place for place in (node.key_spans.get(key), item.span) if place is not None]
            if any((place.line, place.column) <= (span.line, span.column) < _end(place) for place in places):
                return (key, *_path_at(item, span))
    return ()


def _end(place: Span) -> tuple[int, int]:
    return (place.end_line, place.end_column)


def assert_alike(cases: Sequence[Case]) -> None:
    """Both accept or both refuse, and for a reason at the same place, but where the page says otherwise."""
    rows, unlike = deviations(), list[str]()
    for case in cases:
        if _is_alike(case) or any(_explains(rows[name], case) for name, rule in RULES.items() if rule(case)):
            continue
        unlike.append(
            f"{case.name} {json.dumps(case.config)}\n"
            f"  reference {sorted(case.reference)}, launchctl {sorted(case.ours)}: {case.said}"
        )
    assert unlike == [], "\n".join(unlike)


def _is_alike(case: Case) -> bool:
    if not case.reference or not case.ours:
        return bool(case.reference) == bool(case.ours)
    return all(any(_is_same(theirs, own) for own in case.ours) for theirs in case.reference)


def _is_same(theirs: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Whether two places are the same, as far as the library tells; it never tells more of a parameter than we."""
    return own[: len(theirs)] == theirs


def _explains(row: Deviation, case: Case) -> bool:
    verdicts = ("refused" if case.reference else "accepted", "refused" if case.ours else "accepted")
    return (row.reference.split(",")[0], row.launchctl.split(",")[0]) == verdicts


# --- the library's own table ---

TABLE: tuple[JSON, ...] = (
    {},
    {"parameters": ONE},
    {"method": "hyperopt", "parameters": ONE},
    {"method": None, "parameters": ONE},
    {"method": "Grid", "parameters": ONE},
    {"method": "custom", "parameters": ONE},
    {"method": "grid"},
    *({"method": "grid", "parameters": parameters} for parameters in BAD_PARAMETERS),
    {"method": "grid", "parameter": ONE},
    *({"method": "grid", "parameters": ONE, **more} for more in MORE),
    {"method": "custom", "parameters": ONE, "metrics": [{"name": "a"}]},
    {"method": "custom", "parameters": ONE, "metric": {"name": "a"}, "metrics": [{"name": "a"}, {"name": "b"}]},
    {"method": "custom", "parameters": ONE, "metrics": [{"name": "a"}, {"name": "b", "goal": "maximize"}]},
    {"method": "custom", "parameters": ONE, "scheduler": {"engine": "wandb"}},
    {"method": "custom", "parameters": ONE, "scheduler": {"engine": "optuna"}},
    {"method": "custom", "parameters": ONE, "scheduler": {"engine": "ax"}},
    {"method": "custom", "scheduler": {"engine": "optuna", "source": "s.py", "search_space": "f"}},
    *(
        {"method": "random", "metric": {"name": "l"}, "parameters": ONE, "early_terminate": rule}
        for rule in (
            "hyperband",
            {"min_iter": 3},
            {"type": "envelope"},
            {"type": "hyperband"},
            {"type": "hyperband", "max_iter": 27},
            {"type": "hyperband", "s": 2},
            {"type": "hyperband", "min_iter": 0},
            {"type": "hyperband", "min_iter": 2.5},
            {"type": "hyperband", "min_iter": 3.0},
            {"type": "hyperband", "min_iter": 3, "eta": 1},
            {"type": "hyperband", "s": 0, "eta": 0, "max_iter": 0},
            {"type": "hyperband", "max_iter": 27, "s": 2.5},
            {"type": "hyperband", "max_iter": 27, "s": 0},
            {"type": "hyperband", "max_iter": 2, "s": 2},
            {"type": "hyperband", "max_iter": 27, "s": 2},
            {"type": "hyperband", "max_iter": 27, "min_iter": 3},
            {"type": "hyperband", "max_iter": 27, "min_iter": 3, "s": 2},
            {"type": "hyperband", "min_iter": 3, "s": 2},
            {"type": "hyperband", "min_iter": 3, "strict": "yes"},
            {"type": "hyperband", "min_iter": 3, "strict": False, "eta": 1.5},
            {"type": "hyperband", "min_iter": 3, "eta": 10000.0},
            {"type": "hyperband", "min_iter": 3, "foo": 1},
            {"type": "threshold", "min_iter": 3, "value": 0.5},
            {"type": "median", "min_iter": 3},
        )
    ),
    {"method": "random", "parameters": ONE, "early_terminate": {"type": "hyperband", "min_iter": 3}},
    {"method": "bayes", "parameters": ONE},
    {"method": "bayes", "parameters": {"a": {"value": 1}}, "metric": {"name": "l"}},
    {"method": "bayes", "parameters": {"a": {"min": 0, "max": 1.0}}, "metric": {"name": "l"}},
    {
        "method": "bayes",
        "parameters": {"a": {"values": [1, 2], "probabilities": [0.5, 0.5]}},
        "metric": {"name": "l"},
    },
    *({"method": "grid", "parameters": {name: {"value": 1}}} for name in ("1a", "a b", "a/b", "-a", "", "배치", "a.b")),
    {"method": "grid", "parameters": {"a\n": {"value": 1}}},
    {"method": "grid", "parameters": {"a": {"parameters": {"b c": {"value": 1}}}}},
    *(
        {"method": "grid", "parameters": ONE, key: value}
        for key, value in (("seed", 1), ("repeats", 2), ("parallel", 2))
    ),
    *(
        {"method": "grid", "parameters": ONE, "command": command}
        for command in (
            ["${env}", "${interpreter}", "${program}", "${args}"],
            ["python", "${arsg}"],
            ["python", "${args}", "${args_no_hyphens}"],
            ["python", "a.py", "${args_json_file}"],
        )
    ),
)
PARAMETERS: tuple[JSON, ...] = (
    5,
    None,
    [1, 2],
    {},
    {"lr": {"values": [1]}},
    {"values": 5},
    {"values": []},
    {"values": [1, 1.0, "1", None, True]},
    {"values": [[1], {"x": 1}]},
    {"value": 1, "values": [1]},
    {"value": None},
    {"value": float("nan")},
    {"values:": [1]},
    {"min": 1},
    {"max": 1},
    {"min": 1, "max": 1},
    {"min": 2, "max": 1},
    {"min": "1e-5", "max": 0.1},
    {"min": "1e-5", "max": "1e-1"},
    {"min": "5", "max": "1"},
    {"min": None, "max": 1},
    {"min": False, "max": True},
    {"min": 0, "max": 1.5},
    {"min": float("-inf"), "max": 1.0},
    {"min": 1, "max": 4, "q": 2},
    {"distribution": "gaussian", "mu": 0},
    {"distribution": "lognormal"},
    {"distribution": "uniform"},
    {"distribution": 3},
    {"distribution": "constant", "value": 3},
    {"distribution": "categorical", "values": [3]},
    {"distribution": "constant", "values": [3]},
    {"distribution": "uniform", "min": 0, "max": 1},
    {"distribution": "normal", "min": 0, "max": 1},
    {"distribution": "uniform", "min": 0, "max": 1, "q": 0.1},
    {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0},
    {"distribution": "q_uniform", "min": 0, "max": 1, "q": 1},
    {"distribution": "q_uniform", "min": 0, "max": 1},
    {"distribution": "q_uniform", "min": 1, "max": 3, "q": 10},
    {"distribution": "q_log_uniform_values", "min": 0.1, "max": 0.3},
    {"distribution": "int_uniform", "min": 0.5, "max": 3},
    {"distribution": "int_uniform", "min": 1.0, "max": 3.0},
    {"distribution": "normal", "sigma": -1},
    {"distribution": "normal", "sigma": 0},
    {"distribution": "normal", "mu": 1, "sigma": 2},
    {"distribution": "q_normal", "q": 2},
    {"distribution": "beta", "a": -1},
    {"distribution": "beta", "a": 0},
    {"distribution": "q_beta", "a": 2, "b": 3, "q": 0.1},
    {"distribution": "log_uniform_values", "min": 0, "max": 1},
    {"distribution": "log_uniform_values", "min": 1, "max": -1},
    {"distribution": "log_uniform_values", "min": 1, "max": 3},
    {"distribution": "inv_log_uniform_values", "min": 0.1, "max": 3},
    {"distribution": "q_log_uniform_values", "min": 1, "max": 8},
    {"distribution": "log_uniform", "min": -5, "max": 0},
    {"distribution": "q_log_uniform", "min": 0, "max": 5},
    {"distribution": "inv_log_uniform", "min": 0, "max": 5},
    {"values": [1, 2], "probabilities": [1.0]},
    {"values": [1, 2], "probabilities": [0.5, 0.4]},
    {"values": [1, 2], "probabilities": [1.5, -0.5]},
    {"values": [1, 2], "probabilities": [0.5, "0.5"]},
    {"values": [1, 2], "probabilities": [0.5, 0.5]},
    {"values": [1, 2], "probabilities": [0.5, 0.5], "distribution": "categorical"},
    {"values": [1, 2], "probabilities": [0.5, 0.5], "distribution": "categorical_w_probabilities"},
    {"probabilities": [0.5, 0.5]},
    {"mu": 0, "sigma": 1},
    {"min": 0.0, "max": 1.0},
    {"parameters": {}},
    {"parameters": {"b": {"value": 1}}, "value": 3},
    {"parameters": {"b": {"foo": 1}}},
    {"parameters": {"b": {"min": 2, "max": 1}}},
    {"parameters": {"b": {"values": [1, 2], "probabilities": [0.5, 0.4]}}},
    {"parameters": {"b": {"distribution": "log_uniform", "min": -5, "max": 0}}},
    {"parameters": {"value": {"value": 3}, "parameters": {"values": [1]}}},
)


def table() -> Iterator[JSON]:
    """The rows, those of parameters in every method."""
    yield from TABLE
    for parameter in PARAMETERS:
        for method in ("grid", "random", "bayes"):
            metric = {"metric": {"name": "l"}} if method == "bayes" else {}
            yield {"method": method, **metric, "parameters": {"a": parameter, "z": {"values": [1, 2]}}}


# --- a generator ---

NUMBERS: tuple[JSON, ...] = (0, 1, 2, 7, -3, 0.5, 1.0, 2.5, 1e-5, "1e-5", "3", True, None, [1])
DISTRIBUTIONS = (
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "q_log_uniform",
    "inv_log_uniform",
    "log_uniform_values",
    "q_log_uniform_values",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
    "q_beta",
    "lognormal",
)
KEYS = ("min", "max", "mu", "sigma", "a", "b", "q", "value", "values", "probabilities")


SOUND: tuple[JSON, ...] = (
    {"value": 3},
    {"values": ["a", "b"]},
    {"values": [0.1, 0.01, None]},
    {"min": 1, "max": 9},
    {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.25},
    {"min": 0.0, "max": 0.5},
    {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1},
    {"distribution": "q_log_normal", "mu": 1},
    {"distribution": "beta", "a": 2, "b": 5},
    {"parameters": {"deep": {"parameters": {"er": {"values": [1, 2]}}}}},
)


def made_parameter(chance: random.Random, depth: int = 0) -> JSON:
    """A parameter, sound or not."""
    if chance.random() < 0.6:
        return chance.choice(SOUND)
    if depth < 2 and chance.random() < 0.15:
        return {"parameters": {name: made_parameter(chance, depth + 1) for name in chance.sample("bcd", 2)}}
    keys = chance.choice(
        (("min", "max"), ("min", "max", "q"), ("mu", "sigma"), ("a", "b"), ("value",), ("values",),
         ("values", "probabilities"), tuple(chance.sample(KEYS, 2)))
    )  # fmt: skip
    made: dict[str, JSON] = {key: made_value(chance, key) for key in keys}
    if chance.random() < 0.5:
        made["distribution"] = chance.choice(DISTRIBUTIONS)
    return made


def made_value(chance: random.Random, key: str) -> JSON:
    """A value for a key of a parameter."""
    if key == "values":
        return [chance.choice(NUMBERS) for _ in range(chance.choice((0, 2, 2, 3)))]
    if key == "probabilities":
        return chance.choice(([0.5, 0.5], [0.2, 0.3, 0.5], [0.5, 0.4], [1.5, -0.5], []))
    return chance.choice(NUMBERS[:9] if chance.random() < 0.8 else NUMBERS)


def made_config(chance: random.Random) -> JSON:
    """A configuration, sound or not."""
    config: dict[str, JSON] = {
        "method": chance.choice(("grid", "random", "random", "bayes")),
        "parameters": {name: made_parameter(chance) for name in chance.sample("xyz", chance.choice((1, 1, 2)))},
    }
    if chance.random() < 0.6:
        config["metric"] = {"name": "loss", "goal": chance.choice(("minimize", "maximize", "maximise"))}
    if chance.random() < 0.3:
        keys = chance.sample(("min_iter", "max_iter", "s", "eta", "strict"), 2)
        rule = {key: chance.choice((1, 3, 27, 2.5, True)) for key in keys}
        config["early_terminate"] = {"type": "hyperband", **rule}
    if chance.random() < 0.2:
        config["run_cap"] = chance.choice((1, 10, 0, "3"))
    return config


# --- the comparisons ---


def asked(ask_reference: Ask, configs: Sequence[JSON], name: str) -> list[Case]:
    answers = ask_reference([{"call": "judge", "config": config} for config in configs])
    return [
        judged(f"{name} {number}", config, answer["value"])
        for number, (config, answer) in enumerate(zip(configs, answers, strict=True))
    ]


def test_the_table_of_mistakes_is_judged_alike(ask_reference: Ask) -> None:
    cases = asked(ask_reference, [*table()], "row")
    assert len(cases) >= 300
    assert_alike(cases)


def test_generated_configurations_are_judged_alike(ask_reference: Ask) -> None:
    chance = random.Random(20_000)
    cases = asked(ask_reference, [made_config(chance) for _ in range(400)], "generated")
    assert sum(not case.reference for case in cases) >= 40
    assert sum(bool(case.reference) for case in cases) >= 40
    assert_alike(cases)


@pytest.mark.skipif(not SAMPLES, reason="needs the samples: set LAUNCHCTL_TEST_SAMPLES to their folder")
def test_files_of_other_people_are_judged_alike(ask_reference: Ask) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(SAMPLES).glob("sweeps/*.y*ml"))}
    assert len(texts) >= 20
    assert_alike(files(ask_reference, texts))


def _file_case(name: str, text: str, answer: JSON) -> Case:
    document, _ = parse_document(Source(name, text))
    assert document.root is not None
    config = plain(document.root)
    project = HEAD + "\n    job: train\n    queue: gpu\n" + textwrap.indent(text, "    ")
    case = judged_text(name, config, project, answer["places"])
    return case._replace(is_other_yaml=answer["config"] != config)


SPELLINGS = {
    "exponent": "method: random\nparameters: {a: {min: 1e-5, max: 0.1}}\n",
    "words": "method: grid\nparameters: {a: {values: [no, yes]}}\n",
    "octal": "method: grid\nparameters: {a: {values: [017, 1]}}\n",
}
"""Files that are something else in YAML 1.1."""


def files(ask_reference: Ask, texts: Mapping[str, str]) -> list[Case]:
    answers = ask_reference([{"call": "judge_file", "text": text} for text in texts.values()])
    both = zip(texts.items(), answers, strict=True)
    return [_file_case(name, text, answer["value"]) for (name, text), answer in both]


def test_spellings_of_another_yaml_are_judged_as_the_page_says(ask_reference: Ask) -> None:
    assert_alike(files(ask_reference, SPELLINGS))


def test_every_row_of_the_page_is_a_case_that_occurs(ask_reference: Ask) -> None:
    cases = [*asked(ask_reference, [*table()], "row"), *files(ask_reference, SPELLINGS)]
    rows = deviations()
    assert {*rows} == {*RULES}
    occurring = {
        name
        for name, rule in RULES.items()
        if any(rule(case) and not _is_alike(case) and _explains(rows[name], case) for case in cases)
    }
    assert occurring == {*rows}
