"""Several processes on one SQLite state, some of them killed at random instants."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from state_records import HEAD, decide, limit, start
from state_sweeps import sweep
from state_worker import BATCH, DECISIONS

from launchctl.state.database import Journal
from launchctl.state.repair import repair
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep
from launchctl.status import Status

WORKER = Path(__file__).with_name("state_worker.py")
SECONDS = 6.0
"""For killing, each journal."""
KILLED_DRAWS = 12
STEPS = ("decided", "claimed", "submitted", "succeeded")
REACHED = {Status.PENDING: 1, Status.INTENT: 2, Status.SUBMITTED: 3, Status.SUCCEEDED: 4}


def spawn(role: str, place: Path, journal: Journal) -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), role, str(place), journal],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def end(workers: list[subprocess.Popen[str]]) -> list[list[str]]:
    told = [worker.communicate(timeout=120)[0].split("\n")[:-1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return told


def steps_on_record(store: SqliteStore, serials: range) -> int:
    """How many steps of the decisions are on record; each must have happened for all ten runs or for none."""
    reached: dict[int, set[tuple[int, int | None]]] = defaultdict(set)
    counts: dict[int, int] = defaultdict(int)
    state = store.load()
    for found in state.runs.values():
        assert found.generation is not None
        assert found.latest is not None
        claim = found.latest.claim
        reached[found.generation.serial - 1].add((REACHED[found.latest.status], claim.fence if claim else None))
        counts[found.generation.serial - 1] += 1
    assert counts == dict.fromkeys(range(state.head.serial), BATCH)
    assert {serial: len(kinds) for serial, kinds in reached.items()} == dict.fromkeys(range(state.head.serial), 1)
    return sum(kinds.copy().pop()[0] for serial, kinds in reached.items() if serial in serials)


def drawn_on_record(store: SqliteStore) -> int:
    """How many draws are on record; each of all its trials, which are whole and follow one another."""
    state = store.load()
    count, rest = divmod(len(state.runs), BATCH)
    assert rest == 0
    assert state.sweeps["sweeps.lr"].revision == 1 + count
    assert list(state.runs) == [f"sweeps.lr[{number:08x}]" for number in range(BATCH * count)]
    assert all(found.latest and found.latest.manifest and found.generation for found in state.runs.values())
    return count


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_killed_at_any_instant_a_step_happened_as_a_whole_or_not_at_all(tmp_path: Path, journal: Journal) -> None:
    place = tmp_path / "state.db"
    store = SqliteStore(place, journal=journal)
    store.create(HEAD)
    chance = random.Random(20_261)
    until = time.monotonic() + SECONDS
    kills = 0
    while time.monotonic() < until:
        head = store.head()
        assert head is not None
        store.close()  # as after a crash of the whole machine: nobody else has the file open
        worker = spawn("work", place, journal)
        time.sleep(chance.uniform(0, 0.08))
        worker.kill()
        told = worker.communicate()[0].split("\n")[:-1]
        kills += 1
        recorded = steps_on_record(store, range(head.serial, head.serial + 10_000))
        assert recorded - len(told) in {0, 1}, told[-3:]
        assert set(told) <= set(STEPS)
    store.close()
    assert kills > 10
    assert repair(place, time.time())[0].startswith("sound: ")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_killed_in_the_middle_of_a_draw_all_or_nothing_is_on_record(tmp_path: Path, journal: Journal) -> None:
    place = tmp_path / "state.db"
    store = SqliteStore(place, journal=journal)
    store.create(HEAD)
    decide(store, [PutSweep(sweep())])
    chance = random.Random(31)
    for _ in range(KILLED_DRAWS):
        before = drawn_on_record(store)
        measured = len(store.series("sweeps.lr"))
        store.close()
        worker = spawn("draw", place, journal)
        time.sleep(chance.uniform(0, 0.08))
        worker.kill()
        told = worker.communicate()[0].split("\n")[:-1]
        assert drawn_on_record(store) - before - told.count("drawn") in {0, 1}
        read = len(store.series("sweeps.lr")) - measured
        assert read % BATCH == 0
        assert read // BATCH - told.count("measured") in {0, 1}
    store.close()
    assert repair(place, time.time())[0].startswith("sound: ")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_processes_that_draw_at_once_draw_each_trial_once(tmp_path: Path, journal: Journal) -> None:
    place = tmp_path / "state.db"
    store = SqliteStore(place, journal=journal)
    store.create(HEAD)
    decide(store, [PutSweep(sweep())])
    workers = [spawn("draw", place, journal) for _ in range(3)]
    time.sleep(1.0)
    told = list[str]()
    for worker in workers:
        worker.kill()
        told += worker.communicate()[0].split("\n")
    assert drawn_on_record(store) - told.count("drawn") in range(len(workers) + 1)
    assert repair(place, time.time())[0].startswith("sound: ")
    store.close()


def test_killed_while_creating_a_state_is_whole_or_was_never_there(tmp_path: Path) -> None:
    chance = random.Random(7)
    for round_ in range(12):
        folder = tmp_path / str(round_)
        folder.mkdir()
        worker = spawn("create-many", folder / "state.db", "wal")
        time.sleep(chance.uniform(0, 0.03))
        worker.kill()
        told = worker.communicate()[0].split("\n")[:-1]
        for number in range(len(told) + 1):
            store = SqliteStore(folder / str(number) / ".launchctl" / "state.db")
            assert store.head() in ({HEAD} if number < len(told) else {HEAD, None})
            if store.head() is None:
                store.create(HEAD)
            store.close()


def test_processes_that_drain_at_once_claim_each_attempt_once(tmp_path: Path) -> None:
    place = tmp_path / "state.db"
    store = SqliteStore(place)
    store.create(HEAD)
    names = [f"n{number:03}" for number in range(200)]
    decide(store, [limit("gpu", 9), *(write for name in names for write in start(name))])
    told = end([spawn("drain", place, "wal") for _ in range(4)])
    claimed = [line.removeprefix("claimed ") for lines in told for line in lines if line.startswith("claimed ")]
    assert sorted(claimed) == [f"runs-{name}-g1a1" for name in names]
    assert all(int(lines[-1].removeprefix("most ")) <= 9 for lines in told)
    store.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_of_processes_that_decide_at_once_one_wins_each_serial(tmp_path: Path, journal: Journal) -> None:
    place = tmp_path / "state.db"
    store = SqliteStore(place, journal=journal)
    store.create(HEAD)
    told = end([spawn("decide", place, journal) for _ in range(3)])
    won = sorted(int(line.removeprefix("won ")) for lines in told for line in lines)
    assert won == list(range(1, DECISIONS + 1))
    assert len(store.load().runs) == BATCH * DECISIONS
    store.close()


def test_of_processes_that_create_at_once_one_wins(tmp_path: Path) -> None:
    place = tmp_path / ".launchctl" / "state.db"
    workers = [spawn("create", place, "wal") for _ in range(6)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = end(workers)
    assert sorted(told) == [["lost"]] * 5 + [["won"]]
    store = SqliteStore(place)
    head = store.head()
    assert head is not None
    assert (place.parent / "state.db.lineage").read_text() == head.lineage + "\n"
    assert sorted(path.name for path in place.parent.iterdir() if "new" in path.name) == []
    store.close()
