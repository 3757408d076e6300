"""Reading what trials say, and what follows from it: the next trial, an early stop, a target."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from fakes.lab import SECRET, Lab, project_of
from fakes.target import FakeClient, Killed

from launchctl.compiler.sweep.search import MetricSource
from launchctl.engine.events import Event, Measured, Pruning, Report, StatusChanged, Trouble, Warned
from launchctl.engine.plan import Override
from launchctl.engine.redaction import Redactor
from launchctl.engine.sweep import gauge
from launchctl.engine.sweep import looking as sweep_looking
from launchctl.engine.sweep.gauge import Gauge, Piece
from launchctl.engine.sweep.reading import read_sweep
from launchctl.engine.sweep.report import SweepReport, remarks
from launchctl.errors import NoOutput, UnknownOutcome
from launchctl.providers.base import Observation, Target
from launchctl.state.model import AttemptRecord, Series, TrialRecord
from launchctl.status import Cause, Status
from launchctl.sweeps.metric_log import Reading
from launchctl.values import JSON

LOSS = {"name": "loss"}
THRESHOLD = {"type": "threshold", "min_iter": 2, "value": 5}


def said(*losses: float) -> bytes:
    return b"".join(f"launchctl.metrics {json.dumps({'loss': loss})}\n".encode() for loss in losses)


def write(lab: Lab, logs: Mapping[int, bytes], queue: Mapping[str, JSON] | None = None, **sweep: JSON) -> None:
    """A sweep of random trials, whose addresses are `sweeps.s[0]` and so on, and what each of them prints."""
    space = {"x": {"min": 0.0, "max": 1.0}}
    search = {"method": "random", "run_cap": len(logs), "parameters": space, "metric": LOSS, **sweep}
    lab.write(project_of({}, queue, sweeps={"s": {"job": "train", "queue": "q", **search}}))
    lab.engine.logs = {f"sweeps.s[{key}]": text for key, text in logs.items()}


def applied(lab: Lab, override: Override | None = None, *, on: Callable[[Event], None] | None = None) -> Report:
    report = lab.apply(override, on=on)
    assert report is not None
    return report


def series(lab: Lab) -> dict[str, Series]:
    session = lab.open()
    try:
        return {found.address: found for found in session.store.series("sweeps.s").values()}
    finally:
        session.close()


def statuses(lab: Lab) -> dict[str, str]:
    return {found.address: found.status.value for found in lab.attempts()}


def test_metrics_are_recorded_with_names_and_values_alone(lab: Lab) -> None:
    secret = f"the token is {SECRET}\n".encode()
    write(lab, {0: secret + said(3, 2) + b'launchctl.metrics {"accuracy": 0.5, "loss": 1}', 1: b"nothing\n"})
    applied(lab)
    found = series(lab)["sweeps.s[0]"]
    assert (found.values, found.last, found.is_complete) == ((3.0, 2.0, 1.0), {"accuracy": 0.5, "loss": 1.0}, True)
    assert series(lab)["sweeps.s[1]"].values == ()
    assert SECRET.encode() not in lab.bytes_written()


@pytest.mark.parametrize("news", [False, True])
def test_a_secret_in_the_name_of_a_metric_is_neither_recorded_nor_shown(lab: Lab, news: bool) -> None:
    write(lab, {0: f'launchctl.metrics {{"loss": 1, "{SECRET}": 7, "of vision": 2}}\n'.encode()}, secrets=["token"])
    lab.apply(wait=not news)
    assert shown(lab).rows[0].metrics == {"loss": 1.0, "(sensitive)": 7.0, "of ${env:TEAM}": 2.0}
    applied(lab)
    assert SECRET.encode() not in lab.bytes_written()
    assert SECRET not in repr(lab.events)


def test_a_secret_that_is_on_record_all_the_same_is_not_shown(lab: Lab) -> None:
    write(lab, {0: said(1)}, secrets=["token"])
    applied(lab)
    (found,) = series(lab).values()
    session = lab.open()
    try:
        session.store.measure([replace(found, last={**found.last, SECRET: 7.0}, position=found.position + 1)])
    finally:
        session.close()
    assert shown(lab).rows[0].metrics == {"loss": 1.0, "(sensitive)": 7.0}


def test_a_sweep_that_names_no_metric_reads_nothing(lab: Lab) -> None:
    lab.write(
        project_of(
            {}, sweeps={"s": {"job": "train", "queue": "q", "method": "grid", "parameters": {"x": {"value": 1}}}}
        )
    )
    applied(lab)
    assert (lab.engine.calls["logs"], series(lab)) == (0, {})


def test_metrics_of_wandb_are_read_from_its_summary(lab: Lab) -> None:
    write(lab, {0: b""}, metrics_from="wandb")
    summary = json.dumps({"loss": 0.25, "_step": 3, "note": "text"}).encode()
    path = "wandb/latest-run/files/wandb-summary.json"
    lab.engine.files = {"sweeps.s[0]": {path: summary}}
    applied(lab)
    assert series(lab)["sweeps.s[0]"].values == (0.25,)


def test_a_log_that_cannot_be_read_stops_nothing_and_is_read_by_the_next_drain(lab: Lab) -> None:
    write(lab, {0: said(1), 1: said(2)}, {"max_jobs": 1})
    lab.engine.fault = lambda step: UnknownOutcome("no answer") if step == "logs" else None
    report = applied(lab)
    assert statuses(lab) == {"sweeps.s[0]": "succeeded", "sweeps.s[1]": "succeeded"}
    assert sorted(report.errors) == [f"metrics of sweeps.s[{key}]@e1#a1: no answer" for key in (0, 1)]
    assert any(isinstance(event, Trouble) for event in lab.events)
    lab.engine.fault = lambda step: None
    assert applied(lab).errors == ()
    assert {name: found.values for name, found in series(lab).items()} == {"sweeps.s[0]": (1.0,), "sweeps.s[1]": (2.0,)}


def test_an_object_is_released_only_after_it_was_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    logs, observe = FakeClient.logs, FakeClient.observe

    def held_back(self: FakeClient, targets: Sequence[Target]) -> Mapping[str, Observation]:
        return {
            name: replace(one, handle={**one.handle, "held_back": True}) for name, one in observe(self, targets).items()
        }

    def noted(self: FakeClient, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        steps.append("read")
        return logs(self, target, follow=follow, skip=skip)

    monkeypatch.setattr(FakeClient, "observe", held_back)
    monkeypatch.setattr(FakeClient, "logs", noted)
    monkeypatch.setattr(FakeClient, "release", lambda self, target: steps.append("release"))
    write(lab, {0: said(1)})
    applied(lab)
    assert (steps[-1], steps.count("release")) == ("release", 1)
    assert series(lab)["sweeps.s[0]"].is_complete


# What follows.


def test_a_bayes_search_waits_for_the_result_of_each_trial(lab: Lab) -> None:
    write(lab, {key: said(key) for key in range(5)}, method="bayes")
    active: list[int] = []

    def on(event: Event) -> None:
        active.append(sum(not found.status.is_terminal for found in lab.engine.objects.values()))

    applied(lab, on=on)
    assert (len(series(lab)), max(active)) == (5, 1)


def test_a_new_epoch_of_a_bayes_search_starts_with_what_is_known(lab: Lab) -> None:
    write(lab, {key: said(key) for key in range(4)}, method="bayes")
    applied(lab)
    applied(lab, Override(rerun=("sweeps.s",)))
    state = lab.state()
    assert state is not None
    first = first_epoch(lab)
    again = {name: run.generation.trial for name, run in state.runs.items() if run.generation}
    assert len(again) == 4
    assert again["sweeps.s[0]"] != first["sweeps.s[0]"]


def first_epoch(lab: Lab) -> dict[str, TrialRecord | None]:
    session = lab.open()
    try:
        return {found.address: found.trial for found in session.store.history("*")[0] if found.number == 1}
    finally:
        session.close()


def test_nothing_is_drawn_once_the_target_is_reached(lab: Lab) -> None:
    write(lab, {0: said(9), 1: said(0.5), 2: said(9), 3: said(9)}, {"max_jobs": 1}, metric={**LOSS, "target": 1})
    report = applied(lab)
    assert statuses(lab) == {"sweeps.s[0]": "succeeded", "sweeps.s[1]": "succeeded"}
    assert report.undrawn == ()
    assert lab.plan().is_empty


def ending_late(lab: Lab, until: Callable[[Event], bool]) -> Callable[[Event], None]:
    """Trials run until something happens, and then end well."""
    lab.engine.advance = False

    def on(event: Event) -> None:
        lab.engine.advance = lab.engine.advance or until(event)

    return on


def test_a_trial_that_is_worse_than_its_rule_allows_is_stopped_and_counts_as_succeeded(lab: Lab) -> None:
    write(lab, {0: said(9, 8), 1: said(1, 1)}, early_terminate=THRESHOLD)
    report = applied(lab, on=ending_late(lab, lambda event: isinstance(event, Pruning)))
    assert statuses(lab) == {"sweeps.s[0]": "pruned", "sweeps.s[1]": "succeeded"}
    assert report.failed == ()
    (pruning,) = [event for event in lab.events if isinstance(event, Pruning)]
    assert pruning.reason == "at iteration 2 its loss 8 is worse than 5, the threshold"


def test_a_crash_after_the_request_leaves_the_stop_to_the_next_drain(lab: Lab) -> None:
    write(lab, {0: said(9, 9)}, early_terminate=THRESHOLD)
    lab.engine.advance = False

    def die(event: Event) -> None:
        if isinstance(event, Pruning):
            raise Killed

    assert lab.apply(on=die) is None
    assert statuses(lab) == {"sweeps.s[0]": "running"}
    applied(lab)
    assert statuses(lab) == {"sweeps.s[0]": "pruned"}


def test_a_trial_that_ends_well_before_it_is_stopped_has_succeeded(lab: Lab) -> None:
    write(lab, {0: said(9, 9)}, early_terminate=THRESHOLD)
    lab.engine.advance = False

    def finish(event: Event) -> None:
        if isinstance(event, Pruning):
            for run_id, found in lab.engine.objects.items():
                lab.engine.objects[run_id] = replace(found, status=Status.SUCCEEDED, exit_code=0, ended_at=2.0)

    applied(lab, on=finish)
    assert statuses(lab) == {"sweeps.s[0]": "succeeded"}


def test_a_pruned_trial_is_never_retried(lab: Lab) -> None:
    write(lab, {0: said(9, 9)}, early_terminate=THRESHOLD, retry={"max": 2, "on": ["any"]})
    lab.engine.causes = {"sweeps.s[0]": Cause.FAILED}
    applied(lab, on=ending_late(lab, lambda event: False))
    assert statuses(lab) == {"sweeps.s[0]": "pruned"}
    applied(lab, Override(retry_failed=True))
    assert sum(lab.engine.created.values()) == 1


def test_a_drain_that_sees_the_end_first_knows_that_it_was_asked_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another drain asks for the end and stops the object while this one looks at it."""
    lab.engine.advance = False
    write(lab, {0: b""}, early_terminate=THRESHOLD)
    lab.apply(wait=False)
    lab.engine.logs = {"sweeps.s[0]": said(9, 9)}
    observe, is_first = FakeClient.observe, [True]

    def other_first(self: FakeClient, targets: Sequence[Target]) -> Mapping[str, Observation]:
        if is_first:
            is_first.clear()
            lab.apply()
        return observe(self, targets)

    monkeypatch.setattr(FakeClient, "observe", other_first)
    applied(lab)
    assert statuses(lab) == {"sweeps.s[0]": "pruned"}
    ends = [event.new for event in lab.events if isinstance(event, StatusChanged) and event.new.is_terminal]
    assert ends == [Status.PRUNED]


