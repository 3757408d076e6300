"""Which state a session opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.engine.pipeline import Request, compile_project
from launchctl.engine.session import open_session
from launchctl.errors import StateError

PROJECT = "version: 1\nproject: churn\nstate: kept/state.db\n"


def test_a_project_s_state_may_not_leave_its_folder_by_a_link(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "kept").symlink_to(elsewhere)
    (folder / "project.yaml").write_text(PROJECT)
    request = Request(project=folder, here=tmp_path, environment={})
    compiled = compile_project(request)
    with pytest.raises(StateError, match="by a symbolic link"), open_session(compiled, request):
        pass


def test_a_state_that_a_person_names_is_looked_for_where_it_was_typed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "project.yaml").write_text(PROJECT)
    request = Request(project=Path("project"), here=tmp_path, environment={}, state="mine.db")
    with open_session(compile_project(request), request) as session:
        assert session.store.url.endswith(f"{tmp_path}/mine.db")
