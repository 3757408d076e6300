"""What a job's code is: which files, which digest, and a copy that is exactly that."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from launchctl.errors import SourceError
from launchctl.images import source
from launchctl.images.source import CodeFile, code_reader, copy_code_tree, read_code_tree


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True, capture_output=True
    )


def names(folder: Path, path: str = "train", *ignore: str) -> list[str]:
    return [file.name for file in read_code_tree(folder, path, ignore).files]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, train__main_dot_py="print(1)\n", train__lib__model_dot_py="x = 1\n")
    return tmp_path


def test_outside_of_git_all_but_hidden_files_are_code(project: Path) -> None:
    write(project, train___dot_cache="x", train___dot_hidden__file="x")
    assert names(project) == ["lib/model.py", "main.py"]


def test_in_git_tracked_and_addable_files_are_code_and_ignored_ones_are_not(project: Path) -> None:
    write(project, train___dot_gitignore="*.log\n", train__run_dot_log="x", train___dot_config="y")
    git(project, "init", "-q")
    git(project, "add", "train/main.py")
    assert names(project) == [".config", ".gitignore", "lib/model.py", "main.py"]


def test_a_tracked_file_that_was_removed_is_no_code(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "train")
    (project / "train/main.py").unlink()
    assert names(project) == ["lib/model.py"]


def test_a_folder_that_git_ignores_as_a_whole_counts_as_outside_of_git(project: Path) -> None:
    write(project, _dot_gitignore="*\n", train___dot_hidden="x")
    git(project, "init", "-q")
    assert names(project) == ["lib/model.py", "main.py"]


def test_a_nested_repository_is_code(project: Path) -> None:
    git(project, "init", "-q")
    git(project / "train/lib", "init", "-q")
    assert names(project) == ["lib/model.py", "main.py"]


def test_an_empty_git_folder_makes_no_repository(project: Path) -> None:
    (project / ".git").mkdir()
    assert names(project) == ["lib/model.py", "main.py"]


def test_the_configuration_of_a_hostile_repository_runs_nothing(project: Path) -> None:
    git(project, "init", "-q")
    script = project / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {project}/ran\n")
    script.chmod(0o755)
    git(project, "config", "core.fsmonitor", str(script))
    git(project, "config", "core.hooksPath", str(project))
    names(project)
    assert not (project / "ran").exists()


def test_project_files_lock_state_and_compile_output_are_no_code(project: Path) -> None:
    write(project, project_dot_yaml="x", queues__gpu_dot_yaml="x", launchctl_dot_lock="x", keep_dot_yaml="x")
    entry = '{"address": "runs.a", "file": "runs/a.sh", "fingerprint": "x"}'
    index = f'{{"format_version": "1", "files": [{entry}]}}'
    write(project, out__index_dot_json=index, out__runs__a_dot_sh="x", out__runs__mine_dot_sh="x")
    write(project, web__index_dot_json='{"files": []}', bad__index_dot_json="{")
    (project / ".launchctl").mkdir()
    (project / ".launchctl/state.db").write_text("x")
    git(project, "init", "-q")
    found = read_code_tree(project, ".", (), ("project.yaml", "queues/gpu.yaml"))
    assert [file.name for file in found.files] == [
        "bad/index.json",
        "keep.yaml",
        "out/runs/mine.sh",
        "train/lib/model.py",
        "train/main.py",
        "web/index.json",
    ]
    assert found.path == "."


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        (("lib",), ["main.py"]),
        (("lib/",), ["main.py"]),
        (("*.py",), []),
        (("/main.py",), ["lib/model.py"]),
        (("lib/*.txt",), ["lib/model.py", "main.py"]),
        (("**/model.py",), ["main.py"]),
        (("m?in.py",), ["lib/model.py"]),
        (("*a*a*a*a*a*a*a*a*b",), ["lib/model.py", "main.py"]),
        ((), ["lib/model.py", "main.py"]),
    ],
)
def test_ignore_patterns_work_as_in_gitignore(project: Path, ignore: tuple[str, ...], left: list[str]) -> None:
    assert names(project, "train", *ignore) == left


def test_the_digest_is_of_names_modes_and_contents(project: Path) -> None:
    assert read_code_tree(project, "train").digest == (
        "sha256:fae8fa2182e4455d48813df76e92181e9a78fb1440acb7b8766cdb5af0da507d"
    )
    before = read_code_tree(project, "train").digest
    os.utime(project / "train/main.py", (1, 1))
    (project / "train/main.py").chmod(0o600)
    assert read_code_tree(project, "train").digest == before
    (project / "train/main.py").chmod(0o700)
    assert read_code_tree(project, "train").digest != before


def test_the_digest_is_the_same_wherever_the_folder_lies(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    write(other, sub__main_dot_py="print(1)\n", sub__lib__model_dot_py="x = 1\n")
    assert read_code_tree(project, "train").digest == read_code_tree(other, "sub").digest


def test_links_are_recorded_and_not_followed(project: Path) -> None:
    (project / "train/data").symlink_to("/etc")
    (project / "train/link.py").symlink_to("main.py")
    links = [file for file in read_code_tree(project, "train").files if file.is_link]
    assert [file.name for file in links] == ["data", "link.py"]
    assert links[1].digest == "b10564ab7d2c520cdd0243874879fb0a782862c3c902ab535faabe57d5a505e1"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nope", 'the code folder "nope" does not exist'),
        ("train/main.py", 'the code folder "train/main.py" is not a folder'),
        ("..", 'the code folder ".." leaves the project'),
        ("escape", 'the code folder "escape" leaves the project'),
        ("a\0b", "the path of a code folder holds a NUL character"),
        ("n" * 300, f'cannot read the code folder "{"n" * 300}": File name too long'),
    ],
)
def test_a_folder_that_cannot_be_code_is_an_error(project: Path, path: str, message: str) -> None:
    (project / "escape").symlink_to("/etc")
    with pytest.raises(SourceError) as caught:
        read_code_tree(project, path)
    assert caught.value.message == message


def test_too_many_files_and_too_many_bytes_are_errors(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    with pytest.raises(SourceError, match="more than 0 MiB"):
        read_code_tree(project, "train")
    monkeypatch.setattr(source, "MAX_FILES", 1)
    with pytest.raises(SourceError, match="more than 1 files"):
        read_code_tree(project, "train")


def test_a_name_that_is_not_utf8_is_an_error(project: Path) -> None:
    Path(os.fsdecode(os.fsencode(project) + b"/train/\xff.py")).write_text("x")
    with pytest.raises(SourceError, match="is not UTF-8"):
        read_code_tree(project, "train")


def test_a_pipe_is_no_code(project: Path) -> None:
    os.mkfifo(project / "train/pipe")
    assert names(project) == ["lib/model.py", "main.py"]


def test_a_copy_has_the_files_their_executable_bits_and_their_links(project: Path, tmp_path: Path) -> None:
    (project / "train/main.py").chmod(0o755)
    (project / "train/link.py").symlink_to("main.py")
    tree = read_code_tree(project, "train")
    copy_code_tree(tree, tmp_path / "runs/a")
    assert (tmp_path / "runs/a/lib/model.py").read_text() == "x = 1\n"
    assert os.access(tmp_path / "runs/a/main.py", os.X_OK)
    assert os.readlink(tmp_path / "runs/a/link.py") == "main.py"
    assert read_code_tree(tmp_path, "runs/a").digest == tree.digest
    assert os.listdir(tmp_path / "runs") == ["a"]


def test_a_copy_that_was_taken_is_kept(project: Path, tmp_path: Path) -> None:
    tree = read_code_tree(project, "train")
    copy_code_tree(tree, tmp_path / "a")
    write(tmp_path, a__result_dot_txt="made by the run")
    copy_code_tree(tree, tmp_path / "a")
    assert (tmp_path / "a/result.txt").read_text() == "made by the run"


@pytest.mark.parametrize("change", ["edit", "remove", "link"])
def test_code_that_changed_since_the_plan_is_not_copied(project: Path, tmp_path: Path, change: str) -> None:
    tree = read_code_tree(project, "train")
    main = project / "train/main.py"
    main.unlink()
    if change == "edit":
        main.write_text("print(2)\n")
    elif change == "link":
        main.symlink_to("/etc/passwd")
    with pytest.raises(SourceError):
        copy_code_tree(tree, tmp_path / "copies/a")
    assert os.listdir(tmp_path / "copies") == []


def test_a_reader_reads_each_folder_once(project: Path) -> None:
    read = code_reader(project)
    assert read("train", ()) is read("train", ())
    assert read("train", ("lib",)).files == (CodeFile("main.py", read("train", ()).files[1].digest),)
