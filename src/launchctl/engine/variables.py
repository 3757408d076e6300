"""Variables from outside: `--var` over `--var-file` over `LAUNCHCTL_VAR_…`; text until a declaration types them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from launchctl.compiler.document import parse_document
from launchctl.compiler.node import MapNode, ScalarNode
from launchctl.compiler.source import LARGEST, Source
from launchctl.compiler.templates import as_text
from launchctl.compiler.variables import VariableText
from launchctl.diagnostics import Diagnostic
from launchctl.engine.codes import BAD_VARIABLE_FILE
from launchctl.errors import UsageError

PREFIX = "LAUNCHCTL_VAR_"


def chosen_variables(
    assignments: tuple[str, ...], files: tuple[Path, ...], environment: Mapping[str, str]
) -> tuple[Mapping[str, VariableText], list[Diagnostic]]:
    """The strongest value of each name, and what is wrong with the files.

    Raises:
        UsageError: a `--var` without a name or a `=`, or a file that cannot be read.
    """
    chosen = {
        name.removeprefix(PREFIX): VariableText(value, name, is_ambient=True)
        for name, value in sorted(environment.items())
        if name.startswith(PREFIX)
    }
    found: list[Diagnostic] = []
    for path in files:
        values, faults = _read(path)
        chosen |= values
        found += faults
    chosen |= dict(map(_assigned, assignments))
    return chosen, found


def _assigned(text: str) -> tuple[str, VariableText]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageError(f'--var "{text}" is no assignment', hint="write `--var NAME=VALUE`")
    return name, VariableText(value)


def _read(path: Path) -> tuple[Mapping[str, VariableText], list[Diagnostic]]:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than 16 MiB")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the variables in {path}: {error}") from error
    document, faults = parse_document(Source(str(path), text))
    root = document.root
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        return {}, list(faults)
    if not isinstance(root, MapNode):
        return {}, [*faults, Diagnostic(BAD_VARIABLE_FILE, root.span)]
    return dict(_values(root, path)), [*faults, *_wrong(root)]


def _values(root: MapNode, path: Path) -> Iterator[tuple[str, VariableText]]:
    for name, node in root.entries.items():
        if isinstance(node, ScalarNode):
            yield name, VariableText(as_text(node.value), str(path))


def _wrong(root: MapNode) -> Iterator[Diagnostic]:
    return (
        Diagnostic(BAD_VARIABLE_FILE, node.span) for node in root.entries.values() if not isinstance(node, ScalarNode)
    )
