"""A value read as a model, or what does not fit: the door behind which pydantic's own words stay."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from launchctl.compiler.model.common import Model
from launchctl.values import JSON, Path

ModelT = TypeVar("ModelT", bound=Model)


class Fault(NamedTuple):
    """One thing that does not fit, in the vocabulary of the library: `faults` turns it into a sentence."""

    kind: str
    path: Path
    message: str
    bounds: dict[str, JSON]


def read_model(model: type[ModelT], value: JSON) -> tuple[ModelT | None, tuple[Fault, ...]]:
    """The value as a model, or None and everything that does not fit."""
    try:
        return model.model_validate(value), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, tuple(Fault(each["type"], each["loc"], each["msg"], each.get("ctx", {})) for each in details)


@cache
def schema_of(model: type[Model]) -> JSON:
    """JSON Schema of a model, for naming its keys; read on the way to an error alone."""
    return model.model_json_schema()
