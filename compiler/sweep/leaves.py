"""One parameter of a sweep: its node to a `Leaf`, or what is wrong with it, told once and where it stands."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple

from launchctl.compiler import codes as project_codes
from launchctl.compiler.faults import show
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, plain
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.habits import PARAMETER_KEYS, meant
from launchctl.compiler.sweep.space import Distribution, Leaf, ParameterPath
from launchctl.diagnostics import Code, Diagnostic, Note, Span
from launchctl.suggest import nearest

_RANGE, _NORMAL, _BETA = ("min", "max"), ("mu", "sigma"), ("a", "b")
KEYS: Mapping[Distribution, tuple[str, ...]] = {
    Distribution.CONSTANT: ("value",),
    Distribution.CATEGORICAL: ("values",),
    Distribution.CATEGORICAL_W_PROBABILITIES: ("values", "probabilities"),
    Distribution.INT_UNIFORM: _RANGE,
    Distribution.UNIFORM: _RANGE,
    Distribution.Q_UNIFORM: (*_RANGE, "q"),
    Distribution.LOG_UNIFORM_VALUES: _RANGE,
    Distribution.Q_LOG_UNIFORM_VALUES: (*_RANGE, "q"),
    Distribution.INV_LOG_UNIFORM_VALUES: _RANGE,
    Distribution.NORMAL: _NORMAL,
    Distribution.Q_NORMAL: (*_NORMAL, "q"),
    Distribution.LOG_NORMAL: _NORMAL,
    Distribution.Q_LOG_NORMAL: (*_NORMAL, "q"),
    Distribution.BETA: _BETA,
    Distribution.Q_BETA: (*_BETA, "q"),
}
"""What each distribution is described by."""
KNOWN = ("value", "values", "probabilities", "distribution", "min", "max", "mu", "sigma", "a", "b", "q", "parameters")
"""Every key of a parameter."""
_REQUIRED = frozenset({"value", "values", "probabilities", "min", "max"})
_NUMERIC = (*_RANGE, *_NORMAL, *_BETA, "q")
_POSITIVE = ("sigma", "a", "b", "q")
_DEPRECATED = {
    "log_uniform": Distribution.LOG_UNIFORM_VALUES,
    "q_log_uniform": Distribution.Q_LOG_UNIFORM_VALUES,
    "inv_log_uniform": Distribution.INV_LOG_UNIFORM_VALUES,
}
_LOGARITHMIC = frozenset(_DEPRECATED.values())
_OTHER_WORDS = {
    "choice": "categorical",
    "fixed": "constant",
    "gaussian": "normal",
    "int": "int_uniform",
    "integer": "int_uniform",
    "lognormal": "log_normal",
    "loguniform": "log_uniform_values",
    "log": "log_uniform_values",
    "qloguniform": "q_log_uniform_values",
    "qlognormal": "q_log_normal",
    "qnormal": "q_normal",
    "quniform": "q_uniform",
    "randint": "int_uniform",
    "float": "uniform",
}
"""What other libraries call the distributions."""
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_FORMS = "a parameter has `value`, `values`, `min` and `max`, or a `distribution`"
_EXACT = 2**53
_SUM_TOLERANCE = 1e-5 + 1e-8


class Place(NamedTuple):
    """Which parameter is read."""

    path: ParameterPath
    span: Span | None
    """Where its name stands."""
    sweep: str
    """Name of the sweep."""

    @property
    def where(self) -> str:
        """The parameter as a message names it: `"parameters.lr" of sweep "s"`."""
        return f'"parameters.{".parameters.".join(self.path)}" of sweep "{self.sweep}"'


def read_leaf(node: MapNode, place: Place, found: list[Diagnostic]) -> Leaf | None:
    """The parameter; None where anything is wrong with it."""
    before = len(found)
    _unknown_keys(node, place, found)
    numbers = {key: number_of(node.entries[key], found) for key in _NUMERIC if key in node.entries}
    distribution = _written(node, found) if "distribution" in node.entries else _inferred(node, place, found)
    if distribution is None:
        return None
    if len(found) == before:
        _keys(node, distribution, place, found)
    reader = _Reader(node, distribution, numbers, found)
    leaf = reader.leaf(place) if len(found) == before else None
    return leaf if len(found) == before else None


def number_of(node: Node, found: list[Diagnostic]) -> int | float | None:
    """A number as it is written; None where the value is none, which is reported."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    hint = f"write {value} without quotes" if isinstance(value, str) and _NUMBER.fullmatch(value) else None
    arguments: dict[str, object] = {"expected": "a number", "found": show(node)}
    found.append(Diagnostic(project_codes.WRONG_VALUE, node.span, arguments, hint=hint))
    return None


