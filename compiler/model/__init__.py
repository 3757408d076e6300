"""The typed model of a project file: one class for every mapping that it knows."""

from launchctl.compiler.model.agent import Agent
from launchctl.compiler.model.job import JOB_KEYS, Job, JobSource
from launchctl.compiler.model.project import ProjectFile, Secret, Settings, Wandb
from launchctl.compiler.model.queue import GuardRails, Queue, TemplateVariable, Variable
from launchctl.compiler.model.run import Lifecycle, Retry, Run, RunSettings, SecretUse
from launchctl.compiler.model.sweep import Sweep

__all__ = [
    "JOB_KEYS",
    "Agent",
    "GuardRails",
    "Job",
    "JobSource",
    "Lifecycle",
    "ProjectFile",
    "Queue",
    "Retry",
    "Run",
    "RunSettings",
    "Secret",
    "SecretUse",
    "Settings",
    "Sweep",
    "TemplateVariable",
    "Variable",
    "Wandb",
]
