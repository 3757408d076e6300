"""Abbreviated keys: a command line names a trial by the shortest prefix that no other trial's key has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import nsmallest
from itertools import islice

from launchctl.addresses import Kind, Reference, parse_address, typed
from launchctl.compiler.program import SweepSpec
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.engine.plan import Override
from launchctl.errors import UsageError
from launchctl.state.model import RunState, State

KeysOf = Callable[[str], Collection[str]]
"""The keys that are known of a sweep, by its address."""

_NAMED = 5
"""How many candidates an error names."""
_SUGGESTED = 3
_MOST_LOOKED_AT = 100_000
"""Points of a grid among which one is looked for by its key."""
_SHORTEST_KEY = 4
_LONGEST_INDEX = 15
"""An index is never abbreviated: it is shorter than the digest of a point."""


def keys_on_record(state: State | None, sweep: str) -> tuple[str, ...]:
    """Keys of a sweep's trials on record, of every epoch, in the order of their search."""
    start = f"{sweep}["
    found = [run for name, run in (state.runs.items() if state else ()) if name.startswith(start)]
    return tuple(run.run.address[len(start) : -1] for run in sorted(found, key=_place))


def _place(run: RunState) -> tuple[int, int, str]:
    trial = run.generation.trial if run.generation else None
    return (trial.index if trial else 0, trial.repeat if trial else 0, run.run.address)


def expanded(pattern: str, keys_of: KeysOf) -> str:
    """An address or a glob with its abbreviated key written out.

    Raises:
        UsageError: the key fits no trial, or several.
    """
    address = parse_address(pattern)
    if address is None or not address.key:
        return pattern
    sweep = str(replace(address, key=""))
    return str(replace(address, key=unique_key(sweep, address.key, keys_of(sweep))))


def unique_key(sweep: str, prefix: str, keys: Collection[str]) -> str:
    """The key that is meant: the very one, else the only one that begins so.

    A repetition is named by its number: a prefix without one means the first.

    Raises:
        UsageError: no key begins so, or several do.
    """
    if prefix in keys:
        return prefix
    start, _, repeat = prefix.partition(".")
    found = sorted(key for key in keys if _is_meant(key, start, repeat))
    if not found:
        raise _unknown(sweep, prefix, keys)
    if len(found) > 1:
        names = ", ".join(f"{sweep}[{key}]" for key in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise UsageError(f"{sweep}[{prefix}] may be {names}{more}", hint="write more of its key")
    return found[0]


def _is_meant(key: str, start: str, repeat: str) -> bool:
    point, _, number = key.partition(".")
    is_index = point.isdecimal() and len(point) <= _LONGEST_INDEX
    return point.startswith(start) and number == repeat and not is_index


def _unknown(sweep: str, prefix: str, keys: Collection[str]) -> UsageError:
    """What to say of a key that no trial has; its sweep is no way out, since that would be all of its trials."""
    short = short_keys(keys)
    near = nsmallest(_SUGGESTED, keys, key=lambda key: _distance(prefix, key))
    names = ", ".join(f"{sweep}[{short[key]}]" for key in near)
    hint = f"the nearest: {names}" if near else "no trial of it is on record"
    return UsageError(f'{sweep} has no trial "{prefix}"', hint=hint)


def _distance(prefix: str, key: str) -> tuple[int, int, str]:
    """How far a key is from what was written: of digests what they begin with in common, of indexes their numbers."""
    start, point = prefix.partition(".")[0], key.partition(".")[0]
    is_index = start.isdecimal() and point.isdecimal() and max(len(start), len(point)) <= _LONGEST_INDEX
    return (0, abs(int(start) - int(point)), key) if is_index else (-_common(start, point), 0, key)


def require_trial(reference: Reference, keys_of: KeysOf) -> None:
    """Tells a sweep from one of its trials, which alone has attempts.

    Raises:
        UsageError: the reference names a whole sweep that has trials.
    """
    address = reference.address
    keys = keys_of(str(address)) if address.kind is Kind.SWEEPS and not address.key else ()
    if keys:
        short = short_keys(keys)
        names = ", ".join(typed(f"{address}[{short[key]}]") for key in list(keys)[:_SUGGESTED])
        more = f", \u2026 ({len(keys):,} in all)" if len(keys) > _SUGGESTED else ""
        raise UsageError(f"{address} is a sweep: name one of its trials", hint=f"as in {names}{more}")


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
    """The trials of a sweep that patterns name by their keys, whether or not they were ever drawn.

    Raises:
        UsageError: a key fits no trial, or several.
    """
    for pattern in patterns:
        address = parse_address(pattern)
        if address is not None and address.key and replace(address, key="") == sweep.address:
            yield _trial(sweep.search, str(sweep.address), address.key)


def _trial(search: Search, sweep: str, key: str) -> Trial:
    from launchctl.sweeps.searcher import page, size  # most command lines name no trial

    if search.method == "grid":
        found = {trial.key: trial for trial in _near(search, key)}
        if (size(search) or 0) > _MOST_LOOKED_AT and not any(_is_meant(name, *_parts(key)) for name in found):
            known = f"the first {_MOST_LOOKED_AT:,} of its trials, and those on record, are found by their keys"
            raise UsageError(f'{sweep} has no trial "{key}" among the first {_MOST_LOOKED_AT:,}', hint=known)
        return found[unique_key(sweep, key, found)]
    index, _, repeat = key.partition(".")
    if index.isdecimal() and (not repeat or repeat.isdecimal()):
        place = int(index) * search.repeats + int(repeat or 1) - 1
        found = {trial.key: trial for trial in page(search, place, 1)}
        if key in found:
            return found[key]
    raise _beyond(search, sweep, key)


def _near(search: Search, key: str) -> list[Trial]:
    """The points of a grid that a key may mean, or where it means none those that come nearest to it.

    A digest does not tell its place, so that of a great many points the first are looked at.
    """
    from launchctl.sweeps.grid import Grid

    start, repeat = _parts(key)
    return nsmallest(
        _NAMED + 1,
        islice(Grid(search).trials(), _MOST_LOOKED_AT),
        key=lambda trial: (not _is_meant(trial.key, start, repeat), *_distance(key, trial.key)),
    )


def _parts(key: str) -> tuple[str, str]:
    start, _, repeat = key.partition(".")
    return start, repeat


def _beyond(search: Search, sweep: str, key: str) -> UsageError:
    from launchctl.sweeps.searcher import size

    total = size(search)
    chosen = "chosen when it is started: `launchctl sweep show` has those that were"
    known = f"its trials are 0 to {(total - 1) // search.repeats:,}" if total else "its trials are numbered from 0"
    return UsageError(f'{sweep} has no trial "{key}"', hint=chosen if search.method == "bayes" else known)


def short_keys(keys: Iterable[str]) -> Mapping[str, str]:
    """Each key to its shortest prefix, of four characters at least, that is no other's; an index stays whole.

    A repetition's `.N` is kept, since all repetitions of a point share what stands before it.
    """
    given = list(keys)
    points = sorted({key.partition(".")[0] for key in given})
    lengths = {
        point: max(
            _SHORTEST_KEY,
            *(1 + _common(point, other) for other in points[max(place - 1, 0) : place + 2] if other != point),
            0,
        )
        for place, point in enumerate(points)
    }
    return {key: _shortened(key, lengths[key.partition(".")[0]]) for key in given}


def _shortened(key: str, length: int) -> str:
    point, dot, repeat = key.partition(".")
    return (point if point.isdecimal() and len(point) < 16 else point[:length]) + dot + repeat


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))