def test_a_long_series_is_bounded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauge, "MOST_VALUES", 3)
    write(lab, {0: said(5, 4, 3, 2, 1)})
    applied(lab)
    found = series(lab)["sweeps.s[0]"]
    assert (found.values, found.last) == ((5.0, 4.0, 3.0), {"loss": 1.0})


LEFT_OUT = (
    "logged more than 1,000 metrics, or names longer than 256 characters; "
    "the rest is left out (see docs/sweeps.md, Metrics)"
)


@pytest.mark.parametrize("others", [999, 1_000, 20_000])
@pytest.mark.parametrize("is_first", [True, False])
def test_names_are_bounded_and_the_metric_of_the_sweep_is_among_them(lab: Lab, others: int, is_first: bool) -> None:
    names = [f"step_{number}" for number in range(others)]
    steps = [dict.fromkeys(names[start : start + 500], 1) for start in range(0, others, 500)]
    lines = [{"step_0": 5}, {"loss": 3}, {"loss": 2}]
    text = b"".join(
        f"launchctl.metrics {json.dumps(line)}\n".encode()
        for line in ([*lines[1:], *steps, lines[0]] if is_first else [*steps, *lines])
    )
    write(lab, {0: text, 1: text})
    report = applied(lab)
    for found in series(lab).values():
        assert (found.values, found.last["loss"], found.last["step_0"]) == ((3.0, 2.0), 2.0, 5.0)
        assert (len(found.last), found.is_complete) == (1_000, True)
    assert [found.partition("]: ")[2] for found in report.warnings] == ([LEFT_OUT] if others > 999 else [])


