"""Log lines and traces of another host: asked and answered as JSON, the answers are those of the host itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.sample_boards import AT
from tests.support.telemetry_file import EXAMPLE_TRACE, write_example
from tui_monitor.board import wire
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.log_pages import OLDEST, LogFilter, LogPage, LogPageQuery
from tui_monitor.core.trace import TraceQuery
from tui_monitor.fleet.questions import answer, read_answer


@pytest.fixture
def far(tmp_path: Path) -> FakeBackend:
    """The other host."""
    backend = FakeBackend("quiet")
    backend.telemetry = tmp_path / "t.db"
    write_example(backend.telemetry, AT)
    return backend


async def asked(far: FakeBackend, name: str, **arguments: Any) -> Any:
    """The answer after both ways."""
    sent = json.loads(json.dumps({key: wire.plain(value) for key, value in arguments.items()}))
    return read_answer(name, json.loads(json.dumps(await answer(far, name, sent))))


@pytest.mark.parametrize(
    "query",
    [
        LogPageQuery(),
        LogPageQuery(LogFilter("api-log", level="error", texts=("timed", "out"), where=(("took_ms", "1840"),)), OLDEST, AT - 60_000, True),
    ],
)
async def test_a_page_is_the_hosts_own(far: FakeBackend, query: LogPageQuery) -> None:
    """Positions, fields of any JSON type and the place to go on from survive the way."""
    page: LogPage = await asked(far, "log_page", query=query)
    assert page == await far.log_page(query)
    assert page.lines
    assert (await asked(far, "log_page", query=replace(query, position=page.reached))) == await far.log_page(
        replace(query, position=page.reached)
    )


async def test_sources_operations_and_traces_too(far: FakeBackend) -> None:
    """What the screens ask beside pages; an unknown trace is refused in words."""
    assert await asked(far, "log_sources") == tuple(await far.log_sources())
    assert await asked(far, "span_operations", since_us=0, until_us=0) == tuple(await far.span_operations(0, 0))
    query = TraceQuery(order="slowest", limit=5)
    assert await asked(far, "traces", query=query) == tuple(await far.traces(query))
    ident = f"{EXAMPLE_TRACE + 7:032x}"
    assert await asked(far, "trace", ident=ident) == tuple(await far.trace(ident))
    with pytest.raises(CommandRefused, match="is kept"):
        await asked(far, "trace", ident="ffff")
