"""What a job that is tuned may import: the values of its trial, and a line for its metrics.

Only the standard library is needed, so the module may be copied into an image as it stands.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from itertools import count, takewhile
from typing import Any, SupportsFloat

__all__ = ["parameters", "report"]

_MARK = "launchctl.metrics "


def parameters() -> dict[str, Any]:
    """The values of this trial, groups nested, from the file that `WANDB_SWEEP_PARAM_PATH` names.

    Where the target delivers no file they come from `WANDB_CONFIG`, among the other inputs of the
    run; outside of a sweep these are all there is, and without inputs there is nothing.

    Raises:
        ValueError: what is there cannot be read.
    """
    path = os.environ.get("WANDB_SWEEP_PARAM_PATH")
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return _values(_mapping(file.read(), path))
    return _mapping(_config(os.environ) or "{}", "WANDB_CONFIG")


def report(**metrics: SupportsFloat) -> None:
    """Print one line with the latest values of metrics, from which the sweep learns how the trial is doing.

    A name that Python cannot write as a keyword is given as `report(**{"val/loss": 0.3})`.

    Raises:
        TypeError: a value is no number.
    """
    if not metrics:
        raise TypeError("report() needs at least one metric, as in report(loss=0.3)")
    numbers = {name: _number(name, value) for name, value in metrics.items()}
    sys.stdout.write(f"{_MARK}{json.dumps(numbers)}\n")
    sys.stdout.flush()


def _config(environment: Mapping[str, str]) -> str:
    """`WANDB_CONFIG`, or the parts `WANDB_CONFIG_0`, `WANDB_CONFIG_1` and so on of one that was too long."""
    names = takewhile(environment.__contains__, (f"WANDB_CONFIG_{number}" for number in count()))
    return environment.get("WANDB_CONFIG") or "".join(environment[name] for name in names)


def _mapping(text: str, place: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{place} does not hold the parameters as JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{place} does not hold a mapping of parameters")
    return found


def _values(file: dict[str, Any]) -> dict[str, Any]:
    """W&B's file has a version, and each value in a mapping of its own."""
    is_wrapped = file.pop("wandb_version", None) is not None
    file.pop("_wandb", None)
    items = {name: item for name, item in file.items() if isinstance(item, dict) and "value" in item}
    is_wrapped = is_wrapped or len(items) == len(file)
    return {name: items[name]["value"] if is_wrapped and name in items else file[name] for name in file}


def _number(name: str, value: SupportsFloat) -> int | float:
    """A plain number; those of numpy and tensors of one element become one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if hasattr(value, "__float__") and type(value).__name__ not in {"bool", "bool_"}:
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"metric {name!r} is not a number: {value!r}")
