"""One sweep, expanded: what its trials share by the expander of runs, and the search that tells them apart."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler import expand_codes
from launchctl.compiler.entries import ResolvedSweep
from launchctl.compiler.inputs import InputRules
from launchctl.compiler.node import Node
from launchctl.compiler.program import CodeSource, SweepSpec
from launchctl.compiler.runs import RunExpander
from launchctl.compiler.sweep.groups import Parameters, read_parameters
from launchctl.compiler.sweep.read import read_search
from launchctl.compiler.sweep.shared import command_faults, program_faults, scope_of, shared_run
from launchctl.diagnostics import Diagnostic, Note, has_errors


def expand_sweep(sweep: ResolvedSweep, expander: RunExpander) -> SweepSpec | None:
    """The specification of a sweep; None where anything is wrong with it. Costs as much as one run."""
    run = shared_run(sweep)
    written = sweep.node.entries.get("parameters")
    values = expander.values(run, written, "parameters") if written is not None else None
    # What cannot be filled in is not judged, but the rest of the sweep is.
    search, parameters, faults = (
        read_search(sweep, values) if values is not None else (None, _names(sweep, written), ())
    )
    found = [*faults, *command_faults(run, sweep), *_no_inputs(parameters, expander.input_rules(run))]
    expander.found += found
    names = frozenset(parameters.by_name())
    launch = expander.expand(run, scope_of(sweep, names, has_files=expander.has_files(run)))
    if launch is None or search is None or has_errors(found) or sweep.model.scheduler is not None:
        return None
    if isinstance(launch.source, CodeSource):
        expander.found += program_faults(sweep, launch.source, expander.files_of)
    model = sweep.model
    return SweepSpec(
        address=sweep.address,
        launch=launch,
        search=search,
        title=model.name or sweep.address.name,
        program=model.program,
        merge=model.merge,
        project=model.project,
        entity=model.entity,
        span=sweep.span,
    )


def _names(sweep: ResolvedSweep, written: Node | None) -> Parameters:
    """The parameters as far as they can be named, whatever is wrong with their values."""
    return read_parameters(written, sweep.address.name, []) if written is not None else Parameters()


def _no_inputs(parameters: Parameters, rules: InputRules) -> Iterator[Diagnostic]:
    """Parameters that the job excludes from its inputs."""
    for leaf in parameters.leaves:
        if any(leaf.path[: len(prefix)] == prefix for prefix in rules.exclude):
            notes = (Note("the inputs are declared here", rules.span),)
            yield Diagnostic(expand_codes.NOT_AN_INPUT, leaf.span, {"path": leaf.name}, notes)
