"""Which secrets a run is given, and under which environment variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from launchctl.compiler import codes
from launchctl.compiler.entries import Entry, Project, SecretEntry
from launchctl.compiler.lookup import place, unknown
from launchctl.compiler.model import RunSettings
from launchctl.compiler.node import ListNode, MapNode, ScalarNode
from launchctl.compiler.program import SecretReference
from launchctl.diagnostics import Diagnostic, Note, Span

API_KEY = "WANDB_API_KEY"
"""The environment variable that carries W&B's key."""


def secrets_of(
    project: Project, entry: Entry[RunSettings], diagnostics: list[Diagnostic]
) -> dict[str, SecretReference]:
    """Environment variable to secret, for the `secrets` of one job, run or sweep."""
    found: dict[str, SecretReference] = {}
    for index, use in enumerate(entry.model.secrets or ()):
        span = place(entry.node, "secrets", index)
        secret = project.secrets.get(use.secret)
        if secret is None:
            diagnostics.extend(unknown(project, "secrets", "secret", use.secret, span, project.secrets))
            continue
        variable = use.variable or secret.model.env
        if variable is None:
            hint = f"write {{NAME: {secret.name}}}"
            diagnostics.append(Diagnostic(codes.NAMELESS_SECRET, span, {"name": secret.name}, hint=hint))
        elif variable in found:
            diagnostics.append(_twice(variable, span, found[variable].span))
        else:
            found[variable] = reference(secret, span)
    if found:
        diagnostics.extend(_text_as_well(entry.node, found))
    return found


def reference(secret: SecretEntry, span: Span | None) -> SecretReference:
    """A secret as a job refers to it."""
    return SecretReference(secret.name, secret.model.kind, secret.model.locator, span, secret.model.exposed)


def api_key(project: Project, diagnostics: list[Diagnostic]) -> dict[str, SecretReference]:
    """`WANDB_API_KEY` for every job, where the project names a secret for it."""
    name = project.settings.wandb.api_key
    if name is None:
        return {}
    span = place(project.node, "wandb", "api_key")
    secret = project.secrets.get(name)
    if secret is None:
        diagnostics.extend(unknown(project, "secrets", "secret", name, span, project.secrets))
        return {}
    return {API_KEY: reference(secret, span)}


def _twice(variable: str, span: Span | None, other: Span | None) -> Diagnostic:
    notes = (Note("it is set here as well", other),)
    return Diagnostic(codes.VARIABLE_TWICE, span, {"name": variable}, notes)


def _text_as_well(node: MapNode, found: Mapping[str, SecretReference]) -> Iterator[Diagnostic]:
    for name, span in variable_names(node):
        if name in found:
            yield _twice(name, found[name].span, span)


def variable_names(node: MapNode) -> Iterator[tuple[str, Span | None]]:
    """Names under `env` with their places, in either form of it."""
    written = node.entries.get("env")
    items = written.items if isinstance(written, ListNode) else (written,)
    for item in items:
        if isinstance(item, MapNode):
            for name, value in item.entries.items():
                yield name, item.key_spans.get(name, value.span)
        elif isinstance(item, ScalarNode) and isinstance(item.value, str):
            yield item.value.partition("=")[0], item.span
