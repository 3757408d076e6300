"""The nearest known name to a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that the user most likely meant, or None where none is near."""
    import difflib  # loaded on the way to an error alone

    by_folded = {candidate.casefold().replace("_", "-"): candidate for candidate in known}
    folded = name.casefold().replace("_", "-")
    if folded in by_folded:
        return by_folded[folded]
    found = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """`did you mean "…"?`, or None where no known name is near."""
    found = nearest(name, known)
    return f'did you mean "{found}"?' if found else None
