"""Taking over objects that exist and that the state does not know: after a state was lost, and only when asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

from launchctl.engine.cells import next_id
from launchctl.engine.events import Decided, Sink, StateCreated
from launchctl.engine.plan import Action, Change, Reason
from launchctl.engine.records import policy_of
from launchctl.engine.rendering import launch_text
from launchctl.engine.session import Session
from launchctl.engine.world import Desired
from launchctl.errors import InvalidProject
from launchctl.providers.base import Observation
from launchctl.providers.registry import provider_names
from launchctl.state.model import AttemptRecord, Form, GenerationRecord, Head, RunRecord, Standing
from launchctl.state.owner import current_owner
from launchctl.state.store import PutAttempt, PutGeneration, PutRun, Write

_MOST_STARTS = 100
"""How many ids of one intent are tried to recognise an object."""


def adopt_all(session: Session, sink: Sink, address: str = "", run_id: str = "") -> tuple[str, ...]:
    """Records every object of this project that the state does not know; creates the state if there is none.

    With an address, or a run id as well, those of that name alone.

    Returns a sentence for each object: adopted, or why not. An object of another intent than the
    project's present one is adopted as what it is, so that the next plan shows the difference.
    """
    program = session.compiled.program
    if program is None or not session.compiled.is_valid:
        raise InvalidProject(session.compiled.diagnostics)
    unknown = {
        name: wanted
        for name, group in _unknown(session).items()
        if address in {"", name} and (wanted := [seen for seen in group if run_id in {"", seen.run_id}])
    }
    writes, said = _writes(session, unknown)
    if not writes:
        return said
    head = session.store.head()
    if head is None:
        head = Head(str(uuid.uuid4()), 0, program.project, program.entity, session.request.workspace)
        session.store.create(head)
        sink(StateCreated(session.store.url))
    with session.store.lease(current_owner()) as lease:
        sink(Decided(session.store.decide(lease, head.serial, writes), 0))
    return said


def _unknown(session: Session) -> Mapping[str, list[Observation]]:
    """Objects that no attempt on record has created, by address, oldest first."""
    used = {found.spec.resource for found in session.compiled.desired.values()} & provider_names()
    recorded = {found.run_id for found in session.store.history("*")[1]} if session.state() else set[str]()
    found: dict[str, list[Observation]] = {}
    for resource in sorted(used):
        for seen in session.clients.of(resource).discover():
            if seen.owner is not None and seen.run_id not in recorded:
                found.setdefault(seen.owner[0], []).append(seen)
    return {address: sorted(group, key=_key) for address, group in sorted(found.items())}


def _key(seen: Observation) -> tuple[int, int]:
    assert seen.owner is not None
    return seen.owner[1:]


def _writes(
    session: Session, unknown: Mapping[str, Sequence[Observation]]
) -> tuple[tuple[Write, ...], tuple[str, ...]]:
    writes: list[Write] = []
    said: list[str] = []
    state = session.state()
    for address, group in unknown.items():
        desired = session.compiled.desired.get(address)
        if desired is None or (state is not None and address in state.runs):
            why = "the project does not name it" if desired is None else "the state knows another attempt of it"
            said.extend(f"{seen.run_id}: not adopted, {why}" for seen in group)
            continue
        writes.extend(_adopted(session, address, desired, group))
        said.extend(f"{seen.run_id}: adopted as {address}, {seen.status.value}" for seen in group)
    return tuple(writes), tuple(said)


def _adopted(session: Session, address: str, desired: Desired, group: Sequence[Observation]) -> Iterator[Write]:
    program, workspace = session.compiled.program, session.request.workspace
    assert program is not None
    ids = [next_id(program, workspace, desired, starts) for starts in range(_MOST_STARTS)]
    used = [ids.index(seen.run_id) for seen in group if seen.run_id in ids]
    forms = {seen.run_id: desired.form if seen.run_id in ids else _other(seen) for seen in group}
    latest = group[-1]
    yield PutRun(
        RunRecord(
            address=address,
            standing=Standing.ACTIVE,
            acknowledged=forms[latest.run_id],
            protect=desired.spec.lifecycle.protect,
            generation=_key(latest)[0],
            starts={desired.form.intent: max(used, default=-1) + 1},
            on_remove=desired.spec.lifecycle.on_remove,
        )
    )
    first: dict[int, str] = {}
    for seen in group:
        generation, number = _key(seen)
        if generation not in first:
            first[generation] = seen.run_id
            yield PutGeneration(_generation(session, address, desired, generation, seen.run_id, forms[seen.run_id]))
        change = Change(address, Action.ADOPT, Reason.ADOPTED, generation, number, seen.run_id)
        text = launch_text(program, workspace)(desired, change, first[generation], 0)
        yield PutAttempt(_attempt(seen, address, text, session.clock()))


def _other(seen: Observation) -> Form:
    """The form of an object whose specification nobody knows any more: equal to none that a project can have."""
    return Form(1, '{"intent":{},"placement":{},"metadata":{}}', f"unknown:{seen.run_id}", "unknown", "unknown")


def _generation(
    session: Session, address: str, desired: Desired, number: int, first_id: str, form: Form
) -> GenerationRecord:
    return GenerationRecord(
        address=address,
        number=number,
        form=form,
        policy=policy_of(desired),
        run_id=first_id,
        reason=Reason.ADOPTED.value,
        serial=1,
        decided_at=session.clock(),
    )


def _attempt(seen: Observation, address: str, text: str, now: float) -> AttemptRecord:
    generation, number = _key(seen)
    return AttemptRecord(
        address=address,
        generation=generation,
        number=number,
        run_id=seen.run_id,
        status=seen.status,
        manifest=text,
        handle=seen.handle,
        exit_code=seen.exit_code,
        cause=seen.cause,
        message=seen.message,
        since=seen.ended_at or now,
        started_at=seen.started_at,
        ended_at=seen.ended_at,
        is_released=not seen.handle.get("held_back", False),
    )
