"""Rules that hold whatever the target: one function a rule; they find faults and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from launchctl.compiler.checks.assignments import variables_set_by
from launchctl.compiler.checks.images import image_is_a_reference
from launchctl.compiler.checks.inherited import inherited_variables_are_listed
from launchctl.compiler.checks.names import slugs_differ
from launchctl.compiler.checks.secrets import texts_are_no_secrets, variables_are_no_secrets
from launchctl.compiler.checks.subject import Subject
from launchctl.compiler.checks.wandb import configuration_sets_no_variable_of_ours
from launchctl.compiler.node import Node
from launchctl.compiler.program import LaunchSpec
from launchctl.diagnostics import Diagnostic, Diagnostics

PART_CHECKS: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    image_is_a_reference,
    variables_are_no_secrets,
    texts_are_no_secrets,
    configuration_sets_no_variable_of_ours,
    inherited_variables_are_listed,
)
"""Rules about one part of a run."""
PROGRAM_CHECKS: tuple[Callable[[Sequence[LaunchSpec]], Iterator[Diagnostic]], ...] = (slugs_differ,)
"""Rules about all runs together."""


def check_part(kind: str, node: Node, owned: tuple[str, ...], inheritable: frozenset[str]) -> Diagnostics:
    """What the rules about a part find."""
    subject = Subject(kind, node, tuple(variables_set_by(kind, node)), owned, inheritable)
    return tuple([found for rule in PART_CHECKS for found in rule(subject)])


def check_program(launches: Sequence[LaunchSpec]) -> Diagnostics:
    """What the rules about all runs find."""
    return tuple([found for rule in PROGRAM_CHECKS for found in rule(launches)])
