"""Macros `${…}`: the catalogue, what is wrong with a text that holds some, and filling them in.

A text with macros is *symbolic*. `$${` in it stands for a literal `${`, and `${$}` for a
literal `$` that would otherwise run into what follows. Values are put in once, as text: a
`${` in a value is never read as a macro.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.node import Deferred, ListNode, MapNode, Node, ScalarNode, span_within
from launchctl.diagnostics import Code, Diagnostic
from launchctl.suggest import nearest


class Binding(StrEnum):
    """When a macro's value is known."""

    COMPILE = "compile"
    """From the project alone, or derived from it."""
    APPLY = "apply"
    """Where apply runs."""
    TRIAL = "trial"
    """For one trial of a sweep; elsewhere a fallback stands in."""
    COMMAND = "command"
    """In the command of a sweep and nowhere else."""


class Macro(NamedTuple):
    """An entry of the catalogue."""

    name: str
    binding: Binding
    meaning: str


CATALOGUE = {
    macro.name: macro
    for macro in (
        Macro("project_name", Binding.COMPILE, "the project, in lower case as W&B has it"),
        Macro("entity_name", Binding.COMPILE, "the project's entity"),
        Macro("author", Binding.COMPILE, "the project's author"),
        Macro("job_name", Binding.COMPILE, "the run's job"),
        Macro("queue_name", Binding.COMPILE, "the run's queue"),
        Macro("run_name", Binding.COMPILE, "the name of the run"),
        Macro("run_id", Binding.COMPILE, "the id of the generation's first attempt"),
        Macro("image_uri", Binding.COMPILE, "the image that the run uses"),
        Macro("env", Binding.APPLY, "`${env:NAME}`: an environment variable, read where apply runs"),
        Macro("sweep_name", Binding.TRIAL, "the name of the trial's sweep"),
        Macro("repeat", Binding.TRIAL, "which repetition of its point the trial is"),
        Macro("program", Binding.COMMAND, "the sweep's `program`"),
        Macro("interpreter", Binding.COMMAND, "`python`"),
        Macro("args", Binding.COMMAND, "the trial's parameters as `--name=value`"),
        Macro("args_no_hyphens", Binding.COMMAND, "the parameters as `name=value`"),
        Macro("args_no_boolean_flags", Binding.COMMAND, "the parameters, true as a bare flag and false left out"),
        Macro("args_no_equals", Binding.COMMAND, "the parameters as `--name` and `value`"),
        Macro("args_append_hydra", Binding.COMMAND, "the parameters as `+name=value`"),
        Macro("args_override_hydra", Binding.COMMAND, "the parameters as `++name=value`"),
        Macro("args_json", Binding.COMMAND, "the parameters as one JSON object"),
        Macro("args_json_file", Binding.COMMAND, "a file with the parameters as JSON"),
        Macro("envvar", Binding.COMMAND, "`${envvar:NAME}`: the same as `${env:NAME}`"),
        Macro("param", Binding.COMMAND, "`${param:NAME}`: one parameter of the trial"),
    )
}
_Fault: TypeAlias = tuple[Code, dict[str, object], str | None]
_TOKEN = re.compile(r"\$\$\{|\$\{(?P<body>[^{}]*)\}|\$\{")
_BODY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<fallback>.*)|:(?P<argument>.*))?", re.DOTALL)
_FEW = 8
"""Parameters that a hint lists."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the macros of a text may name."""

    environment: frozenset[str] = frozenset()
    """The project's `environment`."""
    missing: frozenset[str] = frozenset()
    """Macros that have no value here, since the project or the job says nothing of them."""
    trial: bool = False
    """Whether these are the texts of a sweep, whose trials give `${sweep_name}` and `${repeat}` a value."""
    parameters: frozenset[str] | None = None
    """In the command of a sweep: the parameters and groups that `${param:NAME}` may name."""
    without_env: tuple[str, str] | None = None
    """Where nothing may stand that is known only where apply runs: what the texts are, and what to do instead."""


class Token(NamedTuple):
    """A stretch of a symbolic text: literal text, or a macro."""

    text: str
    """The literal text; empty for a macro."""
    name: str | None
    """The macro's name; "" where it is not written as one."""
    fallback: str | None
    argument: str | None
    start: int
    end: int


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """The stretches of a symbolic text, in order; `name` is "" for what is no macro and no text."""
    found: list[Token] = []
    at = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if at < start:
            found.append(Token(text[at:start], None, None, None, at, start))
        found.append(_token(match[0], match["body"], start, end))
        at = end
    if at < len(text):
        found.append(Token(text[at:], None, None, None, at, len(text)))
    return tuple(found)


