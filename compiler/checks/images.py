"""Rules about images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.bounds import spelled
from launchctl.compiler.macros import has_macro
from launchctl.compiler.program import ImageSource, Program
from launchctl.diagnostics import Diagnostic

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/\[\]-]*(?:@sha256:[0-9a-f]{64})?")


def image_is_a_reference(program: Program) -> Iterator[Diagnostic]:
    """Every image could be one: not empty, without spaces, and no option of a command line."""
    for spec in program.launches:
        if not isinstance(spec.source, ImageSource):
            continue
        image = spec.source.image
        text = str(image.value)
        # A macro has a name of letters in its place: what is judged is the text around it.
        shown = re.sub(r"\$\{[^{}]*\}", "x", text) if has_macro(text) else text
        if not _REFERENCE.fullmatch(shown):
            arguments = {"address": spec.address, "image": spelled(image)}
            yield Diagnostic(codes.BAD_IMAGE, image.span or spec.span, arguments)
