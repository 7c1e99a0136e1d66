"""The drawings: well-formed, escaped, bounded, with gaps where there are no values."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from tui_monitor.board.strip import SlotSamples, strip
from tui_monitor.board.svg import area_svg, share_bar_svg, standalone, strip_svg
from tui_monitor.board.svg_chart import chart_svg, nice_ticks
from tui_monitor.board.values import Chart, ChartLine

EVIL = '<script>alert("1")</script>&'
NAN = math.nan


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(standalone(svg))


def shapes(svg: str, name: str) -> list[ET.Element]:
    return parsed(svg).findall(f".//{{http://www.w3.org/2000/svg}}{name}")


def test_a_strip_has_a_path_per_state_or_a_titled_bar_per_slot() -> None:
    """Sixty bars cost three paths; with tips every bar tells its own."""
    bars = strip(range(5), [SlotSamples(0.0), SlotSamples(2.0), SlotSamples(0.0), SlotSamples()], level=True)
    assert [shape.get("class") for shape in shapes(strip_svg(bars, "x"), "path")] == ["ok", "bad", "none"]
    tips = strip_svg(bars, "x", ["a", EVIL, "c", "d"])
    assert [shape.text for shape in shapes(tips, "title")] == ["a", EVIL, "c", "d"]


def test_an_area_breaks_at_gaps_and_needs_two_values() -> None:
    """A gap makes two areas; a single value draws nothing."""
    assert len(shapes(area_svg([1, 2, NAN, 2, 3]), "polyline")) == 2
    assert area_svg([1, NAN]) == "" == area_svg([])


def test_nothing_from_outside_reaches_the_markup() -> None:
    """Names, marks and labels are text in the drawing whatever they hold."""
    chart = Chart((ChartLine(EVIL, (0, 1000), (1.0, 2.0)),), "seconds", ((1.5, "critical"),), ((500, EVIL),))
    for svg in (chart_svg(chart, 0, 1000, EVIL), share_bar_svg([(EVIL, 1.0)], EVIL), area_svg([1, 2], EVIL), strip_svg((), EVIL)):
        assert "<script" not in svg and parsed(svg) is not None


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.0037), (0, 1e12), (-3, 4), (0, 1e-300), (5, 5)])
def test_ticks_are_few_and_cover_the_range(low: float, high: float) -> None:
    """At most seven round values from at or below the least to at or above the greatest."""
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 7 and ticks[0] <= low and ticks[-1] >= high * (1 - 1e-9)


def test_a_chart_draws_lines_with_gaps_limits_in_reach_and_marks() -> None:
    """A limit far above the values is left out, as it would press the line flat; marks outside the range are left out."""
    line = ChartLine("a", tuple(range(0, 6000, 1000)), (1.0, 2.0, NAN, 1.0, 1.5, math.inf))
    chart = Chart((line,), "seconds", ((2.5, "warning"), (50.0, "critical")), ((2500, "in"), (9999, "out")))
    svg = chart_svg(chart, 0, 6000, "latency")
    classes = [shape.get("class") for shape in shapes(svg, "path")]
    assert classes.count("limit warn") == 1 and "limit bad" not in classes and classes.count("mark") == 1
    assert len(shapes(svg, "polyline")) == 2
    assert parsed(chart_svg(Chart(), 0, 6000, "nothing")) is not None
