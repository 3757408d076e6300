"""Ids of runs, and the macros of one attempt."""

from __future__ import annotations

import re

import pytest

from launchctl.addresses import Address, Kind
from launchctl.compiler.bind import bind, run_id
from launchctl.compiler.node import Deferred, ListNode, MapNode, ScalarNode, node_of, plain
from launchctl.compiler.program import CodeSource, Identity, ImageSource, LaunchSpec, Program, Source
from launchctl.values import JSON

PROGRAM = Program("Churn", "acme", "ada", None, ("HOME",), {}, {}, ())
IDENTITY = Identity("runs-baseline-aaaaaaaaaa", "runs-baseline-0123456789", 1, 2)
IMAGE = ImageSource(ScalarNode("reg/${project_name}:1"))


def tree(value: JSON) -> MapNode:
    node = node_of(value)
    assert isinstance(node, MapNode)
    return node


def listed(*values: JSON) -> ListNode:
    return ListNode(tuple(node_of(value) for value in values))


def spec(source: Source = IMAGE, **settings: JSON) -> LaunchSpec:
    return LaunchSpec(Address(Kind.RUNS, "baseline"), "train", "gpu", "docker", source, None, **settings)


def test_the_id_of_a_run_is_its_slug_and_ten_hex_digits() -> None:
    arguments = ("churn", "acme", "default", "runs.baseline", "sha256:00")
    assert run_id("runs-baseline", *arguments, 0, 63) == "runs-baseline-75fbbb1bdd"
    assert run_id("runs-baseline", *arguments, 1, 63) != run_id("runs-baseline", *arguments, 0, 63)


@pytest.mark.parametrize("change", ["project", "entity", "workspace", "address", "intent"])
def test_everything_that_names_a_run_is_in_its_id(change: str) -> None:
    def named(**names: str) -> str:
        known = {"project": "p", "entity": "e", "workspace": "w", "address": "a", "intent": "i", **names}
        return run_id(
            "s", known["project"], known["entity"], known["workspace"], known["address"], known["intent"], starts=0
        )

    assert named(**{change: "another"}) != named()


@pytest.mark.parametrize(
    ("slug", "limit", "length"),
    [("runs-a", 63, 17), ("runs-" + "a" * 63, 63, 63), ("runs-" + "a" * 63, 50, 50), ("runs-" + "a" * 63, 200, 63)],
)
def test_an_id_fits_the_target_and_keeps_its_digits(slug: str, limit: int, length: int) -> None:
    found = run_id(slug, "p", "e", "w", "a", "i", 0, limit)
    assert len(found) == length
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?-[0-9a-f]{10}", found)


def test_a_slug_is_not_cut_behind_a_hyphen() -> None:
    assert run_id("runs-" + "a" * 46 + "-b", "p", "e", "w", "a", "i", 0, 63)[40:].count("-") == 1


def test_macros_are_filled_in_for_the_attempt() -> None:
    launch = bind(
        spec(
            command=listed("python", "${image_uri}", "$${x}"),
            args=listed("--id=${run_id}"),
            env=tree({"OUT": "${env:HOME}/${run_name}"}),
            config=tree({"name": "${job_name}-${queue_name}", "who": "${author}@${entity_name}", "n": 3}),
        ),
        IDENTITY,
        PROGRAM,
        "default",
        32_670,
    )
    assert launch.image == "reg/churn:1"
    assert plain(launch.command) == ["python", "reg/churn:1", "${x}"]
    assert plain(launch.args) == ["--id=runs-baseline-0123456789"]
    assert launch.env.entries["OUT"] == ScalarNode(Deferred(("", "HOME", "/baseline")))
    assert plain(launch.config) == {"name": "train-gpu", "who": "ada@acme", "n": 3}
    assert launch.labels["launchctl.dev/run-id"] == "runs-baseline-aaaaaaaaaa"


def test_the_users_variables_come_before_ours() -> None:
    found = bind(
        spec(env=tree({"A": "1"}), wandb={"WANDB_RUN_ID": "${run_id}", "WANDB_RESUME": "allow"}),
        IDENTITY,
        PROGRAM,
        "default",
        99,
    )
    assert list(found.env.entries) == ["A", "WANDB_RUN_ID", "WANDB_RESUME"]
    assert plain(found.env) == {"A": "1", "WANDB_RUN_ID": "runs-baseline-0123456789", "WANDB_RESUME": "allow"}


def test_code_has_no_image() -> None:
    assert bind(spec(CodeSource("train", "sha256:0", None)), IDENTITY, PROGRAM, "default", 99).image is None


def test_what_holds_no_macro_is_shared() -> None:
    config = tree({"a": [1, {"b": "x"}]})
    assert bind(spec(config=config), IDENTITY, PROGRAM, "default", 99).config is config
