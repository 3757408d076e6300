"""Canonical forms and their fingerprints: what makes two specifications the same experiment.

A canonical form is three flat tables, path to value, one a class of field. Macros stay
symbolic but `${image_uri}`, secrets are references, and what launchctl itself adds is not in
it, so that neither an upgrade nor another machine looks like another experiment. The state
keeps the form with the version of these rules; a later version keeps the earlier ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from launchctl.compiler.macros import tokens
from launchctl.compiler.node import MapNode, Node, nearest_span, plain
from launchctl.compiler.program import CodeSource, FieldClass, ImageSource, LaunchSpec
from launchctl.diagnostics import Span
from launchctl.engine.plan import FieldChange
from launchctl.providers.base import Provider
from launchctl.state.model import Form
from launchctl.values import JSON, Path, canonical, digest_text, format_path, leaves

VERSION = 1
_LAST_ITEM = re.compile(r"\[[0-9]+\]$")
"""Of an item that is gone the list is shown: its items have other numbers now."""
Table = dict[str, JSON]
_COMMON: Mapping[str, FieldClass] = {
    "workload": FieldClass.INTENT,
    "image": FieldClass.INTENT,
    "code": FieldClass.INTENT,
    "command": FieldClass.INTENT,
    "args": FieldClass.INTENT,
    "env": FieldClass.INTENT,
    "inherit_env": FieldClass.INTENT,
    "secrets": FieldClass.INTENT,
    "inputs": FieldClass.INTENT,
    "files": FieldClass.INTENT,
    "run_token": FieldClass.INTENT,
    "queue": FieldClass.PLACEMENT,
    "resource": FieldClass.PLACEMENT,
    "timeout": FieldClass.PLACEMENT,
    "priority": FieldClass.METADATA,
    "description": FieldClass.METADATA,
    "depends_on": FieldClass.METADATA,
    "retry": FieldClass.METADATA,
    "lifecycle": FieldClass.METADATA,
}
"""Class of each part of a specification but `config`, whose classes are the provider's."""


class Fingerprinter:
    """Makes forms; keeps the part that the runs of one queue share, for as long as it lives."""

    def __init__(self) -> None:
        self._configs: dict[tuple[int, str], tuple[MapNode, list[tuple[Path, JSON]]]] = {}

    def form_of(self, spec: LaunchSpec, provider: Provider, version: int = VERSION) -> Form:
        """The form by one version of the rules; raises KeyError for a version this program does not know."""
        return _RULES[version](self, spec, provider)

    def form_v1(self, spec: LaunchSpec, provider: Provider) -> Form:
        """The form by the first version of the rules."""
        tables: dict[FieldClass, Table] = {field_class: {} for field_class in FieldClass}
        image = str(spec.source.image.value) if isinstance(spec.source, ImageSource) else ""
        for name, value in _parts(spec, provider).items():
            _flatten(value, name, image, tables[_COMMON[name]])
        for path, leaf in self._config(spec, provider):
            own = _overridden(path, spec) if spec.classes else None
            found = own or provider.fields.class_of(path)
            tables[found][format_path(("config", *path))] = _with_image(leaf, image)
        texts = [canonical(tables[field_class]) for field_class in FieldClass]
        whole = "{" + ",".join(f'"{name.value}":{text}' for name, text in zip(FieldClass, texts, strict=True)) + "}"
        return Form(1, whole, *(digest_text(text) for text in texts))

    def _config(self, spec: LaunchSpec, provider: Provider) -> list[tuple[Path, JSON]]:
        key = (id(spec.config), provider.name)
        if key not in self._configs:
            normal = plain(provider.normalise(spec.config))
            self._configs[key] = (spec.config, [found for found in leaves(normal) if found[0]])
        return self._configs[key][1]


_RULES: Mapping[int, Callable[[Fingerprinter, LaunchSpec, Provider], Form]] = {1: Fingerprinter.form_v1}


