"""Runs: a job with these inputs on that queue."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator

from launchctl.compiler.model.common import (
    Command,
    Count,
    Duration,
    Environment,
    Flag,
    FreeMapping,
    Model,
    PriorityName,
    Shorthand,
    Text,
    VariableName,
    Written,
    expected,
)
from launchctl.values import JSON, is_mapping


class SecretUse(Model):
    """A secret that a job is given, and the environment variable that carries it."""

    secret: Text
    """Name of an entry of `secrets`."""
    variable: VariableName | None = None
    """Environment variable of the job; an `env` secret keeps its own name where none is given."""


def _secret_use(value: JSON) -> JSON:
    if isinstance(value, str):
        return {"secret": value}
    if is_mapping(value) and len(value) == 1:
        ((variable, secret),) = value.items()
        if isinstance(secret, str):
            return {"secret": secret, "variable": variable}
    raise expected("the name of a secret, or `VARIABLE: SECRET`")


_SECRET_FORMS = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1, "maxProperties": 1},
    ]
}
SecretList: TypeAlias = tuple[Annotated[SecretUse, BeforeValidator(_secret_use), Written(_SECRET_FORMS)], ...]


class DependencyUse(Model):
    """A run that must have succeeded before this one starts."""

    run: Text
    """Its address: `runs.NAME`, `sweeps.NAME` or `sweeps.NAME[KEY]`."""
    rerun: Flag = False
    """Whether a new generation of it starts a new one of this run as well."""


def _dependency_use(value: JSON) -> JSON:
    if isinstance(value, str):
        return {"run": value}
    if is_mapping(value):
        return value
    raise expected("an address such as `runs.prepare`")


Dependencies: TypeAlias = tuple[Annotated[DependencyUse, Shorthand(_dependency_use, {"type": "string"})], ...]


class Retry(Model):
    """When a failed attempt is followed by another without anybody's asking."""

    max: Count = 0
    """Attempts beyond the first."""
    on: tuple[Literal["preempted", "infra", "oom", "failed", "timed_out", "any"], ...] = ("preempted", "infra")
    """Which ends count; `any` is failed or timed out."""
    backoff: Duration = 0.0
    """How long to wait before the next attempt."""


class Lifecycle(Model):
    """What a change or a removal may do to a run that has begun."""

    protect: Flag = False
    """Refuse whatever would cancel or forget this run; remembered after its block is gone."""
    on_change: Literal["block", "keep", "supersede", "cancel"] = "block"
    """What an edit of a running run's intent does."""
    on_remove: Literal["block", "detach", "cancel"] = "block"
    """What removing a running run from the file does."""
    rerun_on: Literal["intent", "never"] = "intent"
    """Whether an edit of a finished run starts a new generation."""
    live_update: Flag = False
    """Whether placement may be changed in place while it runs."""


def _run_token(value: JSON) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise expected("a text")
    return str(value)


RunToken: TypeAlias = Annotated[str, BeforeValidator(_run_token), Written({"type": ["string", "integer"]})]


class RunSettings(Model):
    """What runs and sweeps have in common, and what a job with a queue of its own may say as well."""

    queue: Text | None = None
    """Name of the queue."""
    extends: Text | None = None
    """Name of a run whose settings are taken first: mappings merge by key, everything else is replaced."""
    description: Text | None = None
    """For the reader; starts nothing when it changes."""
    priority: PriorityName | None = None
    """Where the queue has `prioritization`; `medium` unless given."""
    config: FreeMapping | None = None
    """Values merged over the job's `inputs.config`."""
    files: dict[str, FreeMapping] | None = None
    """Overrides of configuration files, by path."""
    templates: FreeMapping | None = None
    """Values for the template variables of the queue."""
    resource: FreeMapping | None = None
    """Merged over the queue's `config`, for this run alone; may not replace what the queue gives by a template."""
    command: Command | None = None
    """Entry point, in place of the job's."""
    args: Command | None = None
    """Arguments after the command."""
    env: Environment | None = None
    """Environment variables, over the job's."""
    secrets: SecretList | None = None
    """Secrets that the job is given as environment variables, beside the job's own."""
    timeout: Duration | None = None
    """How long it may run."""
    depends_on: Dependencies | None = None
    """Runs that must have succeeded before."""
    retry: Retry | None = None
    """When a failed attempt is followed by another."""
    lifecycle: Lifecycle | None = None
    """What a change or a removal may do to a run that has begun."""
    run_token: RunToken | None = None
    """Another value starts a new generation."""


class Run(RunSettings):
    """One run: a job with these inputs on that queue."""

    job: Text | None = None
    """Name of the job; may come from the run that is extended."""
