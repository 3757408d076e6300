"""Answers of the reference library, for its own interpreter: one JSON request a line in, one JSON answer a line out.

A request is `{"call": NAME, ...}` with the arguments of the function of that name; an answer is `{"value": ...}` or
`{"error": "ValueError: ..."}`. It is run by `LAUNCHCTL_TEST_REFERENCE` and imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
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


def _plain(value: JSON) -> JSON:
    """A number of numpy as Python's own, integers and floats kept apart."""
    return value.item() if hasattr(value, "item") else value


FUNCTIONS: dict[str, Callable[..., JSON]] = {function.__name__: function for function in (quantile, cdf, grid)}


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
