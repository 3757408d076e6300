"""Files of a run: in a manifest only where there are some, and where a reviewer's script puts them."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchctl.addresses import Address, Kind
from launchctl.compiler.node import EMPTY_LIST, EMPTY_MAP, ListNode, MapNode, ScalarNode, node_of
from launchctl.compiler.program import BoundLaunch, CodeSource, Identity, ImageSource, LaunchSpec
from launchctl.providers import docker, process
from launchctl.providers.docker import files
from launchctl.values import JSON

YAML = 'it\'s "é" $HOME `x` \\ %s\n\nlast\n'


def launch(given: dict[str, str], *, config: JSON = None, command: tuple[str, ...] = ()) -> BoundLaunch:
    tree = node_of(config or {})
    spec = LaunchSpec(
        address=Address(Kind.SWEEPS, "lr", "0"),
        job="train",
        queue="box",
        resource="docker",
        source=ImageSource(ScalarNode("busybox:local"))
        if config is not None
        else CodeSource("train", "sha256:0", None),
        span=None,
    )
    return BoundLaunch(
        spec=spec,
        identity=Identity("sweeps-lr-0", "sweeps-lr-0"),
        project="churn",
        entity="acme",
        workspace="default",
        image="busybox:local",
        command=ListNode(tuple(map(ScalarNode, command))),
        args=EMPTY_LIST,
        env=EMPTY_MAP,
        config=tree if isinstance(tree, MapNode) else EMPTY_MAP,
        files=given,
    )


def test_a_manifest_without_files_has_no_key_for_them() -> None:
    assert "files" not in process.PROVIDER.lower(launch({}))[0].body
    assert "files" not in docker.PROVIDER.lower(launch({}, config={}))[0].body


def test_a_manifest_holds_its_files() -> None:
    given = {"wandb/sweep-lr/config-a.yaml": YAML}
    assert process.PROVIDER.lower(launch(given))[0].body["files"] == given
    assert docker.PROVIDER.lower(launch(given, config={}))[0].body["files"] == given


@pytest.mark.parametrize(
    ("config", "given", "volumes"),
    [
        ({}, {"/launchctl/a": ""}, 0),
        ({"read-only": True}, {"/launchctl/a": ""}, 1),
        ({"read-only": False}, {"/launchctl/a": ""}, 0),
        ({"read-only": True}, {}, 0),
    ],
)
def test_a_container_that_is_read_only_has_a_volume_for_its_files(
    config: JSON, given: dict[str, str], volumes: int
) -> None:
    argv = docker.PROVIDER.lower(launch(given, config=config))[0].body["argv"]
    assert argv.count("--volume") == volumes
    assert ("/launchctl" in argv) is bool(volumes)


def test_the_targets_say_where_files_are() -> None:
    assert process.PROVIDER.capabilities.file_folder == "wandb"
    assert docker.PROVIDER.capabilities.file_folder == "/launchctl"


def test_a_script_of_a_process_writes_the_files_first(tmp_path: Path) -> None:
    given = {"wandb/sweep-lr/config-a b.yaml": YAML, "wandb/sweep-lr/config.json": "{}"}
    found, _ = process.PROVIDER.lower(launch(given, command=("cat", *given)))
    body = found.body
    (tmp_path / body["cwd"]).mkdir(parents=True)
    (tmp_path / "run.sh").write_text(process.PROVIDER.script(body))
    said = subprocess.run(
        ["sh", "run.sh"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, check=True
    )
    assert said.stdout.decode() == YAML + "{}"


def test_a_script_of_a_container_creates_copies_and_starts() -> None:
    body = docker.PROVIDER.lower(launch({"/launchctl/sweep-lr/config.yaml": YAML}, config={}))[0].body
    lines = docker.PROVIDER.script(body).splitlines()
    assert lines[3:8] == [
        "umask 022",
        "files=$(mktemp -d)",
        "trap 'rm -rf \"$files\"' EXIT",
        'mkdir -p "$files"/launchctl/sweep-lr',
        "printf %s 'it'\"'\"'s \"é\" $HOME `x` \\ %s",
    ]
    assert lines[-3:] == [
        "  >/dev/null",
        'docker cp "$files"/launchctl sweeps-lr-0:/',
        "docker start --attach sweeps-lr-0",
    ]


@pytest.mark.parametrize(
    ("pattern", "prefix", "rest"),
    [
        ("wandb/latest-run/files/s.json", "wandb/latest-run/files/s.json", ()),
        ("wandb/run-*/files/s.json", "wandb", ("run-*", "files", "s.json")),
        ("*.json", "", ("*.json",)),
        ("a/b[0-9]/?", "a", ("b[0-9]", "?")),
    ],
)
def test_an_engine_is_asked_for_as_little_as_a_pattern_allows(pattern: str, prefix: str, rest: tuple[str, ...]) -> None:
    assert files.split_pattern(pattern) == (prefix, rest)


def _pieces(content: bytes, size: int = 700) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def _archive(*members: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def test_the_last_file_by_name_is_found_in_any_order() -> None:
    content = _archive(("w/run-2/s", b"two"), ("w/run-3/other", b"no"), ("w/run-1/s", b"one"), ("w/x/run-4/s", b"no"))
    assert files.last_of_archive(_pieces(content), ("run-*", "s")) == b"two"
    assert files.last_of_archive(_pieces(content), ("run-*", "t")) is None


def test_an_archive_is_looked_through_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ARCHIVE_LIMIT", 4096)
    content = _archive(("w/a", b"first"), ("w/b", bytes(9000)), ("w/c", b"last"))
    assert files.last_of_archive(_pieces(content), ("[ac]",)) == b"first"


@pytest.mark.parametrize("skip", [0, 1, 3, 4, 7, 9])
def test_a_stream_is_read_on(skip: int) -> None:
    assert b"".join(files.without_start(iter([b"abc", b"defg"]), skip)) == b"abcdefg"[skip:]


def test_an_archive_holds_every_folder_that_a_file_needs() -> None:
    archive = files.archive_of({"/launchctl/sweep-lr/a": "é", "/launchctl/b": ""}, "/")
    with tarfile.open(fileobj=io.BytesIO(archive)) as found:
        members = [(member.name, member.isdir(), oct(member.mode), member.size) for member in found]
    assert members == [
        ("launchctl", True, "0o755", 0),
        ("launchctl/sweep-lr", True, "0o755", 0),
        ("launchctl/sweep-lr/a", False, "0o644", 2),
        ("launchctl/b", False, "0o644", 0),
    ]
