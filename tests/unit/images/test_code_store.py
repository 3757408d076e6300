"""Kept code: exactly what was reviewed, for its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.errors import SourceError
from launchctl.images.code_store import CodeStore
from launchctl.images.source import read_code_tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "train.py").write_text("print(1)\n")
    return tmp_path


def test_an_attempt_gets_the_code_that_was_kept_whatever_was_edited_since(project: Path) -> None:
    tree = read_code_tree(project, "train")
    store = CodeStore(project)
    store.keep(tree)
    (project / "train" / "train.py").write_text("print(2)\n")
    store.place(tree.digest, project / "work")
    assert (project / "work" / "train.py").read_text() == "print(1)\n"


def test_a_copy_that_an_attempt_has_is_left_as_it_is(project: Path) -> None:
    tree = read_code_tree(project, "train")
    store = CodeStore(project)
    store.keep(tree)
    store.place(tree.digest, project / "work")
    (project / "work" / "result").write_text("42")
    store.place(tree.digest, project / "work")
    assert (project / "work" / "result").read_text() == "42"


def test_an_edit_between_plan_and_decision_is_refused(project: Path) -> None:
    tree = read_code_tree(project, "train")
    (project / "train" / "train.py").write_text("print(2)\n")
    with pytest.raises(SourceError, match="was changed"):
        CodeStore(project).keep(tree)


def test_code_that_is_not_kept_here_is_said_and_how_it_is_mended(project: Path) -> None:
    with pytest.raises(SourceError) as raised:
        CodeStore(project).place("sha256:" + "0" * 64, project / "work")
    assert raised.value.hint is not None
    assert "--rerun" in raised.value.hint
    assert not (project / "work").exists()


def test_what_is_kept_is_private_and_out_of_version_control(project: Path) -> None:
    CodeStore(project).keep(read_code_tree(project, "train"))
    assert (project / ".launchctl").stat().st_mode & 0o077 == 0
    assert (project / ".launchctl" / ".gitignore").read_text() == "*\n"
