"""Rules about images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.bounds import spelled
from launchctl.compiler.checks.subject import Subject
from launchctl.compiler.macros import has_macro
from launchctl.compiler.node import ScalarNode
from launchctl.diagnostics import Diagnostic

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/\[\]-]*(?:@sha256:[0-9a-f]{64})?")


def image_is_a_reference(subject: Subject) -> Iterator[Diagnostic]:
    """An image could be one: not empty, without spaces, and no option of a command line."""
    if subject.kind != "image" or not isinstance(subject.node, ScalarNode):
        return
    text = str(subject.node.value)
    # A macro has a letter in its place: what is judged is the text around it.
    shown = re.sub(r"\$\{[^{}]*\}", "x", text) if has_macro(text) else text
    if not _REFERENCE.fullmatch(shown):
        yield Diagnostic(codes.BAD_IMAGE, subject.node.span, {"image": spelled(subject.node)})
