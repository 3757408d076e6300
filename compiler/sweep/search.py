"""How a sweep searches: its method, its objective, when it stops a trial, and where it reads metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from launchctl.compiler.sweep.space import Space
from launchctl.values import JSON

Method: TypeAlias = Literal["grid", "random", "bayes"]
Order: TypeAlias = Literal["sorted", "declared", "shuffled"]
Goal: TypeAlias = Literal["minimize", "maximize"]
Impute: TypeAlias = Literal["latest", "best", "worst"]


class Objective(NamedTuple):
    """What is optimised; W&B's `metric`."""

    name: str
    goal: Goal = "minimize"
    target: float | None = None
    """Once a trial has reached it no more are started."""
    impute: Impute = "worst"
    impute_while_running: Literal["latest", "best", "worst", "false"] = "false"


class Hyperband(NamedTuple):
    """Stop a trial that at the deepest of these iterations is not among the best part."""

    bands: tuple[int, ...]
    """Iterations at which trials are compared, ascending."""
    eta: float = 3.0
    """Of each band one part in this many goes on."""
    strict: bool = True
    """Whether the value at the band counts, rather than the best so far."""
    min_iter: int | None = None
    """What the bands follow from as it is written: the first one, or the two below."""
    max_iter: int | None = None
    s: int | None = None


class Threshold(NamedTuple):
    """Stop a trial whose metric is worse than a value once it has logged so often."""

    min_iter: int
    value: float


class Median(NamedTuple):
    """Stop a trial whose best so far is worse than the median of what others had on average at that iteration."""

    min_iter: int
    min_trials: int = 3
    """How many others must have come as far."""


StoppingRule: TypeAlias = Hyperband | Threshold | Median


class MetricSource(NamedTuple):
    """Where the metrics of a trial are read."""

    kind: Literal["lines", "pattern", "regex", "wandb"] = "lines"
    """Our log lines, a text with `{name}` and `{value}`, an expression a metric, or W&B's summary file."""
    pattern: str = ""
    expressions: tuple[tuple[str, str], ...] = ()
    """Metric and a regular expression with one group, as SageMaker's metric definitions have them."""


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that decides which trials a sweep has, and in which order."""

    method: Method
    space: Space
    seed: int
    has_own_seed: bool = False
    """Whether the project gives the seed; else it is the hash of the sweep's address."""
    order: Order = "sorted"
    repeats: int = 1
    run_cap: int | None = None
    parallel: int | None = None
    objective: Objective | None = None
    stopping: StoppingRule | None = None
    metrics: MetricSource = field(default_factory=MetricSource)


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of a search, to be run once."""

    key: str
    """Of a grid, the first 16 hexadecimal digits of the hash of its values; otherwise its index. Repetition N > 1
    has `.N` appended."""
    index: int
    """From 0: place of its point in the search, before repetitions."""
    repeat: int
    """From 1."""
    values: Mapping[str, JSON]
    """What the job is given, groups nested, constants included; parameters that do not exist at this point are
    absent."""
