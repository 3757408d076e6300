"""A target in memory that fails on demand: what a real engine will not do when it is asked to.

Register it with `use(monkeypatch, engine)`; a queue then says `resource: fake`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import ModuleType

import pytest

from launchctl.compiler.node import MapNode
from launchctl.compiler.program import BoundLaunch, CodeSource, FieldClass, LaunchSpec
from launchctl.diagnostics import Diagnostics
from launchctl.errors import NameTaken, Refused, Throttled, UnknownOutcome
from launchctl.providers import registry
from launchctl.providers.base import Capabilities, Observation, Site, Submission, Target
from launchctl.providers.fields import FieldTable
from launchctl.providers.manifest import Manifest
from launchctl.status import Cause, Status
from launchctl.values import JSON


class Killed(BaseException):
    """The process died here."""


@dataclass
class FakeEngine:
    """The remote side: survives every crash of ours."""

    objects: dict[str, Observation] = field(default_factory=dict[str, Observation])
    created: Counter[tuple[str, int, int]] = field(default_factory=Counter[tuple[str, int, int]])
    """How often an object was really started, by address, generation and attempt."""
    calls: Counter[str] = field(default_factory=Counter[str])
    bodies: dict[str, JSON] = field(default_factory=dict[str, JSON])
    ends: dict[str, Status] = field(default_factory=dict[str, Status])
    """How the runs of an address end; succeeded where nothing is said."""
    causes: dict[str, Cause] = field(default_factory=dict[str, Cause])
    logs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What the runs of an address have printed so far."""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    """What the runs of an address have written, by path below their working folder."""
    advance: bool = True
    """Whether a run ends at the second look."""
    begins: Status = Status.RUNNING
    """Where a run stands once it is created."""
    clock: Callable[[], float] = lambda: 1.0
    """Tells when a run started."""
    fault: Callable[[str], BaseException | None] = lambda step: None
    """Asked before and after every effect: `before-submit`, `after-submit`, `observe`, …; what it gives is raised."""

    def fail(self, step: str) -> None:
        self.calls[step] += 1
        found = self.fault(step)
        if found is not None:
            raise found

    def remove(self, address: str) -> None:
        """Somebody deletes the objects of an address."""
        for run_id in [run_id for run_id, found in self.objects.items() if found.owner and found.owner[0] == address]:
            del self.objects[run_id]


def seeded_faults(seed: int, rate: float = 0.3) -> Callable[[str], BaseException | None]:
    """Faults at random steps: answers that are lost before or after the effect, and throttling."""
    dice = random.Random(seed)

    def fault(step: str) -> BaseException | None:
        if dice.random() > rate:
            return None
        if step == "before-submit":
            return dice.choice([Throttled("slow down", retry_after=0.0), UnknownOutcome("no answer")])
        return UnknownOutcome("no answer")

    return fault


class FakeClient:
    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def submit(self, submission: Submission) -> Observation:
        target = submission.target
        owner = (target.address, target.generation, target.attempt)
        self.engine.fail("before-submit")
        there = self.engine.objects.get(target.run_id)
        if there is not None and there.owner != owner:
            raise NameTaken(f"{target.run_id} belongs to {there.owner}")
        if there is None:
            if submission.manifest.get("refuse"):
                raise Refused("no such thing")
            self.engine.created[owner] += 1
            self.engine.bodies[target.run_id] = submission.manifest
            self.engine.objects[target.run_id] = Observation(
                target.run_id, self.engine.begins, {"id": target.run_id}, owner=owner, started_at=self.engine.clock()
            )
        self.engine.fail("after-submit")
        return self.engine.objects[target.run_id]

    def observe(self, targets: Sequence[Target]) -> Mapping[str, Observation]:
        self.engine.fail("observe")
        found = {run.run_id: self.engine.objects[run.run_id] for run in targets if run.run_id in self.engine.objects}
        if self.engine.advance:
            for target in targets:
                self._end(target.run_id)
        return found

    def _end(self, run_id: str) -> None:
        there = self.engine.objects.get(run_id)
        if there is None or there.status.is_terminal or there.owner is None:
            return
        status = self.engine.ends.get(there.owner[0], Status.SUCCEEDED)
        code = 0 if status is Status.SUCCEEDED else 1
        cause = None if status is Status.SUCCEEDED else self.engine.causes.get(there.owner[0], Cause.FAILED)
        self.engine.objects[run_id] = replace(there, status=status, exit_code=code, cause=cause, ended_at=2.0)

    def discover(self) -> Sequence[Observation]:
        return tuple(self.engine.objects.values())

    def logs(self, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        self.engine.fail("logs")
        said = self.engine.logs.get(target.address, f"{target.run_id} says hello\n".encode())
        yield said[skip:]

    def read(self, target: Target, pattern: str) -> bytes | None:
        self.engine.fail("read")
        files = self.engine.files.get(target.address, {})
        return next((files[path] for path in sorted(files, reverse=True) if fnmatchcase(path, pattern)), None)

    def cancel(self, target: Target) -> None:
        self.engine.fail("cancel")
        there = self.engine.objects.get(target.run_id)
        if there is not None and not there.status.is_terminal:
            self.engine.objects[target.run_id] = replace(
                there, status=Status.FAILED, exit_code=143, ended_at=self.engine.clock()
            )

    def update(self, target: Target, manifest: JSON) -> None:
        self.engine.fail("update")
        self.engine.bodies[target.run_id] = manifest

    def release(self, target: Target) -> None:
        self.engine.fail("release")

    def close(self) -> None:
        pass


class FakeProvider:
    name = "fake"
    capabilities = Capabilities(sources=frozenset({"image", "code"}), secrets=frozenset({"env"}))
    fields = FieldTable(
        {("mode",): FieldClass.INTENT, ("size",): FieldClass.PLACEMENT, ("label",): FieldClass.METADATA}
    )

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def check(self, config: MapNode) -> Diagnostics:
        return ()

    def normalise(self, config: MapNode) -> MapNode:
        return config

    def workload(self, spec: LaunchSpec) -> str:
        return "single"

    def lower(self, launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
        body: dict[str, JSON] = {
            "run": launch.identity.run_id,
            "image": launch.image,
            "argv": [launch.command, launch.args],
            "env": launch.env,
            **launch.config.entries,
        }
        if isinstance(launch.spec.source, CodeSource):
            body["cwd"] = f".launchctl/runs/{launch.identity.run_id}/work"
        return Manifest.of(body), ()

    def script(self, body: JSON) -> str:
        return f"{body}\n"

    def mutable(self, path: str) -> bool:
        return path.startswith("config.label")

    def connect(self, site: Site) -> FakeClient:
        return FakeClient(self.engine)


def use(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> FakeEngine:
    """Makes `resource: fake` mean this engine, for the length of a test."""
    module = ModuleType("fake_target")
    module.PROVIDER = FakeProvider(engine)  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "fake_target", module)
    monkeypatch.setitem(registry.SHIPPED, "fake", "fake_target")
    registry.load_provider.cache_clear()
    registry.provider_names.cache_clear()
    return engine