@pytest.mark.parametrize(("name", "is_kept"), [("n" * 256, True), ("n" * 257, False), (SECRET * 30, False)])
def test_a_name_that_is_too_long_is_left_out(lab: Lab, name: str, is_kept: bool) -> None:
    write(lab, {0: json.dumps({"loss": 1, name: 2}).join(["launchctl.metrics ", "\n"]).encode()}, secrets=["token"])
    report = applied(lab)
    (found,) = series(lab).values()
    assert found.last == ({"loss": 1.0, name: 2.0} if is_kept else {"loss": 1.0})
    assert report.warnings == (() if is_kept else (f"sweeps.s[0]: {LEFT_OUT}",))


def test_the_metric_of_the_sweep_is_kept_however_long_its_name_is(lab: Lab) -> None:
    write(lab, {0: b'launchctl.metrics {"%s": 1}\n' % (b"n" * 300)}, metric={"name": "n" * 300})
    assert applied(lab).warnings == ()
    assert series(lab)["sweeps.s[0]"].values == (1.0,)


def test_reading_goes_on_where_another_drain_left_off(lab: Lab) -> None:
    text = said(3, 2)
    write(lab, {0: text + b"launchctl.met"})
    lab.engine.advance = False

    def die(event: Event) -> None:
        if isinstance(event, Measured):
            raise Killed

    assert lab.apply(on=die) is None
    assert series(lab)["sweeps.s[0]"].position == len(text)
    lab.engine.advance = True
    lab.engine.logs = {"sweeps.s[0]": text + said(1)}
    applied(lab)
    assert series(lab)["sweeps.s[0]"].values == (3.0, 2.0, 1.0)


