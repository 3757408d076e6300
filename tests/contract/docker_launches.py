"""Docker configurations and launches as a compiled project would hold them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launchctl.addresses import Address, Kind
from launchctl.compiler.document import parse_document
from launchctl.compiler.node import ListNode, MapNode, ScalarNode, node_of
from launchctl.compiler.program import BoundLaunch, Identity, ImageSource, LaunchSpec, SecretReference
from launchctl.compiler.source import Source
from launchctl.diagnostics import Span
from launchctl.values import JSON

RUN_ID = "runs-baseline-3f09a1c2d4"
SPAN = Span("project.yaml", 7, 3, 7, 9)


def config_of(text: str) -> MapNode:
    """The configuration that a YAML text holds, each value with its place in `queue.yaml`."""
    document, diagnostics = parse_document(Source("queue.yaml", text))
    assert diagnostics == ()
    if document.root is None or not isinstance(document.root, MapNode):
        return MapNode({}, {})
    return document.root


def launch_of(
    config: MapNode | None = None,
    *,
    image: str | None = "busybox:local",
    command: Sequence[JSON] = (),
    args: Sequence[JSON] = (),
    env: Mapping[str, JSON] | None = None,
    own_env: Mapping[str, JSON] | None = None,
    secrets: Sequence[str] = (),
    identity: Identity | None = None,
    project: str = "churn",
    files: Mapping[str, str] | None = None,
) -> BoundLaunch:
    """`runs.baseline` of the project `churn`; `env` is the user's, `own_env` what launchctl adds."""
    found = config or MapNode({}, {})
    words, further = (ListNode(tuple(ScalarNode(item, SPAN) for item in items), SPAN) for items in (command, args))
    spec = LaunchSpec(
        address=Address(Kind.RUNS, "baseline"),
        job="train",
        queue="box",
        resource="docker",
        source=ImageSource(ScalarNode(image, SPAN)),
        span=SPAN,
        command=words,
        args=further,
        env=_map(env or {}),
        secrets={name: SecretReference(name.lower(), "env", {"env": name}, SPAN) for name in secrets},
        config=found,
    )
    return BoundLaunch(
        spec=spec,
        identity=identity or Identity(RUN_ID, RUN_ID),
        project=project,
        entity="acme",
        workspace="default",
        image=image,
        command=words,
        args=further,
        env=_map({**(env or {}), **(own_env or {})}),
        config=found,
        files=files or {},
    )


def _map(values: Mapping[str, JSON]) -> MapNode:
    node = node_of(dict(values), SPAN)
    assert isinstance(node, MapNode)
    return node
