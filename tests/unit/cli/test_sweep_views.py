"""A sweep as text, JSON, CSV and a page."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from fakes.sweep_reports import HOSTILE, NOW, SEARCH, hostile, point, report, said, small, sweep, trial

from launchctl.cli.views.sweep_csv import sweep_csv
from launchctl.cli.views.sweep_figures import MOST_PARAMETERS, figures
from launchctl.cli.views.sweep_html import sweep_page
from launchctl.cli.views.sweep_json import plain_number, sweep_document
from launchctl.cli.views.sweep_plot import MOST_TRIALS, sample
from launchctl.cli.views.sweep_scale import scale_of
from launchctl.cli.views.sweep_text import sweep_lines
from launchctl.cli.views.text import plain
from launchctl.compiler.sweep.search import Median, Objective, Threshold, Trial
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.engine.sweep.report import SweepReport, report_of_new
from launchctl.errors import LaunchctlError
from launchctl.status import Status
from launchctl.values import canonical

IsExpected = Callable[[str, str], bool]


def _text(found: SweepReport, width: int = 120, limit: int = 0) -> str:
    return plain(sweep_lines(found, NOW, width, limit))


# Text.


def test_text_shows_a_summary_and_the_trials_best_first(is_expected: IsExpected) -> None:
    assert is_expected("sweep.txt", _text(small()))


def test_a_sweep_that_was_never_applied_says_so() -> None:
    found = report_of_new(sweep(), [Trial("0f", 0, 1, point(0.3, "adam"))], 6)
    assert _text(found) == (
        "sweeps.lr  grid\n6 trials, never applied\nminimize loss, target 0.05: nothing logged yet\n\n"
        "trial  learning_rate  optimizer.name  loss  last  iterations  status     took\n"
        "0f               0.3  adam                                    never run\n"
        "... and 5 more (`--limit 0` shows all)\n"
    )


def test_of_bayes_the_others_are_chosen_as_results_come_in() -> None:
    first = [Trial("0", 0, 1, point(0.3, "adam"))]
    found = _text(report_of_new(sweep(replace(SEARCH, method="bayes", run_cap=9)), first, 9))
    assert found.splitlines()[-1] == "... and 8 more (chosen as results come in)"


def test_an_earlier_epoch_has_no_best_and_says_why() -> None:
    trials = [trial("0", point(0.3, "adam")), trial("1", point(0.1, "adam"), index=1)]
    found = report(trials, [said("0", 1.0, 0.5), said("1", 0.1)], latest_epoch=2)
    head, _, why, _, columns, first, _ = _text(found).splitlines()
    assert head == "sweeps.lr  grid, epoch 1 of 2"
    assert why == "what epoch 1 optimised is not on record, and so not which of its trials is the best"
    assert columns.split() == ["trial", "learning_rate", "last", "iterations", "status", "took"]
    assert first.split() == ["0", "0.3", "0.5", "2", "succeeded", "1m24s"]
    assert "not on record" in sweep_page(found, NOW)
    document: Any = sweep_document(found)
    assert (document["objective"], document["best"]) == (None, None)
    assert document["trials"][0]["metric"] == {"best": None, "last": 0.5, "iterations": 2}


def test_a_dropped_trial_is_marked_and_counted_wherever_it_stands() -> None:
    trials = [trial("0", point(0.3, "adam"))._replace(is_dropped=True), trial("1", point(0.1, "sgd"), index=1)]
    found = report(trials, [said("0", 0.1), said("1", 0.5)], size=1)
    text = _text(found)
    assert "1 trial: 1 succeeded, 1 dropped\n" in text
    assert "best 0.5 by 1 (" in text
    assert "  succeeded, dropped  " in text
    assert [row["dropped"] for row in csv.DictReader(io.StringIO(sweep_csv(found)))] == ["false", "true"]


def test_parameters_that_vary_stand_first_and_stay_where_there_is_little_room() -> None:
    leaves = tuple(Leaf((name,), Distribution.CATEGORICAL) for name in ("same", "two", "many"))
    trials = [trial(str(n), {"same": "x" * 9, "two": n % 2, "many": n}, index=n) for n in range(4)]
    found = report(trials, [said(str(n), 1.0 + n) for n in range(4)], replace(SEARCH, space=Space(leaves)))
    assert _text(found).splitlines()[4].split()[:4] == ["trial", "two", "many", "same"]
    assert _text(found, 55).splitlines()[4].split()[:2] == ["trial", "many"]


def test_the_line_of_the_best_trial_is_as_wide_as_the_terminal() -> None:
    leaves = tuple(Leaf((f"parameter_{number}",), Distribution.CATEGORICAL) for number in range(12))
    values = {leaf.name: 0.5 for leaf in leaves}
    found = report([trial("0", values)], [said("0", 1.0)], replace(SEARCH, space=Space(leaves)))
    said_ = _text(found, 100).splitlines()[2]
    assert said_ == "minimize loss, target 0.05: best 1 by 0 (parameter_0 0.5, parameter_1 0.5 and 10 more)"


@pytest.mark.parametrize(
    ("value", "shown"), [(2.0, "2"), (-3.0, "-3"), (0.5, "0.5"), (1e300, "1e+300"), (None, "null")]
)
def test_a_whole_number_stays_one(value: float | None, shown: str) -> None:
    assert json.dumps(plain_number(value)) == shown


def test_the_table_is_cut_and_counted() -> None:
    assert _text(small(), limit=2).splitlines()[-1] == "... and 3 more (`--limit 0` shows all)"
    assert len(_text(small(), limit=2).splitlines()) == 8


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_table_fits_the_terminal(width: int) -> None:
    leaves = tuple(Leaf((f"parameter_{number}",), Distribution.CATEGORICAL) for number in range(12))
    values = {leaf.name: f"value {leaf.name} " * 9 for leaf in leaves}
    found = report([trial("0" * 16, values)], search=replace(SEARCH, space=Space(leaves)))
    table = _text(found, width).partition("\n\n")[2].splitlines()
    assert max(map(len, table)) <= width
    assert re.fullmatch(r"\d+ parameters did not fit: `--format json` has all", table[-1])


def test_text_of_a_user_cannot_command_a_terminal_or_forge_a_line() -> None:
    text = "\x1b[2J\n\u202eevil"
    search = replace(SEARCH, objective=Objective(text), space=Space((Leaf((text,), Distribution.CATEGORICAL),)))
    shown = _text(report([trial("0", {text: text})], [said("0", 1.0)], search, title=text))
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown) is None
    assert len(shown.splitlines()) == 6


# JSON.


def test_json_is_the_contract(is_expected: IsExpected) -> None:
    assert is_expected("sweep.json", json.dumps(sweep_document(small()), indent=2) + "\n")


def test_json_of_a_sweep_that_was_never_applied_has_no_run_ids() -> None:
    document: Any = sweep_document(report_of_new(sweep(), [Trial("0f", 0, 1, point(0.3, "adam"))], None))
    assert (document["epoch"], document["standing"], document["best"]) == (0, None, None)
    assert document["counts"] == {
        "size": None,
        "drawn": 0,
        "undrawn": None,
        "dropped": 0,
        **{status.value: 0 for status in Status},
    }
    (found,) = document["trials"]
    assert (found["run_id"], found["status"]) == (None, None)
    assert found["metric"] == {"best": None, "last": None, "iterations": 0}


# CSV.


def test_csv_has_a_line_a_trial_and_a_column_a_parameter(is_expected: IsExpected) -> None:
    assert is_expected("sweep.csv", sweep_csv(small()))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@cmd", "'@cmd"),
        ("\t=1", "'\t=1"),
        ("plain", "plain"),
        ("a,b\n", "a,b\n"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (1e-05, "1e-05"),
        (True, "true"),
        (None, "null"),
        ([1, "=x"], '[1,"=x"]'),
        ({"=a": 1}, '{"=a":1}'),
    ],
)
def test_a_cell_is_no_formula_and_a_number_stays_one(value: object, cell: str) -> None:
    search = replace(SEARCH, space=Space((Leaf(("x",), Distribution.CATEGORICAL),)))
    (row,) = csv.DictReader(io.StringIO(sweep_csv(report([trial("0", {"x": value})], search=search)), newline=""))
    assert row["parameters.x"] == cell


def test_no_header_of_csv_is_a_formula() -> None:
    search = replace(SEARCH, space=Space((Leaf(("=x",), Distribution.CATEGORICAL),)))
    text = sweep_csv(report([trial("0", {"=x": 1})], [said("0", 1.0, **{"=y": 2.0})], search))
    heads = next(csv.reader(io.StringIO(text)))
    assert [head for head in heads if not head[0].isalpha()] == []


# The page.


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.policy = ""
        self._type: str | None = None
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes note of the tag and of the names of its attributes."""
        found = dict(attrs)
        self.tags.append((tag, *found))
        self._in_script = tag == "script"
        self._type = found.get("type")
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        """Leaves a script."""
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        """Takes note of a script's text."""
        if self._in_script:
            self.scripts.append((self._type, data))


