"""Sweeps: every key of a W&B sweep configuration, launchctl's own, and every key of a run."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import ConfigDict, Field, StrictInt, StrictStr, Tag, model_validator

from launchctl.compiler.model.common import (
    PARAMETER_PATTERN,
    Flag,
    FreeMapping,
    Model,
    Positive,
    ReadElsewhere,
    Shorthand,
    Text,
    by_form,
    expected,
    missing,
)
from launchctl.compiler.model.run import RunSettings
from launchctl.values import JSON

Number: TypeAlias = Annotated[float, Field(strict=True)]
ParameterName: TypeAlias = Annotated[StrictStr, Field(pattern=PARAMETER_PATTERN)]
Distribution: TypeAlias = Literal[
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "q_log_uniform",
    "inv_log_uniform",
    "log_uniform_values",
    "q_log_uniform_values",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
    "q_beta",
]


class Parameter(Model):
    """The values that one parameter may take, or a group of parameters."""

    value: JSON = None
    """The one value."""
    values: Annotated[tuple[JSON, ...], Field(min_length=1)] | None = None
    """The values to choose from."""
    probabilities: tuple[Number, ...] | None = None
    """How likely each of `values` is."""
    distribution: Distribution | None = None
    """How a value is drawn; follows from the other keys where it is not given."""
    min: Number | None = None
    """Smallest value."""
    max: Number | None = None
    """Largest value."""
    mu: Number | None = None
    """Mean of a normal distribution."""
    sigma: Number | None = None
    """Standard deviation of a normal distribution."""
    a: Number | None = None
    """First parameter of a beta distribution."""
    b: Number | None = None
    """Second parameter of a beta distribution."""
    q: Number | None = None
    """Step to which a drawn value is rounded."""
    parameters: dict[ParameterName, Parameter] | None = None
    """A group: parameters that arrive nested under this one's name."""


Parameters: TypeAlias = Annotated[dict[ParameterName, Parameter], Field(min_length=1)]


def _impute(value: JSON) -> JSON:
    return "false" if value is False else value


WhileRunning: TypeAlias = Annotated[
    Literal["latest", "best", "worst", "false"],
    Shorthand(_impute, {"const": False}),
]
"""W&B knows the text alone; what nearly everybody writes is the boolean."""


class Metric(Model):
    """What a sweep optimises."""

    name: Text
    """The key under which the job logs it."""
    goal: Literal["minimize", "maximize"] = "minimize"
    """Which way is better."""
    target: Number | None = None
    """Value at which no more trials are started."""
    impute: Literal["latest", "best", "worst"] = "worst"
    """What stands for the metric of a failed trial in a Bayesian search."""
    impute_while_running: WhileRunning = "false"
    """What stands for the metric of a trial that still runs."""


class Hyperband(Model):
    """Trials that at certain iterations are not among the best part are stopped."""

    type: Literal["hyperband"]
    """The rule."""
    min_iter: Positive | None = None
    """First iteration at which trials are compared."""
    max_iter: StrictInt | None = None
    """Last iteration, with `s` in place of `min_iter`."""
    s: Positive | None = None
    """Number of brackets, with `max_iter`."""
    eta: Annotated[Number, Field(gt=1)] = 3.0
    """Of each bracket, one part in this many survives."""
    strict: Flag = True
    """Whether a trial's value at the bracket counts, rather than its best."""


class Threshold(Model):
    """Trials whose metric is worse than a value are stopped."""

    type: Literal["threshold"]
    """The rule."""
    min_iter: Positive
    """How many values a trial logs before it is judged."""
    value: Number
    """What its metric must be as good as."""


class Median(Model):
    """Trials that are worse than the median of the others are stopped."""

    type: Literal["median"]
    """The rule."""
    min_iter: Positive
    """How many values a trial logs before it is judged."""
    min_trials: Positive = 3
    """How many others must have come as far."""


EarlyTerminate: TypeAlias = Annotated[Hyperband | Threshold | Median, Field(discriminator="type")]


