"""Jobs: the recipe of a run; what to execute, and with which inputs."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from launchctl.compiler.model.common import FieldClassName, FreeMapping, Model, Text, expected
from launchctl.compiler.model.run import RunSettings


class JobSource(Model):
    """Where the job's program comes from: exactly one of `image`, `git` and `code`."""

    image: Text | None = None
    """An image that is there already; macros and templates allowed."""
    git: Text | None = None
    """URL of a repository: `https://…` or `git@…`."""
    ref: Text | None = None
    """Branch, tag or commit of the repository."""
    build_context: Text | None = None
    """Folder of the repository that the image is built from."""
    code: Text | None = None
    """Folder of this project."""
    dockerfile: Text | None = None
    """Dockerfile, relative to the folder that the image is built from."""
    ignore: tuple[Text, ...] | None = None
    """Patterns of files that do not belong to the code."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.image, self.git, self.code)) != 1:
            raise expected("exactly one of `image`, `git` and `code`")
        return self

    @property
    def kind(self) -> str:
        """`image`, `git` or `code`."""
        return "image" if self.image is not None else "git" if self.git is not None else "code"


class SchemaFile(Model):
    """What may be changed in one configuration file."""

    include: tuple[Text, ...] | None = None
    """Dotted paths that belong to the inputs."""
    exclude: tuple[Text, ...] | None = None
    """Dotted paths that do not."""
    schema_: FreeMapping | None = Field(default=None, alias="schema")
    """JSON Schema of the values, or `{pydantic: "package.module:Model"}`."""


class Inputs(SchemaFile):
    """The inputs of a job and their schema."""

    config: FreeMapping | None = None
    """Default values; a run's `config` is merged over them."""
    files: dict[str, SchemaFile] | None = None
    """Configuration files that a run may override, by path."""


class Job(RunSettings):
    """A recipe; with a `queue` of its own it is also a run of the same name."""

    source: JobSource
    """Where the program comes from."""
    fields: dict[str, FieldClassName] | None = None
    """Another class (`intent`, `placement`, `metadata`) for a field, by dotted path."""
    inputs: Inputs | None = None
    """Inputs, their defaults and their schema."""


JOB_KEYS = frozenset({"source", "description", "command", "env", "secrets", "fields", "inputs"})
"""Keys of a job that have nothing to do with its being a run."""
