"""Abbreviated keys: what is written of a trial's key, and what is said where it fits none or several."""

from __future__ import annotations

import pytest
from fakes.sweep_reports import SEARCH, sweep

from launchctl.addresses import parse_reference, typed
from launchctl.engine.abbreviation import expanded, named_trials, require_trial
from launchctl.errors import UsageError

FIRST, SECOND, THIRD = "3f09a1c2d4e5f607", "3fa0000000000000", "9999999999999999"
GRID = (FIRST, f"{FIRST}.2", SECOND, THIRD)
INDEXES = tuple(str(index) for index in range(12))


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("sweeps.lr[3f0]", f"sweeps.lr[{FIRST}]"),
        ("sweeps.lr/3fa", f"sweeps.lr[{SECOND}]"),
        ("sweeps.lr[3f0.2]", f"sweeps.lr[{FIRST}.2]"),
        ("sweeps.lr[9]", f"sweeps.lr[{THIRD}]"),
        ("sweeps.lr", "sweeps.lr"),
        ("sweeps.lr[3f*]", "sweeps.lr[3f*]"),
        ("runs.base", "runs.base"),
    ],
)
def test_a_key_is_written_out_and_all_else_stays(pattern: str, address: str) -> None:
    assert expanded(pattern, lambda _: GRID) == address


@pytest.mark.parametrize(
    ("keys", "written", "nearest"),
    [
        (GRID, "3fzz", "the nearest: sweeps.lr[3f09], sweeps.lr[3f09.2], sweeps.lr[3fa0]"),
        (INDEXES, "14", "the nearest: sweeps.lr[11], sweeps.lr[10], sweeps.lr[9]"),
        ((), "3f09", "no trial of it is on record"),
    ],
)
def test_of_an_unknown_key_the_nearest_are_told_and_never_the_sweep(
    keys: tuple[str, ...], written: str, nearest: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expanded(f"sweeps.lr[{written}]", lambda _: keys)
    assert (caught.value.message, caught.value.hint) == (f'sweeps.lr has no trial "{written}"', nearest)


def test_a_key_of_several_trials_names_them() -> None:
    with pytest.raises(UsageError, match=rf"sweeps.lr\[3f\] may be sweeps.lr\[{FIRST}\], sweeps.lr\[{SECOND}\]"):
        expanded("sweeps.lr[3f]", lambda _: GRID)


def test_a_sweep_is_told_from_its_trials() -> None:
    sweep_, trial = parse_reference("sweeps.lr"), parse_reference("sweeps.lr[3]")
    assert sweep_ is not None
    assert trial is not None
    require_trial(trial, lambda _: INDEXES)
    require_trial(sweep_, lambda _: ())
    with pytest.raises(UsageError) as caught:
        require_trial(sweep_, lambda _: INDEXES)
    assert caught.value.message == "sweeps.lr is a sweep: name one of its trials"
    assert caught.value.hint == "as in 'sweeps.lr[0]', 'sweeps.lr[1]', 'sweeps.lr[2]', … (12 in all)"


def test_points_that_were_never_drawn_are_named_by_their_search() -> None:
    spec = sweep(SEARCH)
    (found,) = named_trials(spec, ["sweeps.other[0]", "runs.base", *_first_key()])
    assert found.values["learning_rate"] in {0.3, 0.1, 0.03}
    with pytest.raises(UsageError, match=r'sweeps\.lr has no trial "zz"'):
        list(named_trials(spec, ["sweeps.lr[zz]"]))


def _first_key() -> list[str]:
    from launchctl.sweeps.searcher import page

    return [f"sweeps.lr[{trial.key[:6]}]" for trial in page(SEARCH, 0, 1)]


@pytest.mark.parametrize(("address", "word"), [("runs.base", "runs.base"), ("sweeps.lr[3f]", "'sweeps.lr[3f]'")])
def test_a_key_is_quoted_for_a_shell(address: str, word: str) -> None:
    assert typed(address) == word
