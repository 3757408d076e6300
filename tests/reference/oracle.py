"""Answers of the reference library, for its own interpreter: one JSON request a line in, one JSON answer a line out.

A request is `{"call": NAME, ...}` with the arguments of the function of that name; an answer is `{"value": ...}` or
`{"error": "ValueError: ..."}`. It is run by `LAUNCHCTL_TEST_REFERENCE` and imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
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
    return [float(known.cdf(value)) for value in values]


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


def _plain(value: JSON) -> JSON:
    """A number of numpy as Python's own, integers and floats kept apart."""
    return value.item() if hasattr(value, "item") else value


FUNCTIONS: dict[str, Callable[..., JSON]] = {
    function.__name__: function for function in (quantile, cdf, grid, argv, read_parameters, run_config)
}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": FUNCTIONS[request.pop("call")](**request)}
        except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
