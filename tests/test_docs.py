"""What the documents say is what the code does: links, tables and references are checked, and some are made.

Text between `<!-- generated: NAME -->` and `<!-- end -->` is written by the function of that name
here; `pytest tests/test_docs.py --update` writes it anew.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import launchctl
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.main import COMMANDS
from launchctl.cli.views.plan_outline import SYMBOLS
from launchctl.compiler import model
from launchctl.diagnostics import Code
from launchctl.engine.decision import TABLE, Changed, removed
from launchctl.engine.plan import Reason
from launchctl.engine.sweep.table import TABLE as SWEEP_TABLE
from launchctl.providers.docker.fields import UPDATABLE
from launchctl.providers.docker.options import OPTIONS, Option
from launchctl.status import Status

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "changelog.d/README.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
    if ".launchctl" not in path.parts and ".venv" not in path.parts
)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
_GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def codes() -> tuple[Code, ...]:
    """Every diagnostic code of the package, by name."""
    found: dict[str, Code] = {}
    for module in pkgutil.walk_packages(launchctl.__path__, "launchctl."):
        if module.name.endswith("codes"):
            found |= {code.name: code for code in import_module(module.name).CODES}
    return tuple(found[name] for name in sorted(found))


# What is generated.


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def decision_table() -> str:
    """The table of the planner; rows with equal cells are shown together."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for status, cells in TABLE.items():
        row = tuple(cells[changed].value for changed in Changed)
        rows.setdefault(row, []).append(status.value if status else "never run")
    head = ("latest status", "nothing changed", *(changed.value for changed in Changed if changed.value != "nothing"))
    return _table(head, ((", ".join(statuses), *row) for row, statuses in rows.items()))


def removal_table() -> str:
    """What becomes of a run that is gone from the file."""
    rows: dict[str, list[str]] = {}
    for status in Status:
        rows.setdefault(removed(status).value, []).append(status.value)
    return _table(("latest status", "what is done"), ((", ".join(names), what) for what, names in rows.items()))


def diagnostics() -> str:
    """Every code with its sentence and its explanation."""
    return "".join(
        f"\n## {code.name}\n\n{code.severity.value.capitalize()}: {_sentence(code)}\n\n{code.explanation}\n"
        for code in codes()
    )


def _sentence(code: Code) -> str:
    placeholder = re.sub(r"(?<!\{)\{([a-z_]+)[^{}]*\}(?!\})", r"<\1>", code.sentence)
    return "`" + placeholder.replace("{{", "{").replace("}}", "}").replace("`", "'") + "`"


def keys_of(name: str) -> Callable[[], str]:
    """The table of a model's keys."""

    def table() -> str:
        found = _model(name)
        shared = model.RunSettings.model_fields if found in {model.Job, model.Run, model.Sweep} else {}
        meanings = _meanings(found)
        rows = (
            (f"`{field.alias or key}`", _default(field), meanings[key])
            for key, field in found.model_fields.items()
            if key not in shared
        )
        return _table(("key", "unless given", "meaning"), rows)

    return table


def _meanings(found: type[BaseModel]) -> dict[str, str]:
    """The docstring of each attribute, those of its bases included."""
    meanings: dict[str, str] = {}
    for part in reversed(found.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0]
            assert isinstance(body, ast.ClassDef)
            for field, text in pairwise(body.body):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    assert isinstance(field.target, ast.Name)
                    assert isinstance(text.value, ast.Constant)
                    meanings[field.target.id] = " ".join(str(text.value.value).split()).rstrip(".")
    return meanings


def _model(name: str) -> type[BaseModel]:
    for module in pkgutil.iter_modules(model.__path__, f"{model.__name__}."):
        found = getattr(import_module(module.name), name, None)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    raise LookupError(name)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: object = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, "", {}, ()) or isinstance(value, BaseModel):
        return ""
    shown = [str(item) for item in value] if isinstance(value, tuple) else value
    spelled = str(shown).replace("'", "") if isinstance(shown, list) else str(shown)
    return f"`{spelled.lower() if isinstance(value, bool) else spelled}`"


