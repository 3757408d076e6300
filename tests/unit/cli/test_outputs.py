"""The folder of `compile -o`: rewrites nothing that is equal, deletes nothing that is not its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launchctl.engine.outputs import Difference, Output, differences, write_outputs
from launchctl.errors import LaunchctlError

BASELINE = Output("runs/baseline.sh", "runs.baseline", "sha256:1", "exec a\n")
LARGE = Output("runs/large.sh", "runs.large", "sha256:2", "exec b\n")


def test_the_first_compile_writes_every_file_and_an_index(tmp_path: Path) -> None:
    changed = write_outputs(tmp_path / "out", (BASELINE, LARGE))
    assert [(found.path, found.kind) for found in changed] == [
        ("runs/baseline.sh", "new"),
        ("runs/large.sh", "new"),
        ("index.json", "new"),
    ]
    assert (tmp_path / "out/runs/baseline.sh").read_text() == "exec a\n"
    assert json.loads((tmp_path / "out/index.json").read_text()) == {
        "format_version": "1",
        "files": [
            {"address": "runs.baseline", "file": "runs/baseline.sh", "fingerprint": "sha256:1"},
            {"address": "runs.large", "file": "runs/large.sh", "fingerprint": "sha256:2"},
        ],
    }


def test_a_second_compile_touches_nothing(tmp_path: Path) -> None:
    write_outputs(tmp_path, (BASELINE, LARGE))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write_outputs(tmp_path, (BASELINE, LARGE)) == ()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_is_no_longer_produced_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    write_outputs(tmp_path, (BASELINE, LARGE))
    (tmp_path / "runs/notes.md").write_text("mine")
    assert write_outputs(tmp_path, (BASELINE,)) == (
        Difference("index.json", "changed"),
        Difference("runs/large.sh", "stale"),
    )
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "baseline.sh",
        "index.json",
        "notes.md",
    ]


def test_an_empty_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    write_outputs(tmp_path, (Output("sweeps/lr/0a.sh", "sweeps.lr[0a]", "sha256:3", "x\n"),))
    write_outputs(tmp_path, ())
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


def test_check_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    write_outputs(tmp_path, (BASELINE, LARGE))
    (tmp_path / "runs/baseline.sh").write_text("edited by hand")
    found = differences(tmp_path, (BASELINE, Output("runs/new.sh", "runs.new", "sha256:4", "exec c\n")))
    assert [(entry.path, entry.kind) for entry in found] == [
        ("runs/baseline.sh", "changed"),
        ("runs/new.sh", "new"),
        ("index.json", "changed"),
        ("runs/large.sh", "stale"),
    ]
    assert (tmp_path / "runs/baseline.sh").read_text() == "edited by hand"


def test_a_part_of_a_project_leaves_the_rest_alone(tmp_path: Path) -> None:
    write_outputs(tmp_path, (BASELINE, LARGE))
    edited = Output("runs/large.sh", "runs.large", "sha256:9", "exec c\n")
    assert write_outputs(tmp_path, (edited,), is_whole=False) == (
        Difference("runs/large.sh", "changed"),
        Difference("index.json", "changed"),
    )
    assert differences(tmp_path, (BASELINE, edited)) == ()


@pytest.mark.parametrize(
    "name",
    [
        "../outside.sh",
        "/etc/passwd",
        "runs/../../outside.sh",
        "runs/..",
        "runs//x.sh",
        "./runs/x.sh",
        "elsewhere/x.sh",
        "runs\\..\\x",
        ".git/config",
        "index.json",
    ],
)
def test_a_forged_index_deletes_nothing_outside(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside.sh"
    outside.write_text("mine")
    folder = tmp_path / "out"
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "elsewhere/x.sh").write_text("mine")
    entry = {"address": "runs.x", "file": name, "fingerprint": "sha256:0"}
    (folder / "index.json").write_text(json.dumps({"format_version": "1", "files": [entry]}))
    write_outputs(folder, (BASELINE,))
    assert outside.read_text() == "mine"
    assert (folder / "elsewhere/x.sh").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 3}', '{"files": [1, {}, {"file": 1}]}', "[" * 100_000])
def test_an_index_that_compile_did_not_write_is_no_index(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    write_outputs(tmp_path, (BASELINE,))
    assert differences(tmp_path, (BASELINE,)) == ()


@pytest.mark.parametrize("link", ["runs", "runs/baseline.sh", "index.json"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "out"
    (folder / link).parent.mkdir(parents=True)
    (folder / link).symlink_to(outside)
    with pytest.raises(LaunchctlError, match="leads out of"):
        write_outputs(folder, (BASELINE,))
    assert list(outside.iterdir()) == []
