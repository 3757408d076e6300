"""The targets of the language: every name that a queue's `resource` may have, whatever is installed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RESOURCES: Mapping[str, str] = MappingProxyType(
    {
        "process": "process",
        "docker": "docker",
        "kubernetes": "kubernetes",
        "sagemaker": "sagemaker",
        "vertex": "vertex",
        "local-process": "process",
        "local-container": "docker",
        "gcp-vertex": "vertex",
    }
)
"""Targets, and W&B's names for them, to the name of the provider; `providers.registry` adds what is installed."""
