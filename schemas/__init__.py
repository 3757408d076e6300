"""JSON Schemas shipped as data, their loader and the validator."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from launchctl.values import JSON


@cache
def load(name: str) -> JSON:
    """The schema in `NAME.schema.json`; raises FileNotFoundError where none is shipped."""
    return json.loads(files("launchctl.schemas").joinpath(f"{name}.schema.json").read_text("utf-8"))
