"""What a method of search asks of its sweep: rules that W&B applies when a trial is due, told at compile time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from launchctl.compiler.node import MapNode, Node, nearest_span
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.groups import Parameters
from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.leaves import is_number_text
from launchctl.compiler.sweep.space import Distribution, Leaf
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.values import JSON

if TYPE_CHECKING:
    from launchctl.compiler.model import Sweep

_STEPPED = frozenset({Distribution.Q_UNIFORM, Distribution.Q_LOG_UNIFORM_VALUES})
"""Multiples of a step within bounds."""
_GRID = frozenset({Distribution.CONSTANT, Distribution.CATEGORICAL, Distribution.INT_UNIFORM, Distribution.Q_UNIFORM})
"""Distributions that a grid goes through."""


def check_method(sweep: Sweep, node: MapNode, parameters: Parameters, resource: str) -> Iterator[Diagnostic]:
    """What does not fit the sweep's method or the one who searches."""
    if sweep.scheduler is None and (sweep.method == "custom" or sweep.metrics is not None):
        yield from _custom(sweep, node)
    if sweep.engine == "native":
        span = nearest_span(node, ("engine",))
        hint = "leave `engine` out: launchctl searches on every target"
        yield Diagnostic(codes.NO_TUNER, span, {"resource": resource}, hint=hint)
    if sweep.method == "grid":
        yield from (_not_in_grid(leaf, parameters) for leaf in parameters.leaves if leaf.distribution not in _GRID)
    if sweep.method == "bayes":
        yield from _bayes(sweep, node, parameters)
    if sweep.early_terminate is not None and sweep.metric is None and sweep.metrics is None:
        yield _needs_metric("early termination", nearest_span(node, ("early_terminate",)))


def check_steps(sweep: Sweep, parameters: Parameters) -> Iterator[Diagnostic]:
    """Ranges without a single multiple of their step; the steps of a grid are counted from `min`."""
    for leaf in parameters.leaves if sweep.method != "grid" else ():
        if leaf.distribution in _STEPPED:
            yield from _without_multiple(leaf, parameters.nodes[leaf.path])


def _without_multiple(leaf: Leaf, node: MapNode) -> Iterator[Diagnostic]:
    low, high, q = (Fraction(repr(number)) for number in (leaf.low, leaf.high, leaf.q))
    below = high // q * q
    if below >= low:
        return
    is_below = low - below <= below + q - high and (below > 0 or leaf.distribution is Distribution.Q_UNIFORM)
    bound = f"`min: {_decimal(below, leaf)}`" if is_below else f"`max: {_decimal(below + q, leaf)}`"
    hint = f"write {bound}, or a `q` of {_decimal(high - low, leaf)} at most"
    arguments: dict[str, object] = {"q": repr(leaf.q), "low": repr(leaf.low), "high": repr(leaf.high)}
    yield Diagnostic(codes.NO_MULTIPLE, nearest_span(node, ("q",)), arguments, hint=hint)


def _decimal(number: Fraction, leaf: Leaf) -> str:
    """A number as short as its bounds are written: an integer among integers."""
    are_integers = all(isinstance(each, int) for each in (leaf.low, leaf.high, leaf.q))
    return str(number) if are_integers else repr(float(number))


def check_values(sweep: Sweep, parameters: Parameters) -> Iterator[Diagnostic]:
    """Warnings about lists of values: texts that look like numbers, and in a grid values that stand there twice."""
    for leaf in parameters.leaves:
        if leaf.distribution not in {Distribution.CATEGORICAL, Distribution.CATEGORICAL_W_PROBABILITIES}:
            continue
        place = next((place for place, value in enumerate(leaf.values) if is_number_text(value)), None)
        if place is not None:
            span, value = _value_span(leaf, parameters, place), leaf.values[place]
            hint = f"write {value} without quotes, or keep them where the job wants a text"
            yield Diagnostic(codes.TEXT_LIKE_NUMBER, span, {"value": f'"{value}"'}, hint=hint)
        if sweep.method == "grid" and not sweep.zip:
            yield from _repeated(leaf, parameters)


