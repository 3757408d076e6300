"""The JSON Schema of the project file, made from the model: what editors complete and explain."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise

from pydantic.json_schema import GenerateJsonSchema

from launchctl.compiler.model.common import Model
from launchctl.compiler.model.project import ProjectFile
from launchctl.values import JSON, is_mapping

_ID = "https://launchctl.dev/schemas/project.schema.json"
_ORDER = ("$schema", "$id", "title", "description", "type", "additionalProperties", "required", "properties")


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat a key."""

    def field_title_should_be_set(self, schema: JSON) -> bool:
        return False


def project_schema() -> JSON:
    """JSON Schema 2020-12 of a project file; attribute docstrings are its descriptions."""
    schema = ProjectFile.model_json_schema(schema_generator=_Generator)
    definitions = schema.pop("$defs")
    for name, model in _models():
        if name in definitions:
            _describe(definitions[name], model)
    _describe(schema, ProjectFile)
    schema |= {"$schema": GenerateJsonSchema.schema_dialect, "$id": _ID, "title": "launchctl project"}
    ordered = {key: schema[key] for key in _ORDER if key in schema}
    return _tidy({**ordered, "$defs": definitions})


def key_documentation(model: type[Model]) -> dict[str, str]:
    """What each key of a mapping means, in the order of the model."""
    said = {key: text for base in reversed(model.__mro__) if issubclass(base, Model) for key, text in _docstrings(base)}
    return {field.alias or name: said[name] for name, field in model.model_fields.items() if name in said}


def _models() -> Iterator[tuple[str, type[Model]]]:
    waiting: list[type[Model]] = [Model]
    while waiting:
        model = waiting.pop()
        yield model.__name__, model
        waiting.extend(model.__subclasses__())


def _describe(schema: JSON, model: type[Model]) -> None:
    for key, text in key_documentation(model).items():
        schema["properties"][key]["description"] = text


def _docstrings(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Texts that stand below the fields of one class."""
    for statement in ast.parse(inspect.getsource(sys.modules[model.__module__])).body:
        if isinstance(statement, ast.ClassDef) and statement.name == model.__name__:
            yield from _below(statement.body)


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = text.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield field.target.id, inspect.cleandoc(value.value)


_MAPS = frozenset({"properties", "patternProperties", "$defs"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf"})
_SINGLE = frozenset({"items", "additionalProperties", "propertyNames"})


def _tidy(schema: JSON) -> JSON:
    """The schema without defaults that say nothing, "or null" in one word, and closed where names have a pattern."""
    if not is_mapping(schema):
        return schema
    tidy = {
        key: _tidy_under(key, item)
        for key, item in schema.items()
        if key != "default" or item not in (None, "", [], ())
    }
    if "patternProperties" in tidy:
        tidy.setdefault("additionalProperties", False)
    return _or_null(tidy)


def _tidy_under(key: str, value: JSON) -> JSON:
    if key in _MAPS:
        return {name: _tidy(item) for name, item in value.items()}
    if key in _LISTS:
        return [_tidy(item) for item in value]
    return _tidy(value) if key in _SINGLE else value


def _or_null(schema: dict[str, JSON]) -> dict[str, JSON]:
    branches = schema.get("anyOf", [])
    if len(branches) != 2 or branches[1] != {"type": "null"}:
        return schema
    kind, rest = branches[0].get("type"), {key: item for key, item in branches[0].items() if key != "type"}
    if not isinstance(kind, str) or "enum" in rest or "const" in rest:
        return schema
    return {"type": [kind, "null"], **rest, **{key: item for key, item in schema.items() if key != "anyOf"}}
