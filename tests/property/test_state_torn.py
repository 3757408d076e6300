"""A damaged state is an error that names the file: never an empty state, never anything but a `StateError`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from state_records import HEAD, NOW, attempt, claim_one, decide, form, limit, record_as, start
from state_sweeps import draw, series, start_trial, sweep, trial

from launchctl.errors import StateError
from launchctl.state.repair import repair
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep, RenameSweep
from launchctl.status import Status


def made(folder: Path) -> bytes:
    """The bytes of a sound state with runs of every kind."""
    store = SqliteStore(folder / "state.db")
    store.create(HEAD)
    names = [f"n{number:02}" for number in range(30)]
    text = '{"command":"' + "x" * 700 + '"}'
    decide(store, [limit("gpu", None), *(write for name in names for write in start(name, accepted=form(text=text)))])
    for name, status in zip(names, [status for status in Status if status.is_terminal] * 4, strict=False):
        record_as(store, replace(claim_one(store, name), handle={"id": "3f"}), status)
    claim_one(store, "n29")
    assert store.add_attempt(attempt("n01", 2))
    decide(store, start("n00", 2, accepted=form("i2")))
    decide(store, [PutSweep(sweep("lr", 3, parallel=4))])
    keys = [f"{number:x}" for number in range(12)]
    draw(store, *keys, epoch=3)
    for key in keys[:3]:
        record_as(store, start_trial(store, key), Status.SUCCEEDED)
    start_trial(store, keys[3])
    store.measure([series(trial(key, 3), [0.5] * 60) for key in keys[:4]])
    store.close()
    return store.place.path.read_bytes()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made(tmp_path_factory.mktemp("sound"))


def written(folder: Path, data: bytes) -> Path:
    folder.mkdir()
    (folder / "state.db").write_bytes(data)
    (folder / "state.db.lineage").write_text(HEAD.lineage + "\n")
    return folder / "state.db"


def use(path: Path) -> list[str]:
    """Everything that can be asked of a state; the errors, which are all that may come of it."""
    uses: list[Callable[[SqliteStore], object]] = [
        lambda store: store.load(),
        lambda store: store.history("*"),
        lambda store: store.contents(),
        lambda store: store.lease_info(),
        lambda store: store.claim([attempt(f"n{number:02}") for number in range(20, 30)], "ada", NOW, NOW + 60),
        lambda store: store.record([attempt("n05", status=Status.RUNNING)]),
        lambda store: store.add_attempt(attempt("n03", 2)),
        lambda store: decide(store, start("n30")),
        lambda store: store.series("sweeps.lr"),
        lambda store: store.claim([trial(key, 3).attempt for key in "4567"], "ada", NOW, NOW + 60),
        lambda store: store.draw(replace(sweep("lr", 3), revision=2), [trial("f", 3), trial("e", 3)]),
        lambda store: store.measure([series(trial("4", 3)), series(trial("3", 3), [0.5] * 70)]),
        lambda store: decide(store, [RenameSweep("sweeps.lr", "sweeps.rate")]),
        lambda store: store.break_lease(),
    ]
    said: list[str] = []
    store = SqliteStore(path)
    try:
        assert store.head() is not None
    except StateError as error:
        said.append(error.message)
    for one in uses:
        try:
            one(store)
        except StateError as error:
            said.append(error.message)
    store.close()
    return said


def test_sound_state_is_used_without_an_error(tmp_path: Path, sound: bytes) -> None:
    assert use(written(tmp_path / "a", sound)) == []


def test_state_cut_at_any_length_is_an_error(tmp_path: Path, sound: bytes) -> None:
    chance = random.Random(1)
    pages = range(0, len(sound), 4096)
    lengths = {0, 1, 15, 16, 17, 99, 100, 101, 511, 512, 513, len(sound) - 1, *pages, *(page + 1 for page in pages)}
    lengths |= {chance.randrange(len(sound)) for _ in range(40)}
    for length in sorted(lengths - {len(sound)}):
        path = written(tmp_path / str(length), sound[:length])
        store = SqliteStore(path)
        with pytest.raises(StateError, match="state\\.db"):
            store.head()
        with pytest.raises(StateError, match="state\\.db"):
            store.load()
        store.close()


@pytest.mark.parametrize("seed", range(6))
def test_state_with_changed_bytes_gives_an_answer_or_an_error(tmp_path: Path, sound: bytes, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(50):
        data = bytearray(sound)
        first = chance.randrange(len(data)) if number % 5 else chance.randrange(120)
        for position in range(first, min(len(data), first + chance.choice((1, 1, 1, 4, 64, 4096)))):
            data[position] = chance.randrange(256)
        path = written(tmp_path / str(number), bytes(data))
        for message in use(path):
            assert "bug in launchctl" not in message


@pytest.mark.parametrize("seed", range(4))
def test_repair_forgets_nothing_that_was_started(tmp_path: Path, sound: bytes, seed: int) -> None:
    chance = random.Random(100 + seed)
    before = SqliteStore(written(tmp_path / "before", sound)).load()
    for number in range(25):
        data = bytearray(sound)
        page = chance.randrange(1, len(data) // 4096)
        first = page * 4096 + chance.randrange(4000)
        for position in range(first, min(len(data), first + chance.choice((8, 100, 4096)))):
            data[position] = chance.randrange(256)
        path = written(tmp_path / str(number), bytes(data))
        try:
            repair(path, NOW)
        except StateError:
            continue  # too much was lost: it says so
        store = SqliteStore(path)
        after = store.load()
        store.close()
        for address, state in before.runs.items():
            latest_before = state.latest
            assert latest_before is not None
            if latest_before.status is not Status.PENDING:
                found = after.runs[address].latest
                assert found is not None
                assert found.status is not Status.PENDING
