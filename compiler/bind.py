"""Binding: a `LaunchSpec` for one attempt, its id and its macros filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from launchctl.compiler.environment import launch_variables
from launchctl.compiler.macros import substitute, substitute_tree
from launchctl.compiler.node import ListNode, MapNode, Node
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program
from launchctl.values import canonical

ID_LENGTH = 63
"""A DNS label's."""
_HEX = 10


def run_id(
    slug: str, project: str, entity: str, workspace: str, address: str, intent: str, starts: int, limit: int = ID_LENGTH
) -> str:
    """`<slug>-<10 hex>`: the same for the same intent that was started as often, on every machine.

    `limit` is the target's longest name; the slug is cut from its end.
    """
    known = canonical([project, entity, workspace, address, intent, starts])
    suffix = hashlib.sha256(known.encode()).hexdigest()[:_HEX]
    return f"{slug[: min(limit, ID_LENGTH) - _HEX - 1].rstrip('-')}-{suffix}"


def bind(spec: LaunchSpec, identity: Identity, program: Program, workspace: str, chunk: int) -> BoundLaunch:
    """The launch of one attempt; a text that names `${env:NAME}` becomes a `Deferred`.

    `chunk` is the longest value of an environment variable that the target takes.
    """
    values = macro_values(spec, identity, program)
    image = values.get("image_uri")
    ours = launch_variables(spec, identity, values, chunk)
    env = _map(spec.env, values)
    return BoundLaunch(
        spec=spec,
        identity=identity,
        project=program.project,
        entity=program.entity,
        workspace=workspace,
        image=image,
        command=_list(spec.command, values),
        args=_list(spec.args, values),
        env=MapNode({**env.entries, **ours}, env.key_spans, env.span) if ours else env,
        config=_map(spec.config, values),
    )


def macro_values(spec: LaunchSpec, identity: Identity, program: Program) -> Mapping[str, str]:
    """What every macro of a run stands for; one that has no value is absent."""
    values = {
        "project_name": program.project.lower(),
        "run_id": identity.lineage_id,
        "run_name": spec.address.name,
        "job_name": spec.job,
        "queue_name": spec.queue,
    }
    if program.entity:
        values["entity_name"] = program.entity
    if program.author:
        values["author"] = program.author
    if isinstance(spec.source, ImageSource):
        values["image_uri"] = str(substitute(str(spec.source.image.value), values))
    return values


def _map(node: MapNode, values: Mapping[str, str]) -> MapNode:
    filled: Node = substitute_tree(node, values)
    return filled if isinstance(filled, MapNode) else node


def _list(node: ListNode, values: Mapping[str, str]) -> ListNode:
    filled: Node = substitute_tree(node, values)
    return filled if isinstance(filled, ListNode) else node
