"""A bound launch as the command line of `docker run`: exactly what could be typed.

Options stand in the order of docker's own help, then the name, the labels and the environment,
then the image and what is handed to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from launchctl.compiler.node import MapNode, ScalarNode
from launchctl.compiler.program import BoundLaunch, ImageSource
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span
from launchctl.providers.docker import codes
from launchctl.providers.docker.arguments import (
    arguments_of,
    is_read_by_docker,
    is_set,
    joined,
    options_of,
    pair_of,
    text_of,
)
from launchctl.providers.docker.files import FOLDER
from launchctl.providers.docker.options import BY_SPELLING, OPTIONS
from launchctl.providers.manifest import Manifest
from launchctl.values import JSON

_ORDER: Mapping[str, int] = {option.name: place for place, option in enumerate(OPTIONS)}
_LOCAL = r"https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)"
_IMAGE = (
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?/|\[[0-9a-fA-F:]+\](?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?"
)


class Group(NamedTuple):
    """One option with one value, or a flag."""

    option: str
    variable: str
    """Name of the environment variable that it sets, if it sets one."""
    arguments: tuple[JSON, ...]
    span: Span | None


_groups_by_config: dict[int, tuple[MapNode, tuple[Group, ...]]] = {}


def lower(launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
    """The manifest of an attempt: `{"argv": ["docker", "run", …]}`, and `files` where the job is given some."""
    groups = _groups_of(launch.config)
    argv: list[JSON] = ["docker", "run"]
    for group in _with_network(groups, launch):
        if not _is_replaced(group, launch):
            argv.extend(group.arguments)
    if launch.files and any(group.arguments == ("--read-only",) for group in groups):
        argv += ("--volume", FOLDER)  # nothing else of such a container can be written to
    argv += ("--name", launch.identity.run_id)
    for name, value in launch.labels.items():
        argv += ("--label", f"{name}={value}")
    argv += ("--label", f"wandb.ai/run-id={launch.identity.lineage_id}")
    for name, node in launch.env.entries.items():
        if isinstance(node, ScalarNode):
            argv += ("--env", joined(f"{name}=", node))
    for name in launch.spec.secrets:
        argv += ("--env", name)
    argv.extend(_image_and_command(launch))
    body: dict[str, JSON] = {"argv": argv, "files": dict(launch.files)} if launch.files else {"argv": argv}
    return Manifest.of(body), tuple(_faults(launch, groups))


def _image_and_command(launch: BoundLaunch) -> Iterator[JSON]:
    """The job's command is the entry point; without one the image's own stays."""
    command = [ScalarNode(text_of(item), item.span) for item in launch.command.items if isinstance(item, ScalarNode)]
    if command:
        yield "--entrypoint"
        yield command[0]
    yield launch.image or ""
    yield from command[1:]
    for item in launch.args.items:
        if isinstance(item, ScalarNode):
            yield ScalarNode(text_of(item), item.span)


def _groups_of(config: MapNode) -> tuple[Group, ...]:
    """The configuration's options as arguments; runs of one queue share a configuration, and so this."""
    known = _groups_by_config.get(id(config))
    if known is None or known[0] is not config:
        if len(_groups_by_config) >= 1024:
            _groups_by_config.clear()
        known = _groups_by_config[id(config)] = (config, tuple(_render(config)))
    return known[1]


def _render(config: MapNode) -> Iterator[Group]:
    for name, node in options_of(config).items():
        option = BY_SPELLING[name]
        if option.is_flag:
            if is_set(option, node):
                yield Group(name, "", (f"--{name}=false" if option.default else f"--{name}",), node.span)
        else:
            for value in arguments_of(node):
                variable = pair_of(value)[0] if name == "env" else ""
                yield Group(name, variable, (f"--{name}", value), value.span)


def _with_network(groups: tuple[Group, ...], launch: BoundLaunch) -> tuple[Group, ...]:
    """A W&B server on this machine is out of a container's reach unless it shares the machine's network."""
    server = launch.env.entries.get("WANDB_BASE_URL")
    if not (isinstance(server, ScalarNode) and isinstance(server.value, str) and re.match(_LOCAL, server.value)):
        return groups
    if any(group.option == "network" for group in groups):
        return groups
    host = Group("network", "", ("--network", "host"), None)
    return tuple(sorted((*groups, host), key=lambda group: _ORDER[group.option]))


def _is_replaced(group: Group, launch: BoundLaunch) -> bool:
    """Whether something nearer to the run says it too."""
    return group.variable in launch.env.entries or (group.option == "entrypoint" and bool(launch.command.items))


def _faults(launch: BoundLaunch, groups: tuple[Group, ...]) -> Iterator[Diagnostic]:
    if not launch.image:
        yield Diagnostic(codes.IMAGE_MISSING, launch.spec.span)
    elif not _is_image(launch.image):
        source = launch.spec.source
        span = source.image.span if isinstance(source, ImageSource) else launch.spec.span
        yield Diagnostic(codes.IMAGE_INVALID, span, {"image": launch.image})
    for group in groups:
        if _is_replaced(group, launch):
            yield _replaced(group, launch)
    variables = {group.variable: group.span for group in groups if group.variable}
    yield from _secret_faults(launch, variables)


@lru_cache(maxsize=4096)
def _is_image(text: str) -> bool:
    return "${" in text or re.fullmatch(_IMAGE, text, re.ASCII) is not None


def _replaced(group: Group, launch: BoundLaunch) -> Diagnostic:
    if group.option == "entrypoint":
        note = Note("the command is here", launch.command.span)
        return Diagnostic(codes.ENTRYPOINT_OVERRIDDEN, group.span, {}, (note,), "keep one of the two")
    own = launch.spec.env.entries.get(group.variable)
    if own is None:
        return Diagnostic(codes.ENV_OWNED, group.span, {"name": group.variable}, hint="remove it here")
    note = Note("the job's is here", own.span)
    return Diagnostic(codes.ENV_OVERRIDDEN, group.span, {"name": group.variable}, (note,), "keep one of the two")


def _secret_faults(launch: BoundLaunch, variables: Mapping[str, Span | None]) -> Iterator[Diagnostic]:
    for name, secret in launch.spec.secrets.items():
        if name in launch.env.entries or name in variables:
            own = launch.env.entries.get(name)
            note = Note("the variable is here", own.span if own else variables.get(name))
            yield Diagnostic(codes.SECRET_TAKEN, secret.span, {"name": name}, (note,), "give the secret another name")
        elif is_read_by_docker(name):
            yield Diagnostic(codes.SECRET_NAME, secret.span, {"name": name}, hint="give the secret another name")
