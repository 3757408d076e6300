"""Four folders become one package, `launchctl`: in the checkout, in the wheel and in the source distribution."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"src/launchctl": "launchctl"} | {room: f"launchctl/{room}" for room in ("compiler", "providers", "schemas")}
"""Folder of the checkout to folder of the package: the table of docs/architecture.md."""


def _build(source: Path, target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


def _files(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def _tree() -> set[str]:
    return {
        f"{package}/{path.relative_to(ROOT / room).as_posix()}"
        for room, package in ROOMS.items()
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("room", ["compiler", "providers", "schemas"])
def test_the_package_links_to_the_room(room: str) -> None:
    link = ROOT / "src" / "launchctl" / room
    assert link.is_symlink()
    assert str(link.readlink()) == f"../../{room}"
    assert link.resolve() == ROOT / room


def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    assert _files(wheel) == _tree()


def test_the_wheel_has_one_top_level_package(wheel: Path) -> None:
    assert {name.split("/")[0] for name in _files(wheel)} == {"launchctl"}


def test_the_wheel_ships_types_schemas_and_templates(wheel: Path) -> None:
    names = _files(wheel)
    assert "launchctl/py.typed" in names
    assert "launchctl/schemas/project.schema.json" in names
    assert "launchctl/cli/templates/process/project.yaml.template" in names


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    (licence,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("licenses/LICENSE"))
    assert zipfile.ZipFile(wheel).read(licence) == (ROOT / "LICENSE").read_bytes()


def test_the_source_distribution_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert _files(_build(source, "wheel", tmp_path / "rebuilt")) == _files(wheel)


def test_an_installed_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    # The dependencies of this environment, without its editable install: a path file is not read through another.
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def output(*command: str | Path) -> str:
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert output(home / "bin" / "launchctl", "--version") == "launchctl 0.1.0\n"
    assert output(python, "-m", "launchctl", "--version") == "launchctl 0.1.0\n"
    assert Path(output(python, "-c", "import launchctl; print(launchctl.__file__)").strip()).is_relative_to(home)
    assert '"$schema"' in output(home / "bin" / "launchctl", "schema", "project")
