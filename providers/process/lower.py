"""`BoundLaunch` to the manifest of a process, `{"argv": …, "env": …, "cwd": …}`, and the script for a reviewer.

`files`, path below the working folder to text, is in it where the job is given some.

A variable whose value is null is taken from the environment of apply, where it is set there. The working folder
is relative to the project's; secrets are no part of the manifest.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Iterator, Mapping

from launchctl.compiler.node import Deferred, MapNode, Node, ScalarNode
from launchctl.compiler.program import BoundLaunch
from launchctl.diagnostics import Diagnostic, Diagnostics
from launchctl.providers.manifest import Manifest
from launchctl.providers.process.codes import NUL_CHARACTER, PROCESS_CONFIG
from launchctl.values import JSON, canonical

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
"""What every process takes from the environment of apply, beside the variables of the locale."""
LOCALE_PREFIX = "LC_"
WORK = "work"
"""Name of the working copy in a run's folder."""
_LOCALE = ("LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")
_HEADER = """\
#!/bin/sh
# What apply starts as a process, in a copy of the code that it takes first. By hand: sh FILE, in the project's folder.
"""


def check_config(config: MapNode) -> Diagnostics:
    """An error for every key: there is nothing to configure."""
    hint = "`max_jobs` stands beside `config`; `env`, `timeout` and `command` belong to the job or the run"
    return tuple(
        Diagnostic(PROCESS_CONFIG, config.key_spans.get(key) or node.span, {"key": key}, hint=hint)
        for key, node in config.entries.items()
    )


def lower(launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
    """The manifest of an attempt, in the working copy that is taken of its code."""
    argv = [_text(node) for node in (*launch.command.items, *launch.args.items)]
    env: dict[str, JSON] = dict.fromkeys(launch.spec.inherit_env)
    env |= launch.env.entries
    body = {"argv": argv, "env": env, "cwd": f".launchctl/runs/{launch.identity.run_id}/{WORK}"}
    if launch.files:
        body["files"] = dict(launch.files)
    return Manifest.of(body), tuple(_faults(launch))


def _text(node: Node) -> Node:
    """A word of a command line; a number or a boolean is spelled as JSON spells it."""
    if isinstance(node, ScalarNode) and not isinstance(node.value, str | Deferred):
        return ScalarNode(canonical(node.value), node.span)
    return node


def _faults(launch: BoundLaunch) -> Iterator[Diagnostic]:
    for node in (*launch.command.items, *launch.args.items, *launch.env.entries.values()):
        if isinstance(node, ScalarNode) and "\0" in str(node.value):
            yield Diagnostic(NUL_CHARACTER, node.span or launch.spec.span)


def script(body: JSON) -> str:
    """A POSIX script that does what the manifest says: one variable a line, nothing else inherited."""
    inherited = [*INHERITED, *_LOCALE, *(name for name, value in body["env"].items() if value is None)]
    words = [f'${{{name}+"{name}=${name}"}}' for name in dict.fromkeys(inherited)]
    files: Mapping[str, str] = body.get("files", {})
    words += [_quoted(f"{name}={value}", files) for name, value in body["env"].items() if value is not None]
    words += [" ".join(_quoted(word, files) for word in body["argv"])]
    lines = [f"cd {shlex.quote(body['cwd'])} || exit", *_written(files)]
    return _HEADER + "\n".join(lines) + "\nexec env -i \\\n  " + " \\\n  ".join(words) + "\n"


def before_path(text: str, files: Collection[str]) -> str | None:
    """What stands before the path of a file in `PATH` or `NAME=PATH`; None for any other text.

    Such a path is made absolute when the job starts, so that a job that changes its folder finds the file.
    """
    found = (path for path in files if text == path or text.endswith(f"={path}"))
    return next((text.removesuffix(path) for path in found), None)


def _quoted(text: str, files: Collection[str]) -> str:
    before = before_path(text, files)
    if before is None:
        return shlex.quote(text)
    return (shlex.quote(before) if before else "") + '"$PWD"/' + shlex.quote(text.removeprefix(before))


def _written(files: Mapping[str, str]) -> Iterator[str]:
    """Commands that write the files."""
    for path, text in files.items():
        folder, name = shlex.quote(posixpath.dirname(path)), shlex.quote(path)
        yield f"mkdir -p {folder} && printf %s {shlex.quote(text)} > {name} || exit"
