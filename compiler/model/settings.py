"""What a project file says about the project as a whole, and the secrets that it names."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, Tag, model_validator

from launchctl.compiler.model.common import (
    URL_PATTERN,
    WANDB_NAME_PATTERN,
    Flag,
    Model,
    Text,
    VariableName,
    by_form,
    expected,
)

WandbName: TypeAlias = Annotated[Text, Field(pattern=WANDB_NAME_PATTERN, max_length=128)]


class KubernetesSecret(Model):
    """A key of a Secret that exists in the cluster."""

    name: Text
    """Name of the Secret."""
    key: Text
    """Key within it."""


class Secret(Model):
    """A reference to a secret: exactly one of `env`, `kubernetes`, `aws` and `gcp`; never a value."""

    env: VariableName | None = None
    """Environment variable that is read where apply runs."""
    kubernetes: KubernetesSecret | None = None
    """A key of an existing cluster Secret."""
    aws: Text | None = None
    """ARN of a secret in AWS Secrets Manager."""
    gcp: Text | None = None
    """`projects/…/secrets/…` in Google Secret Manager."""
    exposed: Flag = False
    """Allow an `env` secret on a target that can only show it in the job's definition."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.env, self.kubernetes, self.aws, self.gcp)) != 1:
            raise expected("exactly one of `env`, `kubernetes`, `aws` and `gcp`")
        if self.exposed and self.env is None:
            raise expected("`exposed` with an `env` secret alone")
        return self

    @property
    def kind(self) -> Literal["env", "kubernetes", "aws", "gcp"]:
        """Which of the four it is."""
        if self.env is not None:
            return "env"
        if self.kubernetes is not None:
            return "kubernetes"
        return "aws" if self.aws is not None else "gcp"

    @property
    def locator(self) -> dict[str, str]:
        """What a target needs to find it."""
        if self.kubernetes is not None:
            return {"name": self.kubernetes.name, "key": self.kubernetes.key}
        return {{"env": "env", "aws": "arn", "gcp": "name"}[self.kind]: self.env or self.aws or self.gcp or ""}


class PolicyFile(Model):
    """What runs may add to their queue's configuration, written in a file."""

    file: Text
    """Path of the policy."""


PolicyName: TypeAlias = Literal["open", "default", "restricted", "wandb-hardened"]


class Policies(Model):
    """What the authors of runs may do."""

    run: Annotated[
        Annotated[PolicyName, Tag("<text>")] | Annotated[PolicyFile, Tag("<mapping>")],
        by_form("the name of a policy, or `{file: PATH}`"),
    ] = "default"
    """What a run may add to its queue's configuration."""


class Move(Model):
    """A rename that starts nothing again."""

    old: Text = Field(alias="from")
    """The address until now."""
    new: Text = Field(alias="to")
    """The address from now on."""


class Wandb(Model):
    """What jobs are told about W&B."""

    environment: Annotated[
        Annotated[Flag, Tag("<scalar>")] | Annotated[tuple[VariableName, ...], Tag("<list>")],
        by_form("true, false or a list of names"),
    ] = True
    """Which `WANDB_*` variables every job gets: all, none, or these alone."""
    base_url: Annotated[Text, Field(pattern=URL_PATTERN)] = "https://api.wandb.ai"
    """W&B server."""
    api_key: Text | None = None
    """Name of the secret that every job gets as `WANDB_API_KEY`."""


class Settings(Model):
    """What a project file says about the project as a whole."""

    version: Literal[1]
    """Version of the project file's form."""
    project: Annotated[WandbName, Field(min_length=1)]
    """Name of the project: `${project_name}` and `WANDB_PROJECT`."""
    entity: WandbName = ""
    """Team or user: `${entity_name}` and `WANDB_ENTITY`."""
    author: Text = ""
    """Who the runs belong to: `${author}`."""
    state: Text | None = None
    """Where the state is kept: a path in the project's folder, or a URL; `.launchctl/` unless given."""
    environment: tuple[VariableName, ...] = ()
    """The only names that `${env:NAME}` may read, where apply runs."""
    policies: Policies = Field(default_factory=Policies)
    """What the authors of runs may do."""
    moved: tuple[Move, ...] = ()
    """Renames that start nothing again."""
    include: tuple[Text, ...] = ()
    """Other files of the same form, as patterns."""
    wandb: Wandb = Field(default_factory=Wandb)
    """What jobs are told about W&B."""
