"""What a project wants at the addresses of objects that no state knows, trials of its sweeps included."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.engine.pipeline import Compiled
from launchctl.engine.sweep.form import desired_trial
from launchctl.engine.sweep.tally import key_of, sweep_of
from launchctl.engine.world import Desired
from launchctl.state.model import Standing, State, SweepRecord, TrialRecord
from launchctl.sweeps import searcher

_PAGE = 256


class Wanted:
    """Runs by address, and trials by the address of the object that was found."""

    def __init__(self, compiled: Compiled, addresses: Collection[str]) -> None:
        self._compiled = compiled
        self._trials: dict[str, Trial] = {}
        for name, sweep in compiled.sweeps.items():
            keys = {key_of(address) for address in addresses if sweep_of(address) == name and address != name}
            if keys:
                self._trials |= {f"{name}[{key}]": trial for key, trial in _found(sweep.spec.search, keys)}

    def obstacle(self, address: str) -> str:
        """Why nothing can be said of an address; or nothing."""
        if address in self._compiled.desired or address in self._trials:
            return ""
        sweep = self._compiled.sweeps.get(sweep_of(address))
        if sweep is None:
            return "the project does not name it"
        if sweep.spec.search.method == "bayes":
            return "which values a bayes search chose for it is known to the lost state alone"
        return "its sweep has no such point"

    def at(self, address: str, generation: int) -> Desired:
        """The run of an address, as it is in a generation."""
        trial = self._trials.get(address)
        if trial is None:
            return self._compiled.desired[address]
        return desired_trial(self._compiled.sweeps[sweep_of(address)], trial, generation)

    def sweeps(self, generations: Mapping[str, int], state: State) -> Iterator[SweepRecord]:
        """Records of the sweeps whose trials these are, unless the state has one.

        They are as of a sweep that the project did not name for a while: the next plan shows what goes on.
        """
        epochs: dict[str, int] = {}
        for address, number in generations.items():
            name = sweep_of(address)
            if name and name not in state.sweeps:
                epochs[name] = max(number, epochs.get(name, 0))
        for name, epoch in epochs.items():
            sweep = self._compiled.sweeps[name]
            search, lifecycle = sweep.spec.search, sweep.spec.launch.lifecycle
            yield SweepRecord(
                address=name,
                standing=Standing.FORGOTTEN,
                epoch=epoch,
                form=sweep.form,
                spec=sweep.text,
                parallel=search.parallel or (1 if search.method == "bayes" else None),
                protect=lifecycle.protect,
                on_remove=lifecycle.on_remove,
                serial=state.head.serial + 1,
            )


def trial_record(trial: Trial | None) -> TrialRecord | None:
    """The point of a trial as the state has it."""
    return TrialRecord(trial.index, trial.repeat, trial.values) if trial else None


def _found(search: Search, keys: set[str]) -> Iterator[tuple[str, Trial]]:
    """The trials of these keys, as far as the search alone tells them; a grid is passed through once."""
    if search.method == "grid":
        yield from _in_grid(search, set(keys))
    elif search.method == "random":
        yield from _drawn(search, keys)


def _drawn(search: Search, keys: set[str]) -> Iterator[tuple[str, Trial]]:
    for key in keys:
        point, _, repeat = key.partition(".")
        if point.isdecimal() and (not repeat or repeat.isdecimal()):
            place = int(point) * search.repeats + int(repeat or 1) - 1
            yield from ((key, trial) for trial in searcher.page(search, place, 1) if trial.key == key)


def _in_grid(search: Search, keys: set[str]) -> Iterator[tuple[str, Trial]]:
    offset = 0
    while keys:
        page = searcher.page(search, offset, _PAGE)
        for trial in page:
            if trial.key in keys:
                keys.discard(trial.key)
                yield trial.key, trial
        if not page:
            return
        offset += _PAGE
