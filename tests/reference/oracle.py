"""Answers of the reference library, for its own interpreter: one JSON request a line in, one JSON answer a line out.

A request is `{"call": NAME, ...}` with the arguments of the function of that name; an answer is `{"value": ...}` or
`{"error": "ValueError: ..."}`. It is run by `LAUNCHCTL_TEST_REFERENCE` and imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

JSON: TypeAlias = Any

warnings.simplefilter("ignore")


def quantile(parameter: Mapping[str, JSON], shares: Sequence[float]) -> list[JSON]:
    """The quantile function of a parameter at each of these."""
    known = import_module("sweeps.params").HyperParameter("p", parameter)
    return [_plain(known.ppf(share)) for share in shares]


def cdf(parameter: Mapping[str, JSON], values: Sequence[float]) -> list[float]:
    """The distribution function of a parameter at each of these; of a categorical, at its values' numbers."""
    known = import_module("sweeps.params").HyperParameter("p", parameter)
    number = import_module("numpy").float64
    return [float(known.cdf(number(value))) for value in values]


def grid(parameters: Mapping[str, JSON], count: int) -> list[list[tuple[str, JSON]]]:
    """The first points of a grid, each as the pairs of the suggestion, in order."""
    config = {"method": "grid", "parameters": parameters}
    runs = import_module("sweeps.grid_search").grid_search_next_runs([], config, n=count)
    return [[(name, entry["value"]) for name, entry in run.config.items()] for run in runs if run is not None]


def argv(command: list[JSON] | None, values: Mapping[str, JSON], program: str, run_id: str, sweep_id: str) -> JSON:
    """What W&B's agent starts, each file that it writes first, and the variables that it adds."""
    module: JSON = import_module("wandb.wandb_agent")
    started: list[JSON] = []

    def process(command: list[str], env: Mapping[str, str], **_rest: JSON) -> JSON:
        started.append((command, {**env}))
        return SimpleNamespace()

    module.AgentProcess = process
    agent = object.__new__(module.Agent)
    agent._in_jupyter = agent._function = agent._forward_signals = None
    agent._sweep_command, agent._run_processes = command, {}
    os.environ["WANDB_SWEEP_ID"] = sweep_id
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        args = {name: {"value": value} for name, value in values.items()}
        agent._command_run({"run_id": run_id, "program": program, "args": args})
        files = {str(path): path.read_text() for path in sorted(Path().rglob("*.*"))}
        os.chdir("/")
    (found, env), names = started[0], ("WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH")
    return {"argv": found, "files": files, "env": {name: env[name] for name in names}}


def read_parameters(texts: Sequence[str]) -> list[JSON]:
    """What W&B reads in each of these parameter files."""
    read = import_module("wandb.sdk.lib.config_util").dict_from_config_file
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number, _ in enumerate(texts)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        return [read(str(path)) for path in paths]


def run_config(environment: Mapping[str, str], files: Mapping[str, str], config: Mapping[str, JSON]) -> JSON:
    """`run.config`, name and sweep of a script that calls `wandb.init(config=…)` offline, in a process of its own."""
    script = (
        "import json, sys, wandb\n"
        "run = wandb.init(config=json.loads(sys.argv[1]), id='ignored')\n"
        "print(json.dumps([dict(run.config), run.id, run.name, run.sweep_id]))"
    )
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text, encoding="utf-8")
        own = {"PATH": os.environ["PATH"], "HOME": folder, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        command = [sys.executable, "-c", script, json.dumps(config)]
        found = subprocess.run(command, env={**own, **environment}, cwd=folder, capture_output=True, text=True)
    return json.loads(found.stdout.splitlines()[-1]) if found.returncode == 0 else found.stderr


def stopped(metric: str, goal: str, rule: Mapping[str, JSON], runs: Sequence[Mapping[str, JSON]]) -> JSON:
    """The bands of a hyperband rule, and which of the runs, `{name, state, values}`, it stops."""
    sweeps = import_module("sweeps")
    config = {"method": "random", "parameters": {"p": {"value": 1}}}
    config |= {"metric": {"name": metric, "goal": goal}, "early_terminate": {"type": "hyperband", **rule}}
    known = [
        sweeps.SweepRun(name=run["name"], state=run["state"], history=[{metric: value} for value in run["values"]])
        for run in runs
    ]
    found = [run.name for run in sweeps.stop_runs(config, known)]
    info = next((run.early_terminate_info for run in known if run.early_terminate_info), None)
    return {"bands": info and info["bands"], "stopped": found}


def suggested(parameters: Mapping[str, JSON], history: Sequence[tuple[Mapping[str, JSON], float]], seed: int) -> JSON:
    """The next trial of a search by bayes for the least loss; the seed counts where it begins."""
    sweeps = import_module("sweeps")
    if not history:
        import_module("numpy").random.seed(seed)
    config = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "parameters": parameters}
    runs = [
        sweeps.SweepRun(
            config={name: {"value": value} for name, value in values.items()},
            state="finished",
            history=[{"loss": loss}],
            summaryMetrics={"loss": loss},
        )
        for values, loss in history
    ]
    return {name: _plain(entry["value"]) for name, entry in sweeps.next_run(config, runs).config.items()}


