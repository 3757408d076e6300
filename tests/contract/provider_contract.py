"""The rules that every target's `Client` keeps, as one suite: a target inherits it and says how a job is made.

A target's test module defines `class TestX(ClientContract)` with `connect` and `body`. Jobs are
scripts for `/bin/sh`, since each target here can run one. Names are minted anew for each test, so
that nothing of an earlier run of the suite is ever met.
"""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from launchctl.errors import NameTaken, NoOutput, Refused
from launchctl.providers.base import FILE_LIMIT, Client, Observation, Site, Submission, Target
from launchctl.status import Cause, Status
from launchctl.values import JSON

PATIENCE = 20.0
"""Seconds after which a test gives up waiting."""


def labels_of(site: Site, target: Target) -> Mapping[str, str]:
    """The labels that `BoundLaunch` gives to an attempt."""
    return {
        "launchctl.dev/project": site.project,
        "launchctl.dev/entity": site.entity,
        "launchctl.dev/workspace": site.workspace,
        "launchctl.dev/address": target.address,
        "launchctl.dev/generation": str(target.generation),
        "launchctl.dev/attempt": str(target.attempt),
        "launchctl.dev/run-id": target.run_id,
    }


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Return once a condition holds; fail the test where it does not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


class ClientContract(ABC):
    """Inherit it as `TestNAME`; each method below is a rule."""

    stopped = Status.FAILED
    """What the target calls a run that it was told to stop; a container's engine knows only that it failed."""

    file_folder: str
    """Where the target delivers files: its capabilities'."""

    @abstractmethod
    def connect(self, site: Site) -> Client:
        """A new connection to the target."""

    @abstractmethod
    def body(
        self, site: Site, target: Target, script: str, *, env: Mapping[str, str], secrets: tuple[str, ...]
    ) -> JSON:
        """A manifest's body that runs `/bin/sh -c SCRIPT` with these variables, and secrets by name."""

    def environment(self) -> Mapping[str, str]:
        """The environment where apply runs."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}

    @pytest.fixture
    def site(self, tmp_path: Path) -> Site:
        folder = tmp_path / "project"
        folder.mkdir()
        return Site(
            project_folder=folder,
            run_folder=folder / ".launchctl" / "runs",
            environment=self.environment(),
            project=f"contract-{uuid.uuid4().hex[:8]}",
            entity="acme",
            workspace="default",
        )

    @pytest.fixture
    def client(self, site: Site) -> Iterator[Client]:
        client = self.connect(site)
        yield client
        self.clean(site, client)
        client.close()

    def clean(self, site: Site, client: Client) -> None:
        """Stop what a test left running; a target adds what else it must remove."""
        for found in client.discover():
            client.cancel(Target(found.run_id, "", 0, 0, handle=found.handle))

    def target(self, name: str = "baseline", *, generation: int = 1, attempt: int = 1) -> Target:
        return Target(f"runs-{name}-{uuid.uuid4().hex[:10]}", f"runs.{name}", generation, attempt)

    def submission(
        self,
        site: Site,
        target: Target,
        script: str,
        *,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Submission:
        """All that `submit` needs for a script; files are named below the target's folder for them."""
        body = self.body(site, target, script, env=env or {}, secrets=tuple(secrets or ()))
        if files:
            body = {**body, "files": {f"{self.file_folder}/{path}": text for path, text in files.items()}}
        return Submission(target, body, labels_of(site, target), secrets or {})

    def ended(self, client: Client, target: Target) -> Observation:
        """The target's observation once it has ended."""
        wait_until(lambda: client.observe([target])[target.run_id].status.is_terminal)
        return client.observe([target])[target.run_id]

    def output(self, client: Client, target: Target) -> str:
        """All that the attempt printed."""
        return b"".join(client.logs(target, follow=False)).decode()

    # Starting and ending

    def test_a_run_that_exits_with_zero_has_succeeded(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "exit 0"))
        found = self.ended(client, target)
        assert (found.status, found.exit_code, found.cause) == (Status.SUCCEEDED, 0, None)

    @pytest.mark.parametrize("code", [1, 3, 255])
    def test_another_exit_code_has_failed_and_is_reported(self, site: Site, client: Client, code: int) -> None:
        target = self.target()
        client.submit(self.submission(site, target, f"exit {code}"))
        found = self.ended(client, target)
        assert (found.status, found.exit_code, found.cause) == (Status.FAILED, code, Cause.FAILED)

    def test_what_runs_is_running_and_says_since_when(self, site: Site, client: Client) -> None:
        target = self.target()
        before = time.time()
        submitted = client.submit(self.submission(site, target, "sleep 60"))
        assert submitted.run_id == target.run_id
        assert submitted.status in {Status.SUBMITTED, Status.RUNNING}
        wait_until(lambda: client.observe([target])[target.run_id].status is Status.RUNNING)
        found = client.observe([target])[target.run_id]
        assert found.started_at is not None
        assert before - 2 < found.started_at < time.time() + 2
        assert found.ended_at is None

    def test_an_end_says_when(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "sleep 1"))
        found = self.ended(client, target)
        assert found.started_at is not None
        assert found.ended_at is not None
        assert 0.5 < found.ended_at - found.started_at < 15

    def test_variables_arrive_as_they_are(self, site: Site, client: Client) -> None:
        target = self.target()
        text = "a \"b\" 'c' $HOME `d` \\ é=;\n  second line"
        client.submit(self.submission(site, target, 'printf "%s" "$TEXT"', env={"TEXT": text}))
        self.ended(client, target)
        assert self.output(client, target) == text

    def test_a_secret_arrives_and_is_in_nothing_that_is_kept(self, site: Site, client: Client) -> None:
        target = self.target()
        script = 'test "$TOKEN" = "s3cr3t""-value"'
        submission = self.submission(site, target, script, secrets={"TOKEN": "s3cr3t-value"})
        submitted = client.submit(submission)
        found = self.ended(client, target)
        assert found.exit_code == 0
        assert "s3cr3t-value" not in repr((submission, submission.manifest, submitted, found))

    def test_a_command_that_does_not_exist_fails_with_the_codes_of_a_shell(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.submission(site, target, "exec /nowhere/train")
        client.submit(submission)
        found = self.ended(client, target)
        assert found.status is Status.FAILED
        assert found.exit_code in {126, 127}

    # Identity: nothing is started twice

    def test_submitting_again_starts_nothing_again(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.submission(site, target, "echo started; sleep 60")
        client.submit(submission)
        again = client.submit(submission)
        assert again.run_id == target.run_id
        assert again.owner == (target.address, 1, 1)
        wait_until(lambda: "started" in self.output(client, target))
        time.sleep(0.3)
        assert self.output(client, target).count("started") == 1

    def test_submitting_what_has_ended_starts_nothing_again(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.submission(site, target, "echo started; exit 4")
        client.submit(submission)
        self.ended(client, target)
        again = client.submit(submission)
        assert (again.status, again.exit_code) == (Status.FAILED, 4)
        time.sleep(0.3)
        assert self.output(client, target).count("started") == 1

    @pytest.mark.parametrize("other", [("runs.other", 1, 1), ("runs.baseline", 2, 1), ("runs.baseline", 1, 2)])
    def test_a_name_that_belongs_to_another_attempt_is_refused_with_its_owner(
        self, site: Site, client: Client, other: tuple[str, int, int]
    ) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo first; sleep 60"))
        address, generation, attempt = other
        intruder = Target(target.run_id, address, generation, attempt)
        with pytest.raises(NameTaken, match=r"runs\.baseline@g1#a1"):
            client.submit(self.submission(site, intruder, "echo second"))
        wait_until(lambda: self.output(client, target) == "first\n")
        assert client.observe([target])[target.run_id].owner == ("runs.baseline", 1, 1)

    def test_another_connection_finds_it_without_a_handle(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "sleep 60"))
        other = self.connect(site)
        found = other.observe([target])[target.run_id]
        other.close()
        assert found.owner == (target.address, 1, 1)
        assert found.status in {Status.SUBMITTED, Status.RUNNING}

    def test_a_handle_survives_json(self, site: Site, client: Client) -> None:
        import json

        target = self.target()
        submitted = client.submit(self.submission(site, target, "exit 0"))
        handle = json.loads(json.dumps(submitted.handle))
        kept = Target(target.run_id, target.address, 1, 1, handle=handle)
        assert self.ended(client, kept).status is Status.SUCCEEDED

    # Observing

    def test_what_was_never_submitted_is_absent(self, client: Client) -> None:
        target = self.target()
        assert client.observe([target]) == {}
        assert client.observe([]) == {}

    def test_many_are_observed_at_once(self, site: Site, client: Client) -> None:
        targets = [self.target(f"many-{code}") for code in range(4)]
        for code, target in enumerate(targets):
            client.submit(self.submission(site, target, f"exit {code}"))
        absent = self.target("absent")
        wait_until(lambda: all(found.status.is_terminal for found in client.observe(targets).values()))
        found = client.observe([*targets, absent])
        assert {run_id: one.exit_code for run_id, one in found.items()} == {
            target.run_id: code for code, target in enumerate(targets)
        }

    def test_everything_of_the_project_is_discovered_and_nothing_else(self, site: Site, client: Client) -> None:
        ended, running = self.target("ended", generation=3), self.target("running", attempt=2)
        client.submit(self.submission(site, ended, "exit 5"))
        client.submit(self.submission(site, running, "sleep 60"))
        self.ended(client, ended)
        found = {one.run_id: (one.owner, one.exit_code) for one in client.discover()}
        assert found == {
            ended.run_id: (("runs.ended", 3, 1), 5),
            running.run_id: (("runs.running", 1, 2), None),
        }

    # Logs

    def test_logs_are_what_was_printed_by_both_streams(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo out; echo err >&2"))
        self.ended(client, target)
        assert sorted(self.output(client, target).splitlines()) == ["err", "out"]

    def test_following_ends_with_the_run(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo one; sleep 1; echo two"))
        assert b"".join(client.logs(target, follow=True)) == b"one\ntwo\n"

    def test_a_log_that_is_not_there_is_told_from_an_empty_one(self, site: Site, client: Client) -> None:
        target = self.target()
        with pytest.raises(NoOutput):
            list(client.logs(target, follow=False))
        with pytest.raises(NoOutput):
            client.read(target, "wandb/*.json")
        client.submit(self.submission(site, target, "exit 0"))
        self.ended(client, target)
        assert list(client.logs(target, follow=False)) == []
        assert client.read(target, "wandb/*.json") is None

    @pytest.mark.parametrize(("skip", "rest"), [(0, "one\ntwo\n"), (3, "\ntwo\n"), (8, ""), (800, "")])
    def test_a_log_is_read_on_from_where_it_was_left(self, site: Site, client: Client, skip: int, rest: str) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo one; echo two"))
        self.ended(client, target)
        assert b"".join(client.logs(target, follow=False, skip=skip)).decode() == rest
        client.release(target)
        assert b"".join(client.logs(target, follow=True, skip=skip)).decode() == rest

    def test_a_log_is_followed_from_where_it_was_left(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo one; sleep 1; echo two; echo three"))
        assert b"".join(client.logs(target, follow=True, skip=5)) == b"wo\nthree\n"

    # Files that the job is given

    def test_files_are_there_when_the_job_starts(self, site: Site, client: Client) -> None:
        target = self.target()
        files = {"sweep-lr/config-a.yaml": "é: \"a 'b' $HOME\"\n\n끝\n", "sweep-lr/config-a.json": "{}"}
        script = f"cd {self.file_folder}/sweep-lr && cat config-a.yaml config-a.json && ls"
        client.submit(self.submission(site, target, script, files=files))
        self.ended(client, target)
        assert self.output(client, target) == "é: \"a 'b' $HOME\"\n\n끝\n{}config-a.json\nconfig-a.yaml\n"

    def test_files_can_be_read_by_anybody_and_are_no_programs(self, site: Site, client: Client) -> None:
        target = self.target()
        script = f"cd {self.file_folder}/sweep-lr && stat -c %a . config.yaml"
        client.submit(self.submission(site, target, script, files={"sweep-lr/config.yaml": "{}"}))
        self.ended(client, target)
        assert self.output(client, target) == "755\n644\n"

    def test_submitting_again_with_files_starts_nothing_again(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.submission(site, target, "echo started; sleep 60", files={"sweep-lr/config.yaml": "{}"})
        client.submit(submission)
        client.submit(submission)
        wait_until(lambda: "started" in self.output(client, target))
        time.sleep(0.3)
        assert self.output(client, target) == "started\n"

    # Files that the job writes

    def test_a_file_is_read_while_the_run_writes_on_and_after_its_end(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "mkdir -p wandb/run-1/files; cd wandb/run-1/files; echo 1 > s.json; sleep 2; echo 22 > s.json"
        client.submit(self.submission(site, target, script))
        wait_until(lambda: client.read(target, "wandb/run-*/files/s.json") == b"1\n")
        self.ended(client, target)
        assert client.read(target, "wandb/run-*/files/s.json") == b"22\n"
        assert client.read(target, "wandb/run-1/files/s.json") == b"22\n"

    def test_a_link_within_the_folder_is_followed(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "mkdir -p wandb/run-1/files; echo {} > wandb/run-1/files/s.json; ln -s run-1 wandb/latest-run"
        client.submit(self.submission(site, target, script))
        self.ended(client, target)
        assert client.read(target, "wandb/latest-run/files/s.json") == b"{}\n"

    def test_of_several_files_the_last_by_name_is_read(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(
            self.submission(site, target, "mkdir a-1 a-3 a-2 b; for f in a-1 a-3 a-2 b; do echo $f > $f/s; done")
        )
        self.ended(client, target)
        assert client.read(target, "a-*/s") == b"a-3\n"

    def test_a_file_that_is_not_there_is_none(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "mkdir -p wandb/folder; mkfifo wandb/pipe"))
        self.ended(client, target)
        patterns = ["nowhere/*.json", "nowhere.json", "wandb/*.json", "wandb/folder", "wandb/fold*", "wandb/pipe"]
        assert [client.read(target, pattern) for pattern in patterns] == [None] * len(patterns)

    def test_a_link_that_leads_out_is_not_followed(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "mkdir w; ln -s /etc/passwd w/file; ln -s /etc w/folder"))
        self.ended(client, target)
        assert [client.read(target, pattern) for pattern in ("w/fil*", "w/file", "w/fold*/passwd")] == [None] * 3

    def test_of_a_long_file_the_beginning_is_read(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, f"head -c {FILE_LIMIT + 9} /dev/zero > long"))
        self.ended(client, target)
        assert client.read(target, "lon*") == bytes(FILE_LIMIT)

    # Cancelling

    def test_cancelling_stops_all_of_it(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "(while :; do echo tick; sleep 0.2; done) & while :; do sleep 0.2; done"
        client.submit(self.submission(site, target, script))
        wait_until(lambda: "tick" in self.output(client, target))
        client.cancel(target)
        found = self.ended(client, target)
        assert found.status is self.stopped
        assert found.exit_code is not None
        said = self.output(client, target)
        time.sleep(0.8)
        assert self.output(client, target) == said

    def test_cancelling_stops_what_ignores_a_request_to_end(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "trap '' TERM INT; echo up; while :; do sleep 0.2; done"))
        wait_until(lambda: "up" in self.output(client, target))
        client.cancel(target)
        assert self.ended(client, target).status is self.stopped

    def test_cancelling_is_harmless_again_and_for_what_is_not_there(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "exit 0"))
        before = self.ended(client, target)
        client.cancel(target)
        client.cancel(target)
        client.cancel(self.target("absent"))
        after = client.observe([target])[target.run_id]
        assert (after.status, after.exit_code, after.ended_at) == (before.status, before.exit_code, before.ended_at)

    # What was held back

    def test_releasing_is_harmless_and_keeps_the_output(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "echo kept"))
        self.ended(client, target)
        client.release(target)
        client.release(target)
        client.release(self.target("absent"))
        assert self.output(client, target) == "kept\n"

    def test_a_refusal_is_said_in_one_sentence_and_leaves_nothing(self, site: Site, client: Client) -> None:
        target = self.target()
        with pytest.raises(Refused) as caught:
            client.submit(self.refused(site, target))
        assert caught.value.message
        assert client.observe([target]) == {}

    @abstractmethod
    def refused(self, site: Site, target: Target) -> Submission:
        """A submission that the target declines for good."""
