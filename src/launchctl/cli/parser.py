"""How every command is declared to the parser: plain help, no decorated tracebacks."""

from __future__ import annotations

import typer
from typer.core import TyperGroup


def command_app(
    *, cls: type[TyperGroup] = TyperGroup, help: str = "", example: str = "", completes: bool = False
) -> typer.Typer:
    """A parser for one command, or for a group of them; the outermost one also `completes` what shells ask."""
    return typer.Typer(
        cls=cls,
        help=help or None,
        epilog=example or None,
        add_completion=completes,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def example(*lines: str) -> str:
    """The end of a help text: commands as they would be typed."""
    return "\b\nExample:\n" + "\n".join(f"  {found}" for found in lines)
