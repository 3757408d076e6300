"""Rules about variables that a configuration takes from where apply runs."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.checks.secrets import SECRET_NAMES
from launchctl.compiler.checks.subject import Subject
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.diagnostics import Diagnostic

_KEYS = ("env", "e")


def inherited_variables_are_listed(subject: Subject) -> Iterator[Diagnostic]:
    """`env: [NAME]` names what the project lists, or a secret that it declares: as `${env:NAME}` does."""
    for name, node in _inherited(subject.node) if subject.kind == "config" else ():
        if name not in subject.inheritable:
            yield Diagnostic(codes.ENV_NOT_LISTED, node.span, {"name": name}, hint=_hint(name))


def _inherited(config: Node) -> Iterator[tuple[str, Node]]:
    """Variables without a value, as `docker run --env NAME` has them, and those whose name is not known yet."""
    entries = config.entries if isinstance(config, MapNode) else {}
    for found in (entries[key] for key in _KEYS if key in entries):
        for item in found.items if isinstance(found, ListNode) else (found,):
            if not (isinstance(item, ScalarNode) and isinstance(item.value, str)):
                continue
            name, equals, _ = item.value.partition("=")
            is_volume = "/" in name or ":" in name  # which the target itself refuses
            if "${" in name or not (equals or is_volume):
                yield name, item


def _hint(name: str) -> str:
    if "${" in name:
        return "write the name of the variable: NAME=${env:NAME}"
    if name in SECRET_NAMES:
        return f"declare it, `secrets: {{NAME: {{env: {name}}}}}`, and give it to the job: `secrets: [NAME]`"
    return f"add it to the project: `environment: [{name}]`, or declare it under `secrets` if it is one"
