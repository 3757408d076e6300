"""`metrics_from`: where the metrics of a trial are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchctl.compiler.node import MapNode, ScalarNode, descend, nearest_span
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.expression import InvalidExpression, compile_expression
from launchctl.compiler.sweep.search import MetricSource
from launchctl.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    from launchctl.compiler.model import Sweep

_PLACES = ("{name}", "{value}")


def read_metric_source(sweep: Sweep, node: MapNode, found: list[Diagnostic]) -> MetricSource:
    """Where a sweep's metrics come from."""
    written = sweep.metrics_from
    if isinstance(written, str):
        return MetricSource("wandb") if written == "wandb" else MetricSource()
    if written.log is not None:
        return _pattern(written.log, nearest_span(node, ("metrics_from", "log")), found)
    expressions = tuple((written.regex or {}).items())
    for name, expression in expressions:
        item = descend(node, ("metrics_from", "regex", name))
        problem = _problem(expression)
        if problem is not None and isinstance(item, ScalarNode):
            found.append(Diagnostic(codes.METRIC_PATTERN, item.span, {"problem": problem}))
    return MetricSource("regex", expressions=expressions)


def _pattern(text: str, span: Span | None, found: list[Diagnostic]) -> MetricSource:
    for place in _PLACES:
        if text.count(place) != 1:
            often = "nowhere" if place not in text else "more than once"
            hint = "the default reads the lines that `launchctl.trial.report` writes; a text is `{name}={value}`"
            problem = f"expected `{place}` once in the text, found it {often}"
            found.append(Diagnostic(codes.METRIC_PATTERN, span, {"problem": problem}, hint=hint))
    return MetricSource("pattern", text)


def _problem(expression: str) -> str | None:
    """What is wrong with an expression; RE2 is loaded for a sweep that has one."""
    try:
        groups = compile_expression(expression).groups
    except InvalidExpression as error:
        return f'expected a regular expression, got "{expression}": {error}'
    return None if groups == 1 else f'expected one group in "{expression}", got {groups}'
