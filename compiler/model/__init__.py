"""The typed model of a project file: one class for every mapping that it knows.

A class is made when it is first asked for: most projects have no sweep, and every class costs a command's start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchctl.compiler.model.agent import Agent
    from launchctl.compiler.model.job import JOB_KEYS, Job, JobSource
    from launchctl.compiler.model.project import ProjectFile
    from launchctl.compiler.model.queue import GuardRails, Queue, TemplateVariable, Variable
    from launchctl.compiler.model.run import Lifecycle, Retry, Run, RunSettings, SecretUse
    from launchctl.compiler.model.settings import Secret, Settings, Wandb
    from launchctl.compiler.model.sweep import Sweep

_HOMES = {
    "agent": ("Agent",),
    "job": ("JOB_KEYS", "Job", "JobSource"),
    "project": ("ProjectFile",),
    "queue": ("GuardRails", "Queue", "TemplateVariable", "Variable"),
    "run": ("Lifecycle", "Retry", "Run", "RunSettings", "SecretUse"),
    "settings": ("Secret", "Settings", "Wandb"),
    "sweep": ("Sweep",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

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


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
