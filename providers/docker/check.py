"""What is wrong in a docker configuration, held against the table of options: everything, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from launchctl.compiler.node import Deferred, ListNode, MapNode, Node, ScalarNode
from launchctl.diagnostics import Diagnostic, Diagnostics, Note, Span, in_order
from launchctl.providers.docker import codes, kinds
from launchctl.providers.docker.arguments import joined, text_of
from launchctl.providers.docker.options import BY_SPELLING, OPTIONS, Option, find_option
from launchctl.suggest import did_you_mean

OWN_LABELS = ("launchctl.dev/", "wandb.ai/run-id")
_ELSEWHERE: Mapping[str, str] = {
    "command": "the command is the job's: write `command` on the job or the run",
    "cmd": "the command is the job's: write `command` on the job or the run",
    "args": "arguments are the run's: write `args` on the run",
    "image": "the image is the job's: write `source: {image: …}` on the job",
    "cpu": 'did you mean "cpus"?',
    "gpu": 'did you mean "gpus"?',
    "environment": 'did you mean "env"?',
    "secrets": "secrets are the job's: write `secrets` on the job or the run",
    "timeout": "write `timeout` on the run",
}
"""Keys that no `docker run` has, but that people write."""
_LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
_EXCLUSIVE = (
    ("restart", "rm"),
    *(("no-healthcheck", option.name) for option in OPTIONS if option.name.startswith("health-")),
)


def check(config: MapNode) -> Diagnostics:
    """Every fault of a configuration; texts that hold a macro are not judged."""
    return in_order([*_faults(config)])


def _faults(config: MapNode) -> Iterator[Diagnostic]:
    first_by_name: dict[str, str] = {}
    for key, node in config.entries.items():
        option = find_option(key)
        span = config.key_spans.get(key) or node.span
        if option is None:
            yield _unknown(key, span)
        elif option.name in first_by_name:
            yield _twice(option, first_by_name[option.name], key, config)
        else:
            first_by_name[option.name] = key
            yield from _option(option, node, span)
    yield from _together({name: config.entries[key] for name, key in first_by_name.items()})


def _unknown(key: str, span: Span | None) -> Diagnostic:
    bare = key.lstrip("-")
    if bare != key and find_option(bare):
        hint: str | None = f'an option is written without its dashes: "{bare}"'
    else:
        hint = _ELSEWHERE.get(key) or did_you_mean(bare, BY_SPELLING)
    return Diagnostic(codes.UNKNOWN_OPTION, span, {"name": key}, hint=hint)


def _twice(option: Option, first: str, second: str, config: MapNode) -> Diagnostic:
    place = config.key_spans.get(second) or config.entries[second].span
    other = config.key_spans.get(first) or config.entries[first].span
    names = {"option": option.name, "first": first, "second": second}
    return Diagnostic(codes.OPTION_TWICE, place, names, (Note(f'"{first}" is here', other),), "keep one of the two")


def _option(option: Option, node: Node, span: Span | None) -> Iterator[Diagnostic]:
    if isinstance(node, ScalarNode) and (node.value is None or (node.value is False and not option.default)):
        return
    if option.owner:
        yield Diagnostic(
            codes.OPTION_OWNED, span, {"option": option.name, "reason": option.owner}, hint="remove the option"
        )
        return
    match node:
        case MapNode():
            yield from _pairs(option, node)
        case ListNode(items) if option.is_repeatable:
            for item in items:
                yield from _item(option, item)
        case ListNode(items):
            yield Diagnostic(
                codes.OPTION_LIST, node.span, {"option": option.name, "count": len(items)}, hint="write the one value"
            )
        case ScalarNode():
            yield from _scalar(option, node)


def _pairs(option: Option, node: MapNode) -> Iterator[Diagnostic]:
    if not option.kind.is_pairs:
        fields = [f"{name}={text_of(item)}" for name, item in node.entries.items() if isinstance(item, ScalarNode)]
        arguments = {"option": option.name, "expected": option.kind.expected}
        yield Diagnostic(
            codes.OPTION_MAPPING, node.span, arguments, hint=f'write it as docker does: "{",".join(fields)}"'
        )
        return
    for name, item in node.entries.items():
        place = node.key_spans.get(name) or item.span
        if "=" in name:
            names = {"option": option.name, "expected": 'a name without "="', "value": f'"{name}"'}
            yield Diagnostic(codes.OPTION_VALUE, place, names)
            continue
        match item:
            case ScalarNode(bool(value)):
                hint = f'write "{str(value).lower()}" with quotes'
                yield _wrong(option, item, "a text or a number", hint)
            case ScalarNode(None):
                pass
            case ScalarNode():
                yield from _text(option, joined(f"{name}=", item), place)
            case _:
                yield _wrong(option, item, "a text or a number")


def _item(option: Option, node: Node) -> Iterator[Diagnostic]:
    if isinstance(node, ScalarNode) and node.value is not None:
        yield from _scalar(option, node)
    elif isinstance(node, MapNode) and option.kind.is_pairs:
        yield _wrong(option, node, option.kind.expected, "write one mapping in place of the list")
    else:
        yield _wrong(option, node, option.kind.expected)


def _scalar(option: Option, node: ScalarNode) -> Iterator[Diagnostic]:
    if option.is_flag:
        if not isinstance(node.value, bool):
            is_word = str(node.value).lower() in {"true", "false", "yes", "no", "on", "off"}
            yield _wrong(option, node, option.kind.expected, "write true or false without quotes" if is_word else None)
    elif isinstance(node.value, bool):
        yield _wrong(option, node, option.kind.expected)
    else:
        yield from _text(option, node, node.span)


def _text(option: Option, node: ScalarNode, place: Span | None) -> Iterator[Diagnostic]:
    text = text_of(node)
    if isinstance(text, Deferred) or "${" in text:
        return
    if option.kind is kinds.ENV and "=" not in text and ("/" in text or ":" in text):
        hint = f'write it under "volume": "{text}"'
        yield Diagnostic(codes.ENV_VOLUME, node.span, {"value": text}, hint=hint)
    elif not option.kind.fits(text):
        yield _wrong(option, node, option.kind.expected, _mending(option.kind, text))
    elif option.name == "label" and text.startswith(OWN_LABELS):
        yield Diagnostic(codes.LABEL_OWNED, place, {"label": text.partition("=")[0]}, hint="choose another name")


def _wrong(option: Option, node: Node, expected: str, hint: str | None = None) -> Diagnostic:
    arguments = {"option": option.name, "expected": expected, "value": _spelled(node)}
    return Diagnostic(codes.OPTION_VALUE, node.span, arguments, hint=hint)


def _spelled(node: Node) -> str:
    match node:
        case MapNode():
            return "a mapping"
        case ListNode():
            return "a list"
        case ScalarNode(None):
            return "null"
        case ScalarNode(bool(value)):
            return str(value).lower()
        case ScalarNode():
            text = str(text_of(node))
            return f'"{text}"' if len(text) <= _LONGEST_SHOWN else f'"{text[:_LONGEST_SHOWN]}…"'


def _mending(kind: kinds.Kind, text: str) -> str | None:
    """How the commonest slips of a kind are mended."""
    match kind.name:
        case "size" | "swap" if text[-1:] == "i" and kind.fits(text[:-1]):
            return f'docker writes "{text[:-1].lower()}"'
        case "duration" if kind.fits(f"{text}s"):
            return f'write the unit: "{text}s"'
        case "gpus" if "device=" in text:
            return f"several devices stand in quotes of their own: '\"{text}\"'"
        case "volume" if text.startswith("~"):
            return "`~` is a shell's: write ${env:HOME} in its place, with HOME under the project's `environment`"
        case "volume" if kind.fits(f"./{text}"):
            return f'a folder of the project starts with "./": "./{text}"'
        case _:
            return None


def _together(options: Mapping[str, Node]) -> Iterator[Diagnostic]:
    """Options that are right alone and wrong in company."""
    given = {
        name: node
        for name, node in options.items()
        if not (isinstance(node, ScalarNode) and node.value in {None, False, "no"})
    }
    for name, other in _EXCLUSIVE:
        if name in given and other in given:
            note = Note(f'"{other}" is here', given[other].span)
            yield Diagnostic(
                codes.OPTION_CONFLICT,
                given[name].span,
                {"option": name, "other": other},
                (note,),
                "keep one of the two",
            )
    policy = options.get("restart")
    if isinstance(policy, ScalarNode) and policy.value in {"always", "unless-stopped"}:
        yield Diagnostic(
            codes.NEVER_ENDS, policy.span, {"policy": policy.value}, hint='"on-failure:3" ends with success'
        )