def new_gauge() -> Gauge:
    attempt = AttemptRecord("sweeps.s[0]", 1, 1, "s-0", Status.RUNNING)
    return Gauge(attempt, MetricSource(), "loss", None, Redactor((), {}))


def test_a_log_is_looked_at_ever_less_often_while_it_says_nothing_new() -> None:
    found = new_gauge()
    nothing = Piece([], is_end=True, seconds=0.0)
    pauses: list[float] = []
    for piece in (nothing, nothing, Piece([Reading("loss", 1.0)], is_end=True, seconds=0.0), *[nothing] * 9):
        found.take(piece, 100.0, is_final=False)
        pauses.append(found.due - 100.0)
    assert pauses[:4] == [0.75, 1.125, 0.5, 0.75]
    assert max(pauses) == 10.0
    found.take(Piece([], is_end=True, seconds=2.0), 100.0, is_final=False)
    assert found.due == 140.0
    found.take(Piece([], is_end=False, seconds=2.0), 100.0, is_final=True)
    assert (found.due, found.series.is_complete) == (100.0, False)


def breaking_off(monkeypatch: pytest.MonkeyPatch, places: list[int], error: Exception, size: int = 15) -> None:
    """Logs come in chunks; the n-th look at them breaks off after so many as the n-th place says."""

    def logs(self: FakeClient, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        text = self.engine.logs[target.address][skip:]
        most = places.pop(0) if places else len(text)
        for start in range(0, min(most * size, len(text)), size):
            yield text[start : start + size]
        if most < len(text):
            raise error

    monkeypatch.setattr(FakeClient, "logs", logs)


LOG = said(4, 3, 2) + b'launchctl.metrics {"loss": 1}'


@pytest.mark.parametrize("places", [[first, second] for first in range(9) for second in (0, 3)])
def test_nothing_is_lost_where_a_look_breaks_off(lab: Lab, monkeypatch: pytest.MonkeyPatch, places: list[int]) -> None:
    write(lab, {0: LOG})
    breaking_off(monkeypatch, places, OSError("connection reset"))
    assert applied(lab).errors == ()
    (found,) = series(lab).values()
    assert (found.values, found.is_complete, found.position) == ((4.0, 3.0, 2.0, 1.0), True, len(LOG))


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("error", [UnknownOutcome("no answer"), NoOutput("it is not here")])
def test_what_was_read_before_a_look_broke_off_is_recorded_and_the_next_drain_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, place: int, error: Exception
) -> None:
    write(lab, {0: LOG})
    with monkeypatch.context() as broken:
        breaking_off(broken, [place, *[0] * 20], error)
        applied(lab)
    lines = place * 15 // len(said(4))
    assert [(found.values, found.is_complete) for found in series(lab).values()] == (
        [((4.0, 3.0, 2.0)[:lines], False)] if lines else []
    )
    applied(lab)
    assert [(found.values, found.is_complete) for found in series(lab).values()] == [((4.0, 3.0, 2.0, 1.0), True)]


