"""What logs say of metrics, however they arrive."""

from __future__ import annotations

import pytest

from launchctl.compiler.sweep.search import MetricSource
from launchctl.sweeps.metric_log import MAX_LINE, MetricReader, SummaryReader

LINES = MetricSource()
PATTERN = MetricSource("pattern", "{name}={value}")


def _read(source: MetricSource, *pieces: bytes) -> list[tuple[str, float]]:
    reader = MetricReader(source)
    found = [reading for piece in pieces for reading in reader.feed(piece)]
    return [(name, value) for name, value in found + reader.finish()]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('launchctl.metrics {"loss": 0.5, "epoch": 3}', [("loss", 0.5), ("epoch", 3.0)]),
        ('12:00 INFO launchctl.metrics {"loss": 1e-3} trailing', [("loss", 0.001)]),
        ('launchctl.metrics {"a": 1}launchctl.metrics {"b": 2}', [("a", 1.0), ("b", 2.0)]),
        ('\x1b[32mlaunchctl.metrics {"a": 1}\x1b[0m', [("a", 1.0)]),
        ('launchctl.metrics {"정확도": 0.9}', [("정확도", 0.9)]),
        ('launchctl.metrics {"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999, "e": 1}', [("e", 1.0)]),
        ('launchctl.metrics {"a": true, "b": "1", "c": null, "d": [1], "e": {"f": 1}}', []),
        ('launchctl.metrics {"a": 1' + "0" * 400 + "}", []),
        ('launchctl.metrics {"a": 1' + "0" * 5000 + "}", []),
        ("launchctl.metrics [1, 2]", []),
        ("launchctl.metrics {broken", []),
        ("launchctl.metrics " + "[" * 60_000, []),
        ('launchctl.metrics{"a": 1}', []),
        ('"launchctl.metrics" {"a": 1}', []),
    ],
)
def test_a_line_of_ours_holds_one_object_of_numbers(line: str, found: list[tuple[str, float]]) -> None:
    assert _read(LINES, line.encode() + b"\n") == found


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_may_be_cut_anywhere(end: bytes, size: int) -> None:
    log = end.join(f'x launchctl.metrics {{"손실": {value}}}'.encode() for value in range(5))
    pieces = [log[start : start + size] for start in range(0, len(log), size)]
    assert _read(LINES, *pieces) == [("손실", float(value)) for value in range(5)]


def test_the_position_is_the_end_of_the_last_complete_line() -> None:
    reader = MetricReader(LINES)
    reader.feed(b"one\r\ntwo\nthr")
    assert reader.position == 9
    reader.feed(b"ee")
    assert reader.position == 9
    reader.feed(b"\n")
    assert reader.position == 15
    reader.feed(b"end")
    reader.finish()
    assert reader.position == 18


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_a_reader_that_begins_at_a_position_reads_the_rest_once(cut: int) -> None:
    log = b"".join(b'launchctl.metrics {"a": %d}\n' % value for value in range(4))
    first = MetricReader(LINES)
    found = first.feed(log[:cut])
    second = MetricReader(LINES, first.position)
    found += second.feed(log[first.position :])
    assert [value for _, value in found] == [0.0, 1.0, 2.0, 3.0]
    assert second.position == len(log)


def test_a_long_line_is_cut_and_the_next_one_is_read() -> None:
    within = b"x" * (MAX_LINE - 30) + b'launchctl.metrics {"a": 1}'
    beyond = b"x" * MAX_LINE + b'launchctl.metrics {"b": 1}'
    log = within + b"\n" + beyond + b'\nlaunchctl.metrics {"c": 1}\n'
    assert _read(LINES, log) == [("a", 1.0), ("c", 1.0)]
    assert _read(LINES, *[log[start : start + 4096] for start in range(0, len(log), 4096)]) == [("a", 1.0), ("c", 1.0)]


