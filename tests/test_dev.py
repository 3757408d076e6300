"""`dev.py` makes the environment once, and says in a sentence why it cannot."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp")
    return module


def test_a_python_without_ensurepip_and_pip_is_told_what_to_install(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match="sudo apt install python3-venv"):
        dev.install("quickstart")


def test_a_larger_environment_that_is_current_is_left_alone(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.VENV.mkdir()
    dev.STAMP.write_text(dev._stamp("dev"))
    monkeypatch.setattr(dev, "_environment", lambda: pytest.fail("nothing is to be installed"))
    dev.install("quickstart")
    dev.install("tests")


def test_an_environment_of_an_older_lock_is_renewed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.VENV.mkdir()
    dev.STAMP.write_text(dev._stamp("quickstart").replace("sha256", "older"))
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "_environment", lambda: ["pip", "install"])
    monkeypatch.setattr(dev, "_must", lambda _failure, command: commands.append(command))
    dev.install("quickstart")
    assert [command[2] for command in commands] == ["--require-hashes", "--no-deps"]
    assert dev.STAMP.read_text() == dev._stamp("quickstart")


def test_an_old_python_is_told_which_one_is_needed() -> None:
    program = "import sys; sys.version_info = (3, 9, 2); exec(open('dev.py').read(), {'__file__': 'dev.py'})"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert answer.stderr == "launchctl needs Python 3.11 or later; this is Python 3.9\n"


def test_dev_can_be_read_by_an_older_python() -> None:

    ast.parse((ROOT / "dev.py").read_text(), feature_version=(3, 8))


def test_usage_is_printed_without_an_environment() -> None:
    answer = subprocess.run([sys.executable, ROOT / "dev.py"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "{quickstart,test,lint,lock}" in answer.stderr
