"""The docker client against a real engine: the rules of every client, and those of docker alone."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from docker_launches import config_of, launch_of
from provider_contract import ClientContract, labels_of, wait_until

from launchctl.compiler.program import Identity
from launchctl.errors import NameTaken, NoOutput, ProviderError, Refused, UnknownOutcome
from launchctl.providers.base import Client, Site, Submission, Target
from launchctl.providers.docker import PROVIDER
from launchctl.status import Cause, Status
from launchctl.values import JSON

pytestmark = pytest.mark.skipif(
    os.environ.get("LAUNCHCTL_TEST_DOCKER") != "1", reason="needs a docker engine: set LAUNCHCTL_TEST_DOCKER=1"
)
IMAGE = "busybox:local"


def docker(*arguments: str) -> str:
    """What the docker command line prints."""
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def docker_run(target: Target, labels: Mapping[str, str], *arguments: str) -> JSON:
    """A body as `lower` writes it; arguments up to "--" are options."""
    place = arguments.index("--")
    marks = [argument for name, value in labels.items() for argument in ("--label", f"{name}={value}")]
    argv = ["docker", "run", *arguments[:place], "--name", target.run_id, *marks, *arguments[place + 1 :]]
    return {"argv": argv}


class TestDockerClient(ClientContract):
    file_folder = "/launchctl"

    def connect(self, site: Site) -> Client:
        return PROVIDER.connect(site)

    def environment(self) -> Mapping[str, str]:
        names = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
        return {name: os.environ[name] for name in names if name in os.environ}

    def body(
        self, site: Site, target: Target, script: str, *, env: Mapping[str, str], secrets: tuple[str, ...]
    ) -> JSON:
        variables = [f"{name}={value}" for name, value in env.items()] + [*secrets]
        options = [argument for variable in variables for argument in ("--env", variable)]
        return docker_run(
            target, labels_of(site, target), *options, "--entrypoint", "/bin/sh", "--", IMAGE, "-c", script
        )

    def refused(self, site: Site, target: Target) -> Submission:
        return self.of(site, target, "--", "no-such-image:never")

    def of(self, site: Site, target: Target, *arguments: str) -> Submission:
        """A submission of `docker run` with these arguments."""
        labels = labels_of(site, target)
        return Submission(target, docker_run(target, labels, *arguments), labels)

    def clean(self, site: Site, client: Client) -> None:
        containers = docker("ps", "-aq", "--filter", f"label=launchctl.dev/project={site.project}").split()
        if containers:
            docker("rm", "--force", "--volumes", *containers)

    # Files

    @pytest.mark.parametrize(
        "options",
        [(), ("--user", "12345:678"), ("--read-only", "--volume", "/launchctl"), ("--workdir", "/data")],
        ids=["plain", "another user", "read-only", "another working folder"],
    )
    def test_files_are_there_whatever_the_container_is_like(
        self, site: Site, client: Client, options: tuple[str, ...]
    ) -> None:
        target = self.target()
        submission = self.of(site, target, *options, "--", IMAGE, "cat", "/launchctl/sweep-lr/config.yaml")
        submission.manifest["files"] = {"/launchctl/sweep-lr/config.yaml": "given"}
        client.submit(submission)
        found = self.ended(client, target)
        assert (self.output(client, target), found.exit_code) == ("given", 0)

    def test_a_container_that_cannot_take_files_is_refused_and_removed(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.of(site, target, "--read-only", "--", IMAGE, "true")
        submission.manifest["files"] = {"/launchctl/sweep-lr/config.yaml": "given"}
        with pytest.raises(Refused, match=rf'container "{target.run_id}" was not started: '):
            client.submit(submission)
        assert client.observe([target]) == {}

    def test_a_container_that_a_crash_left_without_its_files_gets_them(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.of(site, target, "--", IMAGE, "cat", "/launchctl/sweep-lr/config.yaml")
        docker("create", *submission.manifest["argv"][2:])
        submission.manifest["files"] = {"/launchctl/sweep-lr/config.yaml": "given"}
        client.submit(submission)
        self.ended(client, target)
        assert self.output(client, target) == "given"

    def test_files_are_read_from_the_working_folder(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "mkdir wandb; echo here > wandb/summary.json"
        client.submit(self.of(site, target, "--workdir", "/data/run", "--", IMAGE, "sh", "-c", script))
        self.ended(client, target)
        assert client.read(target, "wandb/*.json") == b"here\n"
        docker("rm", target.run_id)
        with pytest.raises(NoOutput):
            client.read(target, "wandb/*.json")

    @pytest.mark.parametrize("is_read_only", [False, True])
    def test_a_script_delivers_the_files_as_well(self, site: Site, client: Client, *, is_read_only: bool) -> None:
        target = self.target()
        text = 'it\'s "é" $HOME\n\nlast\n'
        launch = launch_of(
            config_of("{read-only: true, user: 1234}" if is_read_only else ""),
            command=["sh", "-c", "cat /launchctl/sweep-lr/*; exit 3"],
            identity=Identity(target.run_id, target.run_id),
            project=site.project,
            files={"/launchctl/sweep-lr/a.json": "{}", "/launchctl/sweep-lr/config.yaml": text},
        )
        manifest, faults = PROVIDER.lower(launch)
        (site.project_folder / "run.sh").write_text(PROVIDER.script(manifest.body))
        found = subprocess.run(["sh", "run.sh"], cwd=site.project_folder, capture_output=True, text=True, check=False)
        assert (faults, found.stdout, found.stderr, found.returncode) == ((), "{}" + text, "", 3)

    # Names and crashes

    def test_a_container_that_a_crash_left_unstarted_is_started_once(self, site: Site, client: Client) -> None:
        target = self.target()
        submission = self.submission(site, target, "echo started; sleep 60")
        docker("create", *submission.manifest["argv"][2:])
        left = client.observe([target])[target.run_id]
        assert (left.status, left.is_started, left.owner) == (Status.SUBMITTED, False, ("runs.baseline", 1, 1))
        found = client.submit(submission)
        assert (found.status, found.is_started) == (Status.RUNNING, True)
        wait_until(lambda: self.output(client, target) == "started\n")

    def test_a_container_of_the_same_name_without_labels_is_left_alone(self, site: Site, client: Client) -> None:
        target = self.target()
        foreign = docker("create", "--name", target.run_id, IMAGE, "sleep", "60")
        try:
            with pytest.raises(NameTaken, match=rf"container {foreign[:12]}, which carries no labels of launchctl"):
                client.submit(self.submission(site, target, "exit 0"))
            assert client.observe([target]) == {}
            client.cancel(target)
            client.release(target)
            with pytest.raises(NoOutput):
                list(client.logs(target, follow=False))
            assert docker("inspect", foreign, "--format", "{{.State.Status}}") == "created"
        finally:
            docker("rm", "--force", foreign)

    def test_a_container_of_an_image_that_inherited_our_labels_is_not_the_run(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "exit 6"))
        self.ended(client, target)
        image = docker("commit", target.run_id)
        other = docker("run", "--detach", "--entrypoint", "sleep", image, "60")
        try:
            assert client.observe([target])[target.run_id].exit_code == 6
            assert len(client.discover()) == 1
        finally:
            docker("rm", "--force", other)
            docker("rm", target.run_id)
            docker("rmi", image)

    def test_a_container_that_somebody_renamed_is_found_by_its_handle(self, site: Site, client: Client) -> None:
        target = self.target()
        found = client.submit(self.submission(site, target, "sleep 60"))
        docker("rename", target.run_id, f"{target.run_id}-mine")
        kept = replace(target, handle=found.handle)
        assert client.observe([kept])[target.run_id].status is Status.RUNNING

    def test_a_container_that_vanished_is_absent(self, site: Site, client: Client) -> None:
        target = self.target()
        found = client.submit(self.submission(site, target, "sleep 60"))
        docker("rm", "--force", target.run_id)
        assert client.observe([target, replace(target, handle=found.handle)]) == {}

    def test_what_runs_on_another_engine_is_not_said_to_be_gone(self, client: Client) -> None:
        target = replace(self.target(), handle={"id": "0" * 64, "engine": "ABCD:EFGH"})
        with pytest.raises(UnknownOutcome, match=r"runs\.baseline was started on another docker engine"):
            client.observe([target])

    def test_a_cancelled_container_that_never_started_is_gone(self, site: Site, client: Client) -> None:
        target = self.target()
        docker("create", *self.submission(site, target, "exit 0").manifest["argv"][2:])
        client.cancel(target)
        assert client.observe([target]) == {}

    # What the handle says

    def test_the_handle_says_which_image_ran(self, site: Site, client: Client) -> None:
        target = self.target()
        found = client.submit(self.submission(site, target, "sleep 60"))
        assert found.handle["image"] == IMAGE
        assert found.handle["image_id"] == docker("image", "inspect", IMAGE, "--format", "{{.Id}}")
        assert found.handle["engine"] == docker("info", "--format", "{{.ID}}")

    def test_observing_what_runs_asks_for_one_list_alone(self, site: Site, client: Client) -> None:
        targets = [self.target(f"many-{number}") for number in range(3)]
        started = [client.submit(self.submission(site, target, "sleep 60")) for target in targets]
        kept = [replace(target, handle=found.handle) for target, found in zip(targets, started, strict=True)]
        requests: list[str] = []
        session: JSON = client.api  # type: ignore[attr-defined]
        session.hooks["response"].append(lambda response, **_: requests.append(response.request.path_url))
        assert len(client.observe(kept)) == 3
        assert [path.partition("?")[0].split("/", 2)[2] for path in requests] == ["containers/json"]

    # Failures that the engine itself speaks of

    @pytest.mark.parametrize(("entrypoint", "code"), [("/nowhere/train", 127), ("/etc", 126)])
    def test_a_bad_entry_point_is_a_failure_of_the_run_with_the_engines_words(
        self, site: Site, client: Client, entrypoint: str, code: int
    ) -> None:
        target = self.target()
        submission = self.of(site, target, "--entrypoint", entrypoint, "--", IMAGE)
        found = client.submit(submission)
        assert (found.status, found.exit_code, found.cause) == (Status.FAILED, code, Cause.FAILED)
        assert f'exec: "{entrypoint}"' in found.message
        assert client.observe([target])[target.run_id].status is Status.FAILED

    def test_an_image_that_is_not_there_is_refused_with_the_engines_words_and_a_hint(
        self, site: Site, client: Client
    ) -> None:
        target = self.target()
        with pytest.raises(Refused, match="Unable to find image 'no-such-image:never' locally") as caught:
            client.submit(self.refused(site, target))
        assert caught.value.hint == (
            'there is no image "no-such-image:never" here: build or pull it, or log in to its registry'
        )

    def test_a_gpu_on_an_engine_without_one_is_refused_and_nothing_stays(self, site: Site, client: Client) -> None:
        target = self.target()
        with pytest.raises(Refused, match="could not select device driver") as caught:
            client.submit(self.of(site, target, "--gpus", "all", "--", IMAGE, "true"))
        assert caught.value.hint is not None
        assert "GPU" in caught.value.hint
        assert client.observe([target]) == {}

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--memory", "1x"), r"invalid suffix: 'x'"),
            (("--mount", "type=bind,source=/nowhere/data,target=/data"), "bind source path does not exist"),
            (("--annotation", "a=b"), "requires API version 1.43"),
            (("--network", "no-such-network"), "network no-such-network not found"),
            (("--env-file", "no-such.env"), "no such file"),
            (("--cpus", "4096"), "Range of CPUs"),
        ],
    )
    def test_what_docker_declines_is_refused_in_its_words(
        self, site: Site, client: Client, options: tuple[str, str], words: str
    ) -> None:
        target = self.target()
        with pytest.raises(Refused, match=words) as caught:
            client.submit(self.of(site, target, *options, "--", IMAGE, "true"))
        assert "Usage" not in caught.value.message
        assert client.observe([target]) == {}

    def test_a_warning_of_the_command_line_is_no_failure(self, site: Site, client: Client) -> None:
        target = self.target()
        found = client.submit(self.of(site, target, "--dns", "127.0.0.1", "--", IMAGE, "true"))
        assert found.exit_code is None or found.exit_code == 0

    def test_memory_running_out_is_told_apart(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "dd if=/dev/zero of=/dev/null bs=200M count=2"
        options = ("--memory", "32m", "--memory-swap", "32m")
        client.submit(self.of(site, target, *options, "--", IMAGE, "/bin/sh", "-c", script + "; exit $?"))
        found = self.ended(client, target)
        assert (found.status, found.cause) == (Status.FAILED, Cause.OOM)
        assert found.message == "killed for want of memory (limit 32 MiB)"

    def test_an_engine_that_does_not_answer_is_named(self, site: Site) -> None:
        silent = replace(site, environment={**site.environment, "DOCKER_HOST": "tcp://127.0.0.1:1"})
        with pytest.raises(ProviderError, match=r"no docker engine answers at tcp://127\.0\.0\.1:1") as caught:
            PROVIDER.connect(silent)
        assert caught.value.hint is not None

    def test_a_context_that_does_not_exist_is_named(self, site: Site) -> None:
        environment = {name: value for name, value in site.environment.items() if name != "DOCKER_HOST"}
        wrong = replace(site, environment={**environment, "DOCKER_CONTEXT": "nowhere"})
        with pytest.raises(ProviderError, match="nowhere"):
            PROVIDER.connect(wrong)

    def test_a_context_leads_to_its_engine(self, site: Site, tmp_path: Path) -> None:
        config = {"PATH": site.environment["PATH"], "DOCKER_CONFIG": str(tmp_path / "docker")}
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        command = ["docker", "context", "create", "box", "--docker", f"host={host}"]
        subprocess.run(command, env=config, check=True, capture_output=True)
        boxed = PROVIDER.connect(replace(site, environment={**config, "DOCKER_CONTEXT": "box"}))
        assert boxed.discover() == []
        boxed.close()

    def test_an_engine_that_falls_silent_never_says_absent(self, site: Site, client: Client, tmp_path: Path) -> None:
        target = self.target()
        deaf = PROVIDER.connect(site)
        object.__setattr__(deaf.api, "base_url", "http+docker://localhost/nowhere")  # type: ignore[attr-defined]
        with pytest.raises(UnknownOutcome):
            deaf.observe([target])
        unreachable = replace(site, environment={**site.environment, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
        lost = replace(deaf, site=unreachable, environment=unreachable.environment)  # type: ignore[type-var]
        with pytest.raises(UnknownOutcome):
            lost.submit(self.submission(site, target, "exit 0"))
        deaf.close()

    # What the command line sees

    def test_a_variable_without_a_value_is_taken_from_where_apply_runs(self, site: Site) -> None:
        client = self.connect(replace(site, environment={**site.environment, "MODE": "from outside"}))
        target = self.target()
        client.submit(self.of(site, target, "--env", "MODE", "--", IMAGE, "/bin/sh", "-c", 'echo "$MODE"'))
        self.ended(client, target)
        assert self.output(client, target) == "from outside\n"
        self.clean(site, client)
        client.close()

    def test_a_variable_that_is_not_set_anywhere_is_refused(self, site: Site, client: Client) -> None:
        target = self.target()
        with pytest.raises(Refused, match="the environment variable NOWHERE_SET is not set here"):
            client.submit(self.of(site, target, "--env", "NOWHERE_SET", "--", IMAGE, "true"))

    def test_nothing_else_of_our_environment_is_passed_on(
        self, site: Site, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LEAKED", "yes")
        target = self.target()
        (site.project_folder / "some.env").write_text("LEAKED\nKEPT=1\n")
        client.submit(self.of(site, target, "--env-file", "some.env", "--", IMAGE, "/bin/sh", "-c", "env"))
        self.ended(client, target)
        said = self.output(client, target)
        assert "KEPT=1" in said
        assert "LEAKED" not in said

    def test_a_folder_of_the_project_is_mounted_by_its_relative_path(self, site: Site, client: Client) -> None:
        (site.project_folder / "data").mkdir()
        (site.project_folder / "data" / "file").write_text("of the project")
        target = self.target()
        client.submit(self.of(site, target, "--volume", "./data:/data:ro", "--", IMAGE, "cat", "/data/file"))
        self.ended(client, target)
        assert self.output(client, target) == "of the project"

    # --rm

    @pytest.fixture
    def removable(self, site: Site, client: Client) -> Target:
        target = self.target()
        client.submit(self.of(site, target, "--rm", "--", IMAGE, "/bin/sh", "-c", "echo kept; exit 9"))
        return target

    def test_rm_is_held_back_until_the_end_is_recorded(self, client: Client, removable: Target) -> None:
        found = self.ended(client, removable)
        assert (found.exit_code, found.handle["held_back"]) == (9, "rm")
        time.sleep(0.3)
        assert client.observe([removable])[removable.run_id].exit_code == 9

    def test_release_saves_the_output_and_carries_out_rm(self, site: Site, client: Client, removable: Target) -> None:
        self.ended(client, removable)
        client.release(removable)
        assert client.observe([removable]) == {}
        assert (site.run_folder / removable.run_id / "output.log").read_text() == "kept\n"
        assert self.output(client, removable) == "kept\n"
        client.release(removable)

    def test_release_without_rm_removes_nothing(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "exit 0"))
        self.ended(client, target)
        client.release(target)
        assert target.run_id in client.observe([target])

    def test_release_never_removes_what_runs(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.of(site, target, "--rm", "--", IMAGE, "sleep", "60"))
        client.release(target)
        assert client.observe([target])[target.run_id].status is Status.RUNNING

    def test_rm_after_the_image_is_an_argument(self, site: Site, client: Client) -> None:
        target = self.target()
        found = client.submit(self.of(site, target, "--", IMAGE, "echo", "--rm"))
        assert "held_back" not in found.handle
        self.ended(client, target)
        assert self.output(client, target) == "--rm\n"

    # Cancelling, changing

    def test_a_paused_container_is_suspended_and_can_be_cancelled(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.submission(site, target, "trap 'exit 3' TERM; while :; do sleep 0.1; done"))
        docker("pause", target.run_id)
        assert client.observe([target])[target.run_id].status is Status.SUSPENDED
        client.cancel(target)
        assert client.observe([target])[target.run_id].exit_code == 3

    def test_cancelling_grants_the_containers_own_grace(self, site: Site, client: Client) -> None:
        target = self.target()
        script = "trap '' TERM; while :; do sleep 0.1; done"
        client.submit(self.of(site, target, "--stop-timeout", "1", "--", IMAGE, "/bin/sh", "-c", script))
        before = time.monotonic()
        client.cancel(target)
        assert 0.8 < time.monotonic() - before < 6
        assert client.observe([target])[target.run_id].exit_code == 137

    def test_limits_are_changed_in_place(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.of(site, target, "--memory", "64m", "--", IMAGE, "sleep", "60"))
        changed = self.of(site, target, "--cpus", "0.5", "--memory", "256m", "--", IMAGE, "sleep", "60").manifest
        client.update(target, changed)
        host = json.loads(docker("inspect", target.run_id, "--format", "{{json .HostConfig}}"))
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (256 * 1024**2, 512 * 1024**2, 500_000_000)

    def test_a_limit_cannot_be_taken_off_in_place(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.of(site, target, "--memory", "64m", "--", IMAGE, "sleep", "60"))
        with pytest.raises(Refused, match="docker cannot take memory off a container that runs"):
            client.update(target, self.of(site, target, "--", IMAGE, "sleep", "60").manifest)

    # Output

    def test_a_terminals_output_is_read_too(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.of(site, target, "--tty", "--", IMAGE, "echo", "on a terminal"))
        self.ended(client, target)
        assert self.output(client, target) == "on a terminal\r\n"

    def test_output_that_cannot_be_read_is_said(self, site: Site, client: Client) -> None:
        target = self.target()
        client.submit(self.of(site, target, "--log-driver", "none", "--rm", "--", IMAGE, "echo", "lost"))
        self.ended(client, target)
        with pytest.raises(ProviderError, match="does not support reading"):
            self.output(client, target)
        client.release(target)
        assert "no output kept" in self.output(client, target)
