"""The JSON of answers between two hosts."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support import sample_boards
from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tui_monitor.board import wire
from tui_monitor.board.backend import Backend
from tui_monitor.board.strip import Slot
from tui_monitor.board.values import AlertDetail, AlertView, Board, Chart, ChartLine, SilenceView
from tui_monitor.core.values import HealthStatus
from tui_monitor.fleet.far_end import NO_COMMANDS
from tui_monitor.fleet.far_host import FarHost
from tui_monitor.fleet.questions import QUESTIONS, answer, read_answer
from tui_monitor.promql.values import Matrix
from tui_monitor.sources.host.link import StartPace

NOT_ASKED = {
    "run", "stop", "board", "subscribe", "first_board", "command", "receive_alerts", "alerts", "stored_silences", "messages",
    "statistics", "deliveries", "tokens", "added_rules", "receive", "ping", "exported",
}  # fmt: skip
"""Methods of the Backend that only the host's own processes use."""


def there_and_back(value: object) -> object:
    """The value as the other end gets it."""
    return json.loads(json.dumps(wire.plain(value)))


def test_a_whole_board_survives_the_way() -> None:
    """Every view of a busy board is the same after the way."""
    board = sample_boards.busy(sample_boards.AT)
    assert wire.read(Board, there_and_back(board)) == board


def test_details_of_an_alert_survive_the_way() -> None:
    alert = sample_boards.busy(sample_boards.AT).alerts[0]
    detail = AlertDetail(alert, "x > 1", notes=((5, "deploy"),))
    assert wire.read(AlertDetail, there_and_back(detail)) == detail


def test_unknown_keys_are_ignored_and_missing_ones_have_their_empty_value() -> None:
    """A peer of another version sends other keys."""
    assert wire.read(SilenceView, {"id": "a", "later": [1]}) == SilenceView("a", "", 0, 0)
    assert wire.read(AlertView, {}).labels == {}
    assert wire.read(Slot, {"begin": 1, "end": 2, "status": "on fire"}).status is HealthStatus.UNKNOWN


@pytest.mark.parametrize("raw", [[], "x", 5, None, {"id": 5}, {"id": {}}])
def test_an_answer_of_another_shape_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="shape"):
        wire.read(SilenceView, raw)


def test_gaps_of_a_chart_survive() -> None:
    chart = Chart((ChartLine("a", (1, 2), (1.0, math.nan)),))
    assert math.isnan(wire.read(Chart, there_and_back(chart)).lines[0].values[1])


@pytest.mark.parametrize("value", [2.0, "text", [((("a", "b"),), 1.0)], Matrix([((("a", "b"),), [1], [2.0])]), Matrix()])
def test_each_kind_of_query_answer_stays_that_kind(value: object) -> None:
    found = wire.read_query_answer(json.loads(json.dumps(wire.query_answer(value))))  # type: ignore[arg-type]
    assert found == value
    assert type(found) is type(value)


def test_every_method_of_the_backend_can_be_asked_or_is_listed() -> None:
    """A new method of the Backend has a line in QUESTIONS, with the names of its arguments; what is private the far host knows itself."""
    methods: Mapping[str, object] = {name: each for name, each in vars(Backend).items() if not name.startswith("_")}
    assert set(methods) == set(QUESTIONS) | NOT_ASKED
    for name, question in QUESTIONS.items():
        arguments = [one for one in inspect.signature(getattr(Backend, name)).parameters if one not in ("self", "privacy")]
        assert arguments == list(question.arguments), name


async def test_the_processes_of_another_host_come_whole_and_get_no_signal() -> None:
    """They survive the way; a dashboard elsewhere may not send signals, whatever that host's own configuration says."""
    listed = sample_boards.all_processes()
    told = json.loads(json.dumps(await answer(FakeBackend(), "processes", {})))
    assert read_answer("processes", told) == listed
    host = FarHost("web", "web", {}, ManualClock(), StartPace(ManualClock()))
    host._board = replace(sample_boards.busy(), kill=True)
    assert not host.board.kill and "kill" in NO_COMMANDS