class Controller(Model):
    """Where W&B runs its own search; read and kept, since launchctl searches itself."""

    model_config = ConfigDict(extra="allow")

    type: Literal["local", "cloud"]
    """Where W&B's controller runs."""


class MetricText(Model):
    """Metrics found in a run's log by a text or by expressions; one of the two."""

    log: Text | None = None
    """A text with `{name}` and `{value}`."""
    regex: Annotated[dict[Text, Text], Field(min_length=1)] | None = None
    """A regular expression for each metric, with one group that holds its value."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.log is None) == (self.regex is None):
            raise expected("`log` or `regex`")
        return self


MetricsFrom: TypeAlias = Annotated[
    Annotated[MetricText, Tag("<mapping>")] | Annotated[Literal["log", "wandb"], Tag("<text>")],
    by_form("`log`, `wandb`, `{log: PATTERN}` or `{regex: {NAME: EXPRESSION}}`"),
]


class Sweep(RunSettings):
    """A search over parameters; each trial is a run."""

    job: Text | None = None
    """Name of the job."""
    image_uri: Text | None = None
    """An image in place of a job."""
    file: Text | None = None
    """An existing W&B sweep configuration, taken as it is."""
    program: Text | None = None
    """What `${program}` stands for in `command`."""
    name: Text | None = None
    """Name to show."""
    project: Text | None = None
    """W&B project of the trials, in place of this project's."""
    entity: Text | None = None
    """W&B entity of the trials, in place of this project's."""
    method: Literal["grid", "random", "bayes", "custom"] | None = None
    """How points are chosen."""
    metric: Metric | None = None
    """What is optimised."""
    metrics: Annotated[tuple[Metric, ...], Field(min_length=2)] | None = None
    """Several metrics, for a `custom` method."""
    parameters: Annotated[JSON, ReadElsewhere(Parameters)] = None
    """The space that is searched."""
    early_terminate: Annotated[JSON, ReadElsewhere(EarlyTerminate)] = None
    """When trials that fall behind are stopped."""
    run_cap: Positive | None = None
    """How many trials at most."""
    controller: Controller | None = None
    """W&B's own search controller."""
    scheduler: FreeMapping | None = None
    """W&B's scheduler of the sweep."""
    launch: FreeMapping | None = None
    """W&B Launch's block of the sweep."""
    settings: FreeMapping | None = None
    """Settings that W&B's command line adds."""
    api_version: Text | None = Field(default=None, alias="apiVersion")
    """W&B's version of the configuration."""
    kind: Literal["sweep"] | None = None
    """W&B's kind of the configuration."""
    seed: StrictInt | None = None
    """Same seed, same draws; the hash of the sweep's address unless given."""
    parallel: Positive | None = None
    """How many trials of this sweep at once."""
    order: Literal["sorted", "declared", "shuffled"] = "sorted"
    """In which order the points of a grid come."""
    zip: tuple[Annotated[tuple[Text, ...], Field(min_length=2)], ...] | None = None
    """Parameters that vary together instead of crossing."""
    exclude: tuple[Annotated[FreeMapping, Field(min_length=1)], ...] | None = None
    """Combinations to leave out."""
    when: dict[str, Annotated[FreeMapping, Field(min_length=1)]] | None = None
    """Parameters that exist only where another has a value."""
    repeats: Positive = 1
    """How often each point runs, with `${repeat}`."""
    metrics_from: MetricsFrom = "log"
    """Where metrics come from."""
    engine: Literal["launchctl", "native"] = "launchctl"
    """Who searches: launchctl, or the target's own tuner."""
    merge: Literal["deep", "replace"] = "deep"
    """How the values of a trial go into the job's inputs."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.job is not None and self.image_uri is not None:
            raise expected("`job` or `image_uri`, not both")
        if self.scheduler is not None:
            return self  # of a search that is not ours, which was reported
        if self.method is None:
            raise missing("method")
        if "parameters" not in self.model_fields_set:
            raise missing("parameters")
        return self
