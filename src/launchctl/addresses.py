"""Addresses: the names by which a project, a plan and a state speak of the same thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_-]{0,62}"
_ADDRESS = re.compile(
    rf"(?P<kind>runs|sweeps|jobs|queues|agents)\.(?P<name>{NAME_PATTERN})"
    r"(?:\[(?P<key>[0-9a-z.]+)\]|/(?P<slash>[0-9a-z.]+))?"
    r"(?:@(?P<series>[ge])(?P<number>[1-9][0-9]*))?(?:#a(?P<attempt>[1-9][0-9]*))?"
)


class Kind(StrEnum):
    """The sections of a project whose entries have addresses, in the order of a report."""

    QUEUES = "queues"
    AGENTS = "agents"
    JOBS = "jobs"
    RUNS = "runs"
    SWEEPS = "sweeps"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`runs.NAME`, `sweeps.NAME`, `sweeps.NAME[KEY]`, `jobs.NAME`, `queues.NAME`, `agents.NAME`."""

    kind: Kind
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}.{self.name}[{self.key}]" if self.key else f"{self.kind.value}.{self.name}"

    @property
    def slug(self) -> str:
        """The address as a DNS label of any length: `runs-baseline`."""
        return re.sub(r"[^a-z0-9]+", "-", str(self).lower()).strip("-")


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An address with the generation and attempt that a command named, if any: `runs.x@g1#a2`."""

    address: Address
    generation: int | None = None
    attempt: int | None = None

    def __str__(self) -> str:
        name = generation_name(str(self.address), self.generation) if self.generation else str(self.address)
        return f"{name}#a{self.attempt}" if self.attempt else name


def generation_name(address: str, number: int) -> str:
    """`runs.x@g1`, and `sweeps.x[3f09a1c2]@e1` of a trial, whose generation is its sweep's epoch."""
    return f"{address}@{'e' if address.startswith('sweeps.') else 'g'}{number}"


def attempt_name(address: str, generation: int, number: int) -> str:
    """`runs.x@g1#a2`, `sweeps.x[3f09a1c2]@e1#a2`."""
    return f"{generation_name(address, generation)}#a{number}"


def parse_reference(text: str) -> Reference | None:
    """The reference that a text spells, or None; `sweeps.lr/KEY` is `sweeps.lr[KEY]`."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    address = Address(Kind(match["kind"]), match["name"], match["key"] or match["slash"] or "")
    number, attempt = match["number"], match["attempt"]
    return Reference(address, int(number) if number else None, int(attempt) if attempt else None)


def parse_address(text: str) -> Address | None:
    """The address that a text spells, or None; generations and attempts are not part of one."""
    reference = parse_reference(text)
    return reference.address if reference and reference.generation is None and reference.attempt is None else None


def typed(name: str) -> str:
    """An address or a reference as a command line has it: a shell takes brackets for a pattern."""
    return f"'{name}'" if "[" in name else name


def matches(address: Address, pattern: str) -> bool:
    """Whether an address fits a glob in which `*` alone is special."""
    spelled = re.sub(r"/([^/\[\]]+)$", r"[\1]", pattern)
    return re.fullmatch(".*".join(map(re.escape, spelled.split("*"))), str(address)) is not None
