"""What all trials of a sweep share, as a run that the expander of runs knows: its settings and the sweep's command.

A command that begins with the parameters follows the job's own. Without a command it is W&B's where the
sweep has a `program`, else the job's with `${args}` after it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator

from launchctl.compiler.entries import ResolvedRun, ResolvedSweep
from launchctl.compiler.jobs import list_at
from launchctl.compiler.macros import tokens
from launchctl.compiler.node import EMPTY_LIST, ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.parts import CommandScope
from launchctl.compiler.program import CodeSource
from launchctl.compiler.sweep import codes
from launchctl.diagnostics import Diagnostic, Note
from launchctl.suggest import nearest

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")
"""W&B's."""
_ARGUMENTS = "${args}"
_LOOKED_AT = 500
"""Files among which one is looked for that is spelled nearly so."""
_SEVERAL_FLAGS = re.compile(r"--?[A-Za-z][\w.-]*[ \t]+\S.*|-.*[ \t]--?[A-Za-z][\w.-]*(?:[ =].*)?", re.DOTALL)


def shared_run(sweep: ResolvedSweep) -> ResolvedRun:
    """The sweep as a run: with its address, its settings, and the command of its trials."""
    command, args = command_of(sweep)
    entries = {key: node for key, node in sweep.node.entries.items() if key not in {"command", "args"}}
    given = {"command": command, "args": args}
    entries |= {key: node for key, node in given.items() if node.items and node is not sweep.job.node.entries.get(key)}
    return ResolvedRun(
        address=sweep.address,
        model=sweep.model,
        node=MapNode(entries, sweep.node.key_spans, sweep.node.span),
        job=sweep.job,
        queue=sweep.queue,
        resource=sweep.resource,
        depends_on=sweep.depends_on,
        secrets=sweep.secrets,
        span=sweep.span,
    )


def scope_of(sweep: ResolvedSweep, names: frozenset[str], *, has_files: bool) -> CommandScope:
    """What the macros of the sweep's command may name; `has_files` where its target can deliver a file."""
    absent = {"program": sweep.model.program is None, "args_json_file": not has_files}
    return CommandScope(names, frozenset(name for name, is_absent in absent.items() if is_absent))


def command_of(sweep: ResolvedSweep) -> tuple[ListNode, ListNode]:
    """What the trials run: the command and its arguments, from the sweep, its `file` or its job."""
    own, args = list_at(sweep.node, "command"), list_at(sweep.node, "args") or EMPTY_LIST
    job = list_at(sweep.job.node, "command") or EMPTY_LIST
    if own is not None and own.items:
        if not _is_argument_list(own.items[0]):
            return own, args
        return job, ListNode((*own.items, *args.items), own.span)
    if sweep.model.program is not None:
        return ListNode(tuple(ScalarNode(text, sweep.span) for text in DEFAULT_COMMAND), sweep.span), args
    if any(_is_argument_list(item) for item in (*job.items, *args.items)):
        return job, args
    return job, ListNode((ScalarNode(_ARGUMENTS, sweep.span), *args.items), args.span or sweep.span)


def command_faults(run: ResolvedRun, sweep: ResolvedSweep) -> Iterator[Diagnostic]:
    """What is wrong with a command beside its macros: parameters given twice, and arguments that look like several."""
    lists = [list_at(run.node, key) or EMPTY_LIST for key in ("command", "args")]
    given = [item for items in lists for item in items.items if _is_argument_list(item)]
    for again in given[1:]:
        notes = (Note("they stand here already", given[0].span),)
        hint = "remove one of the two; a single parameter is `${param:NAME}`"
        arguments: dict[str, object] = {"macro": again.value if isinstance(again, ScalarNode) else ""}
        yield Diagnostic(codes.SEVERAL_ARGUMENT_LISTS, again.span, arguments, notes, hint)
    for key in ("command", "args"):
        for item in (list_at(sweep.node, key) or EMPTY_LIST).items:
            if isinstance(item, ScalarNode) and isinstance(item.value, str) and _SEVERAL_FLAGS.fullmatch(item.value):
                hint = "write an item for each: " + ", ".join(f'"{word}"' for word in item.value.split())
                yield Diagnostic(codes.SEVERAL_FLAGS, item.span, {"text": f'"{item.value}"'}, hint=hint)


def program_faults(
    sweep: ResolvedSweep, source: CodeSource, files_of: Callable[[CodeSource], Collection[str]]
) -> Iterator[Diagnostic]:
    """A program that the job's code does not have."""
    node, command = sweep.node.entries.get("program"), command_of(sweep)[0]
    written = node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""
    name = posixpath.normpath(written.replace("\\", "/"))
    is_used = any(isinstance(item, ScalarNode) and "${program}" in str(item.value) for item in command.items)
    if node is None or not is_used or not written or name.startswith("/") or "${" in written:
        return
    files = files_of(source)
    if written in files or (not written.count("\\") and {name, f"{name}/__main__.py"} & {*files}):
        return
    alike = sorted(file for file in files if posixpath.splitext(file)[1] == posixpath.splitext(name)[1])
    by_base = {posixpath.basename(file): file for file in reversed(alike)}
    near = by_base.get(posixpath.basename(name)) or nearest(name, alike[:_LOOKED_AT])
    near = name if name in files else near
    hint = f"write `program: {near}`" if near else "a program is named by its path in that folder"
    if "command" not in sweep.node.entries and list_at(sweep.job.node, "command"):
        hint += '; the job\'s own command, which the program replaces, runs with `command: ["${args}"]` in the sweep'
    arguments: dict[str, object] = {"program": written, "folder": source.path}
    yield Diagnostic(codes.PROGRAM_NOT_IN_CODE, node.span, arguments, hint=hint)


def _is_argument_list(node: Node) -> bool:
    """Whether an item of a command stands for all parameters."""
    text = node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""
    found = tokens(text)
    return len(found) == 1 and (found[0].name or "").startswith("args")
