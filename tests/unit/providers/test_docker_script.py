"""The script of a run: readable, reviewable, and what a shell makes of it is the command line itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from docker_launches import config_of, launch_of

from launchctl.compiler.node import Deferred
from launchctl.providers.docker.lower import lower
from launchctl.providers.docker.script import script
from launchctl.values import JSON

EXPECTED = """\
#!/bin/sh
# As it could be typed in the project's folder.
# Needs in the environment: WANDB_API_KEY
set -eu
exec docker run \\
  --memory 8g \\
  --rm \\
  --volume ./data:/data:ro \\
  --name runs-baseline-3f09a1c2d4 \\
  --label launchctl.dev/project=churn \\
  --label launchctl.dev/entity=acme \\
  --label launchctl.dev/workspace=default \\
  --label launchctl.dev/address=runs.baseline \\
  --label launchctl.dev/generation=1 \\
  --label launchctl.dev/attempt=1 \\
  --label launchctl.dev/run-id=runs-baseline-3f09a1c2d4 \\
  --label wandb.ai/run-id=runs-baseline-3f09a1c2d4 \\
  --env 'GREETING=it'"'"'s a "test"' \\
  --env WANDB_API_KEY \\
  --entrypoint python \\
  churn:v1 \\
  train.py --lr 3e-4
"""


def test_one_option_a_line() -> None:
    launch = launch_of(
        config_of("rm: true\nmemory: 8g\nvolume: ./data:/data:ro\n"),
        image="churn:v1",
        command=["python", "train.py"],
        args=["--lr", "3e-4"],
        env={"GREETING": 'it\'s a "test"'},
        secrets=["WANDB_API_KEY"],
    )
    assert script(lower(launch)[0].body) == EXPECTED


ARGUMENTS: tuple[tuple[JSON, str], ...] = (
    ("plain", "plain"),
    ("two words", "two words"),
    ("it's", "it's"),
    ('"$HOME" `id` $(id) \\ !', '"$HOME" `id` $(id) \\ !'),
    ("", ""),
    ("line\nbreak", "line\nbreak"),
    ("é=한국어", "é=한국어"),
    ("*?[]{}~#&|;<>()", "*?[]{}~#&|;<>()"),
    ("-", "-"),
    (Deferred(("CACHE=", "FOLDER", "/x y")), "CACHE=/a 'b' $c/x y"),
    (Deferred(("", "FOLDER", "")), "/a 'b' $c"),
    ("at ${env:FOLDER}!", "at /a 'b' $c!"),
    (Deferred(("${env:FOLDER} is ", "FOLDER", "")), "${env:FOLDER} is /a 'b' $c"),
)


@pytest.mark.parametrize(("argument", "seen"), ARGUMENTS)
def test_a_shell_hands_on_exactly_the_arguments(argument: JSON, seen: str, tmp_path: Path) -> None:
    probe = tmp_path / "docker"
    probe.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    probe.chmod(0o755)
    text = script({"argv": ["docker", "run", "--env", argument, "image", argument, "end"]})
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "FOLDER": "/a 'b' $c"}
    ran = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == ["run", "--env", seen, "image", seen, "end"]


def test_a_variable_that_is_not_set_stops_the_script(tmp_path: Path) -> None:
    text = script({"argv": ["docker", "run", "--env", Deferred(("A=", "MISSING", "")), "image"]})
    ran = subprocess.run(["/bin/sh", "-c", text], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "MISSING" in ran.stderr
    assert "# Needs in the environment: A= MISSING" not in text
    assert "# Needs in the environment: MISSING" in text