# What was never logged, and what was read by other rules.


def warned(lab: Lab) -> list[tuple[str, str]]:
    return [(event.reference, event.message) for event in lab.events if isinstance(event, Warned)]


def test_a_metric_that_was_never_logged_is_told_once_a_sweep_with_what_was(lab: Lab) -> None:
    line = b'launchctl.metrics {"val_loss": 1, "epoch": 3}\n'
    write(lab, {0: line, 1: line}, {"max_jobs": 1})
    report = applied(lab)
    sentence = 'ended without its metric "loss": it logged epoch, val_loss; did you mean "val_loss"?'
    assert warned(lab) == [("sweeps.s[0]", sentence)]
    assert (report.warnings, report.errors) == ((f"sweeps.s[0]: {sentence}",), ())


def test_where_nothing_was_logged_it_is_told_how_metrics_are_read(lab: Lab) -> None:
    write(lab, {0: b"loss 0.5\n"}, metrics_from={"log": "{name}={value}"})
    assert applied(lab).warnings == (
        'sweeps.s[0]: ended without its metric "loss": it logged no metric at all; '
        'metrics_from reads them where a line has "{name}={value}" (see docs/sweeps.md, Metrics)',
    )


def test_a_trial_that_failed_without_its_metric_is_no_news(lab: Lab) -> None:
    write(lab, {0: b""})
    lab.engine.ends = {"sweeps.s[0]": Status.FAILED}
    assert applied(lab).warnings == ()


