"""Bars, sparklines, charts and shapes."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC

import pytest

from tests.support import sample_boards as boards
from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.charts import chart_lines, table_lines, ticks
from tui_monitor.widgets.glyphs import ASCII, NARROW, UNICODE, Glyphs, glyphs_for
from tui_monitor.widgets.graphs import bar, graph, spark

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


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.537), (3.0, 3.0), (-5.0, 12.0), (0.0, 9e12), (0.00001, 0.00002)])
def test_ticks_are_round_and_within(low: float, high: float) -> None:
    """Axis values lie in the range and are few."""
    found = ticks(low, high)
    assert 1 <= len(found) <= 7
    assert all(low - 1e-9 <= value <= high * (1 + 1e-9) + 1e-9 for value in found)


def line(count: int = 60, name: str = "api") -> ChartLine:
    times = tuple(boards.AT - 3_600_000 + i * 60_000 for i in range(count))
    return ChartLine(name, times, tuple(0.3 + 0.2 * math.sin(i / 7) if i % 20 else math.nan for i in range(count)))


@pytest.mark.parametrize("look", [LOOK, RenderStyle(ASCII, UTC)], ids=["unicode", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(10, 4), (38, 10), (118, 37), (300, 90)])
def test_a_chart_fits_its_place_and_uses_safe_shapes(width: int, height: int, look: RenderStyle) -> None:
    """Every line of a chart has the width, there are not too many, and none has ambiguous shapes."""
    chart = Chart((line(), line(name="search")), "seconds", ((0.4, "warning"),), ((boards.AT - 600_000, "HighLatency"),))
    lines = chart_lines(chart, boards.AT - 3_600_000, boards.AT, width, height, look, before=(line(),))
    assert len(lines) <= height
    text = text_of(lines)
    assert {f.cells(row) for row in text.split("\n")} == {width}
    assert all(unicodedata.east_asian_width(character) in ("N", "Na") for character in text)
    if not look.glyphs.braille:
        assert text.isascii()


def test_a_chart_names_lines_thresholds_marks_and_times() -> None:
    """Legend, figures, axis and marks are there."""
    chart = Chart((line(),), "seconds", ((0.4, "warning"),), ((boards.AT - 600_000, "HighLatency"),))
    lines = chart_lines(chart, boards.AT - 3_600_000, boards.AT, 118, 30, LOOK)
    text = text_of(lines)
    assert "api" in text and "max 500ms" in text and "HighLatency" in text and "14:00" in text and "400ms" in text
    assert {"line-1", "warning", "faint"} <= {style for row in lines for _, style in row}


def test_a_threshold_outside_of_the_picture_says_so() -> None:
    """The legend names thresholds that are too far away to be drawn, and where they are."""
    chart = Chart((line(),), "seconds", ((0.4, "warning"), (90.0, "critical")))
    text = text_of(chart_lines(chart, boards.AT - 3_600_000, boards.AT, 118, 30, LOOK))
    assert "critical 90.0s above" in text and "warning 400ms   " in text


def test_a_chart_says_what_is_wrong_or_missing() -> None:
    """An error stands in the place of lines; no samples are said to be none."""
    assert "bad" in text_of(chart_lines(Chart(error="bad"), 0, 1, 40, 10, LOOK))
    assert "No samples" in text_of(chart_lines(Chart(), 0, 1, 40, 10, LOOK))
    assert "No series" in text_of(table_lines(Chart(), 0, 40, LOOK))
    assert "499ms" in text_of(table_lines(Chart((ChartLine("a", (1,), (0.499,)),), "seconds"), 2, 80, LOOK))
