"""Rules about names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.program import LaunchSpec
from launchctl.diagnostics import Diagnostic, Note


def slugs_differ(launches: Sequence[LaunchSpec]) -> Iterator[Diagnostic]:
    """No two runs are told apart by their ids' last digits alone."""
    by_slug: dict[str, LaunchSpec] = {}
    for spec in launches:
        first = by_slug.setdefault(spec.address.slug, spec)
        if first is not spec:
            notes = (Note(f"{first.address} is declared here", first.span),)
            arguments = {"address": spec.address, "other": first.address, "slug": spec.address.slug}
            yield Diagnostic(codes.SAME_SLUG, spec.span, arguments, notes)
