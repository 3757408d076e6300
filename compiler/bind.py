"""Binding: a `LaunchSpec` for one attempt, its id and its macros filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from launchctl.compiler.environment import launch_variables
from launchctl.compiler.macros import names_macro, substitute, substitute_tree
from launchctl.compiler.node import ListNode, MapNode, Node
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, Program
from launchctl.compiler.sweep.arguments import json_of, parameter_file
from launchctl.compiler.sweep.trial import run_name
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


def bind(
    spec: LaunchSpec, identity: Identity, program: Program, workspace: str, chunk: int, file_folder: str | None = None
) -> BoundLaunch:
    """The launch of one attempt; a text that names `${env:NAME}` becomes a `Deferred`.

    `chunk` is the longest value of an environment variable that the target takes; `file_folder` is where it delivers
    files, if it does.
    """
    paths = _parameter_paths(spec, identity, file_folder)
    values = {**macro_values(spec, identity, program), **paths}
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
        files=_files(spec, paths) if paths else {},
    )


def macro_values(spec: LaunchSpec, identity: Identity, program: Program) -> Mapping[str, str]:
    """What every macro of a run stands for; one that has no value is absent."""
    values = {
        "project_name": program.project.lower(),
        "run_id": identity.lineage_id,
        "run_name": run_name(spec.address.name, spec.address.key),
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


def _parameter_paths(spec: LaunchSpec, identity: Identity, folder: str | None) -> Mapping[str, str]:
    """Where a trial finds its parameters, by macro: where W&B's agent would put them."""
    if spec.parameters is None or folder is None:
        return {}
    stem = f"{folder}/sweep-{spec.address.name}/config-{identity.lineage_id}"
    return {"sweep_param_path": f"{stem}.yaml", "args_json_file": f"{stem}.json"}


def _files(spec: LaunchSpec, paths: Mapping[str, str]) -> Mapping[str, str]:
    """W&B's parameter file, and one in JSON where the command names it."""
    values = spec.parameters or {}
    files = {paths["sweep_param_path"]: parameter_file(values)}
    if any(names_macro(node, "args_json_file") for node in (spec.command, spec.args, spec.env)):
        files[paths["args_json_file"]] = json_of(values)
    return files


def _map(node: MapNode, values: Mapping[str, str]) -> MapNode:
    filled: Node = substitute_tree(node, values)
    return filled if isinstance(filled, MapNode) else node


def _list(node: ListNode, values: Mapping[str, str]) -> ListNode:
    filled: Node = substitute_tree(node, values)
    return filled if isinstance(filled, ListNode) else node
