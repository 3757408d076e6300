"""What a plan compares of a sweep: the form of what its trials share, its search, and the form of one trial. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from launchctl.addresses import Address
from launchctl.compiler.program import Program, SweepSpec
from launchctl.compiler.sweep.codec import from_text, to_text
from launchctl.compiler.sweep.search import MetricSource, Objective, Search, StoppingRule, Trial
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.compiler.sweep.trial import launch_of
from launchctl.engine.fingerprint import Fingerprinter
from launchctl.engine.world import Desired, SweepDesired
from launchctl.errors import LaunchctlError
from launchctl.providers.registry import load_provider
from launchctl.state.model import Form, SweepRecord, TrialRecord
from launchctl.sweeps.searcher import page
from launchctl.values import JSON, canonical, digest_text, format_path, leaves

if TYPE_CHECKING:
    from launchctl.compiler.entries import ResolvedSweep

Table = dict[str, JSON]


def desired_trial(sweep: SweepDesired, trial: Trial, epoch: int) -> Desired:
    """One trial of a sweep in an epoch, as a run."""
    return Desired(launch_of(sweep.spec, trial), trial_form(sweep.form, trial), sweep.provider, epoch)


def recorded_trial(sweep: SweepDesired, address: str, record: TrialRecord, epoch: int) -> Desired:
    """A trial that was drawn before, as the sweep wants it."""
    return desired_trial(sweep, trial_of(address, record), epoch)


def sample_of(search: Search) -> Trial:
    """One trial to look at in the stead of all.

    Raises:
        LaunchctlError: its points cannot be counted, or `exclude` leaves none.
    """
    drawn = replace(search, method="random") if search.method == "bayes" else search
    for trial in page(drawn, 0, 1):
        return trial
    raise LaunchctlError("every point of the grid is excluded", hint="exclude fewer combinations")


def trial_of(address: str, record: TrialRecord) -> Trial:
    """The point of a trial on record."""
    return Trial(address[address.index("[") + 1 : -1], record.index, record.repeat, record.values)


def sweep_desired(
    spec: SweepSpec,
    program: Program,
    fingerprinter: Fingerprinter | None = None,
    resolved: ResolvedSweep | None = None,
) -> SweepDesired:
    """A sweep with its form; `resolved` is what the project writes of it."""
    provider = load_provider(spec.launch.resource)
    form = (fingerprinter or Fingerprinter()).form_of(spec.launch, provider)
    return SweepDesired(spec, _shared_form(form, spec), provider, to_text(spec, program), resolved)


def accepted_sweep(record: SweepRecord) -> SweepDesired:
    """A sweep as its trials are drawn: what is on record, without the project's text."""
    return read_sweep(record.spec)[0]


@lru_cache(maxsize=256)
def read_sweep(text: str) -> tuple[SweepDesired, Program]:
    """The sweep of a recorded specification, with what binding its trials needs of the project; read once."""
    spec, program = from_text(text)
    provider = load_provider(spec.launch.resource)
    form = Fingerprinter().form_of(spec.launch, provider)
    return SweepDesired(spec, _shared_form(form, spec), provider, text), program


def with_seed(sweep: SweepDesired, seed: int, program: Program) -> SweepDesired:
    """The sweep with the seed that it began with, which a rename does not change."""
    spec = replace(sweep.spec, search=replace(sweep.spec.search, seed=seed))
    return sweep_desired(spec, program, resolved=sweep.resolved)


def with_address(sweep: SweepDesired, address: Address, program: Program) -> SweepDesired:
    """The sweep under another name, which is its title too where it has no other."""
    spec = sweep.spec
    title = address.name if spec.title == spec.address.name else spec.title
    launch = replace(spec.launch, address=address)
    return sweep_desired(replace(spec, address=address, launch=launch, title=title), program, resolved=sweep.resolved)


# Forms.


def _shared_form(form: Form, spec: SweepSpec) -> Form:
    """A run's form, completed by what a sweep gives to all its trials alike."""
    tables: dict[str, Table] = json.loads(form.canonical)
    shared: dict[str, JSON] = {
        "parameters": {leaf.name: leaf.values[0] for leaf in spec.search.space.constants},
        "program": spec.program,
        "merge": spec.merge if spec.merge != "deep" else None,
    }
    title = spec.title if spec.title != spec.address.name else None
    described: dict[str, JSON] = {"name": title, "project": spec.project, "entity": spec.entity}
    tables["intent"] |= _flat(shared)
    tables["metadata"] |= _flat(described)
    texts = {name: canonical(tables[name]) for name in ("intent", "placement", "metadata")}
    body = ",".join(f'"{name}":{text}' for name, text in (*texts.items(), ("search", canonical(search_table(spec)))))
    return Form(form.version, "{" + body + "}", *(digest_text(text) for text in texts.values()))


def with_upstream(form: Form, upstream: Mapping[str, int]) -> Form:
    """The form with the generation of each `rerun` dependency that it was accepted on."""
    if upstream == upstream_of(form):
        return form
    tables = {**json.loads(form.canonical), "upstream": dict(upstream)}
    return replace(form, canonical=canonical(tables))


