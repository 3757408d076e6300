"""What an edit of a sweep means, as data: rows are what was edited, columns the method of the search. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from launchctl.compiler.program import FieldClass
from launchctl.compiler.sweep.search import Method
from launchctl.engine.fingerprint import field_changes
from launchctl.engine.plan import FieldChange
from launchctl.engine.world import SweepDesired
from launchctl.state.model import Form
from launchctl.values import JSON, canonical


class Edited(StrEnum):
    """What was edited."""

    SHARED = "intent that all trials share"
    METHOD = "the method"
    SPACE = "parameters and what relates them"
    SEED = "the seed"
    METRIC = "what is optimised"
    ORDER = "the order of a grid"
    REPEATS = "how often each point runs"
    RUN_CAP = "how many trials there are at most"
    SETTING = "how the search goes on: parallel, early_terminate, target, where metrics are read"
    PLACEMENT = "where trials run"
    METADATA = "nothing that runs"


class Effect(StrEnum):
    """What it means, the least first."""

    IN_PLACE = "taken as it is: trials that are not drawn yet follow it"
    POINTS = "new points alone start; of those that are gone none does"
    REFUSED = "refused once a trial ran; a new epoch with a warm start is offered"
    EPOCH = "a new epoch"


_ALL: tuple[Method, ...] = ("grid", "random", "bayes")
_SAME: Mapping[Effect, Mapping[Method, Effect]] = {effect: dict.fromkeys(_ALL, effect) for effect in Effect}

TABLE: Mapping[Edited, Mapping[Method, Effect]] = {
    Edited.SHARED: _SAME[Effect.EPOCH],
    Edited.METHOD: _SAME[Effect.EPOCH],
    Edited.SPACE: {"grid": Effect.POINTS, "random": Effect.EPOCH, "bayes": Effect.REFUSED},
    Edited.SEED: {"grid": Effect.IN_PLACE, "random": Effect.EPOCH, "bayes": Effect.REFUSED},
    Edited.METRIC: {"grid": Effect.IN_PLACE, "random": Effect.IN_PLACE, "bayes": Effect.EPOCH},
    Edited.ORDER: _SAME[Effect.IN_PLACE],
    Edited.REPEATS: _SAME[Effect.POINTS],
    Edited.RUN_CAP: _SAME[Effect.POINTS],
    Edited.SETTING: _SAME[Effect.IN_PLACE],
    Edited.PLACEMENT: _SAME[Effect.IN_PLACE],
    Edited.METADATA: _SAME[Effect.IN_PLACE],
}

_BY_KEY: Mapping[str, Edited] = {
    "method": Edited.METHOD,
    "parameters": Edited.SPACE,
    "zip": Edited.SPACE,
    "exclude": Edited.SPACE,
    "when": Edited.SPACE,
    "seed": Edited.SEED,
    "metric.name": Edited.METRIC,
    "metric.goal": Edited.METRIC,
    "order": Edited.ORDER,
    "repeats": Edited.REPEATS,
    "run_cap": Edited.RUN_CAP,
}
"""What an entry of the search's table is; the others are settings."""
_BY_CLASS: Mapping[FieldClass, Edited] = {
    FieldClass.INTENT: Edited.SHARED,
    FieldClass.PLACEMENT: Edited.PLACEMENT,
    FieldClass.METADATA: Edited.METADATA,
}
_CLASS_OF: Mapping[Effect, FieldClass] = {
    Effect.IN_PLACE: FieldClass.METADATA,
    Effect.POINTS: FieldClass.PLACEMENT,
    Effect.REFUSED: FieldClass.INTENT,
    Effect.EPOCH: FieldClass.INTENT,
}
"""Class of an edit of the search, by what it does: what starts nothing again is no intent."""
_SHARED = frozenset({Edited.SHARED, Edited.PLACEMENT, Edited.METADATA})
_LAST_ITEM = re.compile(r"\[[0-9]+\]$")


def effect_of(edited: Collection[Edited], method: Method) -> Effect | None:
    """The most consequential effect of what was edited; None where nothing was."""
    effects = {TABLE[found][method] for found in edited}
    return max(effects, key=list(Effect).index, default=None)


def edited_by(path: str) -> Edited:
    """What an entry of the search's table is."""
    head = path.partition(".")[0].partition("[")[0]
    return _BY_KEY.get(path) or _BY_KEY.get(head, Edited.SETTING)


class Edit(NamedTuple):
    """One field that differs, and what it is."""

    field: FieldChange
    edited: Edited

    @property
    def is_shared(self) -> bool:
        """Whether it is of what all trials share, and not of the search."""
        return self.edited in _SHARED


def edits_of(recorded: Form, desired: SweepDesired, images: Collection[str]) -> tuple[Edit, ...]:
    """Every field in which a sweep differs from a recorded form, and what it is; the shared ones come first.

    `images` are digests that trials of the present epoch ran: a tag that was replaced by the one that all of them
    ran is no change of what runs.
    """
    shared = (
        Edit(field, Edited.METADATA if _is_pinned(field, images) else _BY_CLASS[field.field_class])
        for field in field_changes(recorded, desired.form, None)
    )
    search = (Edit(field, edited_by(field.path)) for field in _search_changes(recorded, desired))
    return tuple(edit._replace(field=_placed(edit.field, desired)) for found in (shared, search) for edit in found)


def _is_pinned(field: FieldChange, images: Collection[str]) -> bool:
    return field.path == "image" and len(images) == 1 and any(str(field.new).endswith(f"@{name}") for name in images)


def _search_changes(recorded: Form, desired: SweepDesired) -> Iterator[FieldChange]:
    if recorded.canonical == desired.form.canonical:
        return
    old, new = search_of(recorded), search_of(desired.form)
    paths = [
        path
        for path in (*new, *(path for path in old if path not in new))
        if path not in old or path not in new or canonical(old[path]) != canonical(new[path])
    ]
    parts = Counter(path.rpartition(".")[0] for path in paths)
    written = {f"parameters.{leaf.name}" for leaf in desired.spec.search.space.searched if not leaf.is_inferred}
    for path in paths:
        parent, _, key = path.rpartition(".")
        if key == "distribution" and parts[parent] > 1 and parent not in written:
            continue  # it follows from what is edited beside it
        effect = TABLE[edited_by(path)][desired.spec.search.method]
        yield FieldChange(path, _CLASS_OF[effect], old.get(path), new.get(path))


def search_of(form: Form) -> Mapping[str, JSON]:
    """The search in a sweep's form."""
    found: Mapping[str, JSON] = json.loads(form.canonical).get("search", {})
    return found


def is_same(one: Form, other: Form) -> bool:
    """Whether two forms of a sweep say the same, its search included."""
    return one.hashes == other.hashes and canonical(search_of(one)) == canonical(search_of(other))


def _placed(field: FieldChange, desired: SweepDesired) -> FieldChange:
    """The edit with the place where it was made: of an item that is gone its list's, whose items have other numbers."""
    if desired.resolved is None:
        return replace(field, span=desired.spec.span)
    from launchctl.compiler.sweep.places import place_of

    path = _LAST_ITEM.sub("", field.path) if field.new is None else field.path
    return replace(field, span=place_of(desired.resolved, path))
