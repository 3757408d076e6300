"""The words of a sweep in a plan that its text, markdown and page share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod

from launchctl.cli.views.plan_outline import why
from launchctl.cli.views.sweep_text import number, short_value
from launchctl.cli.views.text import Line, Segment, clip, counted, line, listed, shorten, visible
from launchctl.compiler.sweep.search import Hyperband, Median, Search, Threshold, Trial
from launchctl.compiler.sweep.space import ParameterPath
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.plan import Action, Change, Reason
from launchctl.engine.sweep.outline import SweepOutline
from launchctl.sweeps.factors import Factor
from launchctl.values import JSON, canonical, is_mapping

Outlines = Mapping[str, SweepOutline]
DEFAULT_TRIALS = 20
_MOST_FACTORS = 12
_LONGEST_VALUE = 40
_LONGEST_FACT = 300
_TIMES = " \u00d7 "
_OF_EPOCHS = frozenset({Reason.EPOCH_CHANGED, Reason.REQUESTED, Reason.UPSTREAM})
_EDITED = frozenset({Reason.INTENT_CHANGED, Reason.PLACEMENT_CHANGED, Reason.METADATA_CHANGED})


def sweep_verb(change: Change) -> str:
    """`10,000 trials`, `epoch 2, 10,000 trials`, `10 new trials`; empty where the action says it."""
    trials = change.trials
    if trials is None or change.action is not Action.START:
        return ""
    if trials.size is not None and trials.start == trials.size:
        epoch = f"epoch {change.generation}, " if change.generation > 1 else ""
        return f"{epoch}{counted(trials.start, 'trial')}"
    return counted(trials.start, "new trial")


def sweep_why(change: Change) -> str:
    """The reason, in words."""
    return "the sweep was edited" if change.reason in _EDITED else why(change)


def sweep_facts(change: Change, outline: SweepOutline | None) -> Iterator[str]:
    """What there is to say of a sweep, a sentence a line; user's texts are in it as they are."""
    counts = _counts(change)
    if counts:
        yield counts
    if outline is None:
        return
    if outline.factors:
        yield _size_words(outline, change.trials.size if change.trials else None)
    yield "; ".join(filter(None, (_goal(outline.search), _rule(outline.search), ", ".join(outline.limits))))
    inferred = [f"{found.name} {found.distribution.value}" for found in outline.factors if found.is_inferred]
    if inferred:
        yield f"distributions inferred: {listed(inferred, _MOST_FACTORS)}"
    if outline.argv:
        yield f"command: {canonical(outline.argv)}"


def trial_words(trial: Trial, outline: SweepOutline) -> str:
    """`learning_rate 0.1, optimizer.name adam`: what varies, where it exists."""
    found = ((leaf.name, _value_at(trial.values, leaf.path)) for leaf in outline.search.space.searched)
    return ", ".join(f"{name} {clip(short_value(value[0]), _LONGEST_VALUE)}" for name, value in found if value)


def trials_left(change: Change, outline: SweepOutline) -> int:
    """How many trials come after those that are listed."""
    return (change.trials.start if change.trials else 0) - outline.offset - len(outline.trials)


def paging(left: int, outline: SweepOutline) -> str:
    """How the others are seen."""
    if outline.search.method == "bayes":
        return f"+ {left:,}{' more' if outline.trials else ''}, chosen as results come in"
    return f"+ {left:,} more (`--limit`, `--offset`)"


def _value_at(values: JSON, path: ParameterPath) -> tuple[JSON] | None:
    for part in path:
        if not is_mapping(values) or part not in values:
            return None
        values = values[part]
    return (values,)


def _counts(change: Change) -> str:
    """`10 new, 40 waiting, 2 running, 48 finished, 1 held, 4 leave the search`; empty for what was never accepted."""
    trials = change.trials
    if trials is None:
        return ""
    old = (
        (trials.waiting, "waiting"),
        (trials.running, "running"),
        (trials.finished, "finished"),
        (trials.held, "held"),
        (trials.dropped, _dropped(change)),
    )
    told = [f"{count:,} {word}" for count, word in old if count]
    new = [f"{trials.start:,} new"] if trials.start else []
    if not told:
        return ""
    if _is_new_epoch(change):
        return f"trials: {new[0]}; of the epoch before: {', '.join(told)}"
    return "trials: " + ", ".join([*new, *told])