def _page(found: SweepReport) -> _Page:
    page = _Page()
    page.feed(sweep_page(found, NOW))
    return page


def test_the_policy_of_the_page_lets_run_its_two_scripts_and_nothing_else() -> None:
    page = _page(small())
    scripts = [text for kind, text in page.scripts if kind is None]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert len(digests) == 2
    assert page.policy == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_page_names_nothing_that_a_browser_would_fetch() -> None:
    names = {name for tag in _page(small()).tags for name in tag[1:]}
    assert names & {"src", "href", "action", "srcset", "onload", "onerror"} == set()


def test_a_text_of_a_user_makes_no_tag_and_leaves_no_script() -> None:
    found, harmless = _page(hostile()), _page(_harmless())
    assert found.tags == harmless.tags
    (data,) = [text for kind, text in found.scripts if kind == "application/json"]
    assert "<" not in data
    assert len(json.loads(data)) == 4


def _harmless() -> SweepReport:
    """The hostile report with every text replaced by a plain one."""
    leaf = Leaf(("x",), Distribution.CATEGORICAL, values=("a", "b", "c"))
    first = hostile()
    search = replace(
        first.search, space=Space((first.search.space.leaves[0], leaf)), objective=Objective("loss", target=0.05)
    )
    rows = tuple(
        replace(row, values={"learning_rate": row.values["learning_rate"], "x": text}, metrics={"loss": 1.0})
        for row, text in zip(first.rows, "abc", strict=True)
    )
    return replace(first, search=search, rows=rows, title="plain")