def no_mapping(node: Node, found: list[Diagnostic]) -> None:
    """Reports a parameter that is a value rather than a mapping."""
    if isinstance(node, ListNode):
        hint: str | None = "list the values under `values`: `{values: […]}`"
    else:
        hint = f"write `{{value: {show(node)}}}`" if show(node) != "nothing" else _FORMS
    arguments: dict[str, object] = {"expected": "a mapping such as `{values: [1, 2]}`", "found": show(node)}
    found.append(Diagnostic(project_codes.WRONG_VALUE, node.span, arguments, hint=hint))


# --- which distribution ---


def _unknown_keys(node: MapNode, place: Place, found: list[Diagnostic]) -> None:
    for key in node.entries:
        if key not in KNOWN:
            span, hint = node.key_spans.get(key, node.span), _known_key(key, node)
            arguments: dict[str, object] = {"key": key, "where": place.where}
            found.append(Diagnostic(project_codes.UNKNOWN_KEY, span, arguments, hint=hint))


def _known_key(key: str, node: MapNode) -> str:
    """What an unknown key was meant to be, or what there is."""
    bare, other = key.rstrip(": "), _called(key, node)
    if bare in KNOWN or other is not None:
        return f'write "{bare}:", with one colon' if bare in KNOWN else other or ""
    named = node.entries.get("distribution")
    name = named.value if isinstance(named, ScalarNode) else None
    own = KEYS[Distribution(name)] if isinstance(name, str) and name in {*Distribution} else None
    near = nearest(bare, (name for name in own or KNOWN if name not in node.entries))
    if near is not None:
        return f'did you mean "{near}"?'
    return "its keys are " + ", ".join(f"`{each}`" for each in own) if own else _FORMS


def _called(key: str, node: MapNode) -> str | None:
    """What a key of another library is called here, where it goes with the others."""
    name = meant(PARAMETER_KEYS, key, node.entries)
    is_range = any(bound in node.entries for bound in _RANGE)
    if name is None or (is_range and name not in {*_RANGE, "q", "distribution"}):
        return None
    return f'it is called "{name}" here' + (", and goes with `distribution: q_uniform`" if name == "q" else "")


def _written(node: MapNode, found: list[Diagnostic]) -> Distribution | None:
    """The distribution that a parameter names."""
    named = node.entries["distribution"]
    name = named.value if isinstance(named, ScalarNode) and isinstance(named.value, str) else None
    if name in _DEPRECATED:
        found.append(Diagnostic(codes.EXPONENT_BOUNDS, named.span, {"name": name}, hint=_converted(name, node)))
        return None
    if name is not None and name in {*Distribution}:
        if name == Distribution.CATEGORICAL and "probabilities" in node.entries:
            found.append(_weighted(node))
            return None
        return Distribution(name)
    arguments: dict[str, object] = {"expected": "the name of a distribution", "found": show(named)}
    found.append(Diagnostic(project_codes.WRONG_VALUE, named.span, arguments, hint=_named_like(name)))
    return None


def _weighted(node: MapNode) -> Diagnostic:
    span = node.key_spans.get("probabilities", node.span)
    arguments: dict[str, object] = {"key": "probabilities", "what": 'the distribution "categorical"'}
    hint = "write `distribution: categorical_w_probabilities`, or leave `distribution` out"
    return Diagnostic(codes.KEY_WITHOUT_MEANING, span, arguments, hint=hint)


