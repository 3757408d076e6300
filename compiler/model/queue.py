"""Queues: where runs wait, the configuration that they share and what a run may change of it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from launchctl.compiler.model.common import (
    KUBERNETES_VERSION_PATTERN,
    TEMPLATE_NAME_PATTERN,
    Flag,
    FreeMapping,
    Limit,
    Model,
    PriorityName,
    Text,
    Written,
    expected,
)
from launchctl.values import JSON


def _scalar(value: JSON) -> JSON:
    if not isinstance(value, str | int | float):
        raise expected("a text, a number, true or false")
    return value


Scalar: TypeAlias = Annotated[JSON, AfterValidator(_scalar), Written({"type": ["string", "number", "boolean"]})]
VariableType: TypeAlias = Literal["string", "integer", "number", "float", "boolean", "quantity", "duration"]


TemplateName: TypeAlias = Annotated[Text, Field(pattern=TEMPLATE_NAME_PATTERN)]


class GuardRails(Model):
    """The type and the bounds of a value."""

    type: VariableType = "string"
    """Kind of value; `float` is another word for `number`."""
    minimum: Scalar | None = None
    """Smallest value that is allowed."""
    maximum: Scalar | None = None
    """Largest value that is allowed."""
    exclusive_minimum: Scalar | None = Field(default=None, alias="exclusiveMinimum")
    """The value must be larger than this."""
    exclusive_maximum: Scalar | None = Field(default=None, alias="exclusiveMaximum")
    """The value must be smaller than this."""
    enum: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    """The only values that are allowed."""
    pattern: Text | None = None
    """Regular expression that the whole text must match."""
    default: Scalar | None = None
    """Value where none is given."""
    description: Text | None = None
    """For the reader."""


class Variable(GuardRails):
    """A value from outside, `{{ var.NAME }}`: `--var`, `--var-file`, `LAUNCHCTL_VAR_NAME` or the default."""


class TemplateVariable(GuardRails):
    """A value that a run may choose in its queue's configuration, `{{ NAME }}`, and within which bounds."""


class Queue(Model):
    """Where runs wait, and the configuration that they share."""

    resource: Text
    """Target: `process`, `docker`, `kubernetes`, `sagemaker`, `vertex`, or one that a plugin registered."""
    description: Text | None = None
    """For the reader."""
    prioritization: Flag = False
    """Whether runs may have a `priority`; otherwise first in first out."""
    max_jobs: Limit | None = None
    """How many run at once, for everyone; 1 on process and docker unless given, -1 for no limit."""
    config: FreeMapping | None = None
    """The configuration, in the target's own language."""
    templates: dict[TemplateName, TemplateVariable] | None = None
    """What a run may change, and within which bounds."""
    crds: tuple[Text, ...] | None = None
    """Kubernetes: files with the schemas of custom resources."""
    kubernetes_version: Annotated[Text, Field(pattern=KUBERNETES_VERSION_PATTERN)] | None = None
    """Kubernetes: version of the cluster, such as "1.29"."""
    priority_classes: dict[PriorityName, Text] | None = None
    """Kubernetes: priority to the name of a PriorityClass."""
