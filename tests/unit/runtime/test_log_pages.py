"""Pages of kept log lines: each line once in both directions, whatever filter, moment and size of page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.telemetry_file import event, write_lines
from tui_monitor.board.log_pages import NEWEST, OLDEST, LogFilter, LogPage, LogPageQuery, LogSource
from tui_monitor.runtime.log_pages import log_page, log_sources
from tui_monitor.storage.telemetry.reader import TelemetryReader

START = 1_700_000_000_000
LEVELS = ("info", "debug", "error", "info")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Eighty lines in turns of a check and a service, three a block, a second apart."""
    path = tmp_path / "telemetry.db"
    for turn in range(0, 80, 4):
        for source, service in (("api", False), ("shop", True)):
            lines = [event(START + n * 1000, LEVELS[n % 4], f"line {n} of {source}", n=n) for n in range(turn, turn + 4)]
            write_lines(path, source, [(START + (turn + 4) * 1000, lines[:3]), (START + (turn + 4) * 1000, lines[3:])], service=service)
    return path


def pages(path: Path, query: LogPageQuery) -> Iterator[LogPage]:
    """All pages from a query on, in its direction."""
    with closing(TelemetryReader(path)) as reader:
        while True:
            page = log_page(reader, query)
            yield page
            if not page.more:
                return
            query = replace(query, position=page.reached)


def texts(found: Iterator[LogPage], *, newer: bool = False) -> list[str]:
    """The messages of pages, oldest first."""
    parts = [[one.line.message for one in page.lines] for page in found]
    return [text for part in (parts if newer else parts[::-1]) for text in part]


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
@pytest.mark.parametrize("level", ["", "error"])
def test_each_line_comes_once_in_both_directions(path: Path, limit: int, level: str) -> None:
    """Pages of any size, backwards from the end and forwards from the beginning, give the same lines in the same order."""
    limits = LogFilter(level=level)
    back = texts(pages(path, LogPageQuery(limits, NEWEST, limit=limit)))
    forth = texts(pages(path, LogPageQuery(limits, OLDEST, newer=True, limit=limit)), newer=True)
    assert back == forth
    assert len(set(back)) == len(back) == (40 if level else 160)


def test_filters_select_lines(path: Path) -> None:
    """A check, a service, texts that must all be there, a field, a window of time."""

    def count(limits: LogFilter) -> int:
        return len(texts(pages(path, LogPageQuery(limits, NEWEST))))

    assert count(LogFilter(check="api")) == count(LogFilter(service="shop")) == 80
    assert count(LogFilter(texts=("LINE 7", "of api"))) == 11
    assert count(LogFilter(where=(("n", "7"),))) == 2
    assert count(LogFilter(since=START + 10_000, until=START + 12_000)) == 6


def test_a_moment_is_found(path: Path) -> None:
    """A page from a moment on begins with its first line; one beyond the end has none, and what comes is next."""
    (first, *_), *_ = [page.lines for page in pages(path, LogPageQuery(position=OLDEST, at=START + 9_000, newer=True, limit=2))]
    assert first.line.message == "line 9 of api"
    with closing(TelemetryReader(path)) as reader:
        page = log_page(reader, LogPageQuery(position=OLDEST, at=START + 10**9, newer=True))
        assert (page.lines, page.more) == ((), False)
    write_lines(path, "api", [(START + 10**9, [event(START + 10**9, "info", "late")])])
    assert texts(pages(path, LogPageQuery(position=page.reached, newer=True)), newer=True) == ["late"]


def test_a_long_search_answers_in_parts(path: Path) -> None:
    """A rare text costs no answer more than its time: each part says how far it got, and all together find it."""
    ticks = iter(range(1000))
    query, parts, found = LogPageQuery(LogFilter(texts=("line 0 of api",))), 0, 0
    with closing(TelemetryReader(path)) as reader:
        while True:
            page = log_page(reader, query, lambda: float(next(ticks)))
            parts, found = parts + 1, found + len(page.lines)
            if not page.more:
                break
            query = replace(query, position=page.reached)
    assert found == 1 and parts > 20


def test_sources_have_their_extents(path: Path) -> None:
    """Checks and services of which lines are kept, by name, with the arrival of their oldest and newest."""
    with closing(TelemetryReader(path)) as reader:
        ends = (START + 4000, START + 80_000)
        assert log_sources(reader) == [LogSource("api", "", *ends), LogSource("", "shop", *ends)]


def test_lines_that_come_are_behind_the_position_of_the_last(path: Path) -> None:
    """A screen that follows asks from its last line on, with a filter from where the last part ended."""
    with closing(TelemetryReader(path)) as reader:
        limits = LogFilter(check="api", level="error")
        end = log_page(reader, LogPageQuery(limits, OLDEST, newer=True, limit=1000))
        assert not end.more
        write_lines(path, "api", [(START + 90_000, [event(START + 90_000, "info", "x"), event(START + 90_001, "error", "y")])])
        assert [one.line.message for one in log_page(reader, LogPageQuery(limits, end.reached, newer=True)).lines] == ["y"]


def test_newer_than_the_newest_is_what_comes(path: Path) -> None:
    """A screen that shows the past counts what comes from now on, without reading what lies between."""
    with closing(TelemetryReader(path)) as reader:
        page = log_page(reader, LogPageQuery(newer=True))
        assert (page.lines, page.more) == ((), False)
        write_lines(path, "api", [(START + 90_000, [event(START + 90_000, "info", "x")])])
        assert [one.line.message for one in log_page(reader, LogPageQuery(position=page.reached, newer=True)).lines] == ["x"]


def test_a_page_is_read_quickly_from_many_lines(tmp_path: Path) -> None:
    """The time of a page does not grow with the number of kept lines: the store reads only blocks that the page needs."""
    path = tmp_path / "many.db"
    blocks = [(START + n * 1000, [event(START + n * 1000, "info", f"line {n} {k}") for k in range(10)]) for n in range(3000)]
    write_lines(path, "api", blocks)
    with closing(TelemetryReader(path)) as reader:
        reads: list[int] = []
        page = reader._page
        reader._page = lambda *given: reads.append(1) or page(*given)  # type: ignore[method-assign,func-returns-value]
        assert len(log_page(reader, LogPageQuery(), lambda: 0.0).lines) == 200
        assert len(log_page(reader, LogPageQuery(position=OLDEST, at=START + 1_500_000, newer=True), lambda: 0.0).lines) == 200
        assert len(reads) <= 4