def _named_like(name: str | None) -> str:
    folded = (name or "").casefold().replace("-", "").replace("_", "").replace(" ", "")
    if folded.endswith("pow2"):
        return "list the powers of two under `values`"
    near = _OTHER_WORDS.get(folded) or nearest(name or "", [each.value for each in Distribution])
    return f'did you mean "{near}"?' if near else "distributions: " + ", ".join(Distribution)


def _converted(name: str, node: MapNode) -> str:
    """What a deprecated distribution is written as today."""
    target = _DEPRECATED[name].value
    low, high = (_finite(node.entries.get(key)) for key in _RANGE)
    if low is None or high is None or max(abs(low), abs(high)) > math.log(1e300):
        return f"write `distribution: {target}`, with the values themselves as `min` and `max`"
    if name == "inv_log_uniform":
        low, high = -high, -low
    bounds = f"`min: {math.exp(low):.4g}` and `max: {math.exp(high):.4g}`"
    return f"write `distribution: {target}` with {bounds}"


def _finite(node: Node | None) -> float | None:
    value = node.value if isinstance(node, ScalarNode) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _inferred(node: MapNode, place: Place, found: list[Diagnostic]) -> Distribution | None:
    """The distribution that follows from the other keys, as W&B infers it."""
    entries = node.entries
    if "values" in entries:
        weighted = "probabilities" in entries
        return Distribution.CATEGORICAL_W_PROBABILITIES if weighted else Distribution.CATEGORICAL
    if "value" in entries:
        return Distribution.CONSTANT
    if "min" in entries or "max" in entries:
        bounds = [entries[key] for key in _RANGE if key in entries]
        return Distribution.INT_UNIFORM if all(map(_is_integer, bounds)) else Distribution.UNIFORM
    if any(key in KNOWN for key in entries):
        _report_missing("values" if "probabilities" in entries else "distribution", node, place, found)
    elif not entries:
        _report_missing("values", node, place, found, hint=_FORMS)
    return None


def _is_integer(node: Node) -> bool:
    return isinstance(node, ScalarNode) and isinstance(node.value, int) and not isinstance(node.value, bool)


def _keys(node: MapNode, distribution: Distribution, place: Place, found: list[Diagnostic]) -> None:
    """Keys that do not go together, and keys that lack."""
    own = KEYS[distribution]
    named = "distribution" in node.entries
    what = f'the distribution "{distribution.value}"' if named else f'"{own[0] if own[0] in node.entries else own[1]}"'
    for key in node.entries:
        if key not in own and key != "distribution":
            stepped = f"q_{distribution.value}"
            hint = f'did you mean the distribution "{stepped}"?' if key == "q" and stepped in {*Distribution} else None
            hint = hint or ("its keys are " + ", ".join(f"`{each}`" for each in own) if named else None)
            span = node.key_spans.get(key, node.span)
            found.append(Diagnostic(codes.KEY_WITHOUT_MEANING, span, {"key": key, "what": what}, hint=hint))
    for key in own:
        if key in _REQUIRED and key not in node.entries:
            _report_missing(key, node, place, found)


def _report_missing(key: str, node: MapNode, place: Place, found: list[Diagnostic], *, hint: str | None = None) -> None:
    if key == "distribution":
        fitting = "beta" if "a" in node.entries or "b" in node.entries else "normal"
        hint = (
            f"write `distribution: {fitting}`" if any(each in node.entries for each in (*_NORMAL, *_BETA)) else _FORMS
        )
    found.append(Diagnostic(project_codes.MISSING_KEY, node.span, {"key": key, "where": place.where}, hint=hint))


# --- values ---


