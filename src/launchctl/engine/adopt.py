"""Taking over objects that exist and that the state does not know: after a state was lost, and only when asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from launchctl.engine.cells import next_id
from launchctl.engine.events import Decided, Sink, StateCreated
from launchctl.engine.launch import Launch
from launchctl.engine.plan import Action, Change, Reason
from launchctl.engine.records import ids_for_retries, policy_of, run_record
from launchctl.engine.rendering import launch_text
from launchctl.engine.session import Session
from launchctl.engine.sweep.tally import key_of, sweep_of
from launchctl.engine.wanted import Wanted, trial_record
from launchctl.engine.world import Desired
from launchctl.errors import InvalidProject
from launchctl.providers.base import Observation
from launchctl.providers.registry import provider_names
from launchctl.state.model import AttemptRecord, Form, GenerationRecord, Head, State
from launchctl.state.owner import current_owner
from launchctl.state.store import PutAttempt, PutGeneration, PutRun, PutSweep, Write

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
    found = [
        seen
        for seen in _unknown(session)
        if address in {"", _address(session, seen), sweep_of(_address(session, seen))} and run_id in {"", seen.run_id}
    ]
    head = session.store.head()
    if head is None:
        if not found:
            return ()
        head = Head(str(uuid.uuid4()), 0, program.project, program.entity, session.request.workspace)
        session.store.create(head)
        sink(StateCreated(session.store.url))
    with session.store.lease(current_owner()) as lease:
        state = session.store.load()
        writes, said = _writes(session, state, found)
        if writes:
            sink(Decided(session.store.decide(lease, state.head.serial, writes), 0))
    return said


def _unknown(session: Session) -> Sequence[Observation]:
    """Objects that no attempt on record has created, oldest first."""
    used = session.compiled.resources & provider_names()
    recorded = {found.run_id for found in session.store.history("*")[1]} if session.state() else set[str]()
    found = [
        seen
        for resource in sorted(used)
        for seen in session.clients.of(resource).discover()
        if seen.owner is not None and seen.run_id not in recorded
    ]
    return sorted(found, key=lambda seen: (seen.owner or ("", 0, 0), seen.started_at or 0.0))


def _address(session: Session, seen: Observation) -> str:
    """The address of an object's run by its labels, or by what `moved` says has become of it."""
    program = session.compiled.program
    moved = {str(move.source): str(move.target) for move in program.moved} if program else {}
    name = seen.owner[0] if seen.owner else ""
    for _ in moved:
        sweep = sweep_of(name)
        name = f"{moved[sweep]}[{key_of(name)}]" if sweep in moved else moved.get(name, name)
    return name


def _key(seen: Observation) -> tuple[int, int]:
    assert seen.owner is not None
    return seen.owner[1:]


def _writes(
    session: Session, state: State, unknown: Sequence[Observation]
) -> tuple[tuple[Write, ...], tuple[str, ...]]:
    said: list[str] = []
    groups: dict[str, dict[tuple[int, int], Observation]] = {}
    wanted = Wanted(session.compiled, {_address(session, seen) for seen in unknown})
    for seen in unknown:
        address = _address(session, seen)
        group = groups.setdefault(address, {})
        why = _obstacle(wanted, state, address, seen, group)
        if why:
            said.append(f"{seen.run_id}: not adopted, {why}")
        else:
            group[_key(seen)] = seen
            said.append(f"{seen.run_id}: adopted as {address}, {seen.status.value}")
    adopted = {address: list(group.values()) for address, group in groups.items() if group}
    writes = [write for address, group in adopted.items() for write in _adopted(session, wanted, address, group)]
    sweeps = wanted.sweeps({address: _key(group[-1])[0] for address, group in adopted.items()}, state)
    return (*map(PutSweep, sweeps), *writes), tuple(said)


def _obstacle(
    wanted: Wanted, state: State, address: str, seen: Observation, group: Mapping[tuple[int, int], Observation]
) -> str:
    """Why an object cannot be adopted; or nothing."""
    record = state.runs.get(address)
    why = wanted.obstacle(address)
    if why:
        return why
    if record is not None and record.generation is not None:
        return "the state knows another attempt of it"
    if _key(seen) in group:
        return f"{group[_key(seen)].run_id} says that it is the same attempt"
    return "" if seen.is_started else "it was never started"


def _adopted(session: Session, wanted: Wanted, address: str, group: Sequence[Observation]) -> Iterator[Write]:
    program, workspace = session.compiled.program, session.request.workspace
    assert program is not None
    latest = group[-1]
    desired = wanted.at(address, _key(latest)[0])
    ids = [next_id(program, workspace, desired, starts) for starts in range(_MOST_STARTS)]
    starts = 1 + max((ids.index(seen.run_id) for seen in group if seen.run_id in ids), default=-1)
    is_known = latest.run_id in ids
    following = ids_for_retries(desired, _key(latest)[1]) if is_known else 0
    forms = {seen.run_id: desired.form if seen.run_id in ids else _other(seen) for seen in group}
    record = run_record(address, desired, _key(latest)[0], {desired.form.intent: starts + following})
    yield PutRun(replace(record, acknowledged=forms[latest.run_id]))
    first: dict[int, str] = {}
    for seen in group:
        generation, number = _key(seen)
        if generation not in first:
            first[generation] = seen.run_id
            yield PutGeneration(_generation(session, address, desired, seen, forms[seen.run_id]))
        change = Change(address, Action.ADOPT, Reason.ADOPTED, generation, number, seen.run_id)
        launch = Launch.from_text(launch_text(program, workspace)(desired, change, first[generation], starts - 1))
        if not following or seen is not latest:
            launch = replace(launch, retry=None)
        yield PutAttempt(_attempt(seen, address, launch.to_text(), session.clock()))


def _other(seen: Observation) -> Form:
    """The form of an object whose specification nobody knows any more: equal to none that a project can have."""
    return Form(1, '{"intent":{},"placement":{},"metadata":{}}', f"unknown:{seen.run_id}", "unknown", "unknown")


def _generation(session: Session, address: str, desired: Desired, seen: Observation, form: Form) -> GenerationRecord:
    """The generation of its first attempt that is there; of another experiment nothing follows by itself."""
    policy = policy_of(desired)
    return GenerationRecord(
        address=address,
        number=_key(seen)[0],
        form=form,
        policy=policy if form is desired.form else replace(policy, retry_max=0),
        run_id=seen.run_id,
        reason=Reason.ADOPTED.value,
        serial=1,
        decided_at=session.clock(),
        trial=trial_record(desired.spec.trial),
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
