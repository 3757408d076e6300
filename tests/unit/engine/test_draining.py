"""Starting and watching: what happens beside other drains, with targets that do not answer, and at an interrupt."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable

import pytest
from fakes.lab import Lab, decided, project_of, shown
from fakes.target import FakeClient, Killed

from launchctl.addresses import Address, Kind, Reference
from launchctl.engine.events import Claimed, Event, Report, StatusChanged, Trouble, Waiting
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch
from launchctl.engine.plan import Override
from launchctl.engine.stop import cancel, destroy, destroy_plan
from launchctl.errors import ProviderError, Throttled, UnknownOutcome
from launchctl.providers.base import Submission
from launchctl.status import Status
from launchctl.values import JSON


def stop(lab: Lab, name: str) -> Report:
    session = lab.open()
    try:
        return cancel(session, [Reference(Address(Kind.RUNS, name))], lab.events.append)
    finally:
        session.close()


def once(kind: type[Event], action: Callable[[], object]) -> Callable[[Event], None]:
    """Does something at the first event of a kind."""
    done: list[bool] = []

    def on(event: Event) -> None:
        if isinstance(event, kind) and not done:
            done.append(True)
            action()

    return on


def failing(step: str, error: ProviderError) -> Callable[[str], ProviderError | None]:
    return lambda at: error if at == step else None


# Beside others.


def test_cancel_waits_for_a_create_that_is_under_way(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    seen: list[dict[str, str]] = []

    def cancel_meanwhile() -> None:
        report = stop(lab, "a")
        assert report.errors == ("runs.a@g1#a1 has not ended yet; `launchctl status` follows it",)
        seen.append(lab.statuses())

    lab.apply(wait=False, on=once(Claimed, cancel_meanwhile))
    assert seen == [{"runs.a@g1#a1": "intent"}]
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    assert all(found.status.is_terminal for found in lab.engine.objects.values())


def test_what_a_crash_left_is_cancelled_without_being_started(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})

    def die() -> None:
        raise Killed

    lab.apply(wait=False, on=once(Claimed, die))
    assert lab.statuses() == {"runs.a@g1#a1": "intent"}
    stop(lab, "a")
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    lab.apply()
    assert not lab.engine.created


def test_what_was_left_and_is_to_be_cancelled_is_not_started_while_its_target_does_not_answer(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})

    def die() -> None:
        raise Killed

    lab.apply(wait=False, on=once(Claimed, die))
    lab.engine.fault = failing("cancel", UnknownOutcome("no answer"))
    session = lab.open()
    lab.now += 1
    report = cancel(session, [Reference(Address(Kind.RUNS, "a"))], lambda event: lab.__setattr__("now", lab.now + 20))
    session.close()
    assert any("no answer" in error for error in report.errors)
    lab.apply(wait=False)
    assert not lab.engine.created
    lab.engine.fault = lambda step: None
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    assert not lab.engine.created


def test_apply_waits_for_what_another_one_is_starting(lab: Lab) -> None:
    lab.runs(a={}, b={"args": ["b"], "depends_on": ["runs.a"]})
    reports: list[Report | None] = []

    def another() -> None:
        thread = threading.Thread(target=lambda: reports.append(lab.apply()))
        thread.start()
        time.sleep(0.2)
        threads.append(thread)

    threads: list[threading.Thread] = []
    lab.apply(wait=False, on=once(Claimed, another))
    threads[0].join(20)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert set(lab.engine.created.values()) == {1}


def test_a_failure_that_another_one_recorded_is_a_failure_of_what_was_waited_for(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lab.engine.ends["runs.a"] = Status.FAILED

    session = lab.open()
    plan = session.plan()
    session.close()
    lab.engine.advance = True
    fault = lab.engine.calls

    def fails_once(step: str) -> ProviderError | None:
        if step == "observe" and fault["observe"] == 3:
            lab.engine.fault = lambda step: None
            lab.apply(wait=False)
            lab.apply(wait=False)
        return None

    fault.clear()
    lab.engine.fault = fails_once
    report = lab.apply(plan=plan)
    assert report is not None
    assert report.failed == ("runs.a",)


def test_destroy_beside_an_apply_that_waits_stops_all_and_nothing_starts_after_it(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs({"max_jobs": 1}, a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"]})

    def destroy_all() -> None:
        session = lab.open()
        destroy(session, destroy_plan(session), lab.events.append)
        session.close()

    def on(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.new is Status.RUNNING:
            destroy_all()

    report = lab.apply(on=on)
    assert report is not None
    assert set(lab.statuses().values()) == {"cancelled"}
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}
    assert decided(lab.plan()) == []


def test_a_cancel_whose_run_is_claimed_meanwhile_is_decided_all_the_same(lab: Lab) -> None:
    lab.engine.advance = False
    lab.environment.pop("TEAM")
    lab.runs(a={"args": ["${env:TEAM}"]})
    lab.apply(wait=False)
    lab.environment["TEAM"] = "vision"
    session = lab.open()
    held = session.store.lease

    def lease_late(owner: str) -> object:
        lab.apply(wait=False)  # starts it between the look and the decision
        session.store.lease = held  # type: ignore[method-assign]
        return held(owner)

    session.store.lease = lease_late  # type: ignore[method-assign,assignment]
    cancel(session, [Reference(Address(Kind.RUNS, "a"))], lab.events.append)
    session.close()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}


# A target that refuses, throttles, or does not answer.


def test_a_refused_run_has_failed_and_the_others_go_on(lab: Lab) -> None:
    lab.runs(a={"resource": {"refuse": True}}, b={"args": ["b"]}, c={"args": ["c"], "depends_on": ["runs.a"]})
    report = lab.apply()
    assert report is not None
    assert report.errors == ("runs.a@g1#a1: no such thing",)
    assert set(report.failed) == {"runs.a", "runs.c"}
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.b@g1#a1": "succeeded", "runs.c@g1#a1": "pending"}


def test_a_target_that_throttles_for_ever_leaves_its_runs_pending_and_says_so(lab: Lab) -> None:
    lab.engine.fault = failing("before-submit", Throttled("slow down", retry_after=0.0))
    lab.runs(a={}, b={"args": ["b"]})
    report = lab.apply()
    assert report is not None
    assert sorted(report.errors) == ["runs.a@g1#a1: slow down", "runs.b@g1#a1: slow down"]
    assert lab.statuses() == {"runs.a@g1#a1": "pending", "runs.b@g1#a1": "pending"}
    assert {line.waiting_for for line in report.runs} == {"another try: slow down"}
    lab.engine.fault = lambda step: None
    lab.apply()
    assert set(lab.statuses().values()) == {"succeeded"}
    assert set(lab.engine.created.values()) == {1}


def test_a_target_that_asks_for_an_hour_is_left_to_the_next_apply(lab: Lab) -> None:
    lab.engine.fault = failing("before-submit", Throttled("come back later", retry_after=3600.0))
    lab.runs(a={})
    begun = time.monotonic()
    report = lab.apply()
    assert time.monotonic() - begun < 5
    assert report is not None
    assert report.errors == ("runs.a@g1#a1: come back later",)


@pytest.mark.parametrize("step", ["before-submit", "after-submit"])
def test_an_answer_that_never_comes_is_looked_up_by_the_next_apply(lab: Lab, step: str) -> None:
    lab.engine.fault = lambda at: UnknownOutcome("no answer") if at in {step, "observe"} else None
    lab.runs(a={})
    report = lab.apply(wait=False)
    assert report is not None
    assert report.errors
    assert lab.statuses() == {"runs.a@g1#a1": "intent"}
    lab.engine.fault = lambda at: None
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}


def test_nothing_is_submitted_again_before_somebody_has_looked(lab: Lab) -> None:
    order: list[str] = []

    def fault(step: str) -> ProviderError | None:
        order.append(step)
        return UnknownOutcome("no answer") if step in {"before-submit", "observe"} else None

    lab.engine.fault = fault
    lab.runs(a={})
    lab.apply(wait=False)
    assert order == ["before-submit", "observe", "observe", "observe"]


def test_a_target_that_is_not_there_at_plan_stops_the_plan(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lab.engine.fault = failing("observe", UnknownOutcome("no route to host"))
    with pytest.raises(ProviderError) as raised:
        lab.plan()
    assert raised.value.message == "fake: no route to host"
    assert shown(lab.plan(refresh=False)) == []


def test_a_target_that_comes_back_in_the_middle_of_a_wait_leaves_no_error(lab: Lab) -> None:
    looks = 0

    def fault(step: str) -> ProviderError | None:
        nonlocal looks
        looks += step == "observe"
        return UnknownOutcome("no route to host") if step == "observe" and looks in {2, 3, 4} else None

    lab.engine.fault = fault
    lab.runs(a={})
    report = lab.apply()
    assert report is not None
    assert report.errors == ()
    assert [event.message for event in lab.events if isinstance(event, Trouble)] == ["no route to host"]
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_a_cancel_that_succeeds_at_the_second_try_leaves_no_error(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    tries = 0

    def fault(step: str) -> ProviderError | None:
        nonlocal tries
        tries += step == "cancel"
        return UnknownOutcome("no answer") if step == "cancel" and tries < 3 else None

    lab.engine.fault = fault
    report = stop(lab, "a")
    assert report.errors == ()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    assert len([event for event in lab.events if isinstance(event, Trouble)]) == 1


def test_a_cancel_of_what_does_not_answer_tells_it_once_and_ends(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lab.engine.fault = failing("cancel", UnknownOutcome("no answer"))
    report = stop(lab, "a")
    assert report.errors == (
        "runs.a@g1#a1: no answer",
        "runs.a@g1#a1 has not ended yet; `launchctl status` follows it",
    )
    assert len([event for event in lab.events if isinstance(event, Trouble)]) == 1


def test_a_bug_in_a_provider_records_what_else_was_under_way_and_is_told(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = FakeClient.submit

    def broken(self: FakeClient, submission: Submission) -> object:
        if submission.target.address == "runs.a":
            raise ZeroDivisionError
        time.sleep(0.1)
        return submit(self, submission)

    monkeypatch.setattr(FakeClient, "submit", broken)
    lab.engine.advance = False
    lab.runs(a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"]})
    with pytest.raises(ZeroDivisionError):
        lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "intent", "runs.b@g1#a1": "running", "runs.c@g1#a1": "running"}


# What this process lacks.


def test_what_cannot_be_started_here_blocks_nobody_else_on_its_queue(lab: Lab) -> None:
    lab.environment.pop("TEAM")
    lab.runs({"max_jobs": 1}, a={"args": ["${env:TEAM}"]}, b={"args": ["b"]})
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "pending", "runs.b@g1#a1": "succeeded"}


def test_what_was_left_over_and_cannot_be_started_here_does_not_keep_an_apply_waiting(lab: Lab) -> None:
    lab.runs(a={"args": ["${env:TEAM}"]})

    def die() -> None:
        raise Killed

    lab.apply(on=once(Claimed, die))
    lab.environment.pop("TEAM")
    report = lab.apply()
    assert report is not None
    assert report.errors == ("runs.a@g1#a1: it needs $TEAM, which is not set here",)
    lab.environment["TEAM"] = "vision"
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_what_was_created_is_adopted_by_whoever_lacks_its_secret(lab: Lab) -> None:
    from launchctl.engine.events import Created

    lab.engine.advance = False
    lab.runs(a={"args": ["${env:TEAM}"]})

    def die() -> None:
        raise Killed

    lab.apply(on=once(Created, die))
    lab.environment.pop("TEAM")
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running"}


# Code.


def with_code(lab: Lab, text: str, **runs: JSON) -> None:
    code = lab.folder / "train"
    code.mkdir(exist_ok=True)
    (code / "train.py").write_text(text, encoding="utf-8")
    made = project_of(runs)
    made["jobs"]["train"]["source"] = {"code": "train"}
    lab.write(made)


def pending_with_code(lab: Lab) -> None:
    """`runs.a` decided and not started, its code kept."""
    lab.environment.pop("TEAM")
    with_code(lab, "print(1)", a={"args": ["${env:TEAM}"]})
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "pending"}
    lab.environment["TEAM"] = "vision"


def placed(lab: Lab) -> str:
    work = lab.folder / ".launchctl" / "runs" / lab.latest("runs.a").run_id / "work"
    return (work / "train.py").read_text(encoding="utf-8")


def test_a_run_works_on_the_code_that_it_was_decided_with(lab: Lab) -> None:
    pending_with_code(lab)
    with_code(lab, "print(2)", a={"args": ["${env:TEAM}"]}, b={"args": ["b"]})
    lab.apply(Override(targets=("runs.b",)))
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert placed(lab) == "print(1)"


def test_code_that_was_deleted_is_taken_again_where_it_has_not_changed(lab: Lab) -> None:
    pending_with_code(lab)
    shutil.rmtree(lab.folder / ".launchctl" / "code")
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    assert placed(lab) == "print(1)"


def test_code_that_is_gone_for_good_leaves_its_run_pending_and_it_takes_the_code_that_there_is(lab: Lab) -> None:
    pending_with_code(lab)
    shutil.rmtree(lab.folder / ".launchctl" / "code")
    with_code(lab, "print(2)", a={"args": ["${env:TEAM}"]}, b={"args": ["b"]})
    report = lab.apply(Override(targets=("runs.b",)))
    assert report is not None
    assert [error.split(" is ")[0] for error in report.errors] == [f"runs.a@g1#a1: the code {kept_name(lab)}"]
    assert lab.statuses() == {"runs.a@g1#a1": "pending", "runs.b@g1#a1": "succeeded"}
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert placed(lab) == "print(2)"


def kept_name(lab: Lab) -> str:
    return str(Launch.from_text(lab.latest("runs.a").manifest).code)[:19]


# Claims.


def test_a_slow_create_keeps_its_claim_while_others_are_claimed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = FakeClient.submit
    release = threading.Event()

    def slow(self: FakeClient, submission: Submission) -> object:
        if submission.target.address == "runs.r0":
            release.wait(20)
        return submit(self, submission)

    monkeypatch.setattr(FakeClient, "submit", slow)
    lab.runs(**{f"r{number:03}": {"args": [str(number)]} for number in range(1, 300)}, r0={"args": ["0"]})
    left: list[float] = []
    begun = lab.now
    watcher = lab.open()

    def on(event: Event) -> None:
        if not isinstance(event, Claimed | StatusChanged) or release.is_set():
            return
        lab.now += 0.25  # so that all the others together last longer than a claim
        latest = watcher.store.load().runs["runs.r0"].latest
        if latest and latest.claim:
            left.append(latest.claim.expires_at - lab.now)
        if lab.now > begun + 90:
            release.set()

    lab.apply(on=on)
    watcher.close()
    assert lab.now > begun + 90
    assert min(left) > 0
    assert set(lab.engine.created.values()) == {1}


def test_a_drain_that_slept_past_its_claim_records_nothing_and_starts_nothing_twice(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})

    def oversleep() -> None:
        lab.now += 3600
        lab.apply(wait=False)

    lab.apply(wait=False, on=once(Claimed, oversleep))
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}
    assert lab.statuses() == {"runs.a@g1#a1": "running"}


def test_what_was_created_for_an_attempt_that_somebody_else_ended_is_stopped(lab: Lab) -> None:
    """A drain that slept past its claim wakes up, creates, and finds its run cancelled: nothing may go on unseen."""
    lab.engine.advance = False
    lab.runs(a={})

    def oversleep() -> None:
        lab.now += 3600
        stop(lab, "a")

    lab.apply(wait=False, on=once(Claimed, oversleep))
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    assert [found.status.is_terminal for found in lab.engine.objects.values()] == [True]


# Interrupts.


def slow_target(monkeypatch: pytest.MonkeyPatch, seconds: float, begun: threading.Event) -> None:
    submit = FakeClient.submit

    def slow(self: FakeClient, submission: Submission) -> object:
        begun.set()
        time.sleep(seconds)
        return submit(self, submission)

    monkeypatch.setattr(FakeClient, "submit", slow)


def interrupted(lab: Lab, begun: threading.Event, times: int) -> tuple[Report | None, float]:
    interrupt = Interrupt()

    def press() -> None:
        begun.wait(10)
        for _ in range(times):
            interrupt.request()

    thread = threading.Thread(target=press)
    thread.start()
    report = lab.apply(interrupt=interrupt)
    thread.join()
    return report, time.monotonic()


def test_the_first_interrupt_records_what_is_in_flight_and_starts_nothing_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    slow_target(monkeypatch, 0.3, begun)
    lab.engine.advance = False
    lab.runs(**{f"r{number}": {"args": [str(number)]} for number in range(30)})
    report, _ = interrupted(lab, begun, 1)
    assert report is not None
    assert report.interrupted
    statuses = list(lab.statuses().values())
    assert statuses.count("running") == 4
    assert statuses.count("pending") == 26
    assert len(lab.engine.objects) == 4
    assert len([line for line in report.runs if not line.status.is_terminal]) == 30


def test_the_second_interrupt_waits_for_nothing_and_the_next_apply_finds_what_was_begun(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    slow_target(monkeypatch, 3.0, begun)
    lab.engine.advance = False
    lab.runs(a={})
    start = time.monotonic()
    report, end = interrupted(lab, begun, 2)
    assert end - start < 2
    assert report is not None
    assert report.interrupted
    assert lab.statuses() == {"runs.a@g1#a1": "intent"}
    monkeypatch.undo()
    time.sleep(3.2)
    lab.now += 3600
    from fakes.target import use

    patch = pytest.MonkeyPatch()
    use(patch, lab.engine)
    lab.apply(wait=False)
    patch.undo()
    assert lab.statuses() == {"runs.a@g1#a1": "running"}
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}


def test_an_interrupt_before_the_decision_decides_nothing(lab: Lab) -> None:
    interrupt = Interrupt()
    interrupt.request()
    lab.runs(a={})
    report = lab.apply(interrupt=interrupt)
    assert report is not None
    assert report.interrupted
    assert not (lab.folder / ".launchctl").exists()


def test_an_interrupt_ends_the_patience_with_a_target_that_throttles(lab: Lab) -> None:
    interrupt = Interrupt()
    begun = time.monotonic()

    def fault(step: str) -> ProviderError | None:
        if step == "before-submit":
            interrupt.request()
            return Throttled("slow down", retry_after=30.0)
        return None

    lab.engine.fault = fault
    lab.runs(a={})
    lab.apply(interrupt=interrupt)
    assert time.monotonic() - begun < 10
    assert lab.statuses() == {"runs.a@g1#a1": "pending"}


# Queues and limits.


def test_a_limit_that_is_lowered_while_runs_go_on_stops_none_and_starts_none(lab: Lab) -> None:
    lab.engine.advance = False
    runs: dict[str, JSON] = {name: {"args": [name]} for name in "abcd"}
    lab.runs({"max_jobs": 3}, **runs)
    lab.apply(wait=False)
    assert list(lab.statuses().values()) == ["running", "running", "running", "pending"]
    lab.runs({"max_jobs": 1}, **runs)
    assert shown(lab.plan()) == ["update queues.q", "waiting runs.d"]
    assert lab.plan().changes[0].affects == ("runs.a", "runs.b", "runs.c", "runs.d")
    lab.apply(wait=False)
    assert list(lab.statuses().values()) == ["running", "running", "running", "pending"]
    assert shown(lab.plan()) == ["waiting runs.d"]
    lab.runs({"max_jobs": 4}, **runs)
    lab.apply(wait=False)
    assert list(lab.statuses().values()) == ["running"] * 4
    assert shown(lab.plan()) == []


def test_priorities_that_are_edited_while_runs_wait_decide_who_is_next(lab: Lab) -> None:
    lab.engine.advance = False
    one: dict[str, JSON] = {"max_jobs": 1, "prioritization": True}
    lab.runs(one, a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"]})
    lab.apply(wait=False)
    lab.runs(one, a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"], "priority": "high"})
    assert decided(lab.plan()) == ["update runs.c"]
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert [owner[0] for owner in lab.engine.created] == ["runs.a", "runs.c", "runs.b"]


def test_a_run_never_waits_for_what_was_told_and_told_again(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs({"max_jobs": 1}, a={"args": ["a"]}, b={"args": ["b"]})
    report = lab.apply(wait=False)
    assert report is not None
    assert {line.address: line.waiting_for for line in report.runs} == {
        "runs.a": "",
        "runs.b": "a place on queues.q (max_jobs 1)",
    }
    told = [event.reasons for event in lab.events if isinstance(event, Waiting)]
    assert told == [{"runs.b@g1#a1": "a place on queues.q (max_jobs 1)"}]
