"""Of any configuration: it is judged without an error of ours, and what is found right becomes a command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from docker_launches import launch_of
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.compiler.node import MapNode, node_of, plain
from launchctl.diagnostics import has_errors
from launchctl.providers.docker import PROVIDER
from launchctl.providers.docker.argv import creation, take_apart
from launchctl.providers.docker.options import BY_SPELLING, OPTIONS
from launchctl.values import JSON, digest

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.sampled_from(["8g", "1m30s", "A=1", "./a:/a", "8080:80", "all", "/dev/null", "on-failure:3", "nofile=1:2"]),
    st.text(alphabet="0123456789.:/-=,[]kmg", max_size=12),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
KEYS = st.sampled_from(sorted(BY_SPELLING)) | st.text(max_size=8)
RIGHT: dict[str, st.SearchStrategy[JSON]] = {
    "memory": st.integers(6, 10**6).map(lambda size: f"{size}m"),
    "env": st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text(st.characters(codec="ascii"))),
    "volume": st.lists(st.sampled_from(["/a:/a", "./b:/b:ro", "named:/c"])),
    "init": st.booleans(),
    "cpus": st.floats(0.1, 64).map(lambda number: round(number, 3)),
    "dns": st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2"])),
    "label": st.lists(st.sampled_from(["team=vision", "bare", "text=a b"])),
    "health-interval": st.integers(1, 10**5).map(lambda seconds: f"{seconds}s"),
}
CONFIGS = st.fixed_dictionaries({}, optional=RIGHT)


def tree(value: JSON) -> MapNode:
    node = node_of(value)
    assert isinstance(node, MapNode)
    return node


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_anything_is_judged_and_what_is_right_is_written(value: JSON) -> None:
    config = tree(value)
    found = PROVIDER.check(config)
    assert [one.message for one in found] == [one.code.sentence.format_map(one.arguments) for one in found]
    normal = PROVIDER.normalise(config)
    if not has_errors(found):
        manifest, _ = PROVIDER.lower(launch_of(config))
        PROVIDER.script(manifest.body)
        assert not has_errors(PROVIDER.check(normal))
        assert plain(PROVIDER.normalise(normal)) == plain(normal)


@given(CONFIGS, st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(value: dict[str, JSON], random: JSON) -> None:
    keys = [*value]
    random.shuffle(keys)
    shuffled = {key: value[key] for key in keys}
    assert PROVIDER.lower(launch_of(tree(value)))[0].body == PROVIDER.lower(launch_of(tree(shuffled)))[0].body
    assert digest(plain(PROVIDER.normalise(tree(value)))) == digest(plain(PROVIDER.normalise(tree(shuffled))))


@given(CONFIGS)
def test_every_spelling_of_a_name_is_the_same_option(value: dict[str, JSON]) -> None:
    others = {option.name: option.short or option.name.replace("-", "_") for option in OPTIONS}
    respelled = {others[name]: item for name, item in value.items()}
    assert plain(PROVIDER.normalise(tree(respelled))) == plain(PROVIDER.normalise(tree(value)))
    assert PROVIDER.lower(launch_of(tree(respelled)))[0].body == PROVIDER.lower(launch_of(tree(value)))[0].body


@given(CONFIGS, st.lists(st.text(max_size=8), max_size=4))
def test_a_command_line_is_taken_apart_as_it_was_put_together(value: dict[str, JSON], args: list[str]) -> None:
    argv = PROVIDER.lower(launch_of(tree(value), args=args))[0].body["argv"]
    parts = take_apart(argv)
    assert ["docker", "run", *(word for option in parts.options for word in option), parts.image, *args] == argv
    assert creation(parts) == ["docker", "create", *argv[2:]]


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program called docker that prints its arguments."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "docker"
    program.write_text(f"#!{sys.executable} -S\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    program.chmod(0o755)
    return folder


@settings(max_examples=40)
@given(CONFIGS, st.lists(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=8), max_size=4))
def test_a_shell_reads_the_script_as_the_command_line(probe: Path, value: dict[str, JSON], args: list[str]) -> None:
    body = PROVIDER.lower(launch_of(tree(value), args=[arg.replace("${env:", "") for arg in args]))[0].body
    if "\0" in json.dumps(body) or "\\u0000" in json.dumps(body):
        return
    environment = {"PATH": f"{probe}:/usr/bin:/bin", "PYTHONUTF8": "1"}
    ran = subprocess.run(["/bin/sh", "-c", PROVIDER.script(body)], env=environment, capture_output=True, check=True)
    assert json.loads(ran.stdout) == body["argv"][1:]
