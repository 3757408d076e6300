"""A sweep of a project to its `Search`: the space, what is optimised, when a trial is stopped, and what is wrong.

Everything is judged at its place in the file, and all of it in one go: a parameter that cannot be
read hides nothing of the others. Neighbours: `groups` and `leaves` read the parameters, `relations`
what is said of several at a time, `rules` knows what a method asks for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from launchctl.addresses import Address
from launchctl.compiler import codes as project_codes
from launchctl.compiler.entries import ResolvedSweep
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.sweep.early import read_early_terminate
from launchctl.compiler.sweep.groups import Parameters, read_parameters
from launchctl.compiler.sweep.habits import has_parameters
from launchctl.compiler.sweep.metrics import read_metric_source
from launchctl.compiler.sweep.relations import Relations, read_relations
from launchctl.compiler.sweep.rules import check_method, check_steps, check_values
from launchctl.compiler.sweep.search import Method, Objective, Search, StoppingRule
from launchctl.compiler.sweep.space import Space
from launchctl.diagnostics import Diagnostic, Diagnostics, Span, has_errors
from launchctl.suggest import nearest

if TYPE_CHECKING:
    from launchctl.compiler.model import Sweep

_SEED_DIGITS = 12
"""Hexadecimal digits of a default seed: an integer that JSON keeps."""


def read_search(sweep: ResolvedSweep, parameters: Node) -> tuple[Search | None, Parameters, Diagnostics]:
    """The search of a sweep, None where it has an error; `parameters` has its templates filled in."""
    found: list[Diagnostic] = []
    model, node = sweep.model, sweep.node
    read = read_parameters(parameters, sweep.address.name, found)
    relations = read_relations(node, read, found)
    stopping = _stopping(sweep, found)
    metrics = read_metric_source(model, node, found)
    found += (*check_method(model, node, read, sweep.resource), *check_steps(model, read), *check_values(model, read))
    if has_errors(found):
        return None, read, tuple(found)
    search = Search(
        method=cast("Method", model.method),
        space=_space(read, relations),
        seed=model.seed if model.seed is not None else default_seed(sweep.address),
        has_own_seed=model.seed is not None,
        order=model.order,
        repeats=model.repeats,
        run_cap=model.run_cap,
        parallel=model.parallel or (1 if model.method == "bayes" else None),
        objective=_objective(model),
        stopping=stopping,
        metrics=metrics,
    )
    return search, read, tuple(found)


def faults_of_broken(node: MapNode, sweep: str, span: Span | None) -> Diagnostics:
    """What is wrong with the parameters of a sweep that is not read any further, and with what stops its trials."""
    found: list[Diagnostic] = []
    parameters, early = node.entries.get("parameters"), node.entries.get("early_terminate")
    is_ours = "scheduler" not in node.entries
    is_misspelt = nearest("parameters", node.entries) is not None or has_parameters(node.entries)
    if parameters is None and is_ours and not is_misspelt:
        arguments: dict[str, object] = {"key": "parameters", "where": f'sweep "{sweep}"'}
        found.append(Diagnostic(project_codes.MISSING_KEY, span, arguments))
    if parameters is not None and not _has_template(parameters):
        read_parameters(parameters, sweep, found)
    if early is not None:
        read_early_terminate(early, sweep, found)
    return tuple(found)


def _has_template(node: Node) -> bool:
    if isinstance(node, ScalarNode):
        return isinstance(node.value, str) and "{{" in node.value
    return any(map(_has_template, node.items if isinstance(node, ListNode) else node.entries.values()))


def default_seed(address: Address) -> int:
    """The seed of a sweep that gives none: the same on every machine, another for every sweep."""
    return int(hashlib.sha256(str(address).encode()).hexdigest()[:_SEED_DIGITS], 16)


def _space(parameters: Parameters, relations: Relations) -> Space:
    return Space(tuple(parameters.leaves), relations.zips, relations.exclude, relations.conditions)


def _stopping(sweep: ResolvedSweep, found: list[Diagnostic]) -> StoppingRule | None:
    node = sweep.node.entries.get("early_terminate")
    return read_early_terminate(node, sweep.address.name, found) if node is not None else None


def _objective(model: Sweep) -> Objective | None:
    metric = model.metric
    if metric is None:
        return None
    return Objective(metric.name, metric.goal, metric.target, metric.impute, metric.impute_while_running)
