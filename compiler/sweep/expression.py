"""Regular expressions of users, by RE2: its time grows with the line's length and no faster, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol, cast


class Expression(Protocol):
    """A compiled expression."""

    @property
    def groups(self) -> int:
        """How many groups it captures."""
        ...

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Where it is found in a text."""
        ...


class InvalidExpression(ValueError):
    """A text that is no expression; says why."""


def compile_expression(text: str) -> Expression:
    """The expression that a text spells; RE2 is loaded by the first one.

    Raises:
        InvalidExpression: it is none.
    """
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    try:
        return cast("Expression", re2.compile(text, options=options))
    except re2.error as error:
        said = b"".join(part for part in error.args if isinstance(part, bytes)).decode("utf-8", "replace")
        raise InvalidExpression(said or str(error)) from error
