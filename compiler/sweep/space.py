"""The space of a sweep: leaves with their distributions, and how they depend on one another.

A parameter of the project file is a leaf or a group of parameters; a space is flat, and a leaf
knows its group by its path. The names of distributions and the meaning of their keys are W&B's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from launchctl.diagnostics import Span
from launchctl.values import JSON

ParameterPath: TypeAlias = tuple[str, ...]
"""`("optimizer", "lr")`; one segment for a parameter outside of any group, dots in it being ordinary characters."""


class Distribution(StrEnum):
    """How a leaf's value is drawn."""

    CONSTANT = "constant"
    CATEGORICAL = "categorical"
    CATEGORICAL_W_PROBABILITIES = "categorical_w_probabilities"
    INT_UNIFORM = "int_uniform"
    UNIFORM = "uniform"
    Q_UNIFORM = "q_uniform"
    LOG_UNIFORM_VALUES = "log_uniform_values"
    Q_LOG_UNIFORM_VALUES = "q_log_uniform_values"
    INV_LOG_UNIFORM_VALUES = "inv_log_uniform_values"
    NORMAL = "normal"
    Q_NORMAL = "q_normal"
    LOG_NORMAL = "log_normal"
    Q_LOG_NORMAL = "q_log_normal"
    BETA = "beta"
    Q_BETA = "q_beta"


class Assignment(NamedTuple):
    """A parameter with one value."""

    path: ParameterPath
    value: JSON


class Condition(NamedTuple):
    """`when`: a parameter, or a whole group, exists only where another has one of some values."""

    path: ParameterPath
    """Of a leaf, or of a group: all leaves below it."""
    parent: ParameterPath
    values: tuple[JSON, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One parameter. Only the fields that its distribution has mean anything."""

    path: ParameterPath
    distribution: Distribution
    values: tuple[JSON, ...] = ()
    """As they were written: one of a constant, all of a categorical."""
    probabilities: tuple[float, ...] = ()
    low: float = 0.0
    """`min`; an integer stays one."""
    high: float = 1.0
    """`max`; an integer stays one."""
    mu: float = 0.0
    sigma: float = 1.0
    a: float = 1.0
    b: float = 1.0
    q: float = 1.0
    """A step written as an integer gives integers."""
    is_inferred: bool = False
    """Whether the distribution follows from the other keys, which a plan tells."""
    span: Span | None = None

    @property
    def name(self) -> str:
        """The path as users write it: `optimizer.lr`."""
        return ".".join(self.path)

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to search."""
        return self.distribution is Distribution.CONSTANT


@dataclass(frozen=True, slots=True)
class Space:
    """What is searched."""

    leaves: tuple[Leaf, ...]
    """Constants included, in the order of the file, depth first."""
    zips: tuple[tuple[ParameterPath, ...], ...] = ()
    """Leaves that vary together instead of crossing; each group's have equally many values."""
    exclude: tuple[tuple[Assignment, ...], ...] = ()
    """A point that has all the values of one of these is left out."""
    conditions: tuple[Condition, ...] = ()

    @property
    def searched(self) -> tuple[Leaf, ...]:
        """The leaves that are not constant."""
        return tuple(leaf for leaf in self.leaves if not leaf.is_constant)

    @property
    def constants(self) -> tuple[Leaf, ...]:
        """The leaves that every trial shares."""
        return tuple(leaf for leaf in self.leaves if leaf.is_constant)
