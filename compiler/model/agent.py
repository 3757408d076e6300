"""Agents: who keeps queues draining, and how images are built there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from launchctl.compiler.model.common import FreeMapping, Limit, Model, Text


class AgentEnvironment(Model):
    """The cloud in which an agent works."""

    type: Literal["aws", "gcp", "azure", "local"]
    """Which cloud."""
    region: Text | None = None
    """Its region."""
    project: Text | None = None
    """Google Cloud: the project."""


class Builder(Model):
    """How an image is built where the job's source is no image."""

    type: Literal["docker", "kaniko", "noop"]
    """Which builder; `noop` builds nothing."""
    destination: Text | None = None
    """Repository that the image is pushed to, without a tag."""
    platform: Literal["linux/amd64", "linux/arm64"] | None = None
    """Platform of the image."""
    build_context_store: Text | None = Field(default=None, alias="build-context-store")
    """Kaniko: `s3://…`, `gs://…` or `https://….blob.core.windows.net/…` that takes the build context."""
    build_job_name: Text | None = Field(default=None, alias="build-job-name")
    """Kaniko: name of the build's Job."""
    secret_name: Text | None = Field(default=None, alias="secret-name")
    """Kaniko: Secret with the credentials of the registry."""
    secret_key: Text | None = Field(default=None, alias="secret-key")
    """Kaniko: key within that Secret."""
    kaniko_image: Text | None = Field(default=None, alias="kaniko-image")
    """Kaniko: image of the executor."""
    kaniko_config: FreeMapping | None = Field(default=None, alias="kaniko-config")
    """Kaniko: fragment of a Kubernetes Job, merged over the build's."""


class Agent(Model):
    """Who keeps queues draining: `agent run NAME`."""

    queues: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Names of the queues that it serves."""
    description: Text | None = None
    """For the reader."""
    max_jobs: Limit = 1
    """How many it runs at once, -1 for no limit; never limits `apply`."""
    environment: AgentEnvironment | None = None
    """The cloud in which it works."""
    builder: Builder | None = None
    """How it builds images."""
