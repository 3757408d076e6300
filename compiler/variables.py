"""The project's variables: what the command line says, typed by their declarations, as slots for templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.bounds import Guard, declaration_faults, typed, value_fault
from launchctl.compiler.entries import Project
from launchctl.compiler.node import Node, ScalarNode
from launchctl.compiler.templates import Slot
from launchctl.diagnostics import Diagnostic, Note
from launchctl.suggest import did_you_mean


class VariableText(NamedTuple):
    """A value from outside: always text, until its declaration has given it a type."""

    text: str
    origin: str = "--var"
    """Where it comes from, for a message: `--var`, the name of a file, `LAUNCHCTL_VAR_tag`."""
    is_ambient: bool = False
    """From the environment, where names that are meant for another project are no mistake."""


def variable_slots(project: Project, given: Mapping[str, VariableText]) -> tuple[Mapping[str, Slot], list[Diagnostic]]:
    """A slot `var.NAME` for every declared variable, and what is wrong with declarations and values."""
    slots: dict[str, Slot] = {}
    found: list[Diagnostic] = [*_unknown(project, given)]
    for name, entry in project.variables.items():
        guard = Guard.of(name, entry.node)
        faults = [*declaration_faults(guard)]
        found += faults
        value: Node | None = guard.default
        if not faults and name in given:
            value = ScalarNode(typed(guard, given[name].text))
            found += _misfit(guard, value, given[name])
        slots[f"var.{name}"] = Slot(guard, value if isinstance(value, ScalarNode) else None)
    return slots, found


def _unknown(project: Project, given: Mapping[str, VariableText]) -> Iterator[Diagnostic]:
    for name, value in given.items():
        if name not in project.variables and not value.is_ambient:
            hint = did_you_mean(name, project.variables) or "declare it under `variables`"
            arguments = {"name": name, "origin": value.origin}
            yield Diagnostic(codes.UNKNOWN_VARIABLE, None, arguments, hint=hint)


def _misfit(guard: Guard, value: ScalarNode, given: VariableText) -> Iterator[Diagnostic]:
    fault = value_fault(guard, value)
    if fault is not None:
        arguments = {"name": guard.name, "origin": given.origin, **fault.arguments}
        notes = fault.notes or (Note(f"{guard.name} is declared here", guard.span),)
        yield Diagnostic(codes.BAD_VARIABLE_VALUE, None, arguments, notes)
