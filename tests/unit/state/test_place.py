"""The files of a state: who may read them, what is never committed, and what a missing one looks like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from state_records import HEAD, decide, start

from launchctl.errors import StateError, StateMissing
from launchctl.state.place import Place
from launchctl.state.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".launchctl" / "workspaces" / "dev" / "state.db"


def test_files_are_their_owners_alone(path: Path) -> None:
    store = SqliteStore(path)
    store.create(HEAD)
    decide(store, start("a"))
    top = path.parents[2]
    modes = {str(found.relative_to(top)): found.stat().st_mode & 0o777 for found in (top, *top.rglob("*"))}
    assert modes == {
        ".": 0o700,
        ".gitignore": 0o600,
        "workspaces": 0o700,
        "workspaces/dev": 0o700,
        "workspaces/dev/state.db": 0o600,
        "workspaces/dev/state.db-shm": 0o600,
        "workspaces/dev/state.db-wal": 0o600,
        "workspaces/dev/state.db.lineage": 0o600,
    }
    store.close()


def test_nothing_of_the_folder_is_ever_committed(path: Path) -> None:
    SqliteStore(path).create(HEAD)
    assert (path.parents[2] / ".gitignore").read_text() == "*\n"


def test_own_gitignore_of_the_user_stays(path: Path) -> None:
    (path.parents[2]).mkdir()
    (path.parents[2] / ".gitignore").write_text("runs/\n")
    SqliteStore(path).create(HEAD)
    assert (path.parents[2] / ".gitignore").read_text() == "runs/\n"


def test_file_named_elsewhere_brings_no_gitignore(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "states" / "churn.db").create(HEAD)
    assert sorted(found.name for found in (tmp_path / "states").iterdir()) == ["churn.db", "churn.db.lineage"]


def test_state_that_is_gone_is_missing_not_new(path: Path) -> None:
    store = SqliteStore(path)
    store.create(HEAD)
    path.unlink()
    for ask in (store.head, store.load, lambda: store.create(HEAD)):
        with pytest.raises(StateMissing, match="is missing") as caught:
            ask()
        assert caught.value.lineage == HEAD.lineage
        assert str(path) in caught.value.message
        assert "launchctl state push" in (caught.value.hint or "")


def test_log_without_its_database_is_a_missing_state(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.with_name("state.db-wal").write_bytes(b"left over")
    with pytest.raises(StateMissing, match="state\\.db-wal") as caught:
        SqliteStore(path).head()
    assert caught.value.lineage is None


def test_removing_the_marker_begins_anew(path: Path) -> None:
    SqliteStore(path).create(HEAD)
    path.unlink()
    path.with_name("state.db.lineage").unlink()
    store = SqliteStore(path)
    assert store.head() is None
    store.create(HEAD)
    assert store.head() == HEAD
    store.close()


def test_empty_file_is_an_error(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(StateError, match="is an empty file"):
        SqliteStore(path).head()


def test_folder_in_the_place_of_a_state_is_an_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StateError, match="is not a regular file"):
        SqliteStore(path).head()


def test_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".launchctl").write_text("")
    store = SqliteStore(tmp_path / ".launchctl" / "state.db")
    assert store.head() is None
    with pytest.raises(StateError, match="Not a directory"):
        store.create(HEAD)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_folder_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StateError, match="cannot be used"):
        SqliteStore(tmp_path / ".launchctl" / "state.db").create(HEAD)


def test_file_system_without_hard_links_still_lets_one_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = SqliteStore(tmp_path / "state.db")
    store.create(HEAD)
    with pytest.raises(StateError, match="exists already"):
        SqliteStore(tmp_path / "state.db").create(HEAD)
    assert store.head() == HEAD
    store.close()


def test_finished_file_never_takes_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("mine")
    (tmp_path / "made").write_text("other")
    with pytest.raises(StateError, match="exists already"):
        Place(tmp_path / "state.db").publish(tmp_path / "made")
    assert (tmp_path / "state.db").read_text() == "mine"
