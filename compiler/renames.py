"""`moved`: runs and sweeps that go by another name from now on."""

from __future__ import annotations

from collections.abc import Collection

from launchctl.addresses import Address, Kind, parse_address
from launchctl.compiler import codes
from launchctl.compiler.entries import Project
from launchctl.compiler.lookup import place, unknown
from launchctl.compiler.program import Rename
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span

_EXPECTED = "the address of a run or sweep, such as `runs.NAME`"


def resolve_moves(project: Project, present: Collection[str]) -> tuple[tuple[Rename, ...], Diagnostics]:
    """The renames of a project; each hands one address that is gone to one that is there."""
    found: list[Rename] = []
    diagnostics: list[Diagnostic] = []
    seen: dict[tuple[str, Address], Span | None] = {}
    targets = {move.old for move in project.settings.moved}
    for index, move in enumerate(project.settings.moved):
        old_span, new_span = place(project.node, "moved", index, "from"), place(project.node, "moved", index, "to")
        old, new = _address(move.old, old_span, diagnostics), _address(move.new, new_span, diagnostics)
        if old is None or new is None:
            continue
        if old.kind is not new.kind:
            arguments: dict[str, object] = {"expected": f"an address of {old.kind.value}", "text": move.new}
            diagnostics.append(Diagnostic(codes.BAD_ADDRESS, new_span, arguments))
            continue
        if _entry(old) in present and not old.key:
            diagnostics.append(Diagnostic(codes.MOVED_AND_THERE, old_span, {"address": move.old}))
        if _entry(new) not in present and move.new not in targets:
            diagnostics.extend(_unknown(project, new, new_span, present))
        for role, address, span in (("from", old, old_span), ("to", new, new_span)):
            if (role, address) in seen:
                notes = (Note("the first time is here", seen[role, address]),)
                diagnostics.append(Diagnostic(codes.MOVED_TWICE, span, {"address": str(address)}, notes))
            seen.setdefault((role, address), span)
        found.append(Rename(old, new, old_span))
    return tuple(found), tuple(diagnostics)


def _entry(address: Address) -> str:
    return f"{address.kind.value}.{address.name}"


def _address(text: str, span: Span | None, diagnostics: list[Diagnostic]) -> Address | None:
    address = parse_address(text)
    if address is None or address.kind not in {Kind.RUNS, Kind.SWEEPS}:
        diagnostics.append(Diagnostic(codes.BAD_ADDRESS, span, {"expected": _EXPECTED, "text": text}))
        return None
    return address


def _unknown(project: Project, address: Address, span: Span | None, present: Collection[str]) -> Diagnostics:
    section = address.kind.value
    known = [name.partition(".")[2] for name in present if name.startswith(f"{section}.")]
    return unknown(project, section, section.removesuffix("s"), address.name, span, known)
