"""How a trial's parameters are written: as arguments, as JSON, and as W&B's parameter file.

Python spells what stands on a command line (`True`, `None`, `1e-05`, and the repr of a list or a group), since that
is what scripts written for W&B parse; JSON is spelled as Python's `json` spells it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from launchctl.values import JSON, is_list, is_mapping

Values: TypeAlias = Mapping[str, JSON]
"""A trial's values, groups nested; arguments come in the order of its names."""
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What YAML takes for a line break, or refuses, inside quotes."""


def text_of(value: JSON) -> str:
    """A value as an argument spells it."""
    return value if isinstance(value, str) else str(_plain(value))


def json_of(values: Values) -> str:
    """One JSON object; what is not ASCII is escaped."""
    return json.dumps(_plain(values))


def parameter_file(values: Values) -> str:
    """W&B's parameter file, one parameter a line: JSON that W&B's reader of YAML 1.1 takes for the same."""
    lines = [f',\n{_json_in_yaml(name)}: {{"value": {_json_in_yaml(value)}}}' for name, value in values.items()]
    return '{"wandb_version": 1' + "".join(lines) + "}\n"


def value_at(values: Values, name: str) -> tuple[JSON] | None:
    """The value, in a tuple, of a parameter or group by its dotted name; None where the trial has none."""
    if name in values:
        return (values[name],)
    for place in (match.start() for match in re.finditer(r"\.", name)):
        group = values.get(name[:place])
        found = value_at(group, name[place + 1 :]) if is_mapping(group) else None
        if found is not None:
            return found
    return None


def _pairs(prefix: str) -> Callable[[Values], list[str]]:
    return lambda values: [f"{prefix}{name}={text_of(value)}" for name, value in values.items()]


def _without_boolean_values(values: Values) -> list[str]:
    """True is a flag alone, false is left out."""
    return [
        f"--{name}" if value is True else f"--{name}={text_of(value)}"
        for name, value in values.items()
        if value is not False
    ]


def _without_equals(values: Values) -> list[str]:
    return [text for name, value in values.items() for text in (f"--{name}", text_of(value))]


ARGUMENTS: Mapping[str, Callable[[Values], list[str]]] = {
    "args": _pairs("--"),
    "args_no_hyphens": _pairs(""),
    "args_append_hydra": _pairs("+"),
    "args_override_hydra": _pairs("++"),
    "args_no_boolean_flags": _without_boolean_values,
    "args_no_equals": _without_equals,
    "args_json": lambda values: [json_of(values)],
}
"""Macros of a sweep's command that stand for the parameters: each gives elements of a command line."""


def _plain(value: JSON) -> JSON:
    """The value out of dicts and lists alone, whose repr is Python's own."""
    if is_mapping(value):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if is_list(value) else value


def _json_in_yaml(value: JSON) -> str:
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", "".join(_spelled(value)))


def _spelled(value: JSON) -> Iterator[str]:
    if is_mapping(value):
        items = (f"{json.dumps(name, ensure_ascii=False)}: {''.join(_spelled(item))}" for name, item in value.items())
        yield "{" + ", ".join(items) + "}"
    elif is_list(value):
        yield "[" + ", ".join("".join(_spelled(item)) for item in value) + "]"
    else:
        text = json.dumps(value, ensure_ascii=False)
        # YAML 1.1 takes 1e-05 for a text
        yield text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text