def test_invalid_utf_8_is_no_fault() -> None:
    assert _read(LINES, b'\xff\xfe launchctl.metrics {"a": 1}\n\xc3\n') == [("a", 1.0)]
    assert _read(PATTERN, b"\xff loss=0.5 \xc3\n") == [("loss", 0.5)]


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        ("{name}={value}", "epoch=3 loss=0.5, acc=91%", [("epoch", 3.0), ("loss", 0.5), ("acc", 91.0)]),
        ("{name}={value}", "val/loss=1e-05 top@5=.5 a.b-c=+2.", [("val/loss", 1e-5), ("top@5", 0.5), ("a.b-c", 2.0)]),
        ("{name}={value}", "정확도=0.9", [("정확도", 0.9)]),
        ("{name}={value}", "loss=nan x=inf id=3f09 lr=1e999 ok=1", [("ok", 1.0)]),
        ("{name}={value}", "loss = 0.5", []),
        ("{name}: {value}", "loss:   0.5 - acc:\t0.9", [("loss", 0.5), ("acc", 0.9)]),
        ("{name}-{value}", "loss-0.5", [("loss", 0.5)]),
        ("{value} ({name})", "0.5 (loss) 3 (epoch)", [("loss", 0.5), ("epoch", 3.0)]),
        ("[{name}] {value}ms", "[time] 12ms [x] 1s", [("time", 12.0)]),
        ("metric.{name}={value}", "metricxa=1 metric.b=2", [("b", 2.0)]),
        ("{name}={value}", "\x1b[1mloss\x1b[0m=\x1b[31;1m0.5\x1b[m", [("loss", 0.5)]),
    ],
)
def test_a_pattern_finds_all_names_with_numbers(pattern: str, line: str, found: list[tuple[str, float]]) -> None:
    assert _read(MetricSource("pattern", pattern), line.encode() + b"\n") == found


def test_each_state_of_a_progress_bar_is_a_line() -> None:
    log = b" 10%|#   | loss=0.9\r 20%|##  | loss=0.8\r100%|####| loss=0.7\n"
    assert _read(PATTERN, log) == [("loss", 0.9), ("loss", 0.8), ("loss", 0.7)]


def test_expressions_find_the_group_of_each_match() -> None:
    source = MetricSource("regex", expressions=(("acc", r"acc: ([0-9.]+|nan)"), ("loss", r"loss[:=]\s*(\S+)")))
    assert _read(source, b"acc: 0.9 loss: 0.5 acc: 0.91\nacc: nan loss=broken\nacc: 1.2.3\n") == [
        ("acc", 0.9),
        ("acc", 0.91),
        ("loss", 0.5),
    ]


def test_an_expression_whose_group_took_no_part_finds_nothing() -> None:
    assert _read(MetricSource("regex", expressions=(("a", r"x|a=(\d)"),)), b"x a=1\n") == [("a", 1.0)]


@pytest.mark.parametrize("expression", [r"(a+)+$", r"(?:a|a)*(b)", r"(.*)*x"])
def test_an_expression_that_would_explode_takes_no_time(expression: str) -> None:
    assert _read(MetricSource("regex", expressions=(("m", expression),)), b"a" * MAX_LINE + b"!\n") == []


def test_a_summary_is_read_once_a_step_with_its_groups() -> None:
    reader = SummaryReader()
    first = b'{"loss": 0.5, "acc": {"max": 0.9}, "note": "x", "nan": "NaN", "_step": 3}'
    assert reader.feed(first) == [("loss", 0.5), ("acc.max", 0.9), ("_step", 3.0)]
    assert reader.position == 4
    assert reader.feed(first) == []
    assert reader.feed(b'{"loss": 0.4, "_step": 4}') == [("loss", 0.4), ("_step", 4.0)]


def test_a_summary_that_was_read_is_not_read_again_after_a_crash() -> None:
    assert SummaryReader(4).feed(b'{"loss": 0.5, "_step": 3}') == []
    assert SummaryReader(4).feed(b'{"loss": 0.5, "_step": 4}') == [("loss", 0.5), ("_step", 4.0)]


@pytest.mark.parametrize("content", [b"", b'{"loss": 0.', b"[1]", b"\xff", b"[" * 100_000])
def test_a_summary_that_is_being_written_says_nothing(content: bytes) -> None:
    reader = SummaryReader()
    assert reader.feed(content) == []
    assert reader.position == 0


def test_a_summary_without_steps_is_read_where_it_changes() -> None:
    reader = SummaryReader()
    assert [reader.feed(b'{"loss": 0.5}'), reader.feed(b'{"loss": 0.5}'), reader.feed(b'{"loss": 0.4}')] == [
        [("loss", 0.5)],
        [],
        [("loss", 0.4)],
    ]
