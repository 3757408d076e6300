"""What people write who come from another tool, or from memory, and what it is called here.

Spelling brings nobody from `n_trials` to `run_cap`: these are other words, those of W&B's own command line, Optuna,
Ray, Katib, SageMaker and Hyperopt. They are looked up on the way to an error alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from launchctl.compiler import codes as project_codes
from launchctl.compiler.faults import diagnose
from launchctl.compiler.model.common import Model
from launchctl.compiler.model.reading import Fault
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, descend, plain
from launchctl.diagnostics import Diagnostic, Span
from launchctl.values import JSON, Path, is_list, is_mapping

_SPELLINGS: Mapping[str, str] = {
    "run_cap": "count num_trials n_trials max_trials trials max_trial_count num_samples max_evals max_runs num_runs "
    "n_runs n_iter max_number_of_training_jobs",
    "parallel": "concurrency num_workers workers n_jobs parallelism parallel_trials parallel_trial_count "
    "max_concurrent max_concurrent_trials max_concurrent_jobs max_parallel max_parallel_training_jobs num_agents",
    "early_terminate": "early_stop early_stopping early_termination early_terminator early_stopper pruner stopper",
    "project": "project_name wandb_project",
    "entity": "entity_name wandb_entity team",
    "parameters": "search_space parameter_space param_space space hyperparameters hyper_parameters hparams params "
    "param_grid param_distributions grid sweep_parameters",
    "method": "algorithm search_alg search_algorithm search_method sampler strategy tuner",
    "metric": "objective monitor target_metric optimization_metric objective_metric metric_name objective_metric_name",
    "metric.goal": "goal direction mode optimization_mode",
    "seed": "random_state random_seed rng_seed sampler_seed",
    "program": "script entrypoint entry_point train_script main",
    "repeats": "repeat repetitions num_repeats n_repeats replicates num_seeds",
    "exclude": "exclusions constraints forbidden",
    "when": "conditions conditional conditional_parameters",
    "queue": "queue_name",
    "image_uri": "image docker_image image_name",
}
_GOALS = {"minimize": "min minimum minimise lower low down asc", "maximize": "max maximum maximise higher high up desc"}
_METHODS = {
    "grid": "grid_search sequential all product exhaustive",
    "random": "random_search rand uniform",
    "bayes": "bayesian bayes_search bayes_opt bayesian_optimization bo tpe gp smac",
}
_RULES = {
    "hyperband": "asha successive_halving async_hyperband asynchyperband hyperband_pruner bohb",
    "median": "median_stop median_stopping median_stopping_rule medianstop median_pruner",
    "threshold": "threshold_pruner",
}
_RULE_KEYS = {
    "min_iter": "grace_period min_resource min_steps min_epochs n_warmup_steps warmup start_step",
    "max_iter": "max_t max_resource max_steps max_epochs",
    "eta": "reduction_factor factor",
    "min_trials": "n_startup_trials min_samples_required min_trials_required",
    "s": "brackets num_brackets",
}
_PARAMETER_KEYS = {
    "min": "minimum low lower lower_bound min_value",
    "max": "maximum high upper upper_bound max_value",
    "values": "choices options list categories",
    "distribution": "type dist scaling_type sampling",
    "probabilities": "probs weights p",
    "mu": "mean loc",
    "sigma": "std stddev sd",
    "q": "step step_size",
    "value": "constant fixed",
}


def _by_word(spellings: Mapping[str, str]) -> Mapping[str, str]:
    return {_folded(word): name for name, words in spellings.items() for word in words.split()}


def _folded(word: str) -> str:
    return re.sub("[-_ ]", "", word).casefold()


KEYS, GOALS, METHODS = _by_word(_SPELLINGS), _by_word(_GOALS), _by_word(_METHODS)
RULES, RULE_KEYS, PARAMETER_KEYS = _by_word(_RULES), _by_word(_RULE_KEYS), _by_word(_PARAMETER_KEYS)


def meant(words: Mapping[str, str], word: JSON, known: Container[str | None] = ()) -> str | None:
    """What a word of somebody else's is called here; None where that is said already."""
    found = words.get(_folded(str(word)))
    return None if found in known else found


