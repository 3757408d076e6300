"""The project file as a whole: the model that the JSON Schema for editors is made from."""

from __future__ import annotations

from pydantic import Field

from launchctl.compiler.model.agent import Agent
from launchctl.compiler.model.common import Name
from launchctl.compiler.model.job import Job
from launchctl.compiler.model.queue import Queue, Variable
from launchctl.compiler.model.run import Run
from launchctl.compiler.model.settings import Secret, Settings
from launchctl.compiler.model.sweep import Sweep


class ProjectFile(Settings):
    """A launchctl project: jobs, queues, runs and sweeps as code."""

    variables: dict[Name, Variable] = Field(default_factory=dict[str, Variable])
    """Values from outside, by name."""
    secrets: dict[Name, Secret] = Field(default_factory=dict[str, Secret])
    """References to secrets, by name."""
    agents: dict[Name, Agent] = Field(default_factory=dict[str, Agent])
    """Who keeps queues draining, by name."""
    queues: dict[Name, Queue] = Field(default_factory=dict[str, Queue])
    """Where runs wait, by name."""
    jobs: dict[Name, Job] = Field(default_factory=dict[str, Job])
    """Recipes, by name."""
    runs: dict[Name, Run] = Field(default_factory=dict[str, Run])
    """Runs, by name."""
    sweeps: dict[Name, Sweep] = Field(default_factory=dict[str, Sweep])
    """Searches over parameters, by name."""
