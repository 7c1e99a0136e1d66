"""Rows, filters and windows of the screens of logs, requests and traces, drawn without a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.support.sample_boards import AT
from tests.support.telemetry_file import example_requests, span
from tui_monitor.board.listings import LogLine
from tui_monitor.board.log_pages import LogPage, LogSource, PlacedLine
from tui_monitor.config.load import load
from tui_monitor.core.catalogue.translation import Translator
from tui_monitor.core.humanize import cells
from tui_monitor.core.trace import span_tree
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.promql.engine import compile_expr
from tui_monitor.widgets.advice_pane import is_sentence
from tui_monitor.widgets.cell_line import Line, RenderStyle, text_of
from tui_monitor.widgets.glyphs import ASCII, UNICODE
from tui_monitor.widgets.log_filter import LogChoice, parse_choice
from tui_monitor.widgets.log_lines import LogColumns, log_row, source_at, source_tabs
from tui_monitor.widgets.log_texts import NO_REQUESTS, NO_TRACES, NOTHING_KEPT
from tui_monitor.widgets.log_window import KEPT, AlertMark, LogWindow, in_order, with_marks
from tui_monitor.widgets.request_lines import ORDERS, latency_expr, rate_expr, request_line, route_rows
from tui_monitor.widgets.trace_filter import TraceChoice, parse_trace_choice
from tui_monitor.widgets.trace_lines import bar_cells, span_line, span_rows

LOOK = RenderStyle(UNICODE, UTC)
PLAIN = RenderStyle(ASCII, UTC)


def line(level: str = "error", message: str = "timed out", at: int = AT, **fields: Any) -> LogLine:
    return LogLine(at, "api", "", level, message, fields, str(fields.get("trace_id", "")))


def placed(number: int) -> PlacedLine:
    return PlacedLine((number, 0), line(at=AT + number * 1000))


def row(one: LogLine, needle: str = "", width: int = 100, **columns: Any) -> Line:
    return log_row(one, needle, LogColumns(**columns), AT, width, LOOK)


def test_a_row_says_its_level_by_a_letter_and_a_colour() -> None:
    """Without colour the letter still says it; fields follow the message, ids of traces are only mentioned."""
    found = row(line(order=7, trace_id="abc", msg="timed out"))
    assert text_of([found]).rstrip().endswith(f"E api{' ' * 11} timed out  order=7  trace")
    assert ("E ", "error") in found
    assert "- api" in text_of([row(line(level=""))])


@pytest.mark.parametrize(
    ("message", "fields", "shown"),
    [
        ("2026-11-30T09:46:54.257Z ERROR db is gone", {}, "db is gone"),
        ("[2026/11/30 09:46:54] [error] 7#7: refused", {}, "7#7: refused"),
        ("2026-11-30 09:46:54", {}, "2026-11-30 09:46:54"),
        ("error", {}, "error"),
        ('{"status": 200}', {"status": 200}, "status=200"),
        ('{"status": 200', {}, '{"status": 200'),
    ],
)
def test_a_row_says_time_and_level_once(message: str, fields: dict[str, Any], shown: str) -> None:
    """What the line itself says of its time and level is left out; an object without a message is shown by its fields."""
    assert text_of([row(line(message=message, **fields))]).split(" api ")[1].strip() == shown


@pytest.mark.parametrize("width", [20, 40, 60, 120])
@pytest.mark.parametrize("look", [LOOK, PLAIN])
def test_rows_fill_their_width_exactly(width: int, look: RenderStyle) -> None:
    """Wide characters, control characters and several lines leave no cell over and none out."""
    for message in ("결제 시간 초과 " * 20, "\x1b[31mred\x1b[0m\x00", "first\n  second\n  third", ""):
        found = log_row(line(message=message), "초과", LogColumns(), AT, width, look)
        assert cells(text_of([found])) == width and "\x1b" not in text_of([found])


def test_matches_are_marked_in_any_case_and_rows_shift_sideways() -> None:
    found = row(line(message="Upstream TIMED out"), "timed")
    assert ("TIMED", "chip-match") in found
    assert "stream TIMED" in text_of([row(line(message="Upstream TIMED out"), shift=2)])


def test_the_chosen_source_is_always_among_the_tabs() -> None:
    sources = [LogSource(f"check-{n}", "") for n in range(40)]
    assert "[check-39]" in text_of([source_tabs(sources, "check-39", 60, LOOK)])
    assert "[all]" in text_of([source_tabs(sources, "", 60, LOOK)])


@pytest.mark.parametrize("chosen", ["", "check-3", "check-39"])
def test_a_click_hits_the_source_that_stands_there(chosen: str) -> None:
    """Each cell of a name leads to it, wherever the line begins."""
    sources = [LogSource(f"check-{n}", "") for n in range(40)]
    text = text_of([source_tabs(sources, chosen, 60, LOOK)])
    for number, name in ((0, "all"), (4, "check-3"), (40, "check-39")):
        if found := re.search(rf"\b{name}\b", text):
            assert {source_at(x, sources, chosen, 60, LOOK) for x in range(*found.span())} == {number}
    assert source_at(0, sources, chosen, 60, LOOK) is None


def test_a_window_stays_small_and_without_gaps() -> None:
    """Pages in both directions; what goes at one end is asked for again from there."""
    window = LogWindow()
    window.begin(LogPage(tuple(map(placed, range(5000, 5200))), (5000, 0), True), newer=False)
    for first in range(4800, 3000, -200):
        window.add_older(LogPage(tuple(map(placed, range(first, first + 200))), (first, 0), True))
    assert len(window.lines) == KEPT and not window.at_end and window.newer == window.lines[-1].position
    first = window.lines[-1].position[0] + 1
    gone = window.add_newer(LogPage(tuple(map(placed, range(first, first + 200))), (first + 199, 0), True))
    assert gone == 200 and window.older == window.lines[0].position
    assert [one.position[0] for one in window.lines] == list(range(window.lines[0].position[0], first + 200))


def test_sources_that_arrive_in_turns_are_shown_in_order() -> None:
    """By stamp where it is near the arrival; a source stays as it came, and a stamp of another time zone keeps its place."""
    given = (("a", 2000, 3000), ("a", 2500, 3000), ("b", 1900, 3001), ("b", 2400, 3001), ("c", -3_600_000, 3002), ("a", 2400, 3003))
    lines = [
        PlacedLine((number, 0), replace(line(at=AT + at), check=name), AT + arrived) for number, (name, at, arrived) in enumerate(given)
    ]
    assert [one.position[0] for one in in_order(lines)] == [2, 0, 3, 1, 5, 4]
    waited = [PlacedLine((0, number), line(at=AT + number * 1000), AT + 60_000) for number in range(60)]
    assert in_order(waited) == waited


def test_a_row_says_nothing_twice() -> None:
    """Fields whose values stand in the message, or are the source's name, are left out."""
    found = text_of([row(line(message="GET /a 200", path="/a", status=200, agent="curl", service="api"))])
    assert "agent=curl" in found and "path=" not in found and "status=" not in found and "service=" not in found


