"""Abbreviated keys: a command line names a trial by the shortest prefix that no other trial's key has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from launchctl.addresses import Reference, parse_address
from launchctl.compiler.program import SweepSpec
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.engine.plan import Override
from launchctl.errors import UsageError
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.searcher import page

KeysOf = Callable[[str], Collection[str]]
"""The keys that are known of a sweep, by its address."""

_NAMED = 5
"""How many candidates an error names."""


def expanded(pattern: str, keys_of: KeysOf) -> str:
    """An address or a glob with its abbreviated key written out; what fits no trial stays as it is.

    Raises:
        UsageError: the key fits several trials.
    """
    address = parse_address(pattern)
    if address is None or not address.key:
        return pattern
    sweep = str(replace(address, key=""))
    key = unique_key(sweep, address.key, keys_of(sweep))
    return str(replace(address, key=key)) if key else pattern


def unique_key(sweep: str, prefix: str, keys: Collection[str]) -> str:
    """The key that is meant: the very one, else the only one that begins so; nothing where none does.

    A repetition is named by its number: a prefix without one means the first.
    """
    if prefix in keys:
        return prefix
    start, _, repeat = prefix.partition(".")
    found = sorted(key for key in keys if _is_meant(key, start, repeat))
    if len(found) > 1:
        names = ", ".join(f"{sweep}[{key}]" for key in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise UsageError(f"{sweep}[{prefix}] may be {names}{more}", hint="write more of its key")
    return found[0] if found else ""


def _is_meant(key: str, start: str, repeat: str) -> bool:
    point, _, number = key.partition(".")
    return point.startswith(start) and number == repeat and len(point) > _LONGEST_INDEX


_LONGEST_INDEX = 15
"""An index is never abbreviated: it is shorter than the digest of a point."""


def expanded_reference(reference: Reference, keys_of: KeysOf) -> Reference:
    """The same of an address that may name an epoch and an attempt."""
    address = parse_address(expanded(str(reference.address), keys_of))
    return replace(reference, address=address) if address else reference


def expanded_override(override: Override, keys_of: KeysOf) -> Override:
    """The same of all that a command line allows for once."""

    def each(patterns: Iterable[str]) -> tuple[str, ...]:
        return tuple(expanded(pattern, keys_of) for pattern in patterns)

    return replace(
        override,
        rerun=each(override.rerun),
        allow_cancel=each(override.allow_cancel),
        allow_supersede=each(override.allow_supersede),
        targets=each(override.targets),
    )


def named_trials(sweep: SweepSpec, patterns: Iterable[str]) -> Iterator[Trial]:
    """The trials of a sweep that patterns name by their keys, whether or not they were ever drawn."""
    for pattern in patterns:
        address = parse_address(pattern)
        if address is not None and address.key and replace(address, key="") == sweep.address:
            trial = _trial(sweep.search, str(sweep.address), address.key)
            if trial is not None:
                yield trial


def _trial(search: Search, sweep: str, key: str) -> Trial | None:
    if search.method == "grid":
        start, _, repeat = key.partition(".")
        fitting = (trial for trial in Grid(search).trials() if _is_meant(trial.key, start, repeat))
        found = {trial.key: trial for trial in islice(fitting, _NAMED + 1)}
        return found.get(unique_key(sweep, key, found))
    index, _, repeat = key.partition(".")
    if not index.isdecimal() or (repeat and not repeat.isdecimal()):
        return None
    place = int(index) * search.repeats + int(repeat or 1) - 1
    found = {trial.key: trial for trial in page(search, place, 1)}
    return found.get(key)
