"""A docker engine: containers are created by its command line and looked after through its SDK.

Every container has its run's id for a name, so that the engine itself refuses a second one, and
carries labels that say whose it is. One that ever ran is never started again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import docker
import docker.errors
import docker.tls
import docker.utils
import requests

from launchctl.compiler.quantity import parse_size
from launchctl.errors import NameTaken, NoOutput, ProviderError, Refused, UnknownOutcome
from launchctl.providers.base import Observation, Site, Submission, Target
from launchctl.providers.docker.arguments import is_read_by_docker
from launchctl.providers.docker.argv import HELD_BACK, Parts, creation, take_apart
from launchctl.providers.docker.command_line import run_docker
from launchctl.providers.docker.fields import UPDATABLE
from launchctl.providers.docker.files import FOLDER, archive_of, last_of_archive, read_on, split_pattern, without_start
from launchctl.providers.docker.observation import (
    RUN_ID,
    describe_owner,
    inspected,
    is_ours,
    labels_of,
    listed,
    was_started,
)
from launchctl.values import JSON

TIMEOUT = 120
"""Seconds to wait for an answer of the engine; starting a container on a busy machine takes a while."""
GRACE = 10
"""Seconds between the request to end and the end, where the container names no time of its own."""
_BAD_ENTRY_POINT = {126, 127}


@dataclass(frozen=True, slots=True)
class DockerClient:
    """One engine, as one project sees it."""

    site: Site
    environment: Mapping[str, str]
    """What the docker command line gets to see; secrets are added to it for one command alone."""
    api: docker.APIClient
    constants: dict[str, str] = field(default_factory=dict[str, str])
    """What never changes and is asked for once: the engine's id, and the digest of an image by the image's id."""

    @classmethod
    def of(cls, site: Site) -> DockerClient:
        """A client of the engine that `DOCKER_HOST` or the current context names."""
        environment = {name: value for name, value in site.environment.items() if is_read_by_docker(name)}
        connection = _connection(site, environment)
        try:
            api = docker.APIClient(**connection, version="auto", timeout=TIMEOUT, use_ssh_client=True)
        except (docker.errors.DockerException, requests.exceptions.RequestException, ValueError) as error:
            where = connection.get("base_url") or "the default address"
            raise ProviderError(
                f"no docker engine answers at {where}: {_words(error)}",
                hint="start it, or name another one by DOCKER_HOST or `docker context use`",
            ) from error
        return cls(site, environment, api)

    def submit(self, submission: Submission) -> Observation:
        """Create the container under the run's id and start it; what exists already is looked at first."""
        run_id = submission.target.run_id
        parts = take_apart(submission.manifest["argv"])
        environment = {**self._passed_on(parts, submission.secrets), **self.environment, **submission.secrets}
        answer = run_docker(creation(parts), environment=environment, folder=self.site.project_folder)
        files: Mapping[str, str] = submission.manifest.get("files", {})
        if answer.code == 0:
            return self._start(run_id, parts, run_id, files)
        found = self._inspect(run_id)
        if found is None:
            raise self._explained(answer.error(f'container "{run_id}" was not created'), parts)
        if not is_ours(found, submission.labels):
            raise NameTaken(f'the name "{run_id}" belongs to {describe_owner(found)}')
        if was_started(found):
            return self._complete(inspected(found))
        return self._start(run_id, parts, found["Id"], files)

    def observe(self, targets: Sequence[Target]) -> Mapping[str, Observation]:
        """One list of all containers of ours, and a look at each of the targets that does not run any more."""
        if not targets:
            return {}
        with self._answers("the engine did not list its containers"):
            entries = self.api.containers(all=True, filters={"label": [RUN_ID]})
        by_run_id: dict[str, JSON] = {}
        for entry in entries:
            if _is_named(entry):
                by_run_id[labels_of(entry)[RUN_ID]] = entry
        by_id = {entry["Id"]: entry for entry in entries}
        found: dict[str, Observation] = {}
        for target in targets:
            entry = by_id.get(target.handle.get("id")) or by_run_id.get(target.run_id)
            seen = self._look(entry, target.handle) if entry is not None else None
            if seen is not None:
                found[target.run_id] = seen
        self._refuse_another_engine([target for target in targets if target.run_id not in found])
        return found

    def discover(self) -> Sequence[Observation]:
        """Every container labelled with this project, entity and workspace."""
        names = {"project": self.site.project, "entity": self.site.entity, "workspace": self.site.workspace}
        labels = [f"launchctl.dev/{name}={value}" for name, value in names.items()]
        with self._answers("the engine did not list its containers"):
            entries = self.api.containers(all=True, filters={"label": labels})
        seen = [self._look(entry, {}) for entry in entries if _is_named(entry)]
        return [found for found in seen if found is not None]

    def logs(self, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        """Both streams of the container; of one that was removed, what was saved before."""
        found = self._find(target)
        if found is None:
            saved = self._saved_log(target.run_id)
            if not saved.is_file():
                raise self._removed(target)
            yield from read_on(saved, skip)
            return
        is_running = bool(found["State"].get("Running"))
        with self._answers(f'the engine did not give the output of "{target.run_id}"', error=ProviderError):
            stream = self.api.logs(found["Id"], stream=True, follow=follow and is_running)
            try:
                yield from without_start(stream, skip)
            finally:
                stream.close()

    def read(self, target: Target, pattern: str) -> bytes | None:
        """A file below the container's working folder, also once it has ended."""
        found = self._find(target)
        if found is None:
            raise self._removed(target)
        prefix, rest = split_pattern(pattern)
        folder = PurePosixPath("/", found["Config"].get("WorkingDir") or "/", prefix)
        with self._answers(f'the engine did not give the files of "{target.run_id}"', error=ProviderError):
            try:
                pieces, _ = self.api.get_archive(found["Id"], str(folder))
            except docker.errors.NotFound:
                return None
            try:
                return last_of_archive(pieces, rest)
            finally:
                pieces.close()

    def cancel(self, target: Target) -> None:
        """Ask it to end, end it after its grace, and see that it has ended; one that never started is removed."""
        found = self._find(target)
        if found is None:
            return
        container, state = found["Id"], found["State"]
        with self._answers(f'container "{target.run_id}" may still run'):
            try:
                if not was_started(found) and not state.get("Error"):
                    self.api.remove_container(container, v=True, force=True)
                elif state.get("Running") or state.get("Restarting"):
                    self._stop(found)
            except docker.errors.NotFound:
                return
        self._verify_end(target)

    def update(self, target: Target, manifest: JSON) -> None:
        """Change the limits of a running container as `docker update` can."""
        found = self._find(target)
        if found is None:
            raise Refused(f'there is no container "{target.run_id}"')
        given = take_apart(manifest["argv"]).options
        options = {option[0]: option[1] for option in given if option[0][2:] in UPDATABLE}
        kept = {name for name, key in UPDATABLE.items() if found["HostConfig"].get(key) and name != "memory-swap"}
        dropped = sorted(name for name in kept if f"--{name}" not in options)
        if dropped:
            raise Refused(f"docker cannot take {', '.join(dropped)} off a container that runs")
        if "--memory" in options and "--memory-swap" not in options:
            options["--memory-swap"] = str(int(2 * (parse_size(options["--memory"]) or 0)))
        arguments = [argument for option in options.items() for argument in option]
        command = ["docker", "update", *arguments, found["Id"]]
        answer = run_docker(command, environment=self.environment, folder=self.site.project_folder)
        if answer.code != 0:
            raise answer.error(f'container "{target.run_id}" was not changed')

    def release(self, target: Target) -> None:
        """Remove a container whose `--rm` was held back, once its output is safe."""
        found = self._find(target)
        if found is None or HELD_BACK not in labels_of(found) or found["State"].get("Running"):
            return
        self._save_log(target.run_id, found["Id"])
        with self._answers(f'container "{target.run_id}" was not removed'):
            try:
                self.api.remove_container(found["Id"], v=True)
            except docker.errors.NotFound:
                return

    def close(self) -> None:
        """Give back the connections."""
        self.api.close()

    def _passed_on(self, parts: Parts, secrets: Mapping[str, str]) -> Mapping[str, str]:
        """Variables that the command line names without a value: docker takes them from its own environment."""
        names = [value for value in parts.values("env") if "=" not in value and value not in secrets]
        missing = [name for name in names if name not in self.site.environment]
        if missing:
            raise Refused(
                f"the environment variable {missing[0]} is not set here",
                hint=f"export {missing[0]}, or give it a value",
            )
        return {name: self.site.environment[name] for name in names}

    def _start(self, run_id: str, parts: Parts, container: str, files: Mapping[str, str]) -> Observation:
        """Set a container in motion that never was, its files in place."""
        with self._answers(f'container "{run_id}" was created and may have been started'):
            try:
                if files:
                    root = FOLDER if ("--read-only",) in parts.options else "/"
                    self.api.put_archive(container, root, archive_of(files, root))
                self.api.start(container)
            except docker.errors.APIError as error:
                return self._after_failed_start(run_id, parts, error)
        found = self._inspect(run_id)
        if found is None:
            raise UnknownOutcome(f'container "{run_id}" was started and is gone')
        return self._complete(inspected(found))

    def _after_failed_start(self, run_id: str, parts: Parts, error: docker.errors.APIError) -> Observation:
        """A command that cannot be executed is the run's own failure; what the engine declines never happened."""
        found = self._inspect(run_id)
        if found is None:
            raise UnknownOutcome(f'container "{run_id}" is gone: {_words(error)}') from error
        if was_started(found) or found["State"].get("ExitCode") in _BAD_ENTRY_POINT:
            return self._complete(inspected(found))
        self.api.remove_container(found["Id"], v=True)
        refusal = Refused(f'container "{run_id}" was not started: {_words(error)}')
        raise self._explained(refusal, parts) from error

    def _explained(self, error: ProviderError, parts: Parts) -> ProviderError:
        """A refusal with the way out, where the engine's words do not name it."""
        if not isinstance(error, Refused):
            return error
        if parts.values("gpus"):
            error.hint = "an engine gives GPUs away only with a GPU runtime installed; without one, remove `gpus`"
        try:
            self._image(parts.image)
        except docker.errors.NotFound:
            error.hint = f'there is no image "{parts.image}" here: build or pull it, or log in to its registry'
        except (docker.errors.DockerException, requests.exceptions.RequestException):
            return error
        return error

    def _inspect(self, container: str) -> JSON:
        """All that the engine knows of a container; None where there is none."""
        with self._answers(f'the engine did not say what became of "{container}"'):
            try:
                found: JSON = self.api.inspect_container(container)
            except docker.errors.NotFound:
                return None
        return found

    def _find(self, target: Target) -> JSON:
        """The attempt's own container, by the id on record or by name; None where there is none of ours."""
        for container in (target.handle.get("id"), target.run_id):
            found = self._inspect(container) if container else None
            if found is not None and labels_of(found).get(RUN_ID) == target.run_id:
                return found
        return None

    def _look(self, entry: JSON, known: Mapping[str, JSON]) -> Observation | None:
        """An entry of the list as an observation; None where it vanished meanwhile."""
        found = listed(entry, known)
        if found is None:
            details = self._inspect(entry["Id"])
            found = inspected(details) if details is not None else None
        return self._complete(found) if found is not None else None

    def _complete(self, found: Observation) -> Observation:
        """The observation with what identifies its image everywhere, and its engine."""
        handle = {**found.handle, "engine": self._engine()}
        digest = self._digest(str(handle["image_id"]))
        return replace(found, handle={**handle, "repo_digest": digest} if digest else handle)

    def _engine(self) -> str:
        """The id of the engine itself."""
        if "engine" not in self.constants:
            with self._answers("the engine did not say which it is"):
                self.constants["engine"] = str(self.api.info().get("ID", ""))
        return self.constants["engine"]

    def _digest(self, image_id: str) -> str:
        """The digest that a registry knows an image by; empty for one that was made here."""
        if image_id not in self.constants:
            with self._answers(f"the engine did not describe the image {image_id}"):
                try:
                    found = self._image(image_id).get("RepoDigests") or [""]
                except docker.errors.NotFound:
                    found = [""]
            self.constants[image_id] = str(found[0])
        return self.constants[image_id]

    def _image(self, image: str) -> JSON:
        api: JSON = self.api
        return api.inspect_image(image)

    def _refuse_another_engine(self, absent: Sequence[Target]) -> None:
        """A container that runs on another engine is not gone: silence about it is no answer."""
        elsewhere = [target for target in absent if target.handle.get("engine", "") not in {"", self._engine()}]
        if elsewhere:
            raise UnknownOutcome(
                f"{elsewhere[0].address} was started on another docker engine ({elsewhere[0].handle['engine']})",
                hint="name that engine by DOCKER_HOST or `docker context use`; "
                "if it is gone for good, `launchctl state rm` forgets the run",
            )

    def _stop(self, found: JSON) -> None:
        container, grace = found["Id"], found["Config"].get("StopTimeout")
        if found["State"].get("Paused"):
            self.api.unpause(container)
        self.api.stop(container, timeout=grace if grace is not None and grace >= 0 else GRACE)

    def _verify_end(self, target: Target) -> None:
        for _ in range(20):
            found = self._find(target)
            if found is None or not found["State"].get("Running"):
                return
            # an error of the engine's means that it ended between the two requests, or is asked again
            with self._answers(f'container "{target.run_id}" may still run'), suppress(docker.errors.APIError):
                self.api.kill(found["Id"])
            time.sleep(0.25)
        raise ProviderError(f'container "{target.run_id}" could not be stopped')

    def _removed(self, target: Target) -> NoOutput:
        return NoOutput(f'there is no container "{target.run_id}" on this docker engine')

    def _saved_log(self, run_id: str) -> Path:
        return self.site.run_folder / run_id / "output.log"

    def _save_log(self, run_id: str, container: str) -> None:
        path = self._saved_log(run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with self._answers(f'the engine did not give the output of "{run_id}"'), part.open("wb") as file:
            try:
                for chunk in self.api.logs(container, stream=True, follow=False):
                    file.write(chunk)
            except docker.errors.APIError as error:  # a log driver that cannot be read: nothing can be saved
                file.write(f"(no output kept: {_words(error)})\n".encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    @contextmanager
    def _answers(self, otherwise: str, error: type[ProviderError] = UnknownOutcome) -> Generator[None]:
        """Whatever the SDK raises, as one of our errors with the engine's own words."""
        try:
            yield
        except (docker.errors.DockerException, requests.exceptions.RequestException) as found:
            raise error(f"{otherwise}: {_words(found)}") from found


def _connection(site: Site, environment: Mapping[str, str]) -> dict[str, JSON]:
    """Where the docker command line would connect to, as arguments of the SDK's client."""
    if environment.get("DOCKER_HOST"):
        return {**docker.utils.kwargs_from_env(environment=dict(environment))}
    answer = run_docker(
        ["docker", "context", "inspect"], environment=environment, folder=site.project_folder, patience=30.0
    )
    if answer.code != 0:
        raise ProviderError(f"docker does not say where its engine is: {answer.words}")
    context = json.loads(answer.output)[0]
    endpoint = context["Endpoints"]["docker"]
    material = Path(context["Storage"]["TLSPath"]) / "docker"
    if "docker" not in context.get("TLSMaterial", {}):
        return {"base_url": endpoint["Host"]}
    pair = (str(material / "cert.pem"), str(material / "key.pem"))
    tls = docker.tls.TLSConfig(
        client_cert=pair if (material / "cert.pem").exists() else None,
        ca_cert=str(material / "ca.pem") if (material / "ca.pem").exists() else None,
        verify=not endpoint.get("SkipTLSVerify", False),
    )
    return {"base_url": endpoint["Host"], "tls": tls}


def _is_named(entry: JSON) -> bool:
    """Whether a container is called as its label says; an image made of one of ours hands the labels on."""
    return f"/{labels_of(entry).get(RUN_ID, '')}" in (entry.get("Names") or [])


def _words(error: Exception) -> str:
    """The engine's own words."""
    explanation = getattr(error, "explanation", None)
    return str(explanation or error).strip()
