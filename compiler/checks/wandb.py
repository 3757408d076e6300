"""Rules about the variables of W&B Launch."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.checks.assignments import assignments
from launchctl.compiler.environment import owned_name
from launchctl.compiler.program import Program
from launchctl.diagnostics import Diagnostic


def configuration_sets_no_variable_of_ours(program: Program) -> Iterator[Diagnostic]:
    """A target's own way to set variables does not contradict what launchctl sets."""
    seen: set[int] = set()
    for spec in program.launches:
        if id(spec.config) in seen:
            continue
        seen.add(id(spec.config))
        for name, node in assignments(spec.config):
            if name.startswith("WANDB_") and owned_name(name, spec.wandb):
                hint = "leave it out, or leave it to the project: `wandb: {environment: false}`"
                yield Diagnostic(codes.WANDB_CONFLICT, node.span or spec.span, {"name": name}, hint=hint)