def _repeated(leaf: Leaf, parameters: Parameters) -> Iterator[Diagnostic]:
    if _are_plainly_different(leaf.values):
        return
    first: dict[str, int] = {}
    for place, value in enumerate(leaf.values):
        earlier = first.setdefault(identity(value), place)
        if earlier != place:
            notes = (Note("it stands here as well", _value_span(leaf, parameters, earlier)),)
            hint = "`repeats: 2` runs every point twice"
            arguments: dict[str, object] = {"value": _spelled(value)}
            span = _value_span(leaf, parameters, place)
            yield Diagnostic(codes.REPEATED_VALUE, span, arguments, notes, hint)
            return


def _are_plainly_different(values: Sequence[JSON]) -> bool:
    """Whether scalars differ from one another, in as little time as that takes."""
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        return False
    return len({(isinstance(value, bool), value) for value in values}) == len(values)


def _spelled(value: JSON) -> str:
    return f'"{value}"' if isinstance(value, str) else identity(value)[:60]


def _value_span(leaf: Leaf, parameters: Parameters, place: int) -> Span | None:
    return nearest_span(parameters.nodes[leaf.path], ("values", place))


def _custom(sweep: Sweep, node: MapNode) -> Iterator[Diagnostic]:
    if sweep.method == "custom":
        hint = "write `method: grid`, `random` or `bayes`"
        yield Diagnostic(codes.NOT_SEARCHED, nearest_span(node, ("method",)), {"what": '"method: custom"'}, hint=hint)
    elif sweep.metrics is not None:
        hint = "name the one value that decides: `metric: {name: …, goal: …}`"
        span = node.key_spans.get("metrics", node.span)
        yield Diagnostic(codes.NOT_SEARCHED, span, {"what": "a sweep with several metrics"}, hint=hint)


def _not_in_grid(leaf: Leaf, parameters: Parameters) -> Diagnostic:
    hint = "list its `values`, or write `method: random`"
    if leaf.distribution is Distribution.CATEGORICAL_W_PROBABILITIES:
        hint = "leave `probabilities` out, or write `method: random`"
    elif leaf.distribution is Distribution.UNIFORM:
        hint = "list its `values`, write `distribution: q_uniform` with a step `q`, or `method: random`"
    return _unfit("grid", leaf, parameters, hint)


def _bayes(sweep: Sweep, node: MapNode, parameters: Parameters) -> Iterator[Diagnostic]:
    if sweep.metric is None and sweep.metrics is None:
        yield _needs_metric("a bayes search", nearest_span(node, ("method",)))
    for leaf in parameters.leaves:
        if leaf.distribution is Distribution.CATEGORICAL_W_PROBABILITIES:
            yield _unfit("bayes", leaf, parameters, "leave `probabilities` out, or write `method: random`")
    if not parameters.broken and all(leaf.is_constant for leaf in parameters.leaves):
        span = nearest_span(node, ("parameters",))
        hint = "give one parameter `values`, or `min` and `max`"
        yield Diagnostic(codes.NOTHING_TO_SEARCH, span, {}, hint=hint)


def _unfit(method: str, leaf: Leaf, parameters: Parameters, hint: str) -> Diagnostic:
    written: Node = parameters.nodes[leaf.path]
    name = leaf.distribution.value
    is_weighted = leaf.distribution is Distribution.CATEGORICAL_W_PROBABILITIES
    what = "the probabilities" if is_weighted else f"the distribution {name}"
    key = "distribution" if not leaf.is_inferred else "probabilities" if is_weighted else ""
    span = nearest_span(written, (key,)) if key else leaf.span
    return Diagnostic(codes.NOT_FOR_METHOD, span, {"method": method, "what": what, "name": leaf.name}, hint=hint)


def _needs_metric(what: str, span: Span | None) -> Diagnostic:
    return Diagnostic(codes.NEEDS_METRIC, span, {"what": what}, hint="add `metric: {name: …, goal: minimize}`")
