"""What `compile` gives away: one document for programs, YAML for readers, and a folder of files for review.

The folder belongs to `compile`: its `index.json` says which files are compile's own. It is read
back as untrusted, so that no path that it names leads out of the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from launchctl.addresses import Kind
from launchctl.compiler.dump import dump_yaml
from launchctl.compiler.node import plain
from launchctl.compiler.sweep.trial import run_name
from launchctl.engine.rendering import CompiledRun, CompiledSweep, Rendered
from launchctl.engine.sweep.form import parameters_of
from launchctl.errors import LaunchctlError
from launchctl.values import JSON, is_list, is_mapping, pretty

FORMAT_VERSION = "1"
INDEX = "index.json"
_SUFFIXES: Mapping[str, str] = {"process": ".sh", "docker": ".sh"}
_PATH = re.compile(r"(?:runs|sweeps)/[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)?")


@dataclass(frozen=True, slots=True)
class Output:
    """One file of a compiled project."""

    path: str
    """Relative to the folder, with forward slashes."""
    address: str
    fingerprint: str
    content: str


def compile_document(project: str, entity: str, found: Iterable[Rendered]) -> JSON:
    """The document of `compile --format json`."""
    return {
        "format_version": FORMAT_VERSION,
        "project": project,
        "entity": entity or None,
        "resources": [_sweep(one) if isinstance(one, CompiledSweep) else _resource(one) for one in found],
        "files": [],
    }


def _resource(run: CompiledRun) -> JSON:
    spec, trial = run.spec, run.spec.trial
    point = {"trial": {"index": trial.index, "repeat": trial.repeat, "values": trial.values}} if trial else {}
    return {
        "address": str(spec.address),
        "kind": "trial" if trial else "run",
        "resource": spec.resource,
        "run_id": run.identity.run_id,
        "run_name": run_name(spec.address.name, trial.key) if trial else spec.address.name,
        "queue": spec.queue,
        "agents": list(spec.agents),
        "job": spec.job,
        "image": run.image,
        "priority": spec.priority.value,
        "config": plain(spec.inputs),
        "depends_on": [str(found.address) for found in spec.depends_on],
        "fingerprint": run.form.intent,
        "manifest": run.manifest.body,
        **point,
    }


def _sweep(found: CompiledSweep) -> JSON:
    spec, launch = found.sweep.spec, found.sweep.spec.launch
    return {
        "address": str(spec.address),
        "kind": "sweep",
        "resource": launch.resource,
        "queue": launch.queue,
        "agents": list(launch.agents),
        "job": launch.job,
        "priority": launch.priority.value,
        "depends_on": [str(upstream.address) for upstream in launch.depends_on],
        "fingerprint": found.sweep.form.intent,
        "method": spec.search.method,
        "parameters": parameters_of(spec.search.space),
        "size": found.size,
        "offset": found.offset,
        "shown": found.shown,
    }


def compile_yaml(found: Iterable[Rendered]) -> Iterator[str]:
    """The manifests as YAML documents, each with its address and source file above it."""
    for one in found:
        if isinstance(one, CompiledSweep):
            yield f"# {_of_sweep(one)}\n"
        else:
            yield f"---\n# {_headline(one)}\n{dump_yaml(one.manifest.body)}"


def _of_sweep(found: CompiledSweep) -> str:
    """How many trials a sweep has, and which of them follow."""
    search = found.sweep.spec.search
    size = "no end of trials" if found.size is None else f"{found.size:,} trials"
    if search.method == "bayes":
        return f"{found.sweep.address} (bayes): {size}, chosen as results come in"
    return f"{found.sweep.address} ({search.method}): {size}, of which {found.shown:,} follow from {found.offset:,} on"


def _headline(run: CompiledRun) -> str:
    source = f", compiled from {run.spec.span.file}" if run.spec.span else ""
    return f"{run.spec.address} ({run.spec.resource}){source}"


# A folder of files.


def outputs(found: Iterable[Rendered]) -> tuple[Output, ...]:
    """A file for each run and each trial that is shown, in the order of their paths."""
    runs = (one for one in found if isinstance(one, CompiledRun))
    made = (Output(_path(run), str(run.spec.address), run.form.intent, _content(run)) for run in runs)
    return tuple(sorted(made, key=lambda output: output.path))


def _path(run: CompiledRun) -> str:
    address, suffix = run.spec.address, _SUFFIXES.get(run.spec.resource, ".txt")
    is_trial = address.kind is Kind.SWEEPS
    return f"sweeps/{address.name}/{address.key}{suffix}" if is_trial else f"runs/{address.name}{suffix}"


def _content(run: CompiledRun) -> str:
    """The provider's script with a headline, below the line that names its interpreter."""
    script = run.provider.script(run.manifest.body)
    first, newline, rest = script.partition("\n") if script.startswith("#!") else ("", "", script)
    return f"{first}{newline}# {_headline(run)}\n{rest}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be: `new`, `changed` or `stale`."""

    path: str
    kind: str


