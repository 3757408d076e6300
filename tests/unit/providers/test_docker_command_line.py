"""How an answer of the docker command line is read, with a stand-in for docker that says what it is told to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from launchctl.errors import ProviderError, Refused, Throttled, UnknownOutcome
from launchctl.providers.docker.command_line import Answer, run_docker


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        (1, "Error response from daemon: No such image: x", Refused),
        (125, 'invalid argument "1x" for "-m, --memory" flag: invalid suffix', Refused),
        (1, '"--annotation" requires API version 1.43, but the Docker daemon API version is 1.41', Refused),
        (1, "Error response from daemon: Get https://r/v2/: dial tcp: i/o timeout", Refused),
        (1, "Error response from daemon: toomanyrequests: You have reached your pull rate limit", Throttled),
        (1, "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?", UnknownOutcome),
        (1, 'error during connect: Post "http://…/containers/create": EOF', UnknownOutcome),
        (1, "failed to connect to the docker API at unix:///x.sock", UnknownOutcome),
        (-9, "", UnknownOutcome),
        (1, "", Refused),
    ],
)
def test_what_an_end_means(code: int, words: str, error: type[ProviderError]) -> None:
    found = Answer(code, "", words).error('container "x" was not created')
    assert type(found) is error
    assert found.message == f'container "x" was not created: {words or f"docker ended with {code}"}'


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A program called docker that runs what is in `script.py`."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nexec(open({str(tmp_path / 'script.py')!r}).read())\n")
    program.chmod(0o755)
    return tmp_path


def answer(docker: Path, script: str, *arguments: str, patience: float = 20.0) -> Answer:
    (docker / "script.py").write_text(script)
    environment = {"PATH": str(docker / "bin"), "TOKEN": "s3cr3t"}
    return run_docker(["docker", *arguments], environment=environment, folder=docker, patience=patience)


def test_arguments_arrive_unchanged_and_without_a_shell(docker: Path) -> None:
    said = answer(docker, "import sys; print(sys.argv[1:])", "create", "$HOME `id`", "a b", "")
    assert said.output == "['create', '$HOME `id`', 'a b', '']\n"


def test_it_sees_the_environment_that_it_is_given_and_no_other(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    said = answer(docker, "import os; print(os.environ.get('TOKEN'), os.environ.get('LEAKED'))", "create")
    assert said.output == "s3cr3t None\n"


def test_it_is_out_of_reach_of_the_terminals_interrupts(docker: Path) -> None:
    said = answer(docker, "import os; print(os.getsid(0))", "create")
    assert int(said.output) != os.getsid(0)


def test_it_works_in_the_projects_folder_and_reads_nothing(docker: Path) -> None:
    said = answer(docker, "import os, sys; print(os.getcwd(), repr(sys.stdin.read()))", "create")
    assert said.output == f"{docker} ''\n"


def test_its_advice_on_usage_is_left_out(docker: Path) -> None:
    script = "import sys; sys.stderr.write('unknown flag: --x\\n\\nUsage:  docker create [OPTIONS]\\n\\nRun it\\n')"
    assert answer(docker, script, "create").words == "unknown flag: --x"


def test_the_last_lines_of_a_long_story_are_kept(docker: Path) -> None:
    script = "import sys; sys.stderr.write(''.join(f'layer {n}\\n' for n in range(50)) + 'Error: full\\n')"
    assert answer(docker, script, "create").words == "layer 48; layer 49; Error: full"


def test_one_that_does_not_end_is_given_up_and_its_outcome_unknown(docker: Path) -> None:
    with pytest.raises(UnknownOutcome, match="`docker create` did not end within 1 s"):
        answer(docker, "import time; time.sleep(60)", "create", patience=1.0)


def test_where_docker_is_not_installed_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="the docker command line is not on the PATH"):
        run_docker(["docker", "create"], environment={"PATH": str(tmp_path)}, folder=tmp_path)


@pytest.mark.parametrize("argument", ["x" * 4_000_000, "nul\0byte"])
def test_what_no_process_can_be_given_is_refused(docker: Path, argument: str) -> None:
    with pytest.raises(Refused, match="could not be started"):
        answer(docker, "", "create", argument)
