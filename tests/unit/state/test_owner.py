"""An owner is dead only when it is certain: a process of this very host that is not there any more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from launchctl.state.owner import UNKNOWN, Owner, current_owner, describe, host_id, is_dead, parse_owner

NOBODY = 99_999_999
"""Beyond any process number of the kernel's."""


def test_current_owner_is_this_process() -> None:
    owner = parse_owner(current_owner())
    assert owner is not None
    assert owner.pid == os.getpid()
    assert owner.host == host_id()
    assert "@" in owner.name


def test_text_of_an_owner_can_be_read_again() -> None:
    owner = Owner("ada lovelace@box-1", 4711, 123456, "0123456789abcdef")
    assert str(owner) == "ada lovelace@box-1 pid=4711 started=123456 host=0123456789abcdef"
    assert parse_owner(str(owner)) == owner


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@box pid=0 started=1 host=ab", "ada@box pid=9999999999 started=1 host=ab", "a pid=1 host=b"]
)
def test_other_texts_are_no_owner(text: str) -> None:
    assert parse_owner(text) is None
    assert not is_dead(text)
    assert describe(text) == text


def test_owner_is_described_for_people() -> None:
    assert describe("ada@box pid=4711 started=12 host=0123456789abcdef") == "ada@box (process 4711)"


def test_living_process_is_not_dead() -> None:
    assert not is_dead(current_owner())


def test_process_that_does_not_exist_is_dead() -> None:
    assert is_dead(str(Owner("ada@box", NOBODY, 1, host_id())))


@pytest.mark.parametrize("host", ["0123456789abcdef", UNKNOWN])
def test_process_of_another_host_is_never_dead(host: str) -> None:
    assert not is_dead(str(Owner("ada@box", NOBODY, 1, host)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the start of a process is read from /proc")
def test_number_that_another_process_has_by_now_is_dead() -> None:
    own = parse_owner(current_owner())
    assert own is not None
    assert is_dead(str(Owner(own.name, own.pid, own.started - 1, own.host)))


def test_process_whose_start_is_unknown_lives_while_its_number_does() -> None:
    assert not is_dead(str(Owner("ada@box", os.getpid(), 0, host_id())))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the start of a process is read from /proc")
def test_killed_process_that_nobody_has_collected_is_dead() -> None:
    script = "from launchctl.state.owner import current_owner; print(current_owner(), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    owner = child.stdout.readline().strip()
    assert not is_dead(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(owner)
    child.communicate()
    assert is_dead(owner)
