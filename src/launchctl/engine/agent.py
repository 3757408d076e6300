"""The long-running form of apply: one agent keeps its queues draining, from what is on record and nothing else."""

from __future__ import annotations

from launchctl.engine.apply import means_of
from launchctl.engine.drain import Drain
from launchctl.engine.events import Report, Sink, Trouble
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.report import run_lines
from launchctl.engine.session import Session
from launchctl.engine.share import Share
from launchctl.errors import LaunchctlError, UsageError
from launchctl.state.open import require_named_state
from launchctl.suggest import did_you_mean

FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
"""Seconds before it tries again where the state does not answer, or is not there yet: ever longer."""


def share_of(session: Session, name: str) -> Share:
    """What an agent of the project takes upon itself.

    Raises:
        UsageError: the project has no such agent.
    """
    agents = session.compiled.program.agents if session.compiled.program else {}
    spec = agents.get(name.removeprefix("agents."))
    if spec is None:
        hint = did_you_mean(name, agents) or "agents: {NAME: {queues: [gpu]}} in the project makes one"
        raise UsageError(f'the project has no agent "{name}"', hint=hint)
    return Share(str(spec.address), frozenset(spec.queues), spec.max_jobs)


def run_agent(session: Session, name: str, sink: Sink, interrupt: Interrupt, parallelism: int = 10) -> Report:
    """Drains the queues of an agent until it is interrupted; what it has started goes on.

    Raises:
        UsageError: the project has no such agent.
        StateError: the state that is there cannot be used.
    """
    share = share_of(session, name)
    require_named_state(session.named_state, session.request.environment)
    session.state()
    pause, told = FIRST_PAUSE, ""
    while True:
        try:
            if session.store.head() is not None:
                return _drained(session, share, sink, interrupt, parallelism)
            message = "there is no state yet: the first `launchctl apply` creates it"
        except LaunchctlError as error:
            message = session.redact(error.message)
        if message != told:
            sink(Trouble(share.address, message))
        pause, told = (pause if message == told else FIRST_PAUSE), message
        if interrupt.wait(pause):
            return Report((), interrupted=True)
        pause = min(pause * 2, LAST_PAUSE)


def _drained(session: Session, share: Share, sink: Sink, interrupt: Interrupt, parallelism: int) -> Report:
    work = Drain(means_of(session, sink, interrupt, parallelism), share=share)
    state, waiting = work.run(wait=True)
    mine = {attempt.address for run_id, attempt in work.roster.active.items() if run_id in share.begun}
    return Report(
        runs=tuple(line for line in run_lines(state, waiting) if line.address in mine),
        errors=work.ledger.errors,
        interrupted=True,
        undrawn=work.undrawn,
    )