def sweep_edits() -> str:
    """What an edit of a sweep means, by the method of its search; rows with equal cells are shown together."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for edited, effects in SWEEP_TABLE.items():
        rows.setdefault(tuple(effect.value for effect in effects.values()), []).append(edited.value)
    head = ("edited", *next(iter(SWEEP_TABLE.values())))
    return _table(head, (("; ".join(edited), *row) for row, edited in rows.items()))


def docker_options() -> str:
    """The options of a docker configuration."""
    rows = (
        (f"`{option.name}`", _spellings(option), option.kind.expected, option.field_class.value, option.api)
        for option in OPTIONS
        if not option.owner
    )
    return _table(("option", "also", "takes", "class", "engine API from"), rows)


def _spellings(option: Option) -> str:
    return ", ".join(f"`{name}`" for name in (option.short, *option.aliases) if name)


def docker_owned() -> str:
    """The options that a docker configuration may not set."""
    return _table(("option", "because"), ((f"`{found.name}`", found.owner) for found in OPTIONS if found.owner))


GENERATORS: dict[str, Callable[[], str]] = {
    "decision-table": decision_table,
    "removal-table": removal_table,
    "diagnostics": diagnostics,
    "sweep-edits": sweep_edits,
    "docker-options": docker_options,
    "docker-owned": docker_owned,
    "docker-updatable": lambda: ", ".join(f"`{name}`" for name in UPDATABLE) + ".\n",
    "commands": lambda: _table(
        ("command", "what it does"), ((f"`{name}`", text.rstrip(".")) for name, text in COMMANDS.items())
    ),
    **{f"keys-{key}": keys_of(name) for key, name in {
        "project": "ProjectFile",
        "wandb": "Wandb",
        "secret": "Secret",
        "guard-rails": "GuardRails",
        "agent": "Agent",
        "agent-environment": "AgentEnvironment",
        "builder": "Builder",
        "queue": "Queue",
        "job": "Job",
        "source": "JobSource",
        "inputs": "Inputs",
        "schema-file": "SchemaFile",
        "run": "Run",
        "run-settings": "RunSettings",
        "retry": "Retry",
        "lifecycle": "Lifecycle",
        "dependency": "DependencyUse",
        "sweep": "Sweep",
        "parameter": "Parameter",
        "metric": "Metric",
        "hyperband": "Hyperband", "threshold": "Threshold", "median": "Median", "metric-text": "MetricText",
    }.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_generated_text_is_current(name: str, update: bool) -> None:
    path = ROOT / name
    text = path.read_text()
    current = _GENERATED.sub(lambda match: f"{match[1]}{GENERATORS[match['name']]()}{match[3]}", text)
    if update and current != text:
        path.write_text(current)
    assert path.read_text() == current, "run `pytest tests/test_docs.py --update`"


def test_every_generator_is_used() -> None:
    used = {match["name"] for path in DOCUMENTS for match in _GENERATED.finditer(path.read_text())}
    assert used == set(GENERATORS)


# What is written by hand.


def _anchors(path: Path) -> set[str]:
    headings = _HEADING.findall(_FENCE.sub("", path.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    broken: list[str] = []
    for match in _LINK.finditer(_FENCE.sub("", path.read_text())):
        target, _, anchor = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (path.parent / target).resolve() if target else path
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in _anchors(found)):
            broken.append(match["target"])
    assert broken == []


def _yaml_blocks() -> list[tuple[str, str]]:
    found = ((path, _FENCE.findall(path.read_text())) for path in DOCUMENTS)
    return [
        (str(path.relative_to(ROOT)), textwrap.dedent(block.partition("\n")[2].rpartition("\n")[0]))
        for path, blocks in found
        for block in blocks
        if block.startswith("```yaml\n")
    ]


@pytest.mark.parametrize(("name", "block"), _yaml_blocks())
def test_every_piece_of_a_project_is_valid(name: str, block: str, tmp_path: Path) -> None:
    head = "" if block.startswith("version:") else "version: 1\nproject: piece\n"
    (tmp_path / "project.yaml").write_text(head + block)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "train.py").touch()
    launchctl = Path(sys.executable).with_name("launchctl")
    answer = subprocess.run([launchctl, "validate", tmp_path], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def _text(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_the_symbols_of_a_plan_are_documented() -> None:
    section = _text("plan-and-apply.md").partition("## Reading a plan")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?:`(.)`)? ?\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert {action: symbol or " " for symbol, action in rows} == {action.value: SYMBOLS[action] for action in SYMBOLS}


def test_the_reasons_of_a_plan_are_documented() -> None:
    (found,) = re.findall(r"closed list: `([a-z_\s]+)`", _text("plan-and-apply.md"))
    assert found.split() == [reason.value for reason in Reason]


def test_every_exit_code_is_documented() -> None:
    section = _text("cli.md").partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == sorted(ExitCode)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"^## `launchctl {command}\b", _text("cli.md"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command: str) -> None:
    launchctl = Path(sys.executable).with_name("launchctl")
    shown = subprocess.run([launchctl, command, "--help"], capture_output=True, text=True, check=True).stdout
    section = _text("cli.md").partition(f"## `launchctl {command}")[2].partition("\n## ")[0]
    common = _text("cli.md").partition("## Options of every command")[2].partition("\n## ")[0]
    if command in {"plan", "apply"}:
        common += _text("cli.md").partition("### For once")[2].partition("\n## ")[0]
    options: set[str] = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", shown, re.MULTILINE)) - {"--help"}
    spelled = [{"--output": "-o", "--follow": "-f"}.get(name) or name for name in sorted(options)]
    assert [name for name in spelled if name not in section + common] == []


def test_every_code_has_a_name_and_sentences_in_our_style() -> None:
    wrong = [
        code.name
        for code in codes()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)
        or code.sentence.endswith(".")
        or code.sentence[0].isupper()
        or not re.search(r"(\.|\n    .+)$", code.explanation)
    ]
    assert wrong == []


def test_every_function_that_the_architecture_names_is_there() -> None:
    named = re.findall(r"`((?:compiler|engine|schemas|state|images)(?:\.\w+)+)`", _text("architecture.md"))
    assert named
    assert [name for name in named if not _exists(f"launchctl.{name}")] == []


def _exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(module), attribute) or bool(import_module(name))
    except ModuleNotFoundError:
        return False


def test_every_decision_is_listed() -> None:
    pages = {path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    assert set(re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", _text("decisions/README.md"))) == pages
