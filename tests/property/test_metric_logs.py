"""A log says the same however it arrives, and a reader that was stopped goes on where it was."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from launchctl.compiler.sweep.search import MetricSource
from launchctl.sweeps.metric_log import MetricReader, Reading

PARTS = (
    b'launchctl.metrics {"a": 1}',
    b'launchctl.metrics {"a": NaN, "b": 0.5}',
    b"launchctl.metrics {",
    b"a=1 b=2.5 c=nan",
    b"a=",
    "정확도=0.9".encode(),
    b"\r\n",
    b"\n",
    b"\r",
    b"\x1b[31m",
    b"\xff\xc3",
)
SOURCES = (
    MetricSource(),
    MetricSource("pattern", "{name}={value}"),
    MetricSource("regex", expressions=(("a", r"a=(\S+)"), ("b", r"b=([0-9.]+)"))),
)
logs = st.lists(st.sampled_from(PARTS) | st.binary(max_size=5), max_size=30).map(b"".join)


def _pieces(log: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]
    return [log[start:end] for start, end in pairwise(places)]


@given(log=logs, cuts=st.lists(st.integers(0, 400), max_size=8), source=st.sampled_from(SOURCES))
def test_pieces_say_what_the_whole_says(log: bytes, cuts: list[int], source: MetricSource) -> None:
    whole, reader = MetricReader(source), MetricReader(source)
    expected = whole.feed(log) + whole.finish()
    found = [reading for piece in _pieces(log, cuts) for reading in reader.feed(piece)]
    assert found + reader.finish() == expected
    assert reader.position == whole.position == len(log)


@given(log=logs, cuts=st.lists(st.integers(0, 400), min_size=1, max_size=4), source=st.sampled_from(SOURCES))
def test_readers_that_are_stopped_anywhere_read_each_line_once(
    log: bytes, cuts: list[int], source: MetricSource
) -> None:
    position, found = 0, list[Reading]()
    for cut in [*sorted(cuts), len(log)]:
        reader = MetricReader(source, position)
        found += reader.feed(log[position : max(cut, position)])
        position = reader.position
    assert found == MetricReader(source).feed(log)
