"""Any history of edits, applies, crashes, faults and lost objects: nothing is started twice, lost or forgotten."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from fakes.histories import History
from fakes.lab import project_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from launchctl.addresses import Reference, parse_reference
from launchctl.engine.plan import Override
from launchctl.engine.stop import cancel, resolve
from launchctl.errors import LaunchctlError
from launchctl.status import Status
from launchctl.values import JSON

NAMES = ("a", "b", "c", "d")
LIMIT = 2
texts = st.fixed_dictionaries(
    {
        "args": st.lists(st.sampled_from(["one", "two", "three"]), min_size=1, max_size=1),
        "resource": st.fixed_dictionaries({"size": st.integers(0, 1), "label": st.integers(0, 1)}),
        "queue": st.sampled_from(["q", "q", "other"]),
        "retry": st.fixed_dictionaries(
            {"max": st.integers(0, 2), "on": st.just(["any", "preempted"]), "backoff": st.sampled_from(["0s", "20s"])}
        ),
        "lifecycle": st.fixed_dictionaries(
            {
                "on_change": st.sampled_from(["block", "keep", "supersede", "cancel"]),
                "on_remove": st.sampled_from(["block", "detach", "cancel"]),
                "rerun_on": st.sampled_from(["intent", "intent", "never"]),
                "protect": st.sampled_from([False, False, True]),
            }
        ),
        "timeout": st.sampled_from([None, "2h"]),
        "after": st.sets(st.sampled_from(NAMES), max_size=2),
        "follows": st.booleans(),
    }
)
overrides = st.builds(
    Override,
    rerun=st.sampled_from([(), (), (), ("runs.a",), ("runs.*",)]),
    retry_failed=st.booleans(),
    allow_cancel=st.sampled_from([(), (), ("runs.b",), ("runs.*",)]),
    allow_supersede=st.sampled_from([(), (), ("runs.c",)]),
    targets=st.sampled_from([(), (), (), (), ("runs.a",), ("runs.b", "runs.c")]),
)


def text_of(name: str, run: dict[str, JSON], present: set[str]) -> dict[str, JSON]:
    body = {key: value for key, value in run.items() if key not in {"after", "follows"} and value is not None}
    before = sorted(other for other in run["after"] if other < name and other in present)
    body["args"] = [name, *run["args"]]
    body["depends_on"] = [
        {"run": f"runs.{other}", "rerun": True} if run["follows"] else f"runs.{other}" for other in before
    ]
    return body


class Histories(History):
    """With runs that depend on one another."""

    overrides = overrides
    limits: ClassVar = {"q": LIMIT, "other": 1}

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, dict[str, JSON]] = {}
        self.given_away: set[str] = set()
        """Names whose history goes by another one now: a new run of such a name has a first generation of its own."""

    def _write(self, *moved: tuple[str, str]) -> None:
        runs = {name: text_of(name, run, set(self.texts)) for name, run in self.texts.items()}
        made = project_of(runs, {"max_jobs": LIMIT})
        made["queues"]["other"] = {"resource": "fake", "max_jobs": 1}
        renames = [{"from": f"runs.{old}", "to": f"runs.{new}"} for old, new in moved]
        self.lab.write({**made, **({"moved": renames} if renames else {})})

    @initialize(first=st.dictionaries(st.sampled_from(NAMES), texts, min_size=1))
    def begin(self, first: dict[str, dict[str, JSON]]) -> None:
        self.texts = first
        self._write()

    @rule(name=st.sampled_from(NAMES), run=texts)
    def edit(self, name: str, run: dict[str, JSON]) -> None:
        if name not in self.given_away:
            self.texts[name] = run
            self._write()

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        if len(self.texts) > 1:
            self.texts.pop(name, None)
            self._write()

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if old in self.texts and new not in self.texts and new not in self.given_away:
            self.texts[new] = self.texts.pop(old)
            self.given_away.add(old)
            self._write((old, new))

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        found = self._reference(data)
        if found:
            session = self.lab.open()
            with suppress(LaunchctlError):
                cancel(session, [found], self.lab.events.append)
            session.close()

    @rule(data=st.data(), status=st.sampled_from([Status.SUCCEEDED, Status.FAILED]))
    def say(self, data: st.DataObject, status: Status) -> None:
        found = self._reference(data)
        if found:
            session = self.lab.open()
            with suppress(LaunchctlError):
                resolved = resolve(session, found, status)
                self.frozen[resolved.run_id] = (status, resolved.exit_code)
            session.close()

    def _reference(self, data: st.DataObject) -> Reference | None:
        known = sorted(self.lab.statuses())
        return parse_reference(data.draw(st.sampled_from(known))) if known else None


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=30, stateful_step_count=20)
