"""`depends_on`: an order, and with `rerun` a reason to run again."""

from __future__ import annotations

import pytest
from fakes.lab import Lab, decided, shown

from launchctl.addresses import Address, Kind, Reference
from launchctl.engine.plan import Override
from launchctl.engine.stop import resolve
from launchctl.status import Status
from launchctl.values import JSON


def below(name: str, *args: str, **run: JSON) -> JSON:
    return {"args": list(args), "depends_on": [{"run": f"runs.{name}", "rerun": True}], **run}


def test_a_new_generation_upstream_starts_a_chain_of_dependants_once(lab: Lab) -> None:
    for word in ("one", "two"):
        lab.runs(a={"args": [word]}, b=below("a", "b"), c=below("b", "c"), d={"args": ["d"], "depends_on": ["runs.c"]})
        lab.apply()
    assert lab.statuses() == {
        "runs.a@g1#a1": "succeeded",
        "runs.a@g2#a1": "succeeded",
        "runs.b@g1#a1": "succeeded",
        "runs.b@g2#a1": "succeeded",
        "runs.c@g1#a1": "succeeded",
        "runs.c@g2#a1": "succeeded",
        "runs.d@g1#a1": "succeeded",
    }
    assert shown(lab.plan()) == []


def test_an_upstream_that_fails_keeps_its_dependants_waiting_and_is_told(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={"args": ["a"]}, b=below("a", "b"), c=below("b", "c"))
    report = lab.apply()
    assert report is not None
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.b@g1#a1": "pending", "runs.c@g1#a1": "pending"}
    assert "runs.a" in report.failed
    lab.engine.ends = {}
    lab.apply(Override(retry_failed=True))
    assert lab.statuses() == {
        "runs.a@g1#a1": "failed",
        "runs.a@g1#a2": "succeeded",
        "runs.b@g1#a1": "succeeded",
        "runs.c@g1#a1": "succeeded",
    }
    assert shown(lab.plan()) == []


def test_a_retry_upstream_is_no_new_generation(lab: Lab) -> None:
    lab.runs(a={"args": ["a"]}, b=below("a", "b"))
    lab.apply()
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={"args": ["x"]}, b=below("a", "b"))
    lab.apply()
    assert lab.statuses()["runs.b@g2#a1"] == "pending"
    lab.engine.ends = {}
    lab.apply(Override(retry_failed=True))
    assert lab.statuses()["runs.b@g2#a1"] == "succeeded"
    assert shown(lab.plan()) == []


def test_to_ask_to_follow_a_run_starts_nothing_that_has_ended(lab: Lab) -> None:
    lab.runs(a={"args": ["a"]}, b={"args": ["b"], "depends_on": ["runs.a"]})
    lab.apply()
    lab.runs(a={"args": ["a"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["record runs.b"]
    lab.apply()
    assert shown(lab.plan()) == []
    lab.runs(a={"args": ["x"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["start runs.a", "start runs.b"]


def test_to_ask_to_follow_a_run_and_to_edit_that_run_at_once_starts_both(lab: Lab) -> None:
    lab.runs(a={"args": ["a"]}, b={"args": ["b"], "depends_on": ["runs.a"]})
    lab.apply()
    lab.runs(a={"args": ["x"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["start runs.a", "start runs.b"]
    lab.apply()
    assert shown(lab.plan()) == []


def test_a_pending_dependant_runs_once_on_what_is_upstream_by_then(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"args": ["one"], "lifecycle": {"on_change": "cancel"}}, b=below("a", "b"))
    lab.apply(wait=False)
    lab.runs(a={"args": ["two"], "lifecycle": {"on_change": "cancel"}}, b=below("a", "b"))
    assert decided(lab.plan()) == ["cancel runs.a", "start runs.a", "update runs.b"]
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses() == {
        "runs.a@g1#a1": "cancelled",
        "runs.a@g2#a1": "succeeded",
        "runs.b@g1#a1": "succeeded",
    }
    assert shown(lab.plan()) == []


def test_a_running_dependant_is_started_again_only_when_it_has_ended(lab: Lab) -> None:
    lab.runs(a={"args": ["one"]})
    lab.apply()
    lab.engine.advance = False
    lab.runs(a={"args": ["one"]}, b=below("a", "b"))
    lab.apply(wait=False)
    lab.runs(a={"args": ["two"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["start runs.a"]
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert decided(lab.plan()) == ["start runs.b"]
    lab.apply()
    assert lab.statuses() == {
        "runs.a@g1#a1": "succeeded",
        "runs.a@g2#a1": "succeeded",
        "runs.b@g1#a1": "succeeded",
        "runs.b@g2#a1": "succeeded",
    }
    assert shown(lab.plan()) == []


def test_a_lost_dependant_asks_a_person_whatever_is_upstream(lab: Lab) -> None:
    lab.runs(a={"args": ["one"]})
    lab.apply()
    lab.engine.advance = False
    lab.runs(a={"args": ["one"]}, b=below("a", "b"))
    lab.apply(wait=False)
    lab.engine.remove("runs.b")
    lab.engine.advance = True
    lab.runs(a={"args": ["two"]}, b=below("a", "b"))
    assert shown(lab.plan()) == ["start runs.a", "held runs.b"]
    lab.apply()
    assert lab.statuses()["runs.b@g1#a1"] == "lost"
    session = lab.open()
    resolve(session, Reference(Address(Kind.RUNS, "b")), Status.SUCCEEDED)
    session.close()
    assert decided(lab.plan()) == ["start runs.b"]


def test_the_generation_that_a_dependant_saw_is_remembered_through_a_target(lab: Lab) -> None:
    lab.runs(a={"args": ["one"]}, b=below("a", "b"))
    lab.apply()
    lab.runs(a={"args": ["two"]}, b=below("a", "b"))
    lab.apply(Override(targets=("runs.a",)))
    assert lab.statuses()["runs.a@g2#a1"] == "succeeded"
    assert decided(lab.plan()) == ["start runs.b"]
    lab.apply(Override(targets=("runs.b",)))
    assert shown(lab.plan()) == []
    lab.runs(a={"args": ["one"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["start runs.a", "start runs.b"]


def test_a_failed_dependant_is_started_anew_when_upstream_has_changed(lab: Lab) -> None:
    lab.engine.ends["runs.b"] = Status.FAILED
    lab.runs(a={"args": ["one"]}, b=below("a", "b"))
    lab.apply()
    lab.runs(a={"args": ["two"]}, b=below("a", "b"))
    assert decided(lab.plan()) == ["start runs.a", "start runs.b"]


@pytest.mark.parametrize("length", [3_000])
def test_a_long_chain_is_planned_and_applied(lab: Lab, length: int) -> None:
    runs: dict[str, JSON] = {"r0": {"args": ["0"]}}
    for number in range(1, length):
        runs[f"r{number}"] = below(f"r{number - 1}", str(number))
    lab.runs(**runs)
    assert lab.plan().summary == {"start": length}
    lab.apply(wait=False)
    assert lab.statuses()[f"runs.r{length - 1}@g1#a1"] == "pending"