def upstream_of(form: Form) -> Mapping[str, int]:
    """The generations that a sweep was accepted on."""
    found: Mapping[str, int] = json.loads(form.canonical).get("upstream", {})
    return found


def _flat(parts: Mapping[str, JSON]) -> Table:
    said = {name: value for name, value in parts.items() if value not in (None, {})}
    return {format_path(path): value for path, value in leaves(said) if path}


def trial_form(shared: Form, trial: Trial) -> Form:
    """The form of one trial: short, since it names what all share by its fingerprint."""
    intent = canonical({"shared": shared.intent, "repeat": trial.repeat, "values": trial.values})
    text = f'{{"intent":{intent},"placement":{{}},"metadata":{{}}}}'
    return Form(shared.version, text, digest_text(intent), shared.placement, shared.metadata)


def shared_intent(form: Form) -> str:
    """Of the form of a trial: the intent that it shares with all trials of its epoch."""
    intent: Mapping[str, JSON] = json.loads(form.canonical)["intent"]
    found: str = intent.get("shared", "")
    return found


# The search as a flat table: path in the project file to value, absent where it is the default.


def search_table(spec: SweepSpec) -> Table:
    """Everything of a search but its constants, by the names that the project file has for it."""
    search = spec.search
    found: Table = {"method": search.method, "seed": search.seed, **space_table(search.space)}
    if search.objective is not None:
        found |= {f"metric.{name}": value for name, value in _said(search.objective).items()}
    if search.stopping is not None:
        found |= {f"early_terminate.{name}": value for name, value in _stopping(search.stopping).items()}
    found |= _metrics(search.metrics)
    found |= {name: value for name, value in _settings(search).items() if value is not None}
    return found


def _settings(search: Search) -> Table:
    return {
        "order": search.order if search.order != "sorted" else None,
        "repeats": search.repeats if search.repeats != 1 else None,
        "run_cap": search.run_cap,
        "parallel": search.parallel,
    }


def _said(settings: Objective | StoppingRule) -> Table:
    """Settings without those that are as they are by default."""
    defaults = settings._field_defaults
    found = settings._asdict().items()
    return {name: value for name, value in found if name not in defaults or value != defaults[name]}


def _stopping(rule: StoppingRule) -> Table:
    """The rule as it is written: bands follow from the rest."""
    return {
        "type": type(rule).__name__.lower(),
        **{name: value for name, value in _said(rule).items() if name != "bands"},
    }


def _metrics(source: MetricSource) -> Table:
    match source.kind:
        case "lines":
            return {}
        case "pattern":
            return {"metrics_from.log": source.pattern}
        case "regex":
            return {f"metrics_from.regex.{name}": text for name, text in source.expressions}
        case "wandb":
            return {"metrics_from": "wandb"}


def space_table(space: Space) -> Table:
    """What is searched, without the places where it is written."""
    found: Table = {}
    for leaf in space.searched:
        found |= {f"parameters.{leaf.name}.{name}": value for name, value in _leaf(leaf)}
    if space.zips:
        found["zip"] = [[".".join(path) for path in group] for group in space.zips]
    if space.exclude:
        found["exclude"] = [{".".join(path): value for path, value in point} for point in space.exclude]
    for place, rule in enumerate(space.conditions):
        found[f"when[{place}]"] = {".".join(rule.path): {".".join(rule.parent): _plain(rule.values)}}
    return found


def parameters_of(space: Space) -> Mapping[str, JSON]:
    """Every parameter by its name, with its distribution and the keys that it has."""
    return {leaf.name: {"value": leaf.values[0]} if leaf.is_constant else dict(_leaf(leaf)) for leaf in space.leaves}


_LEAF_KEYS: Mapping[Distribution, tuple[str, ...]] = {
    Distribution.CATEGORICAL: ("values",),
    Distribution.CATEGORICAL_W_PROBABILITIES: ("values", "probabilities"),
    Distribution.INT_UNIFORM: ("low", "high"),
    Distribution.UNIFORM: ("low", "high"),
    Distribution.Q_UNIFORM: ("low", "high", "q"),
    Distribution.LOG_UNIFORM_VALUES: ("low", "high"),
    Distribution.Q_LOG_UNIFORM_VALUES: ("low", "high", "q"),
    Distribution.INV_LOG_UNIFORM_VALUES: ("low", "high"),
    Distribution.NORMAL: ("mu", "sigma"),
    Distribution.Q_NORMAL: ("mu", "sigma", "q"),
    Distribution.LOG_NORMAL: ("mu", "sigma"),
    Distribution.Q_LOG_NORMAL: ("mu", "sigma", "q"),
    Distribution.BETA: ("a", "b"),
    Distribution.Q_BETA: ("a", "b", "q"),
}
_WRITTEN_AS = {"low": "min", "high": "max"}


def _leaf(leaf: Leaf) -> Iterator[tuple[str, JSON]]:
    yield "distribution", leaf.distribution.value
    for name in _LEAF_KEYS[leaf.distribution]:
        yield _WRITTEN_AS.get(name, name), _plain(getattr(leaf, name))


def _plain(value: JSON) -> JSON:
    return list(value) if isinstance(value, tuple) else value