def _dropped(change: Change) -> str:
    """What an edit takes from the search may have ended and is history then; what an epoch or a sweep that does not go
    on leaves over never began."""
    if change.action is Action.FORGET or _is_new_epoch(change):
        return "dropped"
    return "leaves the search" if change.trials and change.trials.dropped == 1 else "leave the search"


def _is_new_epoch(change: Change) -> bool:
    """Whether all trials start anew, beside those of an epoch before."""
    trials = change.trials
    starts_all = trials is not None and change.action is Action.START and 0 < trials.start == trials.size
    return starts_all and change.generation > 1 and change.reason in _OF_EPOCHS


def _size_words(outline: SweepOutline, size: int | None) -> str:
    """`learning_rate 10 x batch_size 10 = 100`, with what becomes of the product."""
    search = outline.search
    if search.method != "grid":
        return ", ".join(map(_axis, _some(outline.factors)))
    crossed = [found for found in outline.factors if found.multiplies]
    parts = [f"{'+'.join((found.name, *found.zipped))} {found.count or '?'}" for found in _some(crossed)]
    if len(crossed) > _MOST_FACTORS:
        parts.append(f"{len(crossed) - _MOST_FACTORS} more")
    parts += [f"{search.repeats} repeats"] if search.repeats > 1 else []
    whole = prod(found.count or 1 for found in crossed) * search.repeats
    return f"{_TIMES.join(parts)} = {whole:,}{_left_of(whole, size, search)}"


def _left_of(whole: int, size: int | None, search: Search) -> str:
    if size is None or size == whole:
        return ""
    if size == search.run_cap:
        return f", of which `run_cap` leaves {size:,}"
    space = search.space
    names = [name for name, said in (("`exclude`", space.exclude), ("`when`", space.conditions)) if said]
    if not names:
        return f", of which {size:,} differ"
    return f", of which {' and '.join(names)} {'leave' if len(names) > 1 else 'leaves'} {size:,}"


def _some(factors: Iterable[Factor]) -> list[Factor]:
    return list(factors)[:_MOST_FACTORS]


def _axis(factor: Factor) -> str:
    return f"{factor.name} {factor.distribution.value if factor.count is None else counted(factor.count, 'value')}"


def _goal(search: Search) -> str:
    objective = search.objective
    if objective is None:
        return "no metric"
    target = "" if objective.target is None else f" until {number(objective.target)}"
    return f"{objective.goal} {objective.name}{target}"


def _rule(search: Search) -> str:
    match search.stopping:
        case Hyperband(bands=bands, eta=eta):
            shown = ", ".join(str(band) for band in bands[:4]) + (", …" if len(bands) > 4 else "")
            return f"hyperband at iterations {shown} keeps 1 in {eta:g}"
        case Threshold(min_iter=first, value=value):
            return f"stopped where worse than {value:g} from iteration {first}"
        case Median(min_iter=first):
            return f"stopped where worse than the median from iteration {first}"
        case None:
            return ""


# For a terminal.


def sweep_lines(change: Change, outline: SweepOutline | None) -> Iterator[Line]:
    """What a sweep consists of, and the first of the trials that start."""
    for fact in sweep_facts(change, outline):
        yield line(f"      {shorten(visible(fact), _LONGEST_FACT)}")
    if outline is None:
        return
    keys = short_keys(trial.key for trial in outline.trials)
    width = max((len(key) for key in keys.values()), default=0)
    for trial in outline.trials:
        key = f"[{keys[trial.key]}]"
        yield line(
            Segment(f"        {key:<{width + 2}}  ", "dim"),
            shorten(visible(trial_words(trial, outline)), _LONGEST_FACT),
        )
    if trials_left(change, outline) > 0:
        yield line(Segment(f"        {paging(trials_left(change, outline), outline)}", "dim"))
