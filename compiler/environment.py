"""The `WANDB_*` variables that a job is given, so that a script made for W&B Launch just works.

`wandb_variables` says which, as symbolic texts; `launch_variables` completes them for one
attempt: macros filled in, long ones cut into `NAME_0`, `NAME_1`, … as W&B reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from launchctl.compiler.macros import escape, substitute
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.program import Identity, LaunchSpec
from launchctl.values import JSON, canonical

INPUTS, FILES = "WANDB_CONFIG", "WANDB_LAUNCH_FILE_OVERRIDES"
CHUNKED = (INPUTS, FILES)
"""Variables that W&B reads back from numbered pieces."""
JSON_VARIABLES = (*CHUNKED, "WANDB_ARTIFACTS")
RESUME = "WANDB_RESUME"
API_KEY = "WANDB_API_KEY"
SWEEP, SWEEP_FILE = "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"
NAMES = (
    "WANDB_BASE_URL",
    "WANDB_PROJECT",
    "WANDB_ENTITY",
    "WANDB_LAUNCH",
    "WANDB_RUN_ID",
    "WANDB_DOCKER",
    "WANDB_NAME",
    "WANDB_USERNAME",
    "WANDB_LAUNCH_QUEUE_NAME",
    RESUME,
    *JSON_VARIABLES,
    SWEEP,
    SWEEP_FILE,
)
"""Every variable that launchctl can set, in the order in which a job gets them."""
CHOSEN_UNLESS_SAID = tuple(name for name in NAMES if name != SWEEP)
"""Those that it sets where the project does not choose: a server may refuse a run of a sweep that it never heard of."""
_CHUNK_NAME = re.compile(rf"(?P<name>{'|'.join(CHUNKED)})_[0-9]+")


def owned_name(name: str, chosen: Iterable[str]) -> str | None:
    """The variable of ours that a name, or the name of one of its pieces, would overwrite."""
    match = _CHUNK_NAME.fullmatch(name)
    found = match["name"] if match else name
    return found if found in chosen else None


def wandb_variables(base_url: str, *, has_entity: bool, has_author: bool, has_image: bool) -> Mapping[str, str]:
    """The variables that have a value for a run without inputs, as symbolic texts; `with_inputs` adds those."""
    optional = {"WANDB_ENTITY": has_entity, "WANDB_USERNAME": has_author, "WANDB_DOCKER": has_image}
    variables = {
        "WANDB_BASE_URL": escape(base_url),
        "WANDB_PROJECT": "${project_name}",
        "WANDB_ENTITY": "${entity_name}",
        "WANDB_LAUNCH": "True",
        "WANDB_RUN_ID": "${run_id}",
        "WANDB_DOCKER": "${image_uri}",
        "WANDB_NAME": "${run_name}",
        "WANDB_USERNAME": "${author}",
        "WANDB_LAUNCH_QUEUE_NAME": "${queue_name}",
        RESUME: "allow",
        INPUTS: "{}",
        FILES: "{}",
        "WANDB_ARTIFACTS": "{}",
    }
    return {name: text for name, text in variables.items() if optional.get(name, True)}


def sweep_variables(name: str) -> Mapping[str, str]:
    """The variables of a sweep's trials beside those of every run, as symbolic texts."""
    return {SWEEP: escape(name), SWEEP_FILE: "${sweep_param_path}"}


def with_inputs(variables: Mapping[str, str], inputs: MapNode, files: MapNode) -> Mapping[str, str]:
    """The variables with a run's inputs and files in those of them that carry these."""
    found = dict(variables)
    if inputs.entries and INPUTS in found:
        found[INPUTS] = symbolic_json(inputs)
    if files.entries and FILES in found:
        found[FILES] = symbolic_json(files)
    return found


def symbolic_json(node: MapNode) -> str:
    """Canonical JSON of a tree whose texts may hold macros; a `${` in a key is text."""
    return canonical(_plain(node))


def _plain(node: Node) -> JSON:
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [_plain(item) for item in node.items]
    return {escape(key) if "${" in key else key: _plain(item) for key, item in node.entries.items()}


def launch_variables(spec: LaunchSpec, identity: Identity, values: Mapping[str, str], chunk: int) -> dict[str, Node]:
    """The variables for one attempt: name to text, long JSON in pieces of at most `chunk` characters."""
    found: dict[str, Node] = {}
    for name, symbolic in spec.wandb.items():
        if name == RESUME and identity.attempt == 1:
            continue
        if name == SWEEP_FILE and "sweep_param_path" not in values:
            continue
        in_json = name in JSON_VARIABLES and "${" in symbolic
        text = substitute(symbolic, _json_values(values) if in_json else values)
        if name in CHUNKED and isinstance(text, str):
            found.update((key, ScalarNode(piece)) for key, piece in chunks(name, text, chunk))
        else:
            found[name] = ScalarNode(text)
    return found


def _json_values(values: Mapping[str, str]) -> Mapping[str, str]:
    """The values as they stand inside a JSON string."""
    return {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}


def chunks(name: str, text: str, limit: int) -> Iterator[tuple[str, str]]:
    """A variable, or where its text is longer than the limit its numbered pieces alone."""
    if len(text) <= limit:
        yield name, text
        return
    for number, start in enumerate(range(0, len(text), limit)):
        yield f"{name}_{number}", text[start : start + limit]


def joined(name: str, environment: Mapping[str, str]) -> str | None:
    """The text of a variable or of its pieces, as a job reads it; None where there is neither."""
    if name in environment:
        return environment[name]
    pieces: list[str] = []
    while (piece := environment.get(f"{name}_{len(pieces)}")) is not None:
        pieces.append(piece)
    return "".join(pieces) if pieces else None
