"""Diagnostics of the target `process`."""

from __future__ import annotations

from launchctl.diagnostics import Code

PROCESS_CONFIG = Code(
    "process-config",
    'a process queue has no configuration, got "{key}"',
    "A job on a process queue is started as it stands on the machine where apply runs: there is no target whose "
    "options a queue could set. Limits and variables belong elsewhere: `max_jobs` beside `config` in the queue, "
    "`env`, `timeout` and `command` in the job or the run. An existing local-process queue of W&B has none either.",
)
NUL_CHARACTER = Code(
    "nul-character",
    "a text for a process holds a NUL character",
    "The system ends arguments and environment variables at the first NUL character, so that a text with one in "
    'it cannot be handed over. In YAML it is written "\\0" or "\\x00" inside double quotes.',
)
CODES = (PROCESS_CONFIG, NUL_CHARACTER)