@pytest.mark.parametrize(
    ("first", "then", "values"),
    [
        ({"metrics_from": {"log": "{name}: {value}"}}, {"metrics_from": {"log": "{name}={value}"}}, (3.0, 2.0)),
        ({"metric": {"name": "lost"}}, {"metric": LOSS, "metrics_from": {"log": "{name}={value}"}}, (3.0, 2.0)),
        ({}, {"metric": {"name": "loss"}, "metrics_from": {"regex": {"loss": "short=([0-9]+)"}}}, (7.0,)),
    ],
)
def test_what_was_read_by_other_rules_is_read_again_from_the_start(
    lab: Lab, first: dict[str, JSON], then: dict[str, JSON], values: tuple[float, ...]
) -> None:
    text = b'launchctl.metrics {"loss": 9}\n' * 9 + b"loss=3\nloss=2\nshort=7\n"
    write(lab, {0: text}, **first)
    applied(lab)
    write(lab, {0: text}, **then)
    applied(lab)
    assert (series(lab)["sweeps.s[0]"].values, series(lab)["sweeps.s[0]"].metric) == (values, "loss")
    reads = lab.engine.calls["logs"]
    applied(lab)
    assert lab.engine.calls["logs"] == reads


def test_values_of_another_metric_count_as_none_of_this_one() -> None:
    said = Series("s-0", "sweeps.s[0]", (3.0, 2.0), {"loss": 2.0, "accuracy": 0.5}, metric="loss")
    assert [said.values_of(name) for name in ("loss", "accuracy", "f1")] == [(3.0, 2.0), (0.5,), ()]


def without_output(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No trial's output is kept here; returns the run ids that were asked for."""
    asked: list[str] = []

    def logs(self: FakeClient, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        asked.append(target.run_id)
        raise NoOutput("it is not here")

    monkeypatch.setattr(FakeClient, "logs", logs)
    return asked


def test_output_that_is_not_here_stops_nothing_and_is_left_to_another_drain(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lab, {0: said(1), 1: said(2)}, method="bayes")
    with monkeypatch.context() as elsewhere:
        asked = without_output(lab, elsewhere)
        report = applied(lab)
        assert (len(set(asked)), report.errors) == (2, ())
        assert len(asked) <= 4
        assert report.warnings == ("sweeps.s[0]: its metrics cannot be read here: it is not here",)
    assert series(lab) == {}
    applied(lab)
    assert {name: found.values for name, found in series(lab).items()} == {"sweeps.s[0]": (1.0,), "sweeps.s[1]": (2.0,)}


def test_what_was_read_before_stays_where_the_output_is_gone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    write(lab, {0: said(1)})
    applied(lab)
    before = series(lab)
    without_output(lab, monkeypatch)
    write(lab, {0: said(1)}, metrics_from={"log": "{name}={value}"})
    assert applied(lab).errors == ()
    assert series(lab) == before


# Looking.


def shown(lab: Lab, *, refresh: bool = True) -> SweepReport:
    session = lab.open()
    try:
        return read_sweep(session, "s", refresh=refresh, news=True)
    finally:
        session.close()


def test_a_look_reads_what_no_drain_has_read_and_writes_nothing(lab: Lab) -> None:
    write(lab, {0: said(3, 2), 1: said(1)})
    lab.apply(wait=False)
    assert series(lab) == {}
    before = lab.bytes_written()
    shown(lab)
    found = shown(lab)
    assert [(row.key, row.curve, row.is_unread) for row in found.rows] == [
        ("1", (1.0,), False),
        ("0", (3.0, 2.0), False),
    ]
    assert remarks(found) == ()
    assert lab.bytes_written() == before


def test_a_look_that_does_not_read_says_what_is_not_read_yet(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    write(lab, {0: said(3), 1: said(1), 2: said(2)})
    lab.engine.fault = lambda step: UnknownOutcome("no answer") if step == "logs" else None
    applied(lab)
    lab.engine.fault = lambda step: None
    said_so = "the metrics of 3 ended trials are not read yet: `launchctl apply` reads them"
    assert remarks(shown(lab, refresh=False)) == (said_so,)
    monkeypatch.setattr(sweep_looking, "MOST_READ", 2)
    assert remarks(shown(lab)) == ("the metrics of an ended trial are not read yet: `launchctl apply` reads them",)


def test_a_look_says_which_metrics_there_are_instead(lab: Lab) -> None:
    write(lab, dict.fromkeys(range(2), b'launchctl.metrics {"val_loss": 1}\n'))
    applied(lab)
    assert remarks(shown(lab)) == (
        '2 trials ended without the metric "loss": they logged val_loss; did you mean "val_loss"?',
    )