def _token(spelled: str, body: str | None, start: int, end: int) -> Token:
    if spelled == "$${" or body == "$":
        return Token(spelled[1:] if body is None else "$", None, None, None, start, end)
    parsed = _BODY.fullmatch(body or "")
    if parsed is None:
        return Token("", "", None, None, start, end)
    return Token("", parsed["name"], parsed["fallback"], parsed["argument"], start, end)


def escape(text: str) -> str:
    """The symbolic text that stands for exactly this text."""
    return text.replace("${", "$${")


def fill(text: str, value_of: Callable[[Token], str | None]) -> str:
    """The symbolic text with some of its macros filled in; one without a value stays a macro."""
    if "${" not in text:
        return text
    pieces: list[str] = []
    literal = ""
    for token in tokens(text):
        value = token.text if token.name is None else value_of(token)
        if value is None:
            # a "$" right before a macro would make an escape of it
            bare = literal.rstrip("$")
            pieces += [escape(bare), "${$}" * (len(literal) - len(bare)), text[token.start : token.end]]
            literal = ""
        else:
            literal += value
    return "".join((*pieces, escape(literal)))


def fill_tree(node: Node, values: Mapping[str, str]) -> Node:
    """The tree with some macros of its texts filled in, and otherwise as symbolic as before."""
    return _map_texts(node, lambda text: fill(text, lambda token: values.get(token.name or "")))


def has_macro(text: str) -> bool:
    """Whether a text holds a macro or an escape."""
    return "${" in text


def names_macro(node: Node, name: str) -> bool:
    """Whether any text of a tree names a macro."""
    if isinstance(node, ScalarNode):
        text = node.value
        return isinstance(text, str) and f"${{{name}" in text and any(token.name == name for token in tokens(text))
    items = node.items if isinstance(node, ListNode) else node.entries.values()
    return any(names_macro(item, name) for item in items)


def substitute(text: str, values: Mapping[str, str]) -> str | Deferred:
    """The text with its macros filled in; deferred where it names `${env:NAME}`.

    Raises KeyError for a macro that has neither a value nor a fallback; `validate_text` finds those.
    """
    if "${" not in text:
        return text
    pieces = [""]
    for token in tokens(text):
        if token.name == "env" and token.argument is not None:
            pieces += [token.argument, ""]
        elif token.name is None:
            pieces[-1] += token.text
        elif token.fallback is not None:
            pieces[-1] += values.get(token.name, token.fallback)
        else:
            pieces[-1] += values[token.name]
    return Deferred(tuple(pieces)) if len(pieces) > 1 else pieces[0]


def substitute_tree(node: Node, values: Mapping[str, str]) -> Node:
    """The tree with the macros of its texts filled in; what holds none is shared."""
    return _map_texts(node, lambda text: substitute(text, values))


def _map_texts(node: Node, change: Callable[[str], str | Deferred]) -> Node:
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and "${" in node.value:
            return ScalarNode(change(node.value), node.span)
        return node
    if isinstance(node, ListNode):
        items = tuple([_map_texts(item, change) for item in node.items])
        return node if all(a is b for a, b in zip(items, node.items, strict=True)) else ListNode(items, node.span)
    entries = {key: _map_texts(item, change) for key, item in node.entries.items()}
    if all(entries[key] is item for key, item in node.entries.items()):
        return node
    return MapNode(entries, node.key_spans, node.span)


def validate_tree(node: Node, scope: Scope) -> Iterator[Diagnostic]:
    """What is wrong with the macros of every text in a tree; keys are no place for one."""
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and "${" in node.value:
            yield from validate_text(node, scope)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from validate_tree(item, scope)
    else:
        for key, item in node.entries.items():
            if "${" in key:
                span = node.key_spans.get(key, node.span)
                yield Diagnostic(codes.KEY_WITH_PLACEHOLDER, span, {"key": key, "kind": "macros `${…}`"})
            yield from validate_tree(item, scope)


def validate_text(node: ScalarNode, scope: Scope) -> Iterator[Diagnostic]:
    """What is wrong with the macros of one text."""
    text = node.value if isinstance(node.value, str) else ""
    for token in tokens(text):
        if token.name is None:
            continue
        fault = _fault(token, text[token.start : token.end], scope)
        if fault is not None:
            code, arguments, hint = fault
            yield Diagnostic(code, span_within(node, token.start, token.end), arguments, hint=hint)


