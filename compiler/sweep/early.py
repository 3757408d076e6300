"""`early_terminate`: when a trial is stopped, checked and made ready: the bands of hyperband are computed here."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from launchctl.compiler import codes as project_codes
from launchctl.compiler.faults import diagnose, show
from launchctl.compiler.model.common import Model
from launchctl.compiler.model.reading import read_model
from launchctl.compiler.node import MapNode, Node, ScalarNode, descend, plain
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.habits import RULE_KEYS, RULES, meant
from launchctl.compiler.sweep.search import Hyperband, Median, StoppingRule, Threshold
from launchctl.diagnostics import Diagnostic
from launchctl.suggest import did_you_mean

if TYPE_CHECKING:
    from launchctl.compiler.model import sweep as model

ModelT = TypeVar("ModelT", bound=Model)
TYPES = ("hyperband", "threshold", "median")
_MOST_BANDS = 100
"""So many W&B computes from `min_iter`."""
_REACHABLE = 2**53
"""No trial logs so often."""


def read_early_terminate(node: Node, sweep: str, found: list[Diagnostic]) -> StoppingRule | None:
    """The rule by which trials are stopped; None where anything is wrong with it."""
    where = f'"early_terminate" of sweep "{sweep}"'
    if not isinstance(node, MapNode):
        hint = f"write `{{type: {node.value}, …}}`" if isinstance(node, ScalarNode) and node.value in TYPES else None
        arguments: dict[str, object] = {"expected": "a mapping with a `type`", "found": show(node)}
        found.append(Diagnostic(project_codes.WRONG_VALUE, node.span, arguments, hint=hint))
        return None
    if "type" not in node.entries:
        hint = "`type: hyperband` is W&B's"
        found.append(Diagnostic(project_codes.MISSING_KEY, node.span, {"key": "type", "where": where}, hint=hint))
        return None
    kind = plain(node.entries["type"])
    if kind not in TYPES:
        arguments = {"expected": "`hyperband`, `threshold` or `median`", "found": show(node.entries["type"])}
        near = meant(RULES, kind)
        hint = f'did you mean "{near}"?' if near else did_you_mean(str(kind), TYPES)
        found.append(Diagnostic(project_codes.WRONG_VALUE, node.entries["type"].span, arguments, hint=hint))
        return None
    return _READERS[kind](node, where, found)


def _hyperband(node: MapNode, where: str, found: list[Diagnostic]) -> StoppingRule | None:
    from launchctl.compiler.model.sweep import Hyperband as Written

    rule = _read(Written, node, where, found)
    if rule is None:
        return None
    if rule.max_iter is None and rule.min_iter is None:
        arguments: dict[str, object] = {"key": "max_iter" if rule.s is not None else "min_iter", "where": where}
        hint = "give `min_iter`, or `max_iter` and `s`"
        found.append(Diagnostic(project_codes.MISSING_KEY, node.span, arguments, hint=hint))
        return None
    if rule.max_iter is not None and rule.s is None:
        arguments = {"key": "s", "where": where}
        hint = "`s` says how often `max_iter` is divided by `eta`"
        found.append(Diagnostic(project_codes.MISSING_KEY, node.span, arguments, hint=hint))
        return None
    bands = _bands(rule, node, found)
    if rule.max_iter is None or rule.s is None:
        return Hyperband(bands, rule.eta, rule.strict, min_iter=rule.min_iter)
    return Hyperband(bands, rule.eta, rule.strict, max_iter=rule.max_iter, s=rule.s)


def _bands(rule: model.Hyperband, node: MapNode, found: list[Diagnostic]) -> tuple[int, ...]:
    if rule.max_iter is None or rule.s is None:
        return bands_from_below(rule.min_iter or 1, rule.eta)
    bands = bands_from_above(rule.max_iter, rule.s, rule.eta)
    if not bands:
        reason = f"`max_iter` {rule.max_iter} / `eta` {rule.eta:g} is below 1"
        place = descend(node, ("max_iter",)) or node
        found.append(Diagnostic(codes.NO_BAND, place.span, {"reason": reason}))
    return bands


def bands_from_above(max_iter: int, s: int, eta: float) -> tuple[int, ...]:
    """The last iteration divided by `eta`, at most `s` times.

    >>> bands_from_above(27, 4, 3), bands_from_above(100, 10, 2)
    ((1, 3, 9), (1, 3, 6, 12, 25, 50))
    """
    bands: list[int] = []
    band = float(max_iter)
    for _ in range(s):
        band /= eta
        if band < 1:
            break
        bands.append(math.floor(band))
    return tuple(sorted(bands))


def bands_from_below(min_iter: int, eta: float) -> tuple[int, ...]:
    """The first iteration times the powers of `eta`, as far as any trial comes.

    >>> bands_from_below(30, 1.5)[:4]
    (30, 45, 67, 101)
    """
    bands: list[int] = []
    band: float = min_iter
    while band < _REACHABLE and len(bands) < _MOST_BANDS:
        bands.append(math.floor(band))
        band *= eta
    return tuple(bands)


def _threshold(node: MapNode, where: str, found: list[Diagnostic]) -> StoppingRule | None:
    from launchctl.compiler.model.sweep import Threshold as Written

    rule = _read(Written, node, where, found)
    return Threshold(rule.min_iter, rule.value) if rule is not None else None


def _median(node: MapNode, where: str, found: list[Diagnostic]) -> StoppingRule | None:
    from launchctl.compiler.model.sweep import Median as Written

    rule = _read(Written, node, where, found)
    return Median(rule.min_iter, rule.min_trials) if rule is not None else None


def _read(written: type[ModelT], node: MapNode, where: str, found: list[Diagnostic]) -> ModelT | None:
    rule, faults = read_model(written, plain(node))
    for fault in faults:
        said = diagnose(fault, node, written, where)
        near = meant(RULE_KEYS, fault.path[-1], node.entries) if fault.kind == "extra_forbidden" else None
        is_ours = near is not None and near in written.model_fields
        found.append(replace(said, hint=f'it is called "{near}" here') if is_ours else said)
    return rule


_READERS = {"hyperband": _hyperband, "threshold": _threshold, "median": _median}
