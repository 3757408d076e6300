"""Saved plans: canonical JSON that is applied exactly as it was reviewed, or refused as stale.

A saved plan holds no manifest: applying it compiles the project again, from files whose
digests it names, plans again, and carries out what both plans say. So a plan that somebody
edited can at most do less.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from launchctl.compiler.program import FieldClass
from launchctl.diagnostics import Span
from launchctl.engine.plan import Action, Change, FieldChange, Override, Plan, Reason, TrialCounts
from launchctl.errors import StalePlan
from launchctl.schemas.validate import violations
from launchctl.values import JSON, canonical, digest, digest_text

FORMAT_VERSION = "1"
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file, read back."""

    plan: Plan
    project: Path
    """The project's file or folder, as an absolute path."""
    state: str
    """URL of the state, without credentials."""
    variables: Mapping[str, str]
    """Digest of each value from outside; the values themselves are given again when the plan is applied."""
    inputs: Mapping[str, str]
    """Digest of each file that the project was compiled from, by path relative to the project's folder."""


def write_plan(
    plan: Plan, path: Path, *, project: Path, state: str, variables: Mapping[str, str], inputs: Mapping[str, str]
) -> None:
    """Writes a plan file; it appears complete or not at all, readable by its owner alone."""
    body: dict[str, JSON] = {
        "format_version": FORMAT_VERSION,
        "project": Path(os.path.relpath(project.resolve(), path.resolve().parent)).as_posix(),
        "workspace": plan.workspace,
        "name": plan.project,
        "entity": plan.entity,
        "state": {"lineage": plan.lineage, "serial": plan.serial, "url": without_credentials(state)},
        "inputs": dict(inputs),
        "variables": {name: digest_text(value) for name, value in variables.items()},
        "override": {
            name: list(found) if isinstance(found, tuple) else found for name, found in asdict(plan.override).items()
        },
        "refreshed": plan.refreshed,
        "changes": [change_to_json(change) for change in plan.changes if change.action is not Action.NO_OP],
    }
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(canonical({**body, "digest": digest(body)}) + "\n")
    partial.replace(path)


def is_plan_file(path: Path) -> bool:
    """Whether a file given to apply is a saved plan and no project: it begins as only a JSON object does."""
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"{" and path.suffix not in {".yaml", ".yml"}
    except OSError:
        return False


def read_plan(path: Path) -> SavedPlan:
    """The plan in a file.

    Raises:
        StalePlan: the file is no plan of this format, or was changed since it was written.
    """
    body = _read(path)
    found = violations("plan-file", body)
    if found:
        raise StalePlan(f"{path} is not a plan that this version wrote: {found[0]}", hint=_HINT)
    unsigned = {name: value for name, value in body.items() if name != "digest"}
    if digest(unsigned) != body["digest"]:
        raise StalePlan(f"{path} was changed after it was written", hint=_HINT)
    override: Mapping[str, JSON] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in body["override"].items()
    }
    plan = Plan(
        project=body["name"],
        entity=body["entity"],
        workspace=body["workspace"],
        lineage=body["state"]["lineage"],
        serial=body["state"]["serial"],
        changes=tuple(_change(read) for read in body["changes"]),
        override=Override(**override),
        refreshed=body["refreshed"],
    )
    project = (path.resolve().parent / body["project"]).resolve()
    return SavedPlan(plan, project, body["state"]["url"], body["variables"], body["inputs"])


_HINT = "make a new plan: `launchctl plan -o FILE`"


def _read(path: Path) -> Mapping[str, JSON]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StalePlan(f"{path} is larger than any plan", hint=_HINT)
        read: JSON = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StalePlan(f"{path} cannot be read as a plan: {error}", hint=_HINT) from error
    if not isinstance(read, dict):
        raise StalePlan(f"{path} is no plan", hint=_HINT)
    return read


def change_to_json(change: Change) -> JSON:
    """A change by the contract of `plan --format json`."""
    body: dict[str, JSON] = {
        "address": change.address,
        "generation": change.generation,
        "attempt": change.attempt,
        "run_id": change.run_id,
        "action": change.action.value,
        "reason": change.reason.value if change.reason else None,
        "status": change.status.value if change.status else None,
        "changes": [_field_to_json(field) for field in change.changes],
        **_place(change.span),
    }
    if change.message:
        body["message"] = change.message
    if change.options:
        body["options"] = list(change.options)
    if change.affects:
        body["affects"] = list(change.affects)
    if change.trials is not None:
        body["trials"] = asdict(change.trials)
    if change.digest:
        body["digest"] = change.digest
    return body


def _field_to_json(field: FieldChange) -> JSON:
    return {
        "path": field.path,
        "class": field.field_class.value,
        "old": field.old,
        "new": field.new,
        **_place(field.span),
    }


def _place(span: Span | None) -> dict[str, JSON]:
    """Where something is written: where it begins."""
    return {"file": span.file, "line": span.line, "column": span.column} if span else {}


def plan_to_json(plan: Plan) -> JSON:
    """A plan by the contract of `plan --format json`; what does not change is counted, not listed."""
    return {
        "format_version": FORMAT_VERSION,
        "project": plan.project,
        "state": {"lineage": plan.lineage, "serial": plan.serial},
        "summary": plan.summary,
        "changes": [change_to_json(change) for change in plan.changes if change.action is not Action.NO_OP],
    }


def _change(read: Mapping[str, JSON]) -> Change:
    from launchctl.status import Status

    return Change(
        address=read["address"],
        action=Action(read["action"]),
        reason=Reason(read["reason"]) if read["reason"] else None,
        generation=read["generation"],
        attempt=read["attempt"],
        run_id=read["run_id"],
        status=Status(read["status"]) if read["status"] else None,
        changes=tuple(
            FieldChange(found["path"], FieldClass(found["class"]), found["old"], found["new"], _span(found))
            for found in read["changes"]
        ),
        message=read.get("message", ""),
        options=tuple(read.get("options", ())),
        affects=tuple(read.get("affects", ())),
        span=_span(read),
        trials=TrialCounts(**read["trials"]) if "trials" in read else None,
        digest=read.get("digest", ""),
    )


def _span(read: Mapping[str, JSON]) -> Span | None:
    """The place that `_place` wrote."""
    if "line" not in read:
        return None
    return Span(read["file"], read["line"], read["column"], read["line"], read["column"])


def without_credentials(url: str) -> str:
    """A URL without user name and password."""
    parts = urlsplit(url)
    if not parts.netloc or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