class _Reader:
    """Reads the values of a parameter whose distribution is known and whose keys fit it."""

    def __init__(
        self,
        node: MapNode,
        distribution: Distribution,
        numbers: Mapping[str, int | float | None],
        found: list[Diagnostic],
    ) -> None:
        self.node = node
        self.distribution = distribution
        self.numbers = {key: number for key, number in numbers.items() if number is not None}
        self.found = found

    def leaf(self, place: Place) -> Leaf:
        """The parameter; only to be used where nothing was reported."""
        node, own = self.node, KEYS[self.distribution]
        values = self._values() if "values" in own else (plain(node.entries["value"]),) if "value" in own else ()
        self._positive()
        if "min" in own:
            self._bounds()
        renamed = {_FIELDS.get(key, key): value for key, value in self.numbers.items()}
        return Leaf(
            path=place.path,
            distribution=self.distribution,
            values=values,
            probabilities=self._probabilities(len(values)) if "probabilities" in own else (),
            is_inferred="distribution" not in node.entries,
            span=place.span,
            **renamed,
        )

    def _values(self) -> tuple[object, ...]:
        listed = self._list("values")
        if listed is not None and not listed.items:
            arguments: dict[str, object] = {"expected": "at least 1 item", "found": show(listed)}
            self._report(project_codes.WRONG_VALUE, listed, arguments)
        return tuple(plain(item) for item in listed.items) if listed is not None else ()

    def _list(self, key: str) -> ListNode | None:
        node = self.node.entries[key]
        if isinstance(node, ListNode):
            return node
        hint = f"write a list: [{show(node)}]" if isinstance(node, ScalarNode) else None
        self._report(project_codes.WRONG_VALUE, node, {"expected": "a list", "found": show(node)}, hint)
        return None

    def _probabilities(self, count: int) -> tuple[float, ...]:
        listed = self._list("probabilities")
        if listed is None:
            return ()
        before = len(self.found)
        numbers = [number_of(item, self.found) for item in listed.items]
        chances = tuple(float(number) for number in numbers if number is not None)
        if len(self.found) > before:
            return ()
        for item, chance in zip(listed.items, chances, strict=True):
            if chance < 0:
                arguments: dict[str, object] = {"expected": "a number of 0 or more", "found": show(item)}
                self._report(project_codes.WRONG_VALUE, item, arguments)
        if len(chances) != count:
            problem = f"there are {count} values and {len(chances)} probabilities"
            self._report(codes.PROBABILITIES, listed, {"problem": problem})
        elif len(self.found) == before and abs(math.fsum(chances) - 1) > _SUM_TOLERANCE:
            problem = f"the probabilities are {math.fsum(chances):.6g} together, not 1"
            self._report(codes.PROBABILITIES, listed, {"problem": problem})
        return chances

    def _positive(self) -> None:
        for key in _POSITIVE:
            node = self.node.entries.get(key)
            if node is not None and self.numbers[key] <= 0:
                self._report(project_codes.WRONG_VALUE, node, {"expected": "a number above 0", "found": show(node)})

    def _bounds(self) -> None:
        low, high = self.numbers["min"], self.numbers["max"]
        entries = self.node.entries
        if self.distribution is Distribution.INT_UNIFORM:
            self._integers()
        if self.distribution in _LOGARITHMIC and low <= 0:
            hint = "a logarithm has values above 0 alone; `uniform` takes any bounds"
            arguments: dict[str, object] = {"expected": "a number above 0", "found": show(entries["min"])}
            self._report(project_codes.WRONG_VALUE, entries["min"], arguments, hint)
        elif low >= high:
            same = f"write `value: {show(entries['min'])}`"
            hint = same if low == high else f"write `min: {show(entries['max'])}, max: {show(entries['min'])}`"
            arguments = {"low": show(entries["min"]), "high": show(entries["max"])}
            notes = (Note("`min` stands here", entries["min"].span),)
            self.found.append(Diagnostic(codes.EMPTY_BOUNDS, entries["max"].span, arguments, notes, hint))

    def _integers(self) -> None:
        for key in _RANGE:
            value = self.numbers[key]
            if isinstance(value, float):
                node = self.node.entries[key]
                other = "`uniform` draws any number, `q_uniform` one in steps of `q`"
                hint = f"write `{value:.0f}`" if value.is_integer() and abs(value) < _EXACT else other
                self._report(project_codes.WRONG_VALUE, node, {"expected": "an integer", "found": show(node)}, hint)

    def _report(self, code: Code, node: Node, arguments: dict[str, object], hint: str | None = None) -> None:
        self.found.append(Diagnostic(code, node.span, arguments, hint=hint))


_FIELDS = {"min": "low", "max": "high"}


def is_number_text(value: object) -> bool:
    """Whether a value is a text that looks like a number."""
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))
