"""What local processes keep beyond the rules of every target: groups, timeouts, environment, nothing secret on disk."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from provider_contract import ClientContract, labels_of, wait_until

from launchctl.errors import Refused, UnknownOutcome
from launchctl.providers.base import Client, Site, Submission, Target
from launchctl.providers.process import PROVIDER
from launchctl.providers.process.client import ProcessClient
from launchctl.providers.process.folder import is_supervised
from launchctl.status import Cause, Status
from launchctl.values import JSON

SHELL_ADDS = {"PWD", "OLDPWD", "SHLVL", "_"}
"""Variables that a shell sets for itself."""


def state(process: str) -> str:
    """The letter that the system has for a process; none where there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


_OF_THE_C_LIBRARY = 0b11 << 31
"""Signals 32 and 33, which threads use among themselves and which no program can set."""


class TestProcess(ClientContract):
    """Every rule of the contract, and those below."""

    stopped = Status.CANCELLED
    file_folder = "wandb"

    def connect(self, site: Site) -> Client:
        return ProcessClient(site, grace=0.5)

    def body(
        self, site: Site, target: Target, script: str, *, env: Mapping[str, str], secrets: tuple[str, ...]
    ) -> JSON:
        folder = site.run_folder / target.run_id / "work"
        folder.mkdir(parents=True, exist_ok=True)
        cwd = str(folder.relative_to(site.project_folder))
        return {"argv": ["/bin/sh", "-c", script], "env": dict(env), "cwd": cwd}

    def refused(self, site: Site, target: Target) -> Submission:
        body = {"argv": ["true"], "env": {}, "cwd": "nowhere"}
        return Submission(target, body, labels_of(site, target))

    def run(self, site: Site, target: Target, *argv: str, timeout: float | None = None) -> Submission:
        return Submission(target, {"argv": argv, "env": {}, "cwd": "."}, labels_of(site, target), timeout=timeout)

    # Files

    def with_files(self, site: Site, target: Target) -> Submission:
        """A submission with a file in `wandb/`."""
        return self.submission(site, target, "cat wandb/sweep-lr/config.yaml", files={"sweep-lr/config.yaml": "given"})

    def test_a_job_that_changes_its_folder_finds_its_files(self, site: Site, client: Client) -> None:
        target = self.target()
        path = "wandb/sweep-lr/config.yaml"
        folder = site.run_folder / target.run_id / "work"
        folder.mkdir(parents=True)
        script = 'cd /; printf "%s\\n" "$WANDB_SWEEP_PARAM_PATH" "$TEXT" "$@"'
        body = {
            "argv": ["sh", "-c", script, "sh", path, f"--file={path}", f"{path}x", f"./{path}"],
            "env": {"WANDB_SWEEP_PARAM_PATH": path, "TEXT": f"see {path}", "LANG": None, "EMPTY": ""},
            "cwd": str(folder.relative_to(site.project_folder)),
            "files": {path: "{}"},
        }
        client.submit(Submission(target, body, labels_of(site, target)))
        self.ended(client, target)
        expected = [
            f"{folder}/{path}",
            f"see {path}",
            f"{folder}/{path}",
            f"--file={folder}/{path}",
            f"{path}x",
            f"./{path}",
        ]
        assert self.output(client, target).splitlines() == expected
        (site.project_folder / "run.sh").write_text(PROVIDER.script(body))
        command = ["sh", "run.sh"]
        said = subprocess.run(command, cwd=site.project_folder, env=self.environment(), capture_output=True, check=True)
        assert said.stdout.decode().splitlines() == expected

    def test_a_file_is_not_written_through_a_link_that_leads_out(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.with_files(site, target)
        outside = site.project_folder / "outside"
        outside.mkdir()
        (site.run_folder / target.run_id / "work" / "wandb").symlink_to(outside)
        with pytest.raises(Refused, match=rf"a link leads out of the working copy, to {outside}/sweep-lr$"):
            client.submit(submission)
        assert list(outside.iterdir()) == []
        assert client.observe([target]) == {}

    def test_a_link_within_the_working_copy_is_followed(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.with_files(site, target)
        work = site.run_folder / target.run_id / "work"
        (work / "logs").mkdir()
        (work / "wandb").symlink_to("logs")
        client.submit(submission)
        self.ended(client, target)
        assert self.output(client, target) == "given"

    def test_a_link_in_the_place_of_a_file_is_replaced(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.with_files(site, target)
        work = site.run_folder / target.run_id / "work"
        (work / "wandb" / "sweep-lr").mkdir(parents=True)
        precious = site.project_folder / "precious"
        precious.write_text("kept")
        (work / "wandb" / "sweep-lr" / "config.yaml").symlink_to(precious)
        client.submit(submission)
        self.ended(client, target)
        assert (self.output(client, target), precious.read_text()) == ("given", "kept")
        assert [path.name for path in (work / "wandb" / "sweep-lr").iterdir()] == ["config.yaml"]

    def test_a_link_to_itself_is_no_file(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "ln -s loop loop"))
        self.ended(client, target)
        assert client.read(target, "loo*") is None

    # Programs that cannot be executed

    @pytest.mark.parametrize(
        ("program", "code", "message"),
        [
            ("trian", 127, 'cannot run "trian": no such program on the PATH'),
            ("./trian", 127, 'cannot run "./trian": no such program'),
            ("./plain.txt", 126, 'cannot run "./plain.txt": permission denied'),
            ("./broken", 126, 'cannot run "./broken": exec format error'),
            ("./orphan", 127, 'cannot run "./orphan": the interpreter that its first line names does not exist'),
        ],
    )
    def test_a_program_that_cannot_be_executed_is_named(
        self, site: Site, client: Client, program: str, code: int, message: str
    ) -> None:
        (site.project_folder / "plain.txt").write_text("echo no\n")
        (site.project_folder / "broken").write_text("echo no\n")
        (site.project_folder / "orphan").write_text("#!/nowhere/python\n")
        (site.project_folder / "broken").chmod(0o755)
        (site.project_folder / "orphan").chmod(0o755)
        target = self.target()
        client.submit(self.run(site, target, program))
        found = self.ended(client, target)
        assert (found.status, found.exit_code, found.cause) == (Status.FAILED, code, Cause.FAILED)
        assert found.message == message
        assert self.output(client, target) == f"launchctl: {message}\n"

    def test_an_argument_list_beyond_the_limit_of_the_system_is_a_failure(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.run(site, target, "true", "x" * 3_000_000))
        found = self.ended(client, target)
        assert (found.exit_code, found.message) == (126, 'cannot run "true": argument list too long')

    @pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (15, "SIGTERM"), (11, "SIGSEGV")])
    def test_the_end_by_a_signal_is_128_and_its_number(
        self, site: Site, client: Client, number: int, name: str
    ) -> None:
        target = self.target()
        client.submit(self.submission(site, target, f"kill -{number} $$"))
        found = self.ended(client, target)
        assert (found.status, found.exit_code, found.message) == (Status.FAILED, 128 + number, f"ended by {name}")

    # What a job is given

    def test_nothing_of_the_environment_of_apply_is_visible_but_what_the_rule_names(self, site: Site) -> None:
        outside = {
            **{name: f"outer {name}" for name in ("HOME", "LANG", "LC_ALL", "LC_TIME", "TMPDIR", "VIRTUAL_ENV")},
            **{name: f"outer {name}" for name in ("AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "USER", "HF_HOME", "LCX")},
            "PATH": "/usr/bin:/bin",
        }
        client = self.connect(replace(site, environment=outside))
        target = self.target()
        client.submit(
            Submission(
                target,
                {"argv": ["env"], "env": {"HF_HOME": None, "UNSET": None, "LANG": "own"}, "cwd": "."},
                labels_of(site, target),
                {"TOKEN": "t0ken"},
            )
        )
        self.ended(client, target)
        assert dict(line.split("=", 1) for line in self.output(client, target).splitlines()) == {
            "HF_HOME": "outer HF_HOME",
            "HOME": "outer HOME",
            "LANG": "own",
            "LC_ALL": "outer LC_ALL",
            "LC_TIME": "outer LC_TIME",
            "PATH": "/usr/bin:/bin",
            "TMPDIR": "outer TMPDIR",
            "TOKEN": "t0ken",
            "VIRTUAL_ENV": "outer VIRTUAL_ENV",
        }

    def test_a_program_is_found_on_the_path_that_the_job_is_given(self, site: Site, client: Client) -> None:
        program = site.project_folder / "bin" / "train"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\necho trained\n")
        program.chmod(0o755)
        target = self.target()
        body = {"argv": ["train"], "env": {"PATH": f"{program.parent}:/bin"}, "cwd": "."}
        client.submit(Submission(target, body, labels_of(site, target)))
        assert (self.ended(client, target).exit_code, self.output(client, target)) == (0, "trained\n")

    def test_a_job_works_in_its_folder_with_nothing_to_read(self, site: Site, client: Client) -> None:
        folder = site.project_folder / "작업 folder"
        folder.mkdir()
        target = self.target()
        body = {"argv": ["/bin/sh", "-c", "pwd -P; cat; echo 끝 é"], "env": {}, "cwd": "작업 folder"}
        client.submit(Submission(target, body, labels_of(site, target)))
        assert b"".join(client.logs(target, follow=True)).decode() == f"{folder.resolve()}\n끝 é\n"

    def test_a_job_ignores_no_signal_and_inherits_no_open_file(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "grep -E 'Sig(Ign|Blk)' /proc/self/status; ls -l /proc/self/fd"))
        self.ended(client, target)
        lines = self.output(client, target).splitlines()
        masks = [int(line.split()[1], 16) for line in lines[:2]]
        assert [mask & ~_OF_THE_C_LIBRARY for mask in masks] == [0, 0]
        opened = {line.split()[-3]: line.split()[-1] for line in lines[3:]}
        log = str(site.run_folder / target.run_id / "output.log")
        assert {number: opened[number] for number in "012"} == {"0": "/dev/null", "1": log, "2": log}
        assert set(opened) <= {"0", "1", "2", "3"}  # the listing's own

    def test_no_secret_and_no_value_of_the_environment_is_on_the_disk(self, site: Site) -> None:
        client = self.connect(replace(site, environment={"PATH": "/usr/bin:/bin", "OUTER": "outer-v4lue"}))
        target = self.target()
        body = {"argv": ["sleep", "60"], "env": {"OUTER": None, "OWN": "own-v4lue"}, "cwd": "."}
        client.submit(Submission(target, body, labels_of(site, target), {"TOKEN": "s3cr3t-v4lue"}))
        running = self.content(site)
        client.cancel(target)
        for kept in (running, self.content(site)):
            assert b"request.json" in kept
            assert b"v4lue" not in kept
        client.close()

    def content(self, site: Site) -> bytes:
        files = [path for path in site.project_folder.rglob("*") if path.is_file()]
        return b"".join(str(path).encode() + path.read_bytes() for path in files)

    def test_the_supervisor_keeps_no_variable_of_the_environment_of_apply(self, site: Site) -> None:
        client = self.connect(replace(site, environment={"PATH": "/usr/bin:/bin", "OUTER": "outer-v4lue"}))
        target = self.target()
        client.submit(self.run(site, target, "sleep", "60"))
        parent = Path(f"/proc/{client.observe([target])[target.run_id].handle['pid']}/stat").read_text().split()[3]
        assert Path(f"/proc/{parent}/environ").read_bytes() == b""
        client.cancel(target)

    # The end of all of it

    def test_a_timeout_stops_the_whole_group(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "trap '' TERM; (trap '' TERM; while :; do echo tick; sleep 0.05; done) & wait; sleep 60"
        submission = replace(self.submission(site, target, script), timeout=0.3)
        client.submit(submission)
        found = self.ended(client, target)
        assert (found.status, found.cause, found.exit_code) == (Status.TIMED_OUT, Cause.TIMED_OUT, 137)
        assert found.message == "stopped after its timeout of 0.3 s; ended by SIGKILL"
        said = self.output(client, target)
        assert "tick" in said
        time.sleep(0.3)
        assert self.output(client, target) == said

    def test_a_job_may_end_well_within_the_grace_of_its_timeout(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "trap 'echo saved; exit 0' TERM; while :; do sleep 0.02; done"
        client.submit(replace(self.submission(site, target, script), timeout=0.3))
        found = self.ended(client, target)
        assert (found.status, found.exit_code) == (Status.TIMED_OUT, 0)
        assert self.output(client, target).splitlines()[-1] == "saved"

    def test_a_stopped_job_can_be_cancelled(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "kill -STOP $$; echo never"))
        time.sleep(0.1)
        client.cancel(target)
        assert client.observe([target])[target.run_id].status is Status.CANCELLED

    def test_what_a_job_leaves_behind_ends_with_it(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "(while :; do echo tick; sleep 0.05; done) & sleep 0.2; exit 3"))
        found = self.ended(client, target)
        assert (found.status, found.exit_code) == (Status.FAILED, 3)
        said = self.output(client, target)
        time.sleep(0.3)
        assert self.output(client, target) == said

    def test_cancel_returns_once_all_of_a_tree_has_ended(self, site: Site, client: Client) -> None:
        target = self.target()
        leaf = "trap '' TERM INT; echo $$ >> pids; while :; do sleep 0.05; done"
        node = f"trap '' TERM; sh -c \"{leaf.replace('$', chr(92) + '$')}\" & echo $$ >> pids; wait"
        (site.project_folder / "tree.sh").write_text(f"{node}\n")
        client.submit(self.run(site, target, "sh", "-c", "sh tree.sh & sh tree.sh & echo $$ >> pids; wait"))
        pids = site.project_folder / "pids"
        wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 5)
        client.cancel(target)
        assert client.observe([target])[target.run_id].status is Status.CANCELLED
        assert [state(pid) for pid in pids.read_text().split() if state(pid) not in {"", "Z"}] == []

    def test_what_was_requested_but_never_started_cannot_be_started_after_a_cancel(
        self, site: Site, client: Client
    ) -> None:
        target = self.target()
        (site.run_folder / target.run_id / "work").mkdir(parents=True)  # as far as an apply came
        client.cancel(target)
        found = client.submit(self.run(site, target, "touch", "started"))
        assert (found.status, found.message) == (Status.CANCELLED, "cancelled before it was started")
        assert found.owner == (target.address, 1, 1)
        assert not (site.project_folder / "started").exists()

    # Logs

    def test_a_long_log_is_followed_in_pieces_and_completely(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "seq 1 300000; sleep 0.3; seq 300001 600000"))
        pieces = list(client.logs(target, follow=True))
        assert b"".join(pieces) == b"".join(b"%d\n" % number for number in range(1, 600001))
        assert max(map(len, pieces)) <= 1 << 16

    # Many

    def test_twenty_runs_start_at_once_and_each_once(self, site: Site, client: Client) -> None:
        targets = [self.target(f"many-{number}") for number in range(20)]
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda each: client.submit(self.run(site, each, "sh", "-c", "echo x >> starts")), targets))
        wait_until(lambda: all(found.status.is_terminal for found in client.observe(targets).values()))
        assert {found.exit_code for found in client.observe(targets).values()} == {0}
        assert (site.project_folder / "starts").read_text() == "x\n" * 20

    def test_a_submitter_has_no_child_to_wait_for(self, site: Site, client: Client) -> None:
        client.submit(self.run(site, self.target(), "sleep", "60"))
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    # A folder that does not answer

    def test_a_torn_file_is_no_answer_and_never_an_absence(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.run(site, target, "true"))
        self.ended(client, target)
        (site.run_folder / target.run_id / "exit.json").write_text("{")
        with pytest.raises(UnknownOutcome, match=r"cannot read .*exit\.json"):
            client.observe([target])
        (site.run_folder / target.run_id / "exit.json").unlink()

    def test_a_folder_that_cannot_be_made_refuses(self, site: Site, client: Client) -> None:
        site.run_folder.parent.mkdir()
        site.run_folder.symlink_to("nowhere")
        with pytest.raises(Refused, match="cannot make"):
            client.submit(self.run(site, self.target(), "true"))

    def test_a_supervisor_that_can_write_nothing_refuses(self, site: Site, client: Client) -> None:
        target = self.target()
        (site.run_folder / target.run_id / "lock").mkdir(parents=True)
        with pytest.raises(Refused, match=r"cannot start a process in .*: is a directory"):
            client.submit(self.run(site, target, "true"))
        assert client.observe([target]) == {}

    def test_what_runs_on_another_machine_is_not_cancelled_from_here(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.run(site, target, "true"))
        self.ended(client, target)
        folder = site.run_folder / target.run_id
        wait_until(lambda: not is_supervised(folder))  # a supervisor sees to it that the end is written
        elsewhere = json.loads((folder / "started.json").read_text()) | {"boot": "another", "machine": "login2"}
        (folder / "started.json").write_text(json.dumps(elsewhere))
        (folder / "exit.json").rename(folder / "kept")
        with pytest.raises(Refused, match='was started on "login2": cancel it there'):
            client.cancel(target)
        (folder / "kept").rename(folder / "exit.json")

    def test_what_is_no_folder_of_a_run_is_not_discovered(self, site: Site, client: Client) -> None:
        (site.run_folder / "empty").mkdir(parents=True)
        (site.run_folder / "notes.txt").write_text("mine")
        assert list(client.discover()) == []
