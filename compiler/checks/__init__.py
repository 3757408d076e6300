"""Rules over a whole program, one function a rule; they find faults and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from launchctl.compiler.checks.images import image_is_a_reference
from launchctl.compiler.checks.names import slugs_differ
from launchctl.compiler.checks.secrets import no_secret_in_text
from launchctl.compiler.checks.wandb import configuration_sets_no_variable_of_ours
from launchctl.compiler.program import Program
from launchctl.diagnostics import Diagnostic, Diagnostics

CHECKS: tuple[Callable[[Program], Iterator[Diagnostic]], ...] = (
    slugs_differ,
    image_is_a_reference,
    no_secret_in_text,
    configuration_sets_no_variable_of_ours,
)


def check(program: Program) -> Diagnostics:
    """What every rule finds, in the order of the rules."""
    return tuple(found for rule in CHECKS for found in rule(program))
