"""Screens by role: what their panels show, asked of a backend over samples in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import sample_boards as boards
from tests.support.query_backend import T0, QueryBackend
from tui_monitor.board.listings import LogLine
from tui_monitor.board.log_pages import LogFilter
from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.board.screen_values import PanelValues, value_text
from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.board.values import Board, Chart, ChartLine
from tui_monitor.core.values import Sample, labels_of

NOW = T0 + 119_000


def board(at: int = NOW) -> Board:
    return replace(boards.busy(), at=at)


async def shown(panel: ScreenPanel, backend: QueryBackend | None = None, language: str = "en") -> PanelValues:
    """One panel with its answers."""
    backend = backend or QueryBackend()
    reader = ScreenReader(backend, ScreenDefinition("one", panels=(panel,)), language)
    await reader.refresh(board())
    return reader.values(board()).panels[0]


async def test_a_stat_is_a_figure_with_severity_and_sparkline() -> None:
    """The unit follows from the metric, the colour from the thresholds."""
    found = await shown(ScreenPanel("stat", queries=("hits_total",), span=60_000, warning=100, critical=200))
    (row,) = found.rows
    assert row.cells == ("hits_total", "119") and row.status == "warning" and found.status == "warning"
    assert row.values[-1] == 119 and len(row.values) == 61


async def test_names_are_the_legend_or_the_labels_that_differ() -> None:
    """Two series of one metric are told apart without a legend."""
    plain = await shown(ScreenPanel("bars", queries=("probe_success",)))
    assert [row.cells[0] for row in plain.rows] == ["api", "db"]
    told = await shown(ScreenPanel("bars", queries=("probe_success",), legends=("{{check}} up",), select=('check="db"',)))
    assert [(row.cells, row.ratio) for row in told.rows] == [(("db up", "1"), 1.0)]


async def test_a_chart_has_lines_with_gaps_largest_first() -> None:
    """Points where nothing was measured break the line."""
    backend = QueryBackend()
    away = labels_of("hits_total", check="away")
    for second in (0, 1, 2, 119):
        backend.memory.append(T0 + 1000 * second, [Sample(away, 500.0)], 1000)
    found = await shown(ScreenPanel("chart", queries=("hits_total",), span=120_000), backend)
    assert [line.name for line in found.lines] == ["away", "api"]
    assert any(value != value for value in found.lines[0].values) and found.start < found.end <= NOW


async def test_series_of_several_queries_are_told_apart_and_keep_their_units() -> None:
    """A chart of seconds and healths has no unit of either; names leave out what all share, and have the metric last."""
    queries = ("probe_success", "2 * probe_success")
    found = await shown(ScreenPanel("chart", queries=queries))
    assert sorted(line.name for line in found.lines) == [
        "api 2 * probe_success", "api probe_success", "db 2 * probe_success", "db probe_success",
    ]  # fmt: skip
    units = QueryBackend()
    for name in ("probe_duration_seconds", "process_resident_memory_bytes"):
        units.memory.append(NOW, [Sample(labels_of(name, check="api", type="http"), 2.0)])
    two = ("probe_duration_seconds", "process_resident_memory_bytes")
    assert (await shown(ScreenPanel("chart", queries=two), units)).unit == ""
    assert (await shown(ScreenPanel("chart", queries=two[:1]), units)).unit == "seconds"
    bars = await shown(ScreenPanel("bars", queries=two), units)
    assert [row.cells for row in bars.rows] == [(two[0], "2.00s"), (two[1], "2B")]


async def test_a_table_joins_queries_by_labels() -> None:
    """A column per label that differs and per query."""
    panel = ScreenPanel("table", queries=("probe_success", 'probe_success{check="api"} * 50'), legends=("up", "share"), unit="percent")
    found = await shown(panel)
    assert found.heads == ("check", "type", "up", "share")
    assert [row.cells for row in found.rows] == [("api", "http", "1.0%", "50.0%"), ("db", "tcp", "1.0%", "-")]


async def test_shares_add_up_and_the_rest_is_one() -> None:
    """More than six shares end in one for the others."""
    backend = QueryBackend()
    backend.memory.append(NOW, [Sample(labels_of("coins", name=f"c{number}"), float(number)) for number in range(1, 10)])
    found = await shown(ScreenPanel("pie", queries=("coins",)), backend, "ko")
    assert [row.cells[0] for row in found.rows] == ["c9", "c8", "c7", "c6", "c5", "기타"]
    assert found.rows[-1].cells[1:] == ("10", "22%") and sum(row.ratio or 0 for row in found.rows) == pytest.approx(1)
    assert found.remark == "45"


async def test_one_wrong_query_costs_its_panel_only() -> None:
    """The error stands in the panel, the others are answered."""
    screen = ScreenDefinition(
        "two", panels=(ScreenPanel("stat", queries=("rate(hits_total)",)), ScreenPanel("bars", queries=("hits_total",)))
    )
    reader = ScreenReader(QueryBackend(), screen)
    assert reader.values(board()).panels[1].loading
    await reader.refresh(board())
    wrong, right = reader.values(board()).panels
    assert wrong.error and not wrong.rows and right.rows


async def test_questions_are_asked_again_only_when_their_answers_can_differ() -> None:
    """A chart over an hour is asked every 30 s, a figure each second; a past board is asked once."""
    backend = QueryBackend()
    screen = ScreenDefinition(
        "two", panels=(ScreenPanel("chart", queries=("hits_total",)), ScreenPanel("bars", queries=("probe_success",)))
    )
    reader, ranges = ScreenReader(backend, screen), 0

    async def counted(*given: int | str | float) -> object:
        nonlocal ranges
        ranges += 1
        return await QueryBackend.query_range(backend, *given)  # type: ignore[arg-type]

    backend.query_range = counted  # type: ignore[method-assign,assignment]
    for second in range(29):
        await reader.refresh(board(NOW + 1000 * second))
    assert ranges == 1 and len(backend.asked) == 29
    await reader.refresh(board(NOW + 31_000))
    await reader.refresh(board(NOW - 60_000))  # the clock was set back
    assert ranges == 3
    past = replace(board(NOW - 5000), past=True)
    assert reader.values(past).panels[0].loading
    asked = len(backend.asked)
    for _ in range(3):
        await reader.refresh(past)
    assert len(backend.asked) == asked + 1 and not reader.values(past).panels[0].loading


async def test_series_of_others_are_asked_of_the_engine() -> None:
    """Only where the monitor has none of its own; the page does not ask it, and its error stands in the panel."""

    class Engine(QueryBackend):
        async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
            if "wrong" in expr:
                return Chart(error="the engine cannot be asked")
            return Chart((ChartLine('up{host="web-2"}', (end - 1000, end), (0.0, 1.0)),))

    panels = tuple(ScreenPanel(kind, queries=(expr,), legends=("{{host}}",)) for kind in ("stat", "chart") for expr in ("up", "wrong"))
    screen = ScreenDefinition("far", panels=(*panels, ScreenPanel("stat", queries=("hits_total",), legends=("own",))))
    for with_engine in (True, False):
        reader = ScreenReader(Engine(), screen, with_engine=with_engine)
        await reader.refresh(board())
        stat, wrong, chart, _, own = reader.values(board()).panels
        assert [row.cells for row in stat.rows] == ([("web-2", "1")] if with_engine else [])
        assert [line.name for line in chart.lines] == (["web-2"] if with_engine else [])
        assert wrong.error == ("the engine cannot be asked" if with_engine else "") and own.rows[0].cells == ("own", "119")


async def test_an_empty_panel_says_which_metric_nobody_has() -> None:
    """In the terminal; asked once. The page's readers are not told names of series that may be private."""

    class Named(QueryBackend):
        named = 0

        async def names(self) -> dict[str, list[str]]:
            self.named += 1
            return {"metrics": ["probe_success", "hits_total"]}

        async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
            return Chart()

    screen = ScreenDefinition("one", panels=(ScreenPanel("bars", queries=("up == 1",)), ScreenPanel("stat", queries=("hits_total",))))
    for with_engine in (True, False):
        backend = Named()
        reader = ScreenReader(backend, screen, with_engine=with_engine)
        for second in range(3):
            await reader.refresh(board(NOW + 5000 * second))
        empty, full = reader.values(board(NOW + 10_000)).panels
        assert (backend.named, full.rows != ()) == (int(with_engine), True)
        assert (empty.empty == 'There is no metric "up". Did you mean probe_success?') == with_engine and empty.empty


