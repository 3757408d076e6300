"""Reading the files of a project: names, encodings, bounds, includes."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from launchctl.compiler import source
from launchctl.compiler.load import load_project
from launchctl.compiler.source import Include, Source, display_prefix, locate, read_sources
from launchctl.diagnostics import Span

WHOLE = Span("project.yaml", 1, 1, 1, 1)


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def lines_as_includes(found: Source) -> tuple[Include, ...]:
    """Reads every line of a file as a pattern, so that no YAML is needed here."""
    return tuple(Include(line, Span(found.name, at, 1, at, 1)) for at, line in enumerate(found.text.split(), 1))


def read(folder: Path) -> tuple[list[str], list[str]]:
    sources, diagnostics = read_sources(folder, lines_as_includes)
    return [each.name for each in sources], [each.code.name for each in diagnostics]


def test_a_folder_stands_for_its_project_file(tmp_path: Path) -> None:
    write(tmp_path, project="", other="")
    assert read(tmp_path) == (["project.yaml"], [])
    assert read(tmp_path / "other.yaml") == (["other.yaml"], [])


def test_a_missing_project_is_told_with_a_way_out(tmp_path: Path) -> None:
    sources, (found,) = read_sources(tmp_path / "nowhere", lines_as_includes)
    assert sources == ()
    assert found.code.name == "no-project-file"
    assert found.hint == "write one by `launchctl init`, or name the project: `launchctl validate PROJECT`"


@pytest.mark.parametrize(
    ("project", "expected"),
    [(".", ""), ("project.yaml", ""), ("jobs", "jobs/"), ("jobs/a.yaml", "jobs/"), ("../x", "../x/"), ("a/b/", "a/b/")],
)
def test_places_are_shown_as_somebody_in_the_current_folder_would_type_them(
    tmp_path: Path, project: str, expected: str
) -> None:
    for folder in ("here/jobs", "here/a/b", "x"):
        (tmp_path / folder).mkdir(parents=True)
    here = tmp_path / "here"
    assert display_prefix(here / project, here) == expected


def test_a_project_is_located_without_reading_it(tmp_path: Path) -> None:
    assert locate(tmp_path).name == "project.yaml"
    assert locate(tmp_path / "a.yaml") == source.Location(tmp_path, "a.yaml")


def test_includes_come_in_the_order_of_their_patterns_and_sorted_within_one(tmp_path: Path) -> None:
    write(tmp_path, project="z.yaml parts/*.yaml", z="", parts__b="", parts__a="deep/c.yaml", deep__c="")
    assert read(tmp_path) == (["project.yaml", "z.yaml", "parts/a.yaml", "deep/c.yaml", "parts/b.yaml"], [])


def test_a_pattern_may_cross_folders(tmp_path: Path) -> None:
    write(tmp_path, project="parts/**/*.yaml", parts__a="", parts__deep__b="")
    assert read(tmp_path) == (["project.yaml", "parts/a.yaml", "parts/deep/b.yaml"], [])


def test_a_pattern_that_matches_nothing_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, project="parts/*.yaml")
    assert read(tmp_path) == (["project.yaml"], ["include-matches-nothing"])


def test_a_pattern_that_would_be_looked_for_for_ever_is_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 60)).mkdir(parents=True)
    write(tmp_path, project="**/d/**/d/**/d/**/d/**/d/**/d/**/x.yaml **/d/**/x.yaml")
    assert read(tmp_path) == (["project.yaml"], ["pattern-too-wide", "include-matches-nothing"])


@pytest.mark.parametrize("pattern", ["a**.yaml", "[", "***"])
def test_no_pattern_is_an_accident(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, project=pattern)
    # What `***` matches differs between versions of Python: nothing, or the project file itself.
    assert read(tmp_path)[1] in (["include-matches-nothing"], ["no-included-file"], ["include-loop"])


@pytest.mark.parametrize(
    "pattern", ["../x.yaml", "/etc/passwd", "a/../../x.yaml", "C:/x.yaml", "a\\b.yaml", "x\0.yaml"]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, project=pattern)
    assert read(tmp_path) == (["project.yaml"], ["outside-project"])


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, outside="", project__project="linked.yaml folder/*.yaml")
    (tmp_path / "project/linked.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "project/folder").symlink_to(tmp_path)
    assert read(tmp_path / "project") == (["project.yaml"], ["outside-project", "outside-project"])


def test_a_link_within_the_folder_is_followed_and_counts_as_its_file(tmp_path: Path) -> None:
    write(tmp_path, project="a.yaml b.yaml", a="")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    assert read(tmp_path) == (["project.yaml", "a.yaml"], ["included-twice"])


def test_a_project_behind_a_link_is_read(tmp_path: Path) -> None:
    write(tmp_path, real__project="a.yaml", real__a="")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read(tmp_path / "link") == (["project.yaml", "a.yaml"], [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"project": "project.yaml"}, ["include-loop"]),
        ({"project": "a.yaml", "a": "project.yaml"}, ["include-loop"]),
        ({"project": "a.yaml a.yaml", "a": ""}, ["included-twice"]),
        ({"project": "a.yaml b.yaml", "a": "b.yaml", "b": ""}, ["included-twice"]),
    ],
)
def test_a_file_is_part_of_a_project_once(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    write(tmp_path, **files)
    assert read(tmp_path)[1] == expected


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    write(tmp_path, project=codecs.BOM_UTF8 + b"x: 1")
    sources, _ = read_sources(tmp_path, lambda _: ())
    assert sources == (Source("project.yaml", "x: 1"),)


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"a: 1\nb: \xe9", "project.yaml:2:4", "expected UTF-8 text, got the byte 0xe9"),
        ("é: \udcff".encode("utf-8", "surrogateescape"), "project.yaml:1:4", "expected UTF-8 text, got the byte 0xff"),
        ("a".encode("utf-16"), "project.yaml:1:1", "expected UTF-8 text, got UTF-16 text"),
        ("a".encode("utf-32"), "project.yaml:1:1", "expected UTF-8 text, got UTF-32 text"),
    ],
)
def test_another_encoding_is_told_at_its_place(tmp_path: Path, content: bytes, place: str, message: str) -> None:
    write(tmp_path, project=content)
    _, (found,) = read_sources(tmp_path, lines_as_includes)
    assert (str(found.span), found.message) == (place, message)


def test_the_bound_holds_for_all_files_together(tmp_path: Path) -> None:
    write(tmp_path, project="a.yaml b.yaml", a=b"#" * (9 << 20), b=b"#" * (9 << 20))
    sources, (found,) = read_sources(tmp_path, lambda found: lines_as_includes(found) if len(found.text) < 99 else ())
    assert [each.name for each in sources] == ["project.yaml", "a.yaml"]
    assert (found.code.name, str(found.span)) == ("too-large", "project.yaml:2:1")


def test_an_unreadable_file_is_told_at_its_include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, project="a.yaml", a="")
    opened = Path.open

    def refuse(path: Path, mode: str = "r") -> object:
        if path.name == "a.yaml":
            raise PermissionError(13, "Permission denied")
        return opened(path, mode)

    monkeypatch.setattr(Path, "open", refuse)
    _, (found,) = read_sources(tmp_path, lines_as_includes)
    assert (found.message, str(found.span)) == ('cannot read "a.yaml": Permission denied', "project.yaml:1:1")


def test_nothing_is_said_of_names_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, project="version: 1\nproject: x\ninclude: [a.yaml]\nruns: {r: {job: j, queue: q}}\n", a="jobs: {")
    loaded = load_project(tmp_path)
    assert loaded.resolved is None
    assert [found.code.name for found in loaded.diagnostics] == ["syntax"]


def test_of_a_number_that_was_misread_nothing_else_is_said(tmp_path: Path) -> None:
    jobs = "jobs: {j: {source: {image: x}, env: {A: 012, B: 1.50}}}\n"
    write(tmp_path, project=f"version: 1\nproject: x\n{jobs}")
    found = load_project(tmp_path).diagnostics
    assert [(one.code.name, str(one.span)) for one in found] == [
        ("ambiguous-value", "project.yaml:3:41"),
        ("lost-spelling", "project.yaml:3:49"),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pipe.yaml", "it is no regular file"),
        ("device.yaml", "it is no regular file"),
        ("folder.yaml", "it is a folder"),
    ],
)
@pytest.mark.parametrize("is_part", [False, True])
def test_what_is_no_regular_file_is_named_as_such_and_never_suggested(
    tmp_path: Path, name: str, reason: str, is_part: bool
) -> None:
    write(tmp_path, project="")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "device.yaml").symlink_to(os.devnull)
    (tmp_path / "folder.yaml").mkdir()
    _, (found,) = read_sources(tmp_path, lambda _: (Include(name, WHOLE, is_part),))
    assert (found.code.name, found.message, found.hint) == (
        "unreadable-file",
        f'cannot read "{name}": {reason}',
        None,
    )
    _, (near,) = read_sources(tmp_path, lambda _: (Include(f"{name}x", WHOLE, is_part),))
    assert near.code.name == "no-included-file"
    assert near.hint != f'did you mean "{name}"?'
