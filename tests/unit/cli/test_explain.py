"""`explain`: every key of the project file and every diagnostic code."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import launchctl
from launchctl.cli.explain import all_codes
from launchctl.cli.main import run
from launchctl.cli.schema_keys import all_keys, find_keys
from launchctl.schemas import load


def _spelled(words: str) -> list[str]:
    return [key.spelled for key in find_keys(load("project"), tuple(words.split(".")))]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("version", ["version"]),
        ("runs.retry", ["runs.NAME.retry"]),
        ("runs.baseline.retry.max", ["runs.NAME.retry.max"]),
        ("max_jobs", ["agents.NAME.max_jobs", "queues.NAME.max_jobs"]),
        ("queues.gpu.max_jobs", ["queues.NAME.max_jobs"]),
        ("lifecycle.protect", [f"{section}.NAME.lifecycle.protect" for section in ("jobs", "runs", "sweeps")]),
        ("from", ["moved.from"]),
        ("kubernetes.key", ["secrets.NAME.kubernetes.key"]),
        ("nonsense", []),
        ("retry.nonsense", []),
        ("NAME", []),
    ],
)
def test_a_key_is_found_by_its_end_or_from_the_top(words: str, found: list[str]) -> None:
    assert _spelled(words) == found


def test_every_key_but_names_is_described() -> None:
    keys = list(all_keys(load("project")))
    assert len(keys) > 200
    assert [key.spelled for key in keys if not key.description and key.path[-1] != "NAME"] == []


def test_a_key_says_what_may_stand_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "runs.baseline.retry.max"]) == 0
    assert capsys.readouterr().out == (
        "runs.NAME.retry.max\n  Attempts beyond the first.\n  value: integer\n  unless given: 0\n"
    )


def test_a_mapping_names_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "secrets.kubernetes"]) == 0
    assert capsys.readouterr().out.endswith("  value: mapping\n  keys: name, key\n")


def test_every_code_of_every_room_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    modules = [found.name for found in pkgutil.walk_packages(launchctl.__path__, "launchctl.")]
    rooms = [import_module(name) for name in modules if name.endswith("codes")]
    names = {code.name for room in rooms for code in room.CODES}
    assert set(all_codes()) == names
    assert len(names) > 40
    for name in sorted(names):
        assert run(["explain", name]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{name} (")
        assert len(said.splitlines()) > 3


@pytest.mark.parametrize(
    ("word", "hint"),
    [("retryy", 'did you mean "retry"?'), ("unknwon-key", 'did you mean "unknown-key"?')],
)
def test_what_is_neither_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str], word: str, hint: str) -> None:
    assert run(["explain", word]) == 64
    assert capsys.readouterr().err == f'error: "{word}" is neither a key nor a code\nhint: {hint}\n'
