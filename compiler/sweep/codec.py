"""A sweep as one text, and back: what a state records, so that a drain draws trials without the project's files.

Places in files are dropped. Everything that renders or fingerprints a trial survives exactly: the order of keys, 1.0
beside 1, true beside 1. The text is canonical JSON, in which a mapping whose order counts is a list of pairs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from launchctl.addresses import Address, parse_address
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.program import (
    CodeSource,
    Dependency,
    FieldClass,
    ImageSource,
    LaunchSpec,
    Lifecycle,
    Priority,
    Program,
    RetryPolicy,
    SecretReference,
    Source,
    SweepSpec,
)
from launchctl.compiler.sweep.search import (
    Hyperband,
    Median,
    MetricSource,
    Objective,
    Search,
    StoppingRule,
    Threshold,
)
from launchctl.compiler.sweep.space import Assignment, Condition, Distribution, Leaf, Space
from launchctl.values import JSON, canonical, is_list, is_mapping

VERSION = 1
_RULES: Mapping[str, type[Hyperband | Threshold | Median]] = {
    "hyperband": Hyperband,
    "threshold": Threshold,
    "median": Median,
}
_NUMBERS = ("low", "high", "mu", "sigma", "a", "b", "q")


def to_text(sweep: SweepSpec, program: Program) -> str:
    """The text of a sweep, with what `bind` must know of its project."""
    form: JSON = {
        "version": VERSION,
        "program": {"project": program.project, "entity": program.entity, "author": program.author},
        "address": str(sweep.address),
        "launch": _launch(sweep.launch),
        "search": _search(sweep.search),
        "title": sweep.title,
        "sweep_program": sweep.program,
        "merge": sweep.merge,
        "project": sweep.project,
        "entity": sweep.entity,
    }
    return canonical(form)


def from_text(text: str) -> tuple[SweepSpec, Program]:
    """The sweep of a text, and its project as far as `bind` needs it.

    Raises:
        ValueError: the text is none of a sweep, or of a version that this program does not know.
    """
    try:
        form: JSON = json.loads(text)
        if form["version"] != VERSION:
            raise ValueError(f"the sweep is recorded in version {form['version']}, and this program knows {VERSION}")
        return _read_sweep(form), _read_program(form["program"])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"the record of the sweep is not complete: {error!r}") from error


def _read_sweep(form: JSON) -> SweepSpec:
    address = _read_address(form["address"])
    return SweepSpec(
        address=address,
        launch=_read_launch(form["launch"], address),
        search=_read_search(form["search"]),
        title=form["title"],
        program=form["sweep_program"],
        merge=form["merge"],
        project=form["project"],
        entity=form["entity"],
    )


def _read_program(form: JSON) -> Program:
    return Program(
        project=form["project"],
        entity=form["entity"],
        author=form["author"],
        state=None,
        environment=(),
        queues={},
        agents={},
        launches=(),
    )


def _read_address(text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise ValueError(f'"{text}" is no address')
    return address


# --- trees: the order of their keys is that of the job's variables, arguments and files ---


def _ordered(value: JSON) -> JSON:
    """A value in which every mapping is `{"": [[key, value], …]}`."""
    if is_mapping(value):
        return {"": [[key, _ordered(item)] for key, item in value.items()]}
    return [_ordered(item) for item in value] if is_list(value) else value


def _from_ordered(value: JSON) -> JSON:
    if is_mapping(value):
        return {key: _from_ordered(item) for key, item in value[""]}
    return [_from_ordered(item) for item in value] if is_list(value) else value


def _tree(node: Node) -> JSON:
    if isinstance(node, MapNode):
        return {"": [[key, _tree(item)] for key, item in node.entries.items()]}
    return [_tree(item) for item in node.items] if isinstance(node, ListNode) else node.value


def _read_tree(value: JSON) -> Node:
    if is_mapping(value):
        return MapNode({key: _read_tree(item) for key, item in value[""]}, {})
    return ListNode(tuple(_read_tree(item) for item in value)) if is_list(value) else ScalarNode(value)


def _read_map(value: JSON) -> MapNode:
    node = _read_tree(value)
    if not isinstance(node, MapNode):
        raise TypeError("expected a mapping")
    return node


def _read_list(value: JSON) -> ListNode:
    node = _read_tree(value)
    if not isinstance(node, ListNode):
        raise TypeError("expected a list")
    return node


# --- the launch ---


def _launch(spec: LaunchSpec) -> JSON:
    source = spec.source
    return {
        "job": spec.job,
        "queue": spec.queue,
        "resource": spec.resource,
        "source": {"image": source.image.value}
        if isinstance(source, ImageSource)
        else {"path": source.path, "digest": source.digest, "ignore": list(source.ignore)},
        "command": _tree(spec.command),
        "args": _tree(spec.args),
        "env": _tree(spec.env),
        "inputs": _tree(spec.inputs),
        "files": _tree(spec.files),
        "config": _tree(spec.config),
        "inherit_env": list(spec.inherit_env),
        "secrets": [[name, _secret(secret)] for name, secret in spec.secrets.items()],
        "wandb": [[name, text] for name, text in spec.wandb.items()],
        "classes": [[list(path), found.value] for path, found in spec.classes],
        "agents": list(spec.agents),
        "priority": spec.priority.value,
        "depends_on": [[str(each.address), each.rerun] for each in spec.depends_on],
        "retry": {"max": spec.retry.max, "on": list(spec.retry.on), "backoff": spec.retry.backoff},
        "lifecycle": asdict(spec.lifecycle),
        "timeout": spec.timeout,
        "run_token": spec.run_token,
        "description": spec.description,
    }


def _read_launch(form: JSON, address: Address) -> LaunchSpec:
    retry = form["retry"]
    return LaunchSpec(
        address=address,
        job=form["job"],
        queue=form["queue"],
        resource=form["resource"],
        source=_read_source(form["source"]),
        span=None,
        command=_read_list(form["command"]),
        args=_read_list(form["args"]),
        env=_read_map(form["env"]),
        inherit_env=tuple(form["inherit_env"]),
        secrets={name: _read_secret(secret) for name, secret in form["secrets"]},
        inputs=_read_map(form["inputs"]),
        files=_read_map(form["files"]),
        config=_read_map(form["config"]),
        wandb=dict(form["wandb"]),
        classes=tuple((tuple(path), FieldClass(name)) for path, name in form["classes"]),
        agents=tuple(form["agents"]),
        priority=Priority(form["priority"]),
        depends_on=tuple(Dependency(_read_address(each), rerun, None) for each, rerun in form["depends_on"]),
        retry=RetryPolicy(retry["max"], tuple(retry["on"]), retry["backoff"]),
        lifecycle=Lifecycle(**form["lifecycle"]),
        timeout=form["timeout"],
        run_token=form["run_token"],
        description=form["description"],
    )


def _read_source(form: JSON) -> Source:
    if "image" in form:
        return ImageSource(ScalarNode(form["image"]))
    return CodeSource(form["path"], form["digest"], None, tuple(form["ignore"]))


def _secret(secret: SecretReference) -> JSON:
    return {
        "name": secret.name,
        "kind": secret.kind,
        "locator": [[key, text] for key, text in secret.locator.items()],
        "exposed": secret.exposed,
    }


def _read_secret(form: JSON) -> SecretReference:
    return SecretReference(form["name"], form["kind"], dict(form["locator"]), None, form["exposed"])


# --- the search ---


def _search(search: Search) -> JSON:
    space = search.space
    return {
        "method": search.method,
        "leaves": [_leaf(leaf) for leaf in space.leaves],
        "zips": [[list(path) for path in paths] for paths in space.zips],
        "exclude": [[[list(one.path), _ordered(one.value)] for one in each] for each in space.exclude],
        "conditions": [
            [list(one.path), list(one.parent), [_ordered(value) for value in one.values]] for one in space.conditions
        ],
        "seed": search.seed,
        "has_own_seed": search.has_own_seed,
        "order": search.order,
        "repeats": search.repeats,
        "run_cap": search.run_cap,
        "parallel": search.parallel,
        "objective": search.objective._asdict() if search.objective is not None else None,
        "stopping": _stopping(search.stopping) if search.stopping is not None else None,
        "metrics": [search.metrics.kind, search.metrics.pattern, [list(each) for each in search.metrics.expressions]],
    }


def _leaf(leaf: Leaf) -> JSON:
    return {
        "path": list(leaf.path),
        "distribution": leaf.distribution.value,
        "values": [_ordered(value) for value in leaf.values],
        "probabilities": list(leaf.probabilities),
        "is_inferred": leaf.is_inferred,
        **{name: getattr(leaf, name) for name in _NUMBERS},
    }


def _stopping(rule: StoppingRule) -> JSON:
    name = next(name for name, kind in _RULES.items() if isinstance(rule, kind))
    fields = rule._asdict()
    return {"rule": name, **fields, **({"bands": list(rule.bands)} if isinstance(rule, Hyperband) else {})}


def _read_search(form: JSON) -> Search:
    objective, stopping = form["objective"], form["stopping"]
    kind, pattern, expressions = form["metrics"]
    return Search(
        method=form["method"],
        space=_read_space(form),
        seed=form["seed"],
        has_own_seed=form["has_own_seed"],
        order=form["order"],
        repeats=form["repeats"],
        run_cap=form["run_cap"],
        parallel=form["parallel"],
        objective=Objective(**objective) if objective is not None else None,
        stopping=_read_stopping(dict(stopping)) if stopping is not None else None,
        metrics=MetricSource(kind, pattern, tuple((name, text) for name, text in expressions)),
    )


def _read_space(form: JSON) -> Space:
    return Space(
        leaves=tuple(_read_leaf(each) for each in form["leaves"]),
        zips=tuple(tuple(tuple(path) for path in paths) for paths in form["zips"]),
        exclude=tuple(
            tuple(Assignment(tuple(path), _from_ordered(value)) for path, value in each) for each in form["exclude"]
        ),
        conditions=tuple(
            Condition(tuple(path), tuple(parent), tuple(_from_ordered(value) for value in values))
            for path, parent, values in form["conditions"]
        ),
    )


def _read_leaf(form: JSON) -> Leaf:
    return Leaf(
        path=tuple(form["path"]),
        distribution=Distribution(form["distribution"]),
        values=tuple(_from_ordered(value) for value in form["values"]),
        probabilities=tuple(form["probabilities"]),
        is_inferred=form["is_inferred"],
        **{name: form[name] for name in _NUMBERS},
    )


def _read_stopping(form: dict[str, JSON]) -> StoppingRule:
    kind = _RULES[form.pop("rule")]
    if "bands" in form:
        form["bands"] = tuple(form["bands"])
    return kind(**form)