def test_marks_stand_before_the_first_line_of_their_time() -> None:
    """Several alerts between two lines are one mark; those outside of the window are left out."""
    lines = [placed(number) for number in range(3)]
    marks = [AlertMark(AT + at, name, "critical") for at, name in ((-5, "before"), (1000, "a"), (900, "b"), (2500, "c"), (9000, "later"))]
    found = with_marks(lines, marks, AT + 3000)
    assert [one.name if isinstance(one, AlertMark) else one.position[0] for one in found] == [0, "b", 1, 2, "c"]
    assert [one.more for one in found if isinstance(one, AlertMark)] == [1, 0]


@pytest.mark.parametrize(
    "choice",
    [
        LogChoice(),
        LogChoice("api", "", "error", 3_600_000, "connection refused", (("user.id", "42"),)),
        LogChoice("", "my shop", "", 90_000, "", (("path", "/a b"),)),
    ],
)
def test_a_filter_is_what_its_line_says(choice: LogChoice) -> None:
    assert parse_choice(choice.line()) == choice


@pytest.mark.parametrize(
    ("text", "told"), [("level=eror", "mean error"), ("last=5", "not a duration"), ('"open', "quotation"), ("level=9", "there are")]
)
def test_a_wrong_filter_says_what_to_change(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_choice(text)


def test_a_filter_of_traces_is_what_its_line_says() -> None:
    choice = TraceChoice("my shop", "POST /orders", 500_000, True, 3_600_000, "slowest")
    assert parse_trace_choice(choice.line(), "slowest") == choice
    assert parse_trace_choice("slower=2s GET /a") == TraceChoice("", "GET /a", 2_000_000)
    with pytest.raises(ValueError, match="slower=500ms"):
        parse_trace_choice("slower=fast")


def test_a_waterfall_has_a_bar_for_each_span() -> None:
    """Where it lies in its trace, at least one cell; a failed one by its shape too; deep trees leave room for names."""
    tree = span_tree([
        span(1, 1, 0, "shop", "GET /", 0, 1000), span(1, 2, 1, "db", "SELECT", 500, 250, status="error"),
        *(span(1, n, n - 1, "db", f"deep {n}", 999, 0) for n in range(3, 40)),
    ])  # fmt: skip
    rows = span_rows(tree)
    texts = [text_of([span_line(one, 100, LOOK)]) for one in rows]
    assert bar_cells(500, 250, 1000, 40) == (20, 10) and bar_cells(999, 0, 1000, 40) == (39, 1)
    assert texts[0].count("■") == 40 and texts[1].count("■") == 10 and texts[1].startswith(" ✗")
    assert all(f"deep {n}" in text_of([span_line(rows[n - 1], 60, LOOK)]) for n in (3, 39))
    assert all(cells(text_of([span_line(one, width, look)])) == width for one in rows for width in (30, 60, 120) for look in (LOOK, PLAIN))


def test_routes_stand_below_their_application_in_each_order() -> None:
    """The sum first; a route without a figure last."""
    for order in ORDERS:
        found = route_rows(example_requests(), order)
        assert [one.is_whole for one in found] == [True, False, False, False, False, True, False, False]
    assert [one.name for one in route_rows(example_requests(), "errors", "api")][:2] == ["all 4 routes", "POST /orders"]
    assert all(cells(text_of([request_line(one, True, width, LOOK)])) == width for one in found for width in (30, 60, 120))


def test_histories_of_routes_are_valid_expressions() -> None:
    """PromQL with the labels that the application uses; without a histogram there are no latencies."""
    orders, *_, static, _ = route_rows(example_requests(), "errors", "api")[1:] + route_rows(example_requests(), "rate", "web")
    for expr in (rate_expr(orders), latency_expr(orders), rate_expr(static)):
        for _, each in expressions(expr):
            compile_expr(each)
    assert 'route="/orders"' in rate_expr(orders) and "by (status_code)" in rate_expr(orders)
    assert latency_expr(static) == ""


@pytest.mark.parametrize("advice", [NOTHING_KEPT, NO_REQUESTS, NO_TRACES])
def test_what_an_empty_screen_shows_can_be_pasted(advice: tuple[str, ...], tmp_path: Path) -> None:
    """The lines that are no sentences are a valid configuration."""
    lines = [text for text in advice if not is_sentence(text) and not text.startswith("OTEL_")]
    (tmp_path / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    assert load(tmp_path / "config.toml", {}).settings is not None


def test_a_language_changes_no_line_of_a_log() -> None:
    """A line or a source that reads as a text of the program stays as it was written, in Korean too."""
    korean = RenderStyle(UNICODE, UTC, Translator("ko"))
    one = LogLine(AT, "search", "", "error", "search", {}, "")
    assert text_of([log_row(one, "", LogColumns(), AT, 80, korean)]).split()[-2:] == ["search", "search"]


def test_plus_hides_all_below_warning_at_once() -> None:
    """One press shows warnings and graver lines; from a lower level of a filter line the way is the same."""
    levels = [choice := LogChoice().with_level(1), choice := choice.with_level(1), choice := choice.with_level(1), choice.with_level(1)]
    assert [choice.level for choice in levels] == ["warning", "error", "critical", "critical"]
    assert LogChoice(level="warning").with_level(-1).level == LogChoice(level="debug").with_level(-1).level == ""
    assert LogChoice(level="debug").with_level(1).level == "warning"
