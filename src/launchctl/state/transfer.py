"""A whole state as one JSON document and back: `state pull` and `state push`.

A push never loses what was started: it refuses what knows less than the state does, unless forced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from launchctl.addresses import attempt_name
from launchctl.errors import StateError, StateMissing
from launchctl.state.codec import Malformed, decode, encode
from launchctl.state.model import AttemptRecord, Contents, Head, Series
from launchctl.state.soundness import faults
from launchctl.state.store import StateStore
from launchctl.status import Status
from launchctl.values import JSON, is_list, is_mapping

FORMAT_VERSION = "2"
_SHOWN = 5


def export(store: StateStore) -> JSON:
    """All that a store records; raises StateError as `StateStore.load` does."""
    return {"format_version": FORMAT_VERSION, **encode(store.contents())}


def read_document(document: JSON) -> Contents:
    """What a document of `export` records.

    Raises:
        StateError: it is of another format, or not sound.
    """
    if not is_mapping(document) or "format_version" not in document:
        raise StateError("this is no state: it has no format_version", hint="push what `launchctl state pull` wrote")
    version = document["format_version"]
    if version not in (*_EARLIER, FORMAT_VERSION):
        raise StateError(
            f'this state is of format "{version}": this version reads "{FORMAT_VERSION}"', hint="upgrade launchctl"
        )
    parts = {key: document[key] for key in document if key != "format_version"}
    try:
        contents: Contents = decode(Contents, _EARLIER[version](parts) if version in _EARLIER else parts, "$")
    except Malformed as error:
        raise StateError(f"this is no state: {error}", hint="push what `launchctl state pull` wrote") from error
    found = faults(contents)
    if found:
        raise StateError(f"this state is not sound: {_list(found)}", hint="push what `launchctl state pull` wrote")
    return contents


def import_(store: StateStore, document: JSON, *, owner: str, force: bool = False) -> Head:
    """Put a document's records in the place of a store's, or create the state from them; returns the head.

    Where there is a state, its serial grows, so that no plan made for either can be applied any more.

    Raises:
        StateError: the document is malformed; or, unless `force`, it is of another lineage, has a lower serial,
            or knows less of an attempt than the state does.
        StateLocked: somebody decides right now.
    """
    pushed = read_document(document)
    try:
        is_there = store.head() is not None
    except StateMissing:
        is_there = False  # `create` brings it back, if it is the same
    if not is_there:
        store.create(pushed.head, pushed)
        return pushed.head
    with store.lease(owner) as lease:
        recorded = store.contents()
        if not force:
            _refuse_other(recorded.head, pushed.head)
            _refuse_losses(recorded, pushed)
        head = replace(pushed.head, serial=max(recorded.head.serial, pushed.head.serial) + 1)
        store.replace(lease, replace(pushed, head=head))
        return head


def _without_sweeps(parts: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The parts of a document of format 1, which knew no sweeps, as they are now."""
    return {
        **parts,
        "generations": _each(parts.get("generations"), {"trial": None}),
        "attempts": _each(parts.get("attempts"), {"prune_requested": False}),
        "sweeps": [],
        "series": [],
    }


def _each(records: JSON, more: Mapping[str, JSON]) -> JSON:
    """The records with these keys as well; what is no list of records is left to the reader."""
    return [{**more, **item} if is_mapping(item) else item for item in records] if is_list(records) else records


_EARLIER: Mapping[str, Callable[[Mapping[str, JSON]], Mapping[str, JSON]]] = {"1": _without_sweeps}
"""What leads a document of an earlier format to the present one."""


def _refuse_other(recorded: Head, pushed: Head) -> None:
    if pushed.lineage != recorded.lineage:
        raise StateError(
            f"this state is of lineage {pushed.lineage}, the one in place is of {recorded.lineage}", hint=_FORCE
        )
    if pushed.serial < recorded.serial:
        raise StateError(
            f"this state is of serial {pushed.serial}, the one in place has moved on to {recorded.serial}", hint=_FORCE
        )


def _refuse_losses(recorded: Contents, pushed: Contents) -> None:
    losses = tuple(_losses(recorded, pushed))
    if losses:
        raise StateError(f"this state knows less than the one in place: {_list(losses)}", hint=_FORCE)


def _losses(recorded: Contents, pushed: Contents) -> Iterator[str]:
    by_run_id = {attempt.run_id: attempt for attempt in pushed.attempts}
    for attempt in recorded.attempts:
        if attempt.status is not Status.PENDING and _knows_less(by_run_id.get(attempt.run_id), attempt):
            yield f"{attempt_name(*attempt.key)} is {attempt.status} there"
    read = {series.run_id: series for series in pushed.series}
    for series in recorded.series:
        if _is_read_less(read.get(series.run_id), series):
            yield f"the metrics of {series.run_id} are read further there"
    epochs = {sweep.address: sweep.epoch for sweep in pushed.sweeps}
    for sweep in recorded.sweeps:
        if epochs.get(sweep.address, 0) < sweep.epoch:
            yield f"{sweep.address} is at epoch {sweep.epoch} there"


def _is_read_less(pushed: Series | None, recorded: Series) -> bool:
    if pushed is None:
        return True
    is_alike = (pushed.metric, pushed.source) == (recorded.metric, recorded.source)
    return is_alike and pushed.position < recorded.position


def _knows_less(pushed: AttemptRecord | None, recorded: AttemptRecord) -> bool:
    if pushed is None or pushed.status is Status.PENDING:
        return True
    if recorded.status.is_terminal:
        return pushed.status is not recorded.status
    return pushed.status is Status.INTENT and recorded.status is not Status.INTENT


def _list(sentences: tuple[str, ...]) -> str:
    more = f"; and {len(sentences) - _SHOWN} more" if len(sentences) > _SHOWN else ""
    return "; ".join(sentences[:_SHOWN]) + more


_FORCE = "pull it again; `--force` replaces the state all the same"
