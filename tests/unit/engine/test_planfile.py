"""Saved plans: read back as they were written, or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launchctl.compiler.program import FieldClass
from launchctl.diagnostics import Span
from launchctl.engine.plan import Action, Change, FieldChange, Override, Plan, Reason
from launchctl.engine.planfile import is_plan_file, plan_to_json, read_plan, without_credentials, write_plan
from launchctl.errors import StalePlan
from launchctl.schemas.validate import violations
from launchctl.status import Status

PLAN = Plan(
    project="churn",
    entity="acme",
    workspace="default",
    lineage="0c1b",
    serial=12,
    changes=(
        Change(
            "runs.a",
            Action.START,
            Reason.INTENT_CHANGED,
            generation=2,
            attempt=1,
            run_id="runs-a-3f09a1c2d4",
            status=Status.SUCCEEDED,
            span=Span("project.yaml", 21, 3, 21, 3),
            changes=(FieldChange("args[1]", FieldClass.INTENT, "0.1", None),),
        ),
        Change("runs.b", Action.BLOCKED, Reason.INTENT_CHANGED, 1, 1, "runs-b-1", Status.RUNNING, options=("x",)),
    ),
    override=Override(rerun=("runs.c",), retry_failed=True),
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    project = tmp_path / "project"
    project.mkdir()
    write_plan(
        PLAN, path, project=project, state="file.db", variables={"tag": "v2"}, inputs={"a": "sha256:" + "0" * 64}
    )
    return path


def test_a_plan_is_read_back_as_it_was_written(saved: Path) -> None:
    read = read_plan(saved)
    assert read.plan == PLAN
    assert read.variables == {"tag": "sha256:" + hashlib.sha256(b"v2").hexdigest()}
    assert "v2" not in saved.read_text()
    assert read.project == saved.parent / "project"


def test_a_plan_file_is_told_from_a_project(saved: Path, tmp_path: Path) -> None:
    project = tmp_path / "project.yaml"
    project.write_text("version: 1\n")
    assert is_plan_file(saved)
    assert not is_plan_file(project)
    assert not is_plan_file(tmp_path)


def test_only_its_owner_can_read_a_plan_file(saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0


def _serial(body: dict[str, Any]) -> None:
    body["state"]["serial"] = 13


def _action(body: dict[str, Any]) -> None:
    body["changes"][1]["action"] = "cancel"


def _unknown(body: dict[str, Any]) -> None:
    body["extra"] = 1


def _version(body: dict[str, Any]) -> None:
    body["format_version"] = "2"


def _missing(body: dict[str, Any]) -> None:
    del body["state"]


@pytest.mark.parametrize("tamper", [_serial, _action, _unknown, _version, _missing])
def test_a_plan_that_was_changed_is_refused(saved: Path, tamper: Callable[[dict[str, Any]], None]) -> None:
    body = json.loads(saved.read_text())
    tamper(body)
    saved.write_text(json.dumps(body))
    with pytest.raises(StalePlan):
        read_plan(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "\ufffe", "[" * 100_000])
def test_what_is_no_plan_is_refused_and_never_a_traceback(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StalePlan):
        read_plan(path)


def test_the_json_form_keeps_its_contract() -> None:
    body = plan_to_json(PLAN)
    assert violations("plan", body) == ()
    assert body["summary"] == {"start": 1, "blocked": 1}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("postgresql://ada:secret@db.example.com/state", "postgresql://db.example.com/state"),
        ("/home/ada/state.db", "/home/ada/state.db"),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
