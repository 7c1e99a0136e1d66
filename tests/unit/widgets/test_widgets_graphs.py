"""Bars, sparklines, charts and shapes."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from tests.support import sample_boards as boards
from tui_monitor.board.strip import SlotSamples, strip
from tui_monitor.board.values import AlertSpan, Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.widgets.cell_line import Line, RenderStyle, text_of
from tui_monitor.widgets.chart_legend import ChartFocus, legend_lines
from tui_monitor.widgets.charts import chart_lines, table_lines
from tui_monitor.widgets.glyphs import ASCII, NARROW, UNICODE, Glyphs, glyphs_for
from tui_monitor.widgets.graphs import bar, graph, spark
from tui_monitor.widgets.heat_map import heat_lines, is_heat_map
from tui_monitor.widgets.scale import moments, scale_of

BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
LOOK = RenderStyle(UNICODE, UTC)


@BOTH
@pytest.mark.parametrize("ratio", [-1.0, 0.0, 0.001, 0.5, 0.999, 1.0, 7.0])
def test_a_bar_has_its_width_whatever_its_value(glyphs: Glyphs, ratio: float) -> None:
    """Filled and empty part are the width together, and what is not zero shows."""
    filled, rest = bar(ratio, 10, glyphs)
    assert len(filled + rest) == 10
    assert bool(filled) == (ratio > 0)


@BOTH
@pytest.mark.parametrize("width", [0, 1, 7, 40])
@pytest.mark.parametrize("values", [(), (None,), (1.0,), (1.0, 1.0, 1.0), (0.0, None, 5.0), tuple(float(i) for i in range(300))])
def test_a_spark_has_its_width_whatever_its_values(glyphs: Glyphs, width: int, values: tuple[float | None, ...]) -> None:
    """Too few values leave room at the left, too many are cut there."""
    assert len(spark(values, width, glyphs)) == width
    assert all(len(line) == width for line in graph(values, width, 3, glyphs))


def test_a_spark_shows_the_shape_and_the_gaps() -> None:
    """Newest at the right, lowest value still visible, a gap blank."""
    assert spark((0.0, 1.0, 2.0, 3.0), 2, UNICODE, 0.0, 3.0) == "⣠⣾"
    assert spark((3.0, 3.0, None, None), 2, UNICODE, 0.0, 3.0) == "⣿ "
    assert spark((0.0, 7.0), 2, ASCII, 0.0, 7.0) == ".#"
    assert graph((0.0, 1.0), 1, 2, UNICODE, 0.0, 1.0) == ("⢸", "⣸")


def test_no_shape_is_of_ambiguous_width() -> None:
    """Some East Asian terminals draw ambiguous shapes two cells wide: those that have shown it get a set without any."""
    for glyphs in (UNICODE, NARROW, ASCII):
        for name in glyphs.__annotations__:
            shape = getattr(glyphs, name)
            for one in shape if isinstance(shape, str) else ():
                assert f.cells(one) == 1, name
                assert glyphs is UNICODE or unicodedata.east_asian_width(one) in ("N", "Na"), name
    assert glyphs_for({"LANG": "ko_KR.UTF-8"}, wide=True) is NARROW
    assert all(unicodedata.east_asian_width(chr(code)) == "N" for code in range(0x2800, 0x2900))


def test_health_shapes_differ_without_colour() -> None:
    """Each status has a shape of its own."""
    for glyphs in (UNICODE, ASCII):
        assert len({glyphs.health(status) for status in ("healthy", "degraded", "unhealthy", "unknown")}) == 4


@pytest.mark.parametrize(
    ("environ", "glyphs"),
    [
        ({"TERM": "xterm", "LANG": "ko_KR.UTF-8"}, UNICODE),
        ({"TERM": "xterm", "LANG": "C"}, ASCII),
        ({"TERM": "xterm"}, UNICODE),
        ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, ASCII),
        ({"TERM": "xterm", "LANG": "C", "LC_ALL": "en_US.utf8"}, UNICODE),
        ({"TERM": "dumb", "LANG": "C.UTF-8"}, ASCII),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, ASCII),
        ({"TERM": "xterm", "LC_ALL": "POSIX"}, ASCII),
        ({"TERM": "xterm", "LANG": "ko_KR.EUC-KR"}, ASCII),
    ],
)
def test_plain_terminals_and_locales_get_ascii(environ: dict[str, str], glyphs: Glyphs) -> None:
    """LANG=C and terminals without the dots get ASCII, also after Python has coerced LC_CTYPE."""
    assert glyphs_for(environ) is glyphs


@pytest.mark.parametrize("unit", ["", "seconds", "ratio", "bytes", "bytes_per_second"])
@pytest.mark.parametrize("height", [2, 3, 7, 12, 30])
@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.0, 0.537), (3.0, 3.0), (-5.0, 12.0), (0.0, 9e12), (0.00001, 0.00002), (0.00031, 0.00052), (0.0, 0.0)]
)
def test_a_scale_is_even_and_its_labels_differ(low: float, high: float, height: int, unit: str) -> None:
    """It holds all values, its labels are an equal number of rows apart, and no two are the same."""
    scale = scale_of(low, high, unit, height)
    assert scale.low <= low + 1e-9 * abs(low) and high <= scale.high + 1e-9 * abs(high) and 1 <= scale.rows <= height
    rows = [row for row, _ in scale.labels]
    assert len({later - earlier for earlier, later in pairwise(rows)}) <= 1
    assert len({text for _, text in scale.labels}) == len(scale.labels)
    assert all(0 <= scale.place(value) <= scale.rows for value in (low, high, -1e99, 1e99))


def test_times_below_a_chart_are_round_in_their_zone() -> None:
    """Half-hour zones have their own full hours."""
    zone = timezone(timedelta(hours=5, minutes=30))
    assert {f.clock(at, zone)[3:] for at in moments(boards.AT - 6 * boards.HOUR, boards.AT, 6, zone)} == {"00"}


def line(count: int = 60, name: str = "api") -> ChartLine:
    times = tuple(boards.AT - 3_600_000 + i * 60_000 for i in range(count))
    return ChartLine(name, times, tuple(0.3 + 0.2 * math.sin(i / 7) if i % 20 else math.nan for i in range(count)))


SPAN = AlertSpan(boards.AT - 600_000, boards.AT - 300_000, "critical", "HighLatency api")
MARKS = ((boards.AT - 1_200_000, "deploy v2.3"), (SPAN.start, SPAN.text))


@pytest.mark.parametrize("glyphs", [UNICODE, NARROW, ASCII], ids=["unicode", "narrow", "ascii"])
@pytest.mark.parametrize("names", [("api",), ("api", "search")], ids=["area", "lines"])
@pytest.mark.parametrize(("width", "height"), [(10, 4), (38, 10), (118, 37), (300, 90)])
def test_a_chart_fits_its_place_and_uses_safe_shapes(width: int, height: int, names: tuple[str, ...], glyphs: Glyphs) -> None:
    """Every line of a chart has the width, there are not too many, and a set without ambiguous shapes has none."""
    chart = Chart(tuple(line(name=name) for name in names), "seconds", ((0.4, "warning"),), MARKS, (SPAN,))
    look = RenderStyle(glyphs, UTC)
    lines = chart_lines(chart, boards.AT - 3_600_000, boards.AT, width, height, look, (line(),), ChartFocus(boards.AT - 60_000))
    assert len(lines) <= height
    text = text_of(lines)
    assert {f.cells(row) for row in text.split("\n")} == {width}
    assert glyphs is UNICODE or all(unicodedata.east_asian_width(character) in ("N", "Na") for character in text)
    assert text.isascii() == (glyphs is ASCII)


def drawn(chart: Chart, **more: Any) -> list[Line]:
    return chart_lines(chart, boards.AT - 3_600_000, boards.AT, 118, 30, LOOK, **more)


def test_a_chart_names_lines_limits_alerts_flags_and_times() -> None:
    """Legend, figures, axis, limits with their labels, alerts as a band below, deploys as flags."""
    lines = drawn(Chart((line(),), "seconds", ((0.4, "degraded"),), MARKS, (SPAN,)))
    text = text_of(lines)
    assert all(part in text for part in ("api", "max 500ms", "HighLatency api 5m", "13:40", "400ms", "degraded > 400ms", "⚑deploy v2.3"))
    assert {"line-1", "fill-1", "warning", "slot-slow"} <= {style for row in lines for _, style in row}
    band = next(row for row in lines if any(style == "critical" for _, style in row))
    assert "▄" in text_of([band]) and text_of([band]).strip("▄ alerts") == ""


def test_many_short_alerts_leave_the_chart_readable() -> None:
    """One check that flaps has a band below the axis, and nothing is drawn over the values."""
    spans = tuple(AlertSpan(boards.AT - 60_000 * n, boards.AT - 60_000 * n + 15_000, "warning", "Flap cdn") for n in range(58, 0, -1))
    plain, flapping = drawn(Chart((line(),), "seconds")), drawn(Chart((line(),), "seconds", spans=spans))
    assert "+" in text_of(flapping[-1:]) and "earlier" in text_of(flapping[-1:])
    assert {style for row in flapping[:-3] for _, style in row} == {style for row in plain[:-1] for _, style in row}


def test_a_limit_outside_of_the_picture_says_so() -> None:
    """The legend names limits that are too far away to be drawn, and on which side they are."""
    text = text_of(drawn(Chart((line(),), "seconds", ((0.4, "warning"), (90.0, "critical")))))
    assert "critical > 90.0s (off scale)" in text and "warning 400ms " in text


def test_of_many_series_the_greatest_come_first_in_colours_of_their_own() -> None:
    """The legend is sorted by the last value; what has no colour left is faint, not in the colour of another; one can be alone."""
    many = tuple(ChartLine(f"s{n:02d}", (boards.AT - 60_000, boards.AT), (1.0, float(n))) for n in range(15))
    lines = drawn(Chart(many))
    text = text_of(lines)
    assert text.index("s14") < text.index("s13") < text.index("s12") and "and 9 more" in text and "s00" not in text
    squares = [style for row in lines for shape, style in row if "■" in shape]
    assert len(squares) == len(set(squares)) == 6
    alone = drawn(Chart(many), focus=ChartFocus(alone=14))
    assert "▸■■ s00" in text_of(alone) and "max 1" in text_of(alone)


def test_the_cursor_tells_the_values_under_it() -> None:
    """In place of the last values."""
    text = text_of(drawn(Chart((line(),), "seconds"), focus=ChartFocus(boards.AT - 1_000_000)))
    assert "at 13:56:40" in text and "last" not in text


def test_failures_of_a_check_are_full_columns() -> None:
    """With the strip of the check a failed minute is seen, also where it has no latency."""
    slots = strip(
        tuple(range(boards.AT - 3_600_000, boards.AT + 1, 60_000)), [SlotSamples(2.0 if 30 <= n < 33 else 0.0, 1.0, 0.3) for n in range(60)]
    )
    lines = drawn(Chart((line(),), "seconds"), strip=slots)
    assert all(any(style == "slot-down" and "█" in text for text, style in row) for row in lines[2:-1])


def test_a_chart_says_what_is_wrong_or_missing() -> None:
    """An error stands in the place of lines; no samples are said to be none."""
    assert "bad" in text_of(chart_lines(Chart(error="bad"), 0, 1, 40, 10, LOOK))
    assert "No samples" in text_of(chart_lines(Chart(), 0, 1, 40, 10, LOOK))
    assert "No series" in text_of(table_lines(Chart(), 0, 40, LOOK))
    assert "499ms" in text_of(table_lines(Chart((ChartLine("a", (1,), (0.499,)),), "seconds"), 2, 80, LOOK))


@pytest.mark.parametrize("count", [17, 64, 128])
@pytest.mark.parametrize(("width", "height"), [(40, 10), (118, 36)])
def test_many_cores_are_a_heat_map(count: int, width: int, height: int) -> None:
    """A row a core, or the busiest of several where they do not fit; each line has the width, and what is hot is seen."""
    times = tuple(range(boards.AT - 3_600_000, boards.AT + 1, 60_000))
    cores = tuple(
        ChartLine(f'cpu_core_usage_ratio{{core="{n}"}}', times, tuple(0.99 if n == 7 else 0.05 for _ in times)) for n in range(count)
    )
    chart = Chart(cores, "ratio")
    assert is_heat_map(chart) and not is_heat_map(replace(chart, lines=cores[:16])) and not is_heat_map(replace(chart, unit=""))
    lines = heat_lines(chart, times[0], times[-1], width, height, LOOK)
    assert len(lines) <= height and {f.cells(row) for row in text_of(lines).split("\n")} == {width}
    hot = [row for row in lines if any(style == "slot-down" for _, style in row)]
    assert len(hot) == 1 and text_of(hot).rstrip().endswith("99%")


def test_the_legend_names_every_series_before_it_tells_all_figures() -> None:
    """In a narrow chart the last value and the maximum stay beside the whole name, then the last value alone."""
    name = "shop probe_duration_seconds"
    chart = Chart((ChartLine(name, (boards.AT - 1000, boards.AT), (1.0, 2.0)),), "seconds")

    def legend(width: int) -> str:
        return text_of(legend_lines(chart, chart.lines, False, (0, 3), ChartFocus(), width, LOOK, 3))

    assert name in legend(90) and "last 2.00s  min 1.00s  avg 1.50s  max 2.00s" in legend(90)
    assert name in legend(60) and "last 2.00s  max 2.00s" in legend(60)
    assert name in legend(46) and "last 2.00s " in legend(46)