def _fault(token: Token, spelled: str, scope: Scope) -> _Fault | None:
    name = token.name or ""
    if name not in CATALOGUE:
        return _unknown(name, spelled, scope)
    match CATALOGUE[name].binding:
        case Binding.APPLY:
            return _env_fault(token, spelled, scope)
        case Binding.COMMAND:
            return _command_fault(token, spelled, scope)
        case Binding.TRIAL:
            return _trial_fault(token, spelled, scope)
        case Binding.COMPILE:
            if token.fallback is not None or token.argument is not None:
                return codes.INVALID_MACRO, {"macro": spelled}, f"write `${{{name}}}`"
            return _missing_fault(name, spelled) if name in scope.missing else None


def _trial_fault(token: Token, spelled: str, scope: Scope) -> _Fault | None:
    if token.argument is not None:
        return codes.INVALID_MACRO, {"macro": spelled}, f"write `${{{token.name}}}`"
    if token.fallback is not None or scope.trial:
        return None
    hint = f"write `${{{token.name}:-TEXT}}` for a text that stands in outside of a sweep"
    return codes.MACRO_NOT_HERE, {"macro": spelled, "where": "a trial of a sweep"}, hint


def _unknown(name: str, spelled: str, scope: Scope) -> _Fault:
    literal = "write `$${` for the text `${`"
    if not name:
        return codes.INVALID_MACRO, {"macro": spelled}, literal
    if name in (scope.parameters or ()):
        return codes.UNKNOWN_MACRO, {"name": name}, f"`${{param:{name}}}` is the parameter; {literal}"
    found = nearest(name, CATALOGUE) if not name.isupper() else None
    if found:
        return codes.UNKNOWN_MACRO, {"name": name}, f"did you mean `${{{found}}}`? {literal}"
    return codes.UNKNOWN_MACRO, {"name": name}, f"`${{env:{name}}}` reads an environment variable; {literal}"


def _command_fault(token: Token, spelled: str, scope: Scope) -> _Fault | None:
    name = token.name or ""
    if scope.parameters is None:
        instead = f"write `${{env:{token.argument}}}`" if name == "envvar" else None
        return codes.MACRO_NOT_HERE, {"macro": spelled, "where": "the command of a sweep"}, instead
    if name == "envvar":
        return _env_fault(token, spelled, scope)
    if token.fallback is not None or (token.argument is None) is (name == "param"):
        example = "${param:NAME}" if name == "param" else f"${{{name}}}"
        return codes.INVALID_MACRO, {"macro": spelled}, f"write `{example}`"
    if name == "param" and token.argument not in scope.parameters:
        return codes.MACRO_WITHOUT_VALUE, {"macro": spelled}, _parameter_hint(token.argument or "", scope.parameters)
    return _missing_fault(name, spelled) if name in scope.missing else None


def _parameter_hint(name: str, parameters: Collection[str]) -> str:
    """The parameter that was meant, or which there are."""
    by_last = {full.rpartition(".")[2]: full for full in sorted(parameters)}
    near = nearest(name, parameters) or by_last.get(nearest(name, by_last) or "")
    if near is not None:
        return f"did you mean `${{param:{near}}}`?"
    if not parameters:
        return "the sweep has no parameters"
    few = ", ".join(sorted(parameters)[:_FEW])
    return f"parameters of the sweep: {few}" + (", …" if len(parameters) > _FEW else "")


def _env_fault(token: Token, spelled: str, scope: Scope) -> _Fault | None:
    if token.name == "env" and token.argument is None and token.fallback is None and scope.parameters is not None:
        return None  # the program `env`
    name = token.argument or ""
    if token.fallback is not None or not _VARIABLE.fullmatch(name):
        hint = "write `${env:NAME}` for an environment variable" if token.fallback is None else None
        return codes.INVALID_MACRO, {"macro": spelled}, hint
    if scope.without_env is not None:
        where, hint = scope.without_env
        return codes.ENV_NOT_HERE, {"macro": spelled, "where": where}, hint
    if name not in scope.environment:
        return codes.ENV_NOT_LISTED, {"name": name}, f"add it to the project: `environment: [{name}]`"
    return None


def _missing_fault(name: str, spelled: str) -> _Fault:
    hints = {
        "author": "add `author: NAME` to the project",
        "entity_name": "add `entity: NAME` to the project",
        "image_uri": "code that runs as a local process has no image",
        "program": "add `program: train.py` to the sweep",
        "args_json_file": "its target takes no files: write `${args_json}`, or read WANDB_CONFIG",
    }
    return codes.MACRO_WITHOUT_VALUE, {"macro": spelled}, hints.get(name)