async def test_panels_of_the_board_need_no_question() -> None:
    """Checks are sorted by gravity, alerts are those that tell; `select` chooses."""
    kinds = ("alerts", "resources", "requests", "containers", "processes")
    found = {kind: await shown(ScreenPanel(kind)) for kind in kinds}
    firing = [alert for alert in boards.busy().alerts if alert.state == "firing" and not alert.suppressed_by]
    assert len(found["alerts"].rows) == len(firing) and found["alerts"].rows[0].key == firing[0].id
    assert found["resources"].rows[0].cells[0] == "CPU" and found["processes"].rows[0].cells[0] == "postgres"
    assert not found["requests"].rows and "[requests]" in found["requests"].empty
    checks = await shown(ScreenPanel("checks"))
    order = [row.status for row in checks.rows]
    assert order == sorted(order, key=["unhealthy", "degraded", "unknown", "healthy"].index) and checks.rows[0].strip
    one = await shown(ScreenPanel("checks", select=(f'name="{checks.rows[-1].key}"',)))
    assert [row.key for row in one.rows] == [checks.rows[-1].key]


async def test_lines_are_the_newest_first_and_bounded_by_the_moment() -> None:
    """Matchers of check and level go to the search."""
    backend = QueryBackend()
    backend.lines = [LogLine(NOW + offset, "app", "", "error", f"line {offset}\x1b[31m", {}) for offset in (-2000, -1000, 5000)]
    found = await shown(ScreenPanel("logs", select=('check="app"', 'level="warning"')), backend)
    assert [row.cells[2:] for row in found.rows] == [("app", "line -1000"), ("app", "line -2000")]
    assert (backend.log_queries[0].check, backend.log_queries[0].level) == ("app", "warning")
    reader = ScreenReader(backend, ScreenDefinition("past", panels=(ScreenPanel("logs", select=('level="error"',)),)))
    await reader.refresh(replace(board(), past=True))
    assert backend.log_pages[0].filter == LogFilter(level="error", until=NOW) and len(backend.log_queries) == 1


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1234567.0, "", "1,234,567"), (12345.6, "count", "12,346"), (0.4567, "", "0.457"), (45.25, "percent", "45.2%"),
     (0.91, "ratio", "91.0%"), (None, "", "-"), (float("nan"), "", "-"), (2048.0, "bytes", "2.0K"), (2.5, "count", "2.50")],
)  # fmt: skip
def test_values_read_as_people_write_them(value: float | None, unit: str, text: str) -> None:
    """Thousands have commas; percents are 0 to 100, ratios 0 to 1."""
    assert value_text(value, unit) == text