def differences(folder: Path, wanted: Sequence[Output], *, is_whole: bool = True) -> tuple[Difference, ...]:
    """What writing would change in a folder; where only a part of a project was compiled, nothing else is stale.

    Raises:
        LaunchctlError: a path of ours leads out of the folder, by a link that somebody put there.
    """
    previous = _read_index(folder)
    found = [_difference(folder, output) for output in wanted]
    names = {output.path for output in wanted}
    stale = [name for name in previous if name not in names and _inside(folder, name).is_file()] if is_whole else []
    index = _index(wanted, {} if is_whole else previous)
    found.append(_difference(folder, Output(INDEX, "", "", index)))
    return tuple([entry for entry in found if entry] + [Difference(name, "stale") for name in sorted(stale)])


def write_outputs(folder: Path, wanted: Sequence[Output], *, is_whole: bool = True) -> tuple[Difference, ...]:
    """Makes a folder what it should be and says what changed; what is equal is not touched."""
    changed = differences(folder, wanted, is_whole=is_whole)
    contents = {output.path: output.content for output in wanted}
    contents[INDEX] = _index(wanted, {} if is_whole else _read_index(folder))
    for entry in changed:
        path = _inside(folder, entry.path)
        if entry.kind == "stale":
            path.unlink()
            _remove_empty(path.parent, folder)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents[entry.path], encoding="utf-8", newline="\n")
    return changed


def _difference(folder: Path, output: Output) -> Difference | None:
    try:
        present = _inside(folder, output.path).read_bytes()
    except FileNotFoundError:
        return Difference(output.path, "new")
    return Difference(output.path, "changed") if present != output.content.encode("utf-8") else None


def _inside(folder: Path, name: str) -> Path:
    """The file of that name; refused where a link leads out of the folder."""
    path = folder.joinpath(*PurePosixPath(name).parts)
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise LaunchctlError(f'"{path}" leads out of "{folder}" by a link', hint="remove the link")
    return path


def _remove_empty(path: Path, folder: Path) -> None:
    while path != folder and not any(path.iterdir()):
        path.rmdir()
        path = path.parent


def _index(wanted: Sequence[Output], kept: Mapping[str, JSON]) -> str:
    entries = {name: dict(entry) for name, entry in kept.items()}
    for output in wanted:
        entries[output.path] = {"address": output.address, "file": output.path, "fingerprint": output.fingerprint}
    return pretty({"format_version": FORMAT_VERSION, "files": [entries[name] for name in sorted(entries)]})


def _read_index(folder: Path) -> Mapping[str, JSON]:
    """Entries of the index that is there, by path; what compile would not have written is ignored."""
    try:
        read: JSON = json.loads(_inside(folder, INDEX).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    files: JSON = read.get("files") if is_mapping(read) else None
    return {entry["file"]: entry for entry in (files if is_list(files) else ()) if _is_ours(entry)}


def _is_ours(entry: JSON) -> bool:
    if not is_mapping(entry) or set(entry) != {"address", "file", "fingerprint"}:
        return False
    return all(isinstance(value, str) for value in entry.values()) and _PATH.fullmatch(entry["file"]) is not None