def has_parameters(keys: Iterable[str]) -> bool:
    """Whether one of the keys of a sweep stands for `parameters`."""
    return any(meant(KEYS, key) == "parameters" for key in keys)


def diagnose_sweep(
    faults: Iterable[Fault], node: MapNode, model: type[Model], where: str, span: Span | None
) -> Iterator[Diagnostic]:
    """The diagnostics of a sweep's faults, with what was most likely meant; `span` is where its name stands."""
    flat = _flat_zip(node)
    if flat is not None:
        yield flat
    for fault in faults:
        if flat is not None and fault.path[:1] == ("zip",):
            continue
        found = diagnose(fault, node, model, where)
        if found.code is project_codes.MISSING_KEY and not fault.path:
            found = replace(found, span=span)
        yield replace(found, hint=_hint(fault, descend(node, fault.path), node) or found.hint)


def _flat_zip(node: MapNode) -> Diagnostic | None:
    """One list of names where lists of them are due."""
    listed = node.entries.get("zip")
    if not isinstance(listed, ListNode) or not all(isinstance(item, ScalarNode) for item in listed.items):
        return None
    names = [str(plain(item)) for item in listed.items]
    if len(names) < 2:
        return None
    arguments: dict[str, object] = {"expected": "a list of lists", "found": "a list of names"}
    return Diagnostic(project_codes.WRONG_VALUE, listed.span, arguments, hint=f"write `zip: [[{', '.join(names)}]]`")


def _hint(fault: Fault, node: Node | None, sweep: MapNode) -> str | None:
    if fault.kind == "extra_forbidden":
        return _called(fault.path, node, sweep)
    value = plain(node) if node is not None else None
    match fault.path:
        case ("metric", "goal"):
            return _did_you_mean(meant(GOALS, value))
        case ("method",):
            return _did_you_mean(meant(METHODS, value))
        case ("metric",) if isinstance(value, str):
            return _metric(sweep)
        case ("metrics",):
            first = value if is_mapping(value) else value[0] if is_list(value) and len(value) == 1 else None
            return f"write `metric: {_flow(first)}`" if is_mapping(first) else None
        case ("exclude",) if is_mapping(value) and value:
            return f"write a list: `exclude: [{_flow(value)}]`"
        case _:
            return None


def _called(path: Path, node: Node | None, sweep: MapNode) -> str | None:
    """What an unknown key is called here."""
    if len(path) != 1:
        return None
    found = meant(KEYS, path[0])
    if found == "metric.goal" or (found == "metric" and isinstance(node, ScalarNode)):
        return _metric(sweep)
    if found is None:
        return None
    return f'"{found}", which is here already, says this' if found in sweep.entries else f'it is called "{found}" here'


def _metric(sweep: MapNode) -> str | None:
    """The metric of a sweep that says its parts in several keys; None where it has one of its own."""
    keys = [key for key in sweep.entries if key == "metric" or meant(KEYS, key) == "metric"]
    names = [name for name in (plain(sweep.entries[key]) for key in keys) if isinstance(name, str)]
    if keys and not names:
        return None
    return f"write `metric: {{name: {names[0] if names else '…'}, goal: {_goal(sweep) or 'minimize'}}}`"


def _goal(sweep: MapNode) -> str | None:
    """Which way is better, where a sweep says so beside its metric."""
    words = [plain(node) for key, node in sweep.entries.items() if meant(KEYS, key) == "metric.goal"]
    goals = (meant(GOALS, word) or (word if word in _GOALS else None) for word in words)
    return next(filter(None, goals), None)


def _did_you_mean(name: str | None) -> str | None:
    return f'did you mean "{name}"?' if name else None


_LONGEST = 80


def _flow(value: JSON) -> str:
    """A short mapping as it may be written on one line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    words = re.sub(r'"([A-Za-z_][\w.-]*)"', lambda found: _plain_word(found[1]), text)
    return words if len(words) <= _LONGEST else "{…}"


def _plain_word(word: str) -> str:
    """Without quotes, where YAML takes it for the same text."""
    return f'"{word}"' if word.casefold() in _NO_TEXTS else word


_NO_TEXTS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