def test_no_text_of_a_plot_is_markup() -> None:
    texts = list(_strings([[figure.data, figure.layout] for figure in figures(hostile())]))
    assert any("&lt;/script" in text for text in texts)
    assert {tag for text in texts for tag in re.findall(r"<[^>]*>", text)} <= {"<b>", "</b>", "<br>"}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for item in inner for text in _strings(item)]


def test_the_page_says_all_that_it_has_of_nothing() -> None:
    nothing = report_of_new(sweep(replace(SEARCH, objective=None, stopping=None)), [], None)
    assert list(figures(nothing)) == []
    assert "never applied" in sweep_page(nothing, NOW)


def test_without_plotly_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(LaunchctlError) as caught:
        sweep_page(small(), NOW)
    assert caught.value.hint == "`pip install 'launchctl-ml[report]'`"


# Plots.


def test_each_parameter_has_a_plot_beside_curves_and_coordinates() -> None:
    assert [figure.name for figure in figures(small())] == ["curves", "coordinates", "parameter-0", "parameter-1"]


def test_curves_are_told_apart_and_a_cross_marks_where_one_was_stopped() -> None:
    curves = next(iter(figures(small())))
    names = [trace["name"] for trace in curves.data if trace["mode"] == "lines"]
    assert names == ["failed, cancelled, lost, dropped", "pruned", "finished", "best"]
    (end,) = [trace for trace in curves.data if trace["name"] == "pruned: end"]
    assert (end["x"], end["y"], end["marker"]["symbol"]) == ([3], [1.8], "x")


def test_hyperband_s_bands_are_drawn_as_far_as_a_trial_came() -> None:
    curves = next(iter(figures(small())))
    assert [shape["x0"] for shape in curves.layout["shapes"]] == [3]
    assert [word["text"] for word in curves.layout["annotations"]] == ["band 3"]


@pytest.mark.parametrize("rule", [Median(2), Threshold(2, 0.7), None])
def test_every_stopping_rule_has_its_words(rule: Median | Threshold | None) -> None:
    found = replace(small(), search=replace(SEARCH, stopping=rule))
    assert ("compared from 2" in canonical(next(iter(figures(found))).layout)) == (rule is not None)
    assert (type(rule).__name__.lower() if rule else "none") in sweep_page(found, NOW)


def test_plots_are_bounded_whatever_the_size() -> None:
    trials = [trial(str(index), {"learning_rate": index}, index=index) for index in range(10_000)]
    series = [said(str(index), *([float(index)] * 1000)) for index in range(10_000)]
    found = report(trials, series)
    assert len(canonical([figure.data for figure in figures(found)])) < 8_000_000
    shown = sample(found.rows)
    assert len(shown) == MOST_TRIALS
    assert shown[0] is found.rows[0]


def test_so_many_parameters_have_a_plot() -> None:
    leaves = tuple(Leaf((f"p{number}",), Distribution.UNIFORM) for number in range(40))
    found = report(
        [trial("0", {leaf.name: 0.5 for leaf in leaves})], [said("0", 1.0)], replace(SEARCH, space=Space(leaves))
    )
    assert len(list(figures(found))) == 2 + MOST_PARAMETERS
    assert "16 more are in the table" in sweep_page(found, NOW)


@pytest.mark.parametrize(
    ("values", "is_log", "places"),
    [
        ([1, 2, 3], False, 0),
        ([0.3, 0.1, 0.03], True, 0),
        ([1, 1000], True, 0),
        ([0, 1000], False, 0),
        (["a", 1], False, 2),
        ([True, False], False, 2),
        (["2026-01-01"], False, 1),
        ([10**400, 1], False, 2),
        ([None, [1], {"a": 1}], False, 3),
    ],
)
def test_numbers_have_a_scale_and_everything_else_a_place(values: list[object], is_log: bool, places: int) -> None:
    scale = scale_of(Leaf(("x",), Distribution.CATEGORICAL), values)
    assert (scale.is_log, len(scale.places)) == (is_log, places)
    assert all(0 <= scale.height(value) <= 1 for value in values)


def test_a_trial_that_is_drawn_twice_stands_in_every_count_once() -> None:
    found = report([trial("0", {}, Status.RUNNING)], size=2)
    assert "2 trials: 1 running, 1 not drawn yet" in _text(found)


def test_the_title_of_a_page_is_text() -> None:
    assert f"<title>sweeps.lr: {HOSTILE}" not in sweep_page(hostile(), NOW)


def test_places_stand_in_the_order_in_which_the_sweep_lists_them() -> None:
    leaf = Leaf(("x",), Distribution.CATEGORICAL, values=("small", "medium", "large"))
    assert scale_of(leaf, ["large", "small", "left over"]).places == ('"small"', '"large"', '"left over"')
