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
IMAGE_ON_PROCESS = Code(
    "image-on-process",
    '"{address}" runs an image, which a process queue cannot',
    "A process queue starts programs of this machine in a copy of the job's folder. An image needs a target that "
    "runs containers. Either send the run to a queue with `resource: docker`, or give the job a folder as its "
    "source: `source: {code: PATH}`.",
)
PROCESS_WITHOUT_COMMAND = Code(
    "process-without-command",
    '"{address}" has no command',
    "A folder of code does not say how it is run, as an image does by its entry point. Give the job or the run a "
    "`command`, for instance `command: [python, train.py]`.",
)
NUL_CHARACTER = Code(
    "nul-character",
    "a text for a process holds a NUL character",
    "The system ends arguments and environment variables at the first NUL character, so that a text with one in "
    'it cannot be handed over. In YAML it is written "\\0" or "\\x00" inside double quotes.',
)
CODES = (PROCESS_CONFIG, IMAGE_ON_PROCESS, PROCESS_WITHOUT_COMMAND, NUL_CHARACTER)
