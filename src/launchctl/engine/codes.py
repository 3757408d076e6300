"""Diagnostics of the engine: what is wrong beside the project's own text."""

from __future__ import annotations

from launchctl.diagnostics import Code

BAD_VARIABLE_FILE = Code(
    "bad-variable-file",
    "expected a mapping of variable names to single values",
    "A file given by `--var-file` is YAML or JSON and holds one mapping: each key is the name of a variable of the "
    "project, each value a text, a number or a boolean.\n\n    tag: v2\n    gpus: 4",
)

NO_TRIALS = Code(
    "no-trials",
    "no trial of this sweep can be made: {message}",
    "One trial of each sweep is made when a project is compiled, so that what its target refuses is found before "
    "anything starts. `exclude` may leave no combination of values, or entangle so many parameters that what it leaves "
    "cannot be counted. A grid may also have more points than anybody runs.",
)

CODES = (BAD_VARIABLE_FILE, NO_TRIALS)
