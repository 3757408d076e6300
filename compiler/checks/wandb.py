"""Rules about the variables of W&B Launch."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.checks.subject import Subject
from launchctl.compiler.environment import owned_name
from launchctl.diagnostics import Diagnostic


def configuration_sets_no_variable_of_ours(subject: Subject) -> Iterator[Diagnostic]:
    """A target's own way to set variables does not contradict what launchctl sets."""
    for name, node in subject.variables if subject.kind == "config" else ():
        if name.startswith("WANDB_") and owned_name(name, subject.owned):
            hint = "leave it out, or leave it to the project: `wandb: {environment: false}`"
            yield Diagnostic(codes.WANDB_CONFLICT, node.span, {"name": name}, hint=hint)
