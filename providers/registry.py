"""Providers by name: those that are shipped, and those that a third party registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from launchctl.compiler.resources import RESOURCES
from launchctl.providers.base import Provider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "launchctl.providers"
"""Entry-point group in which a third party names an object that satisfies `Provider`."""
SHIPPED = {"process": "launchctl.providers.process", "docker": "launchctl.providers.docker"}
"""Looked up first, so that a project of ours never waits for a scan of installed packages."""
LATER = frozenset(RESOURCES.values()) - frozenset(SHIPPED)
"""Targets of the language that this version reads and checks but does not compile yet."""


@cache
def provider_names() -> frozenset[str]:
    """Names of every provider that can be loaded."""
    return frozenset(SHIPPED) | {point.name for point in _registered()}


class ResourceNames(Mapping[str, str]):
    """Every name that a queue's `resource` may have, aliases and later targets too, and the provider that it means.

    Installed packages are searched for others only when a name is none of ours.
    """

    def __getitem__(self, name: str) -> str:
        if name in RESOURCES:
            return RESOURCES[name]
        if name in provider_names():
            return name
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**RESOURCES, **{name: name for name in sorted(provider_names())}})

    def __len__(self) -> int:
        return len(list(iter(self)))


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
