"""Providers by name: those that are shipped, and those that a third party registered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from launchctl.providers.base import Provider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "launchctl.providers"
"""Entry-point group in which a third party names an object that satisfies `Provider`."""
SHIPPED = {"process": "launchctl.providers.process", "docker": "launchctl.providers.docker"}
"""Looked up first, so that a project of ours never waits for a scan of installed packages."""
ALIASES = {"local-process": "process", "local-container": "docker", "gcp-vertex": "vertex"}
"""W&B's names for our targets."""
LATER = frozenset({"kubernetes", "sagemaker", "vertex"})
"""Targets of the language that this version reads and checks but does not compile yet."""


@cache
def provider_names() -> frozenset[str]:
    """Names of every provider that can be loaded."""
    return frozenset(SHIPPED) | {point.name for point in _registered()}


def resource_names(used: Collection[str] = ()) -> Mapping[str, str]:
    """Every name that a queue's `resource` may have, aliases and later targets too, and the provider that it means.

    Installed packages are searched for others only where a name that is used is none of ours.
    """
    names = frozenset(SHIPPED) | LATER
    if not names.union(ALIASES).issuperset(used):
        names |= provider_names()
    return {name: name for name in sorted(names)} | {alias: name for alias, name in ALIASES.items() if name in names}


@cache
def load_provider(name: str) -> Provider:
    """The provider of a canonical name; raises KeyError where there is none."""
    if name in SHIPPED:
        found: Provider = import_module(SHIPPED[name]).PROVIDER
        return found
    for point in _registered():
        if point.name == name:
            registered: Provider = point.load()
            return registered
    raise KeyError(name)


def _registered() -> EntryPoints:
    from importlib.metadata import entry_points  # costs a scan of every installed package

    return entry_points(group=GROUP)
