"""One run, expanded: its parts rendered and put together, or what is wrong with it.

Neighbours: `parts` renders and remembers, `jobs` reads what all runs of a job share, `slots`
chooses what templates may name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from launchctl import addresses
from launchctl.compiler import expand_codes as codes
from launchctl.compiler.context import CompileContext
from launchctl.compiler.entries import QueueEntry, ResolvedProject, ResolvedRun
from launchctl.compiler.environment import CHOSEN_UNLESS_SAID, owned_name, sweep_variables, wandb_variables, with_inputs
from launchctl.compiler.inherit import Variables, variables_of
from launchctl.compiler.inputs import InputRules, changed_files, changed_inputs
from launchctl.compiler.jobs import JobReader, Recipe, list_at, mapping_at
from launchctl.compiler.merge import CONFIG, INPUTS, MergeRules
from launchctl.compiler.node import EMPTY_LIST, EMPTY_MAP, ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.parts import CommandScope, Kind, Parts
from launchctl.compiler.program import CodeSource, ImageSource, LaunchSpec, Lifecycle, Priority, RetryPolicy, Source
from launchctl.compiler.rails import replaced_rails
from launchctl.compiler.slots import SlotReader, Slots, notes_of, paths_of
from launchctl.compiler.templates import Use
from launchctl.diagnostics import Diagnostic, Note, has_errors

if TYPE_CHECKING:
    from launchctl.compiler.model import RunSettings, Settings

_Split: TypeAlias = tuple[MapNode, tuple[str, ...]]
_NO_LIFECYCLE, _NO_RETRY = Lifecycle(), RetryPolicy()


@dataclass(slots=True)
class _Draft:
    """A run while its parts are rendered."""

    run: ResolvedRun
    recipe: Recipe
    slots: Slots
    faults: list[Diagnostic]
    sweep: CommandScope | None = None
    missing: dict[str, list[Use]] = field(default_factory=dict[str, list[Use]])


class _Pieces(NamedTuple):
    """The rendered trees of a run."""

    image: ScalarNode | None
    command: ListNode
    args: ListNode
    env: MapNode
    inherit_env: tuple[str, ...]
    inputs: MapNode
    files: MapNode
    config: MapNode


class RunExpander:
    """Expands the runs of one project, and gathers what is wrong with them."""

    def __init__(self, resolved: ResolvedProject, context: CompileContext) -> None:
        settings = resolved.project.settings
        self._agents = resolved.agents
        self._context = context
        self._jobs = JobReader(context)
        absent = {"author": not settings.author, "entity_name": not settings.entity}
        missing = frozenset(name for name, is_absent in absent.items() if is_absent)
        chosen = settings.wandb.environment
        self._owned = CHOSEN_UNLESS_SAID if chosen is True else tuple(chosen or ())
        secrets = frozenset(secret.model.env for secret in resolved.project.secrets.values() if secret.model.env)
        self._parts = Parts(frozenset(settings.environment), missing, self._owned, secrets)
        self._env_by_layers: dict[tuple[int, int, bool], tuple[Variables, Node | None, _Split]] = {}
        self._ours = {has_image: _ours(settings, self._owned, has_image=has_image) for has_image in (True, False)}
        self._wandb: dict[tuple[int, int, bool], tuple[Node, Node, Mapping[str, str]]] = {}
        self.slots = SlotReader(resolved.project, context.variables)
        self._policy = resolved.project.settings.policies.run
        self.found: list[Diagnostic] = []

    def expand(self, run: ResolvedRun, sweep: CommandScope | None = None) -> LaunchSpec | None:
        """The specification of a run, or of what the trials of a sweep share; None where anything is wrong with it."""
        recipe = self._jobs.read(run.job)
        slots, faults = self.slots.of_run(run)
        faults = [*self._jobs.faults(run), *self._secret_faults(run), *self._rail_faults(run), *faults]
        draft = _Draft(run, recipe, slots, faults, sweep)
        pieces = self._pieces(draft)
        draft.faults += (*self._missing(draft), *self._input_faults(draft), *self._conflicts(draft, pieces))
        if recipe.code is not None and not pieces.command.items:
            draft.faults.append(_empty_command(run))
        self.found += draft.faults
        is_missing = self.slots.note_missing(draft.missing)
        source = recipe.code or (ImageSource(pieces.image) if pieces.image is not None else None)
        is_broken = source is None or is_missing or has_errors(draft.faults)
        return self._spec(run, recipe, source, pieces) if source is not None and not is_broken else None

    def values(self, run: ResolvedRun, node: Node, name: str) -> Node | None:
        """A tree of values of a run with its templates filled in; None where anything is wrong with them."""
        slots, _ = self.slots.of_run(run)  # whose faults `expand` tells
        part = self._parts.fill_in(node, slots, name)
        draft = _Draft(run, self._jobs.read(run.job), slots, [*part.faults], missing=dict(part.missing))
        draft.faults += self._missing(draft)
        self.found += draft.faults
        is_missing = self.slots.note_missing(draft.missing)
        return None if is_missing or has_errors(draft.faults) else part.node

    def input_rules(self, run: ResolvedRun) -> InputRules:
        """Which values of its job a run may change."""
        return self._jobs.read(run.job).rules

    def has_files(self, run: ResolvedRun) -> bool:
        """Whether the target of a run can deliver files; one that is not known might."""
        target = self._context.capabilities_by_resource.get(run.resource)
        return target is None or target.file_folder is not None

    def files_of(self, source: CodeSource) -> frozenset[str]:
        """Names of the files in a code folder, which was read before."""
        return frozenset(file.name for file in self._context.code(source.path, source.ignore).files)

    def check_queue(self, queue: QueueEntry) -> None:
        """Finds what is wrong with the configuration of a queue that no run uses."""
        config = self._parts.merge(EMPTY_MAP, mapping_at(queue.node, "config"))
        self.found += self._parts.render(config, self.slots.of_queue(queue), Kind.CONFIG, has_image=True).faults

    def _pieces(self, draft: _Draft) -> _Pieces:
        """The trees of a run: what it says merged over its job's and its queue's, rendered."""
        run, recipe = draft.run, draft.recipe
        config = self._parts.merge(EMPTY_MAP, mapping_at(run.queue.node, "config"))
        env, inherited = self._env(run, recipe)
        image = self._render(draft, recipe.image, Kind.IMAGE) if recipe.image is not None else None
        return _Pieces(
            image=image if isinstance(image, ScalarNode) else None,
            command=self._list(draft, list_at(run.node, "command") or recipe.command, Kind.COMMAND),
            args=self._list(draft, list_at(run.node, "args") or EMPTY_LIST, Kind.ARGS),
            env=self._map(draft, env, Kind.ENV),
            inherit_env=inherited,
            inputs=self._map(draft, self._over(recipe.inputs, mapping_at(run.node, "config"), INPUTS), Kind.INPUTS),
            files=self._map(draft, mapping_at(run.node, "files"), Kind.FILES),
            config=self._map(draft, self._over(config, mapping_at(run.node, "resource"), CONFIG), Kind.CONFIG),
        )

    def _over(self, base: MapNode, over: MapNode, rules: MergeRules) -> MapNode:
        return self._parts.merge(base, over, rules) if over.entries else base

    def _env(self, run: ResolvedRun, recipe: Recipe) -> tuple[MapNode, tuple[str, ...]]:
        """The variables of a run that have a value, and the names of those that its target inherits."""
        target = self._context.capabilities_by_resource.get(run.resource)
        inherits = target is not None and target.inherits_environment
        own = run.node.entries.get("env")
        key = (id(recipe.env), id(own), inherits)
        if key not in self._env_by_layers:
            found = variables_of(own).over(recipe.env)
            split = (found.without_inherited(), tuple(found.inherited)) if inherits else (found.values, ())
            self._env_by_layers[key] = (recipe.env, own, split)
        return self._env_by_layers[key][2]

    def _render(self, draft: _Draft, node: Node, kind: Kind) -> Node:
        has_image = draft.recipe.image is not None
        part = self._parts.render(node, draft.slots, kind, has_image=has_image, sweep=draft.sweep)
        if part.faults:
            draft.faults += part.faults
        for name, uses in part.missing.items():
            draft.missing.setdefault(name, []).extend(uses)
        return part.node

    def _map(self, draft: _Draft, node: MapNode, kind: Kind) -> MapNode:
        rendered = self._render(draft, node, kind)
        return rendered if isinstance(rendered, MapNode) else EMPTY_MAP

    def _list(self, draft: _Draft, node: ListNode, kind: Kind) -> ListNode:
        rendered = self._render(draft, node, kind)
        return rendered if isinstance(rendered, ListNode) else EMPTY_LIST

    def _spec(self, run: ResolvedRun, recipe: Recipe, source: Source, pieces: _Pieces) -> LaunchSpec:
        model = run.model
        return LaunchSpec(
            address=run.address,
            job=recipe.name,
            queue=run.queue.name,
            resource=run.resource,
            source=source,
            span=run.span,
            command=pieces.command,
            args=pieces.args,
            env=pieces.env,
            inherit_env=pieces.inherit_env,
            secrets=run.secrets,
            inputs=pieces.inputs,
            files=pieces.files,
            config=pieces.config,
            wandb=self._wandb_of(run, pieces, has_image=isinstance(source, ImageSource)),
            classes=recipe.classes,
            agents=self._agents.get(run.queue.name, ()),
            priority=Priority(model.priority) if model.priority else Priority.MEDIUM,
            depends_on=run.depends_on,
            retry=RetryPolicy(model.retry.max, model.retry.on, model.retry.backoff) if model.retry else _NO_RETRY,
            lifecycle=_lifecycle(model),
            timeout=model.timeout,
            run_token=model.run_token,
            description=_description(run),
        )

    def _wandb_of(self, run: ResolvedRun, pieces: _Pieces, *, has_image: bool) -> Mapping[str, str]:
        """The `WANDB_*` variables; runs with the same inputs share them."""
        key = (id(pieces.inputs), id(pieces.files), has_image)
        if key not in self._wandb:
            found = with_inputs(self._ours[has_image], pieces.inputs, pieces.files)
            self._wandb[key] = (pieces.inputs, pieces.files, found)
        found = self._wandb[key][2]
        if run.address.kind is addresses.Kind.SWEEPS:
            more = sweep_variables(run.address.name)
            found = {**found, **{name: text for name, text in more.items() if name in self._owned}}
        return found

    # --- what is wrong with it ---

    def _secret_faults(self, run: ResolvedRun) -> Iterator[Diagnostic]:
        target = self._context.capabilities_by_resource.get(run.resource)
        for secret in run.secrets.values():
            if target is not None and secret.kind not in target.secrets:
                arguments = {"name": secret.name, "kind": secret.kind, "resource": run.resource}
                hint = f"it takes secrets of kind {', '.join(sorted(target.secrets)) or 'none'}"
                yield Diagnostic(codes.SECRET_NOT_SUPPORTED, secret.span, arguments, _queue_note(run), hint)

    def _rail_faults(self, run: ResolvedRun) -> Iterator[Diagnostic]:
        resource = mapping_at(run.node, "resource")
        if resource.entries and self._policy != "open":
            yield from replaced_rails(mapping_at(run.queue.node, "config"), resource)

    def _missing(self, draft: _Draft) -> Iterator[Diagnostic]:
        """Template variables of the queue that have neither a value nor a default."""
        for name, uses in draft.missing.items():
            if name not in self.slots.vars:
                run = draft.run
                given = run.node.entries.get("templates")
                guard = self.slots.guard(run.queue.name, name)
                notes = (Note(f"{name} is declared here", guard.span), *notes_of(uses))
                hint = f"give {run.address} a value: `templates: {{{name}: …}}`, or the variable a `default`"
                arguments = {"name": name, "paths": paths_of(uses)}
                span = given.span if given is not None else run.span
                yield Diagnostic(codes.MISSING_TEMPLATE_VALUE, span, arguments, notes, hint)

    def _input_faults(self, draft: _Draft) -> Iterator[Diagnostic]:
        yield from changed_inputs(mapping_at(draft.run.node, "config"), draft.recipe.rules)
        yield from changed_files(mapping_at(draft.run.node, "files"), draft.recipe.rules_by_file)

    def _conflicts(self, draft: _Draft, pieces: _Pieces) -> Iterator[Diagnostic]:
        """Variables of the user that ours would overwrite, or the other way round."""
        env = pieces.env
        spans = {name: env.key_spans.get(name) for name in (*env.entries, *pieces.inherit_env)}
        spans |= {name: secret.span for name, secret in draft.run.secrets.items()}
        for name, span in spans.items():
            owned = owned_name(name, self._owned) if name.startswith("WANDB_") else None
            if owned is not None:
                hint = "leave it out, or say what launchctl sets: `wandb: {environment: false}`, or a list of names"
                yield Diagnostic(codes.WANDB_CONFLICT, span or env.span or draft.run.span, {"name": name}, hint=hint)


def _ours(settings: Settings, owned: tuple[str, ...], *, has_image: bool) -> Mapping[str, str]:
    """The variables that launchctl sets in this project, for a run without inputs."""
    found = wandb_variables(
        settings.wandb.base_url,
        has_entity=bool(settings.entity),
        has_author=bool(settings.author),
        has_image=has_image,
    )
    return {name: text for name, text in found.items() if name in owned}


def _empty_command(run: ResolvedRun) -> Diagnostic:
    hint = "say how the code is run: `command: [python, train.py]`"
    notes = (Note(f'job "{run.job.name}" is declared here', run.job.span),)
    return Diagnostic(codes.EMPTY_COMMAND, run.span, {"address": run.address}, notes, hint)


def _queue_note(run: ResolvedRun) -> tuple[Note, ...]:
    return (Note(f'queue "{run.queue.name}" is declared here', run.queue.span),)


def _description(run: ResolvedRun) -> str | None:
    """The run's own; a job with a queue has one for both."""
    is_job = run.address.name == run.job.name and run.address.kind is addresses.Kind.RUNS
    return run.model.description or (run.job.model.description if is_job else None)


def _lifecycle(model: RunSettings) -> Lifecycle:
    found = model.lifecycle
    if found is None:
        return _NO_LIFECYCLE
    return Lifecycle(found.protect, found.on_change, found.on_remove, found.rerun_on, found.live_update)