_PLACES = (
    (r"invalid hyperparameter configuration: (.+?)(?:\.wbnest.*)?$", "parameters"),
    (r"Invalid configuration for hyperparameter '(.+)'", "parameters"),
    (r"Parameter (.+?)(?:\.wbnest.*)? is a disallowed", "parameters"),
    (r"Parameter (.+?)(?:\.wbnest.*)?: ", "parameters"),
    (r"(.+?)(?:\.wbnest.*)?: min ", "parameters"),
    (r"(.+?)(?:\.wbnest.*)? uses \w*log_uniform", "parameters"),
    (r"`(metrics?|controller|early_terminate|scheduler)[`.:]", ""),
    (r"(scheduler)\.engine", ""),
    (r"Invalid search type|.*must contain method section", "method"),
    (r"'list' object has no|'NoneType' object has no|.*searchable parameter|`parameters` is", "parameters"),
    (r"arrays used as indices|Sweep config must contain parameters", "parameters"),
    (r"(?i).*\bmetric\b", "metric"),
    (r"[Bb]ands|'float' object cannot be interpreted|cannot convert float infinity|'s'$", "early_terminate"),
)
"""What the library says, and the key, or the parameter below a key, that it speaks of."""


_KEYS = ("method", "parameters", "metric", "metrics", "controller", "early_terminate", "scheduler")


def judge(config: JSON) -> list[list[str]]:
    """Where a configuration is refused, by its validation or by the first search for a trial; empty where it is not."""
    module = import_module("sweeps.config.schema")
    found = [place for error in module.validator.iter_errors(config) for place in _schema_places(error)]
    try:
        said = import_module("sweeps.config").schema_violations_from_proposed_config(config)
        texts = said[len([*module.validator.iter_errors(config)]) :]
    except Exception as error:  # noqa: BLE001 - the library raises all kinds of them
        texts = [str(error)]
    if not found and not texts:
        texts = [*_search_faults(config)]
    # Once the schema is violated, what else it stumbles over may be anything.
    return found + [place for place in map(_place, texts) if place[0] in _KEYS or not found]


def _schema_places(error: JSON) -> list[list[str]]:
    path = [str(part) for part in error.absolute_path][:2]
    if error.validator == "required":
        return [[*path, name][:2] for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties":
        return [[*path, name][:2] for name in error.instance if name not in error.schema.get("properties", {})]
    if list(error.absolute_schema_path)[-2:] == ["propertyNames", "pattern"]:
        return [[*path, error.instance][:2]]
    return [path]


def _search_faults(config: JSON) -> Iterator[str]:
    run = import_module("sweeps.run")
    try:
        run.next_run(json.loads(json.dumps(config)), [], validate=False)
        if "early_terminate" in config:
            run.stop_runs(json.loads(json.dumps(config)), [], validate=False)
    except Exception as error:  # noqa: BLE001 - the library raises all kinds of them
        yield str(error)


def _place(text: str) -> list[str]:
    for pattern, parent in _PLACES:
        match = re.match(pattern, text)
        if match:
            return [name for name in (parent, *match.groups()) if name]
    return [text]


def judge_file(text: str) -> JSON:
    """What the text of a file is for PyYAML, and where that is refused."""
    config = import_module("yaml").safe_load(text)
    return {"config": config, "places": judge(config)}


def _plain(value: JSON) -> JSON:
    """A number of numpy as Python's own, integers and floats kept apart."""
    return value.item() if hasattr(value, "item") else value


FUNCTIONS: dict[str, Callable[..., JSON]] = {
    function.__name__: function
    for function in (quantile, cdf, grid, judge, judge_file, argv, read_parameters, run_config, stopped, suggested)
}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": FUNCTIONS[request.pop("call")](**request)}
        except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
