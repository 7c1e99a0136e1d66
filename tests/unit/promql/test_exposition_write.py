"""Pages that are written: both formats, escapes, names, and that the own reader and a real Prometheus read them back."""

from __future__ import annotations

import math

import pytest

from tests.unit.promql.test_exposition import read
from tui_monitor.core.values import labels_of
from tui_monitor.promql.exposition import Exposition, ScrapeRules
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import Format, format_of
from tui_monitor.promql.exposition_write import CONTENT_TYPES, ExpositionSample, Family, series_text, write_page

FAMILIES = (
    Family(
        "up",
        (ExpositionSample(labels_of("up", job='a"\\b\nc'), 1.0), ExpositionSample(labels_of("up"), math.nan)),
        Metadata("gauge", 'one\ntwo "x" \\'),
    ),
    Family("hits_total", (ExpositionSample(labels_of("hits_total"), 1e21, 1_700_000_000_250),), Metadata("counter", "Hits.")),
    Family("hits", (ExpositionSample(labels_of("hits"), math.inf),), Metadata("counter")),
    Family("t_seconds", (ExpositionSample(labels_of("t_seconds"), 0.25),), Metadata("untyped", unit="seconds")),
)
TEXT = r"""# HELP up one\ntwo "x" \\
# TYPE up gauge
up{job="a\"\\b\nc"} 1
up NaN
# HELP hits_total Hits.
# TYPE hits_total counter
hits_total 1e+21 1700000000250
# TYPE hits counter
hits +Inf
# TYPE t_seconds untyped
t_seconds 0.25
"""
OPENMETRICS = r"""# HELP up one\ntwo \"x\" \\
# TYPE up gauge
up{job="a\"\\b\nc"} 1
up NaN
# HELP hits Hits.
# TYPE hits counter
hits_total 1e+21 1700000000.250
# TYPE hits unknown
hits +Inf
# TYPE t_seconds unknown
# UNIT t_seconds seconds
t_seconds 0.25
# EOF
"""


@pytest.mark.parametrize(("kind", "text"), [("text", TEXT), ("openmetrics", OPENMETRICS)])
def test_a_page_is_written_and_read_back(kind: Format, text: str) -> None:
    """The very letters of each format; the reader gives the same samples again."""
    assert "".join(write_page(FAMILIES, kind)) == text
    page = read(Exposition(ScrapeRules()), text.encode(), format_of(CONTENT_TYPES[kind], None))
    assert not page.fault
    wanted = {point.labels: point.value for family in FAMILIES for point in family.points}
    assert {sample.labels: str(sample.value) for sample in page.samples} == {labels: str(value) for labels, value in wanted.items()}
    assert page.metadata["up"] == Metadata("gauge", 'one\ntwo "x" \\')


def test_names_that_are_not_classic() -> None:
    """Underscores for readers that know no quotes, quotes for those that ask for UTF-8."""
    labels = labels_of("a.b", **{"x-y": "1", "9": "2", "a:b": "3"})
    assert series_text(labels) == 'a_b{_9="2",a_b="3",x_y="1"}'
    assert series_text(labels, utf8=True) == '{"a.b","9"="2","a:b"="3","x-y"="1"}'
    page = read(Exposition(ScrapeRules()), (series_text(labels, utf8=True) + " 1\n").encode())
    assert page.samples[0].labels == labels
