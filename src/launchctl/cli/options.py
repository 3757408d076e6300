"""The options that commands share, each written once.

A command that is decorated with `with_project` takes a `Selection` in place of the five options
that name a project; one with `with_override` takes an `Override` in place of four.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Concatenate, ParamSpec, TypeAlias, TypeVar, cast

import typer
from typer.models import OptionInfo

from launchctl.addresses import Reference, parse_reference
from launchctl.cli.completion import complete_address
from launchctl.cli.selection import Selection
from launchctl.engine.plan import Override
from launchctl.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")
Bundle = TypeVar("Bundle")


ProjectArgument: TypeAlias = Annotated[
    Path | None,
    typer.Argument(
        metavar="PROJECT",
        help="A project file, or a folder that holds project.yaml; the current folder where none is named.",
        show_default=False,
    ),
]
AddressArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ADDR", help="A run, as in runs.baseline or runs.baseline@g1#a2.", autocompletion=complete_address
    ),
]
AddressesArgument: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="ADDR...", help="Runs; `*` stands for anything.", autocompletion=complete_address),
]
TargetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDR",
        help="Only this address; `*` stands for anything; repeatable.",
        autocompletion=complete_address,
    ),
]
DEFAULT_TRIALS = 20
PlanLimitOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=0,
        metavar="N",
        help=f"Addresses shown a section, 50 unless given, and trials a sweep, {DEFAULT_TRIALS}; 0 for all.",
    ),
]
TrialLimitOption: TypeAlias = Annotated[
    int, typer.Option("--limit", min=0, metavar="N", help="Trials of a sweep; 0 for all.")
]
OffsetOption: TypeAlias = Annotated[
    int, typer.Option("--offset", min=0, metavar="N", help="Trials of a sweep that are passed over.")
]
ApproveOption: TypeAlias = Annotated[bool, typer.Option("--auto-approve", help="Go on without asking.")]

_PROJECT: OptionInfo = typer.Option("-p", "--project", metavar="PATH", help="The project file or its folder.")
_STATE: OptionInfo = typer.Option("--state", metavar="URL", envvar="LAUNCHCTL_STATE", help="Where the state is kept.")
_WORKSPACE: OptionInfo = typer.Option("--workspace", metavar="NAME", help="One of several states of the same project.")
_VARIABLE: OptionInfo = typer.Option("--var", metavar="NAME=VALUE", help="The value of a variable; repeatable.")
_VARIABLE_FILE: OptionInfo = typer.Option(
    "--var-file", metavar="FILE", help="A YAML file with values of variables; repeatable."
)
_RERUN: OptionInfo = typer.Option(
    "--rerun", metavar="ADDR", help="Start a new generation of it; repeatable.", autocompletion=complete_address
)
_RETRY: OptionInfo = typer.Option(
    "--retry-failed", help="Start the next attempt of whatever failed, and what cancelled sweeps left."
)
_ALLOW: OptionInfo = typer.Option(
    "--allow", metavar="WHAT=ADDR", help="`cancel=ADDR` or `supersede=ADDR`, for this once; repeatable."
)


def with_project(
    *, positional: bool = False, hidden: bool = False
) -> Callable[[Callable[Concatenate[Selection, P], T]], Callable[P, T]]:
    """Gives a command the options that name a project; `positional` also its argument PROJECT.

    `hidden` is for commands that need no project: the options are on every command, as the
    contract has it, and have no effect there.
    """
    first = [_parameter("where", ProjectArgument, None)] if positional else []
    options = [
        _parameter("project", Annotated[Path | None, _shown(_PROJECT, hidden=hidden)], None),
        _parameter("state", Annotated[str | None, _shown(_STATE, hidden=hidden)], None),
        _parameter("workspace", Annotated[str, _shown(_WORKSPACE, hidden=hidden)], "default"),
        _parameter("var", Annotated[list[str] | None, _shown(_VARIABLE, hidden=hidden)], None),
        _parameter("var_file", Annotated[list[Path] | None, _shown(_VARIABLE_FILE, hidden=hidden)], None),
    ]

    def decorate(command: Callable[Concatenate[Selection, P], T]) -> Callable[P, T]:
        return _bundle(command, first, options, _selection)

    return decorate


def with_override(command: Callable[Concatenate[Override, P], T]) -> Callable[P, T]:
    """Gives a command the options that change a plan for once."""
    options = [
        _parameter("target", TargetOption, None),
        _parameter("rerun", Annotated[list[str] | None, _RERUN], None),
        _parameter("retry_failed", Annotated[bool, _RETRY], default=False),
        _parameter("allow", Annotated[list[str] | None, _ALLOW], None),
    ]
    return _bundle(command, [], options, _override)


def _shown(option: OptionInfo, *, hidden: bool) -> OptionInfo:
    found = copy.copy(option)
    found.hidden = hidden
    return found


def _parameter(name: str, annotation: object, default: object) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _bundle(
    command: Callable[Concatenate[Bundle, P], T],
    first: list[Parameter],
    options: list[Parameter],
    build: Callable[[Mapping[str, object]], Bundle],
) -> Callable[P, T]:
    """The command with its first parameter replaced by the options that it is built from."""
    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    names = [found.name for found in (*first, *options)]

    @functools.wraps(command)
    def bundled(*args: P.args, **kwargs: P.kwargs) -> T:
        taken = {name: kwargs.pop(name) for name in names}
        return command(build(taken), *args, **kwargs)

    keyword = [found for found in own if found.kind is Parameter.KEYWORD_ONLY]
    positional = [found for found in own if found.kind is not Parameter.KEYWORD_ONLY]
    parameters = [*positional, *first, *keyword, *options]
    bundled.__dict__["__signature__"] = signature.replace(parameters=parameters)
    bundled.__annotations__ = {found.name: found.annotation for found in parameters}
    return bundled


def _selection(taken: Mapping[str, object]) -> Selection:
    where, project = taken.get("where"), taken["project"]
    if where is not None and project is not None and where != project:
        raise UsageError("the project is named twice", hint="name it as PROJECT or with `--project`")
    named = cast("Path | None", where or project)
    return Selection(
        project=named or Path(),
        state=cast("str | None", taken["state"]),
        workspace=cast("str", taken["workspace"]),
        variables=tuple(cast("list[str] | None", taken["var"]) or ()),
        variable_files=tuple(cast("list[Path] | None", taken["var_file"]) or ()),
    )


def _override(taken: Mapping[str, object]) -> Override:
    allowed: dict[str, list[str]] = {"cancel": [], "supersede": []}
    for text in cast("list[str] | None", taken["allow"]) or ():
        what, separator, address = text.partition("=")
        if what not in allowed or not separator or not address:
            raise UsageError(
                f'expected `cancel=ADDR` or `supersede=ADDR`, got "{text}"', hint="as in `--allow cancel=runs.baseline`"
            )
        allowed[what].append(address)
    return Override(
        rerun=tuple(cast("list[str] | None", taken["rerun"]) or ()),
        retry_failed=bool(taken["retry_failed"]),
        allow_cancel=tuple(allowed["cancel"]),
        allow_supersede=tuple(allowed["supersede"]),
        targets=tuple(cast("list[str] | None", taken["target"]) or ()),
    )


def address_of(text: str) -> str:
    """The address that an argument spells, without generation and attempt; raises UsageError for anything else."""
    return str(reference_of(text).address)


def reference_of(text: str) -> Reference:
    """The reference that an argument spells; raises UsageError for anything else."""
    found = parse_reference(text)
    if found is None:
        raise UsageError(f'"{text}" is no address', hint="as in `runs.baseline`, or `runs.baseline@g1#a2`")
    return found
