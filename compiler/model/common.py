"""What every model shares: strict scalars, names, durations, and values that may be written in two ways.

The models are the single truth about keys: the reader, the JSON Schema for editors and `explain` are made from
them. They hold what is *structural*; free values (a configuration, a command) are `JSON` here, and their positioned
nodes stay beside the model in the `Entry` that carries both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from launchctl.addresses import NAME_PATTERN
from launchctl.compiler.quantity import DURATION_PATTERN, parse_duration
from launchctl.values import JSON, is_list, is_mapping

VARIABLE_PATTERN = r"[A-Za-z_][A-Za-z0-9_]*"
"""Name of an environment variable."""
VARIABLE_ITEM_PATTERN = rf"^{VARIABLE_PATTERN}(=[\s\S]*)?$"


class Model(BaseModel):
    """A mapping of a project file: no other keys than these, and nobody changes it afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def expected(what: str) -> PydanticCustomError:
    """The error of a value that is not `what`: "an integer", "a duration such as `6h`"."""
    return PydanticCustomError("expected", what)  # pyright: ignore[reportArgumentType]


def missing(key: str) -> PydanticCustomError:
    """The error of a mapping that lacks a key."""
    return PydanticCustomError("missing_key", key)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The JSON Schema of a value that a function checks; hashable, as a part of a union must be."""

    schema: JSON

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JSON]:
        return dict(self.schema)


@dataclass(frozen=True, slots=True, eq=False)
class ReadElsewhere:
    """A value that a later stage reads from its node: taken as it is, with the JSON Schema of a type."""

    shape: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_as_written, handler.generate_schema(self.shape))


def _as_written(value: JSON, _: Callable[[JSON], JSON]) -> JSON:
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Shorthand:
    """A second, shorter way to write a mapping: how it becomes the mapping, and its JSON Schema."""

    convert: Callable[[JSON], JSON]
    schema: JSON

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.convert, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JSON]:
        return {"anyOf": [self.schema, handler(schema)]}


def _duration(value: JSON) -> float:
    seconds = parse_duration(value)
    if seconds is None:
        raise expected("a duration such as `6h`, `1h30m` or `45s`")
    return seconds


def _limit(value: int) -> int:
    if value == 0 or value < -1:
        raise expected("an integer of 1 or more, or -1 for no limit")
    return value


def _argument(value: JSON) -> JSON:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise expected("a text or a number")
    return value


def _variable(value: JSON) -> JSON:
    if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float)):
        raise expected("a text or a number")
    return value


def form(value: JSON) -> str:
    """The tag under which a union finds the branch for a value; no key of a project file looks like one."""
    if isinstance(value, str):
        return "<text>"
    return "<mapping>" if is_mapping(value) else "<list>" if is_list(value) else "<scalar>"


def by_form(what: str) -> Discriminator:
    """Chooses the branch of a union by the form of the value; no branch for it is the error "expected `what`"."""
    return Discriminator(form, custom_error_type="expected", custom_error_message=what)


Text: TypeAlias = StrictStr
Flag: TypeAlias = StrictBool
FreeMapping: TypeAlias = dict[str, JSON]
"""A mapping whose inside belongs to somebody else: a target, a script, the user."""

Name: TypeAlias = Annotated[StrictStr, Field(pattern=f"^{NAME_PATTERN}$")]
VariableName: TypeAlias = Annotated[StrictStr, Field(pattern=f"^{VARIABLE_PATTERN}$")]
Count: TypeAlias = Annotated[StrictInt, Field(ge=0)]
Positive: TypeAlias = Annotated[StrictInt, Field(ge=1)]
Limit: TypeAlias = Annotated[
    StrictInt, AfterValidator(_limit), Written({"type": "integer", "anyOf": [{"minimum": 1}, {"const": -1}]})
]
"""How many at once: 1 or more, or -1 for no limit."""

Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(_duration),
    Written(
        {"anyOf": [{"type": "string", "pattern": f"^({DURATION_PATTERN}|[0-9.]+)$"}, {"type": "number", "minimum": 0}]}
    ),
]
"""Seconds, written as `6h`, `90m`, `1h30m`, `45s` or as a number of seconds."""

Argument: TypeAlias = Annotated[JSON, AfterValidator(_argument), Written({"type": ["string", "number"]})]
Command: TypeAlias = tuple[Argument, ...]
"""One element an argument; never a shell line."""

VariableValue: TypeAlias = Annotated[JSON, AfterValidator(_variable), Written({"type": ["string", "number", "null"]})]
"""Text, or a number whose spelling survives; null takes away what an outer layer has set."""
VariableMapping: TypeAlias = dict[VariableName, VariableValue]
VariableItem: TypeAlias = Annotated[
    Annotated[VariableMapping, Tag("<mapping>")]
    | Annotated[StrictStr, Field(pattern=VARIABLE_ITEM_PATTERN), Tag("<text>")],
    by_form("`NAME`, `NAME=VALUE` or a mapping"),
]
Environment: TypeAlias = Annotated[
    Annotated[VariableMapping, Tag("<mapping>")] | Annotated[tuple[VariableItem, ...], Tag("<list>")],
    by_form("a mapping or a list"),
]
"""`{NAME: value}`, or a list of `NAME` (inherited where apply runs), `NAME=VALUE` and `{NAME: value}`."""

FieldClassName: TypeAlias = Literal["intent", "placement", "metadata"]
PriorityName: TypeAlias = Literal["critical", "high", "medium", "low"]

PARAMETER_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]*$"
TEMPLATE_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]*$"
URL_PATTERN = r"^https?://[^\s]+$"
KUBERNETES_VERSION_PATTERN = r"^1\.[0-9]{1,3}(\.[0-9]+)?$"
WANDB_NAME_PATTERN = r"^([^/\\#?%:{}$\s]+( +[^/\\#?%:{}$\s]+)*)?$"
PATTERN_WORDS = {
    f"^{NAME_PATTERN}$": 'a name: a letter, then up to 62 letters, digits, "_" or "-"',
    f"^{VARIABLE_PATTERN}$": 'the name of an environment variable: letters, digits and "_"',
    VARIABLE_ITEM_PATTERN: "`NAME`, `NAME=VALUE` or a mapping",
    PARAMETER_PATTERN: 'the name of a parameter: letters, digits, "_", "-" and "."',
    TEMPLATE_NAME_PATTERN: 'the name of a template variable: letters, digits, "_" and "-"',
    URL_PATTERN: "a URL that begins with `https://` or `http://`",
    KUBERNETES_VERSION_PATTERN: 'a version such as "1.29"',
    WANDB_NAME_PATTERN: "a name without any of / \\ # ? % : { } $",
}
"""What each pattern of the model means to a reader."""
