"""Dotted paths as people write them: `trainer.lr`, `containers[0].image`, `labels.example\\.com/team`.

>>> parse_path("spec.containers[0].image")
('spec', 'containers', 0, 'image')
"""

from __future__ import annotations

import re

from launchctl.values import Path

_PART = re.compile(r"(?P<key>(?:[^.\\\[\]]|\\[.\\\[\]])+)(?P<places>(?:\[[0-9]{1,9}\])*)")


def parse_path(text: str) -> Path | None:
    """The path that a text spells; None for an empty part, an unknown escape or an unclosed bracket.

    A backslash takes the meaning from a dot, a bracket or a backslash.
    """
    parts: list[str | int] = []
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:
            return None
        parts.append(re.sub(r"\\(.)", r"\1", match["key"]))
        parts += [int(place) for place in re.findall("[0-9]+", match["places"])]
        at = match.end()
        if at == len(text):
            return tuple(parts)
        if text[at] != ".":
            return None
        at += 1