def _parts(spec: LaunchSpec, provider: Provider) -> dict[str, JSON]:
    """The parts of a specification that say something; an absent part and an empty one are the same."""
    source: dict[str, JSON] = (
        {"code": spec.source.digest} if isinstance(spec.source, CodeSource) else {"image": str(spec.source.image.value)}
    )
    lifecycle = {
        "protect": spec.lifecycle.protect or None,
        "on_change": spec.lifecycle.on_change,
        "on_remove": spec.lifecycle.on_remove,
        "rerun_on": spec.lifecycle.rerun_on,
    }
    optional: dict[str, JSON] = {
        "command": plain(spec.command),
        "args": plain(spec.args),
        "env": plain(spec.env),
        "inherit_env": sorted(spec.inherit_env),
        "secrets": {name: dict(found.locator) for name, found in spec.secrets.items()},
        "inputs": plain(spec.inputs),
        "files": plain(spec.files),
        "run_token": spec.run_token,
        "timeout": spec.timeout,
        "description": spec.description,
        "depends_on": sorted(str(found.address) + ("!" if found.rerun else "") for found in spec.depends_on),
        "retry": {"max": spec.retry.max, "on": list(spec.retry.on), "backoff": spec.retry.backoff}
        if spec.retry.max
        else None,
        "lifecycle": {key: value for key, value in lifecycle.items() if value not in _DEFAULT_LIFECYCLE},
    }
    return {
        "workload": provider.workload(spec),
        **source,
        "queue": spec.queue,
        "resource": spec.resource,
        "priority": spec.priority.value,
        **{name: value for name, value in optional.items() if value is not None and value not in ([], {})},
    }


_DEFAULT_LIFECYCLE = (None, "block", "intent")


def _overridden(path: Path, spec: LaunchSpec) -> FieldClass | None:
    """The class that the job's own `fields` give to a path, or None; the longest prefix wins."""
    best: tuple[int, FieldClass | None] = (-1, None)
    for prefix, field_class in spec.classes:
        if path[: len(prefix)] == prefix and len(prefix) > best[0]:
            best = (len(prefix), field_class)
    return best[1]


def _flatten(value: JSON, path: str, image: str, table: Table) -> None:
    """Puts every scalar of a value into a table under its path; an empty container counts as one."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _flatten(item, f"{path}.{key}", image, table)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            _flatten(item, f"{path}[{index}]", image, table)
    else:
        table[path] = _with_image(value, image)


def _with_image(leaf: JSON, image: str) -> JSON:
    """A text with `${image_uri}` filled in, the one macro that is not symbolic here: the image is intent itself."""
    if not isinstance(leaf, str) or "${image_uri}" not in leaf:
        return leaf
    return "".join(image if token.name == "image_uri" else leaf[token.start : token.end] for token in tokens(leaf))


def field_changes(old: Form, new: Form, spec: LaunchSpec | None) -> tuple[FieldChange, ...]:
    """The fields in which two forms differ, the most consequential class first."""
    if old.hashes == new.hashes:
        return ()
    from launchctl.engine.diff import changed_paths

    before, after = _tables(old), _tables(new)
    return tuple(
        FieldChange(path, field_class, left, right, _span(_LAST_ITEM.sub("", path) if right is None else path, spec))
        for field_class in FieldClass
        for path, left, right in changed_paths(before[field_class], after[field_class])
    )


def _tables(form: Form) -> Mapping[FieldClass, Mapping[str, JSON]]:
    import json

    read = json.loads(form.canonical)
    return {field_class: read[field_class.value] for field_class in FieldClass}


def _span(path: str, spec: LaunchSpec | None) -> Span | None:
    """Where the value of a canonical field is written."""
    if spec is None:
        return None
    head, *rest = _split(path)
    trees: Mapping[str, Node] = {
        "command": spec.command,
        "args": spec.args,
        "env": spec.env,
        "inputs": spec.inputs,
        "files": spec.files,
        "config": spec.config,
    }
    tree = trees.get(str(head))
    if tree is not None:
        return nearest_span(tree, tuple(rest)) or spec.span
    source = spec.source.image.span if isinstance(spec.source, ImageSource) else spec.source.span
    return source or spec.span if head in {"image", "code"} else spec.span


def _split(path: str) -> list[str | int]:
    parts: list[str | int] = []
    for piece in path.replace("[", ".[").split("."):
        parts.append(int(piece[1:-1]) if piece.startswith("[") and piece[1:-1].isdigit() else piece)
    return parts
