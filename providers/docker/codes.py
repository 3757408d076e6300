"""Faults of a docker configuration."""

from __future__ import annotations

from launchctl.diagnostics import Code, Severity

UNKNOWN_OPTION = Code(
    "docker-unknown-option",
    'unknown option "{name}" of `docker run`',
    "The configuration of a docker queue is the options of `docker run`, by their long names without dashes "
    "(`shm-size: 8g`) or their short forms (`v`, `e`, `m`). Underscores may stand for dashes. What belongs to the "
    "job (its image, its command, its arguments) is written on the job or the run.",
)
OPTION_TWICE = Code(
    "docker-option-twice",
    'option "{option}" is given twice, as "{first}" and as "{second}"',
    "A configuration names an option once, by one of its spellings: which of two values should win would depend "
    "on their order. Use one spelling in the queue and in the run's `resource`, so that the run's value replaces "
    "the queue's.",
)
OPTION_OWNED = Code(
    "docker-option-owned",
    'option "{option}" cannot be set here: {reason}',
    "launchctl names and labels every container and starts it in the background, so that a crash in between never "
    "starts a run twice. Options that would interfere are refused.",
)
OPTION_VALUE = Code(
    "docker-option-value",
    'expected {expected} for option "{option}", got {value}',
    "Each option of `docker run` takes a certain kind of value. Numbers may be written with or without quotes; a "
    "text that holds a macro `${…}` is not judged before it is filled in.",
)
OPTION_LIST = Code(
    "docker-option-list",
    'option "{option}" takes one value, got a list of {count}',
    "A list repeats an option, and docker would keep the last of several values of this one without a word.",
)
OPTION_MAPPING = Code(
    "docker-option-mapping",
    'option "{option}" takes {expected}, not a mapping',
    "Only options whose values are `NAME=VALUE` (env, label, annotation, sysctl, ulimit, log-opt, storage-opt) "
    "may be written as a mapping. Every other value is written as on the command line.",
)
OPTION_CONFLICT = Code(
    "docker-option-conflict",
    'options "{option}" and "{other}" exclude each other',
    "`docker run` refuses to start a container with both.",
)
NEVER_ENDS = Code(
    "docker-never-ends",
    'with restart policy "{policy}" the run never ends by itself',
    "The engine starts the container again whenever it ends, with success too. Such a run is shown as running "
    "until it is cancelled, and what depends on it never starts. `on-failure:3` starts it again after a failure "
    "only; `retry` on the run does so visibly, as a new attempt.",
    Severity.WARNING,
)
ENV_VOLUME = Code(
    "docker-env-volume",
    'the environment variable "{value}" looks like a volume',
    "`e` is the short form of `env`; volumes are `v` or `volume`. `docker run -e /a:/b` is accepted and does "
    "nothing useful.",
)
LABEL_OWNED = Code(
    "docker-label-owned",
    'label "{label}" cannot be set here: launchctl finds its containers by it',
    "Labels under `launchctl.dev/` and the label `wandb.ai/run-id` say which attempt a container is. Any other "
    "label is yours.",
)
IMAGE_MISSING = Code(
    "docker-image-missing",
    "there is no image to run",
    'A docker run needs an image: `source: {image: "name:tag"}` on the job.',
)
IMAGE_INVALID = Code(
    "docker-image-invalid",
    '"{image}" is not the name of an image',
    "An image is `[HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST]` with a name in lower case, as in "
    "`registry.example.com/churn:v1`.",
)
ENV_OWNED = Code(
    "docker-env-owned",
    'environment variable "{name}" cannot be set here: launchctl sets it',
    "The variables that tell a W&B-instrumented script which run it is are set by launchctl, and differ from run "
    "to run. Everything else may be set under the job's `env` or the configuration's.",
)
ENV_OVERRIDDEN = Code(
    "docker-env-overridden",
    'environment variable "{name}" of the configuration is replaced by the job\'s',
    "`env` of the job or the run is nearer to the run than its queue's configuration, and wins.",
    Severity.WARNING,
)
ENTRYPOINT_OVERRIDDEN = Code(
    "docker-entrypoint-overridden",
    "`entrypoint` of the configuration is replaced by the job's command",
    "A command of the job or the run is the entry point of the container; the configuration's counts where there "
    "is none.",
    Severity.WARNING,
)
SECRET_TAKEN = Code(
    "docker-secret-taken",
    'secret "{name}" has the name of an environment variable that is set as well',
    "A variable has one value; give the secret another name (`secrets: [{NAME: secret}]`) or drop the variable.",
)
SECRET_NAME = Code(
    "docker-secret-name",
    'secret "{name}" would change how docker itself is called',
    "A secret reaches the container through the environment of the docker command line, which reads this variable "
    "itself. Give the secret another name (`secrets: [{NAME: secret}]`).",
)

CODES = (
    UNKNOWN_OPTION,
    OPTION_TWICE,
    OPTION_OWNED,
    OPTION_VALUE,
    OPTION_LIST,
    OPTION_MAPPING,
    OPTION_CONFLICT,
    NEVER_ENDS,
    ENV_VOLUME,
    LABEL_OWNED,
    IMAGE_MISSING,
    IMAGE_INVALID,
    ENV_OWNED,
    ENV_OVERRIDDEN,
    ENTRYPOINT_OVERRIDDEN,
    SECRET_TAKEN,
    SECRET_NAME,
)
