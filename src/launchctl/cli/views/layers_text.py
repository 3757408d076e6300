"""Where a value comes from: a line for each layer that says something of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from launchctl.cli.views.text import Line, Segment, format_value, line, visible
from launchctl.compiler.explain import Contribution
from launchctl.values import format_path


def layer_lines(layers: Sequence[Contribution]) -> Iterator[Line]:
    """The layers, lowest first; what the run has in the end is marked."""
    width = max(len(found.layer) for found in layers)
    for found in layers:
        said = "(takes it away)" if found.is_deletion else format_value(found.value)
        mark = Segment("=", "bold green") if found.is_winner else Segment(" ")
        where = f"  {visible(str(found.span))}" if found.span else ""
        path = visible(format_path(found.path))
        yield line("  ", mark, f" {visible(found.layer):<{width}}  {path}: {said}", Segment(where, "dim"))
