"""What an edit changed: the desired form against a recorded one. Pure."""

from __future__ import annotations

from launchctl.compiler.program import FieldClass
from launchctl.engine.decision import Changed
from launchctl.engine.fingerprint import field_changes
from launchctl.engine.plan import FieldChange
from launchctl.engine.world import Desired
from launchctl.state.model import AttemptRecord, Form


def edit_of(recorded: Form, desired: Desired, attempt: AttemptRecord) -> tuple[Changed, tuple[FieldChange, ...]]:
    """The most consequential class of what changed since a form was recorded, and every field that did."""
    if recorded.hashes == desired.form.hashes:
        return Changed.NOTHING, ()
    fields = field_changes(recorded, desired.form, desired.spec)
    pinned = _pinned_image(fields, attempt)
    kinds = {field.field_class for field in fields if field is not pinned}
    if FieldClass.INTENT in kinds:
        return Changed.INTENT, fields
    return Changed.PLACEMENT if FieldClass.PLACEMENT in kinds else Changed.METADATA, fields


def is_same_experiment(recorded: Form, desired: Desired, attempt: AttemptRecord) -> bool:
    """Whether the desired run is the experiment of a recorded form."""
    if recorded.intent == desired.form.intent:
        return True
    return edit_of(recorded, desired, attempt)[0] is not Changed.INTENT


def _pinned_image(fields: tuple[FieldChange, ...], attempt: AttemptRecord) -> FieldChange | None:
    """The change of a tag into the very digest that the latest attempt ran, which is none."""
    digest = attempt.handle.get("image_digest")
    for field in fields:
        if field.path == "image" and digest and str(field.new).endswith(f"@{digest}"):
            return field
    return None
