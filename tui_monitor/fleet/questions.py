"""The questions that a near end may ask: which methods of the Backend, the types of their arguments, and of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_monitor.board import values, wire
from tui_monitor.board.backend import Backend, CommandRefused, MetricMetadata
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.log_pages import LogPage, LogPageQuery, LogSource
from tui_monitor.board.process_list import ListedProcess
from tui_monitor.board.report import Report
from tui_monitor.board.rule_views import CurrentSample, RuleGroupView
from tui_monitor.board.screens import ScreenDefinition
from tui_monitor.board.strip import Slot
from tui_monitor.core.frozen import frozen
from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
from tui_monitor.promql.errors import EvaluationError, PromqlError

Texts = tuple[str, ...]
MOST_ROWS = 10_000
MOST_POINTS = 20_000


@frozen
class Question:
    """One method: its arguments' types by name, and the type of its answer (None: a query's)."""

    arguments: Mapping[str, Any]
    answer: Any


QUESTIONS: Mapping[str, Question] = {
    "board_at": Question({"at": int}, values.Board),
    "alert_detail": Question({"alert_id": str}, values.AlertDetail),
    "alert_history": Question({"limit": int}, tuple[values.AlertView, ...]),
    "notifications": Question({"limit": int}, tuple[values.NotificationView, ...]),
    "silences": Question({}, tuple[values.SilenceView, ...]),
    "acts": Question({"limit": int}, tuple[values.ActView, ...]),
    "processes": Question({}, tuple[ListedProcess, ...]),
    "panels": Question({}, tuple[values.PanelView, ...]),
    "screens": Question({}, tuple[ScreenDefinition, ...]),
    "strips": Question({"checks": Texts, "bounds": tuple[int, ...], "level": bool}, Mapping[str, tuple[Slot, ...]]),
    "log_lines": Question({"query": LogQuery}, tuple[LogLine, ...]),
    "log_page": Question({"query": LogPageQuery}, LogPage),
    "log_sources": Question({}, tuple[LogSource, ...]),
    "traces": Question({"query": TraceQuery}, tuple[TraceSummary, ...]),
    "trace": Question({"ident": str}, tuple[Span, ...]),
    "span_operations": Question({"since_us": int, "until_us": int}, tuple[OperationSummary, ...]),
    "chart": Question({"expr": str, "start": int, "end": int, "points": int}, values.Chart),
    "query": Question({"expr": str, "at": int, "within": float}, None),
    "query_range": Question({"expr": str, "start": int, "end": int, "step": int, "within": float}, None),
    "current": Question({"selectors": Texts}, tuple[CurrentSample, ...]),
    "rules": Question({}, tuple[RuleGroupView, ...]),
    "series": Question({"selectors": Texts}, tuple[tuple[tuple[str, str], ...], ...]),
    "labels": Question({"selectors": Texts}, Texts),
    "label_values": Question({"label": str, "selectors": Texts}, Texts),
    "metadata": Question({}, tuple[MetricMetadata, ...]),
    "names": Question({}, Mapping[str, Texts]),
    "backtest": Question({"alert": str, "since": str, "changes": Texts}, values.BacktestView),
    "report": Question({"name": str, "day": str, "public": bool}, Report),
    "noise": Question({"since": str}, tuple[values.NoiseRow, ...]),
}
"""Not here: what changes the far host other than by commands (push, pings, tokens), and whole rows for other programs."""


async def answer(backend: Backend, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a question as a message without its id: {"answer": ...} or {"refused": ..., "fault": ...}."""
    question = QUESTIONS.get(name)
    if question is None:
        return {"refused": f'this version of tui-monitor does not know "{name}"; update it', "fault": "unknown"}
    try:
        given = {key: wire.read(kind, arguments[key]) for key, kind in question.arguments.items() if key in arguments}
        _check_bounds(given)
        found = await getattr(backend, name)(**given)
    except PromqlError as error:
        return {"refused": error.message, "fault": "promql", "position": error.position, "part": error.part}
    except EvaluationError as error:
        return {"refused": str(error), "fault": "evaluation", "error_type": error.error_type}
    except (CommandRefused, LookupError, ValueError, TypeError) as error:
        return {"refused": str(error.args[0] if error.args else error)}
    return {"answer": wire.query_answer(found) if question.answer is None else wire.plain(found)}


def _check_bounds(given: Mapping[str, Any]) -> None:
    if given.get("limit", 0) > MOST_ROWS or given.get("points", 0) > MOST_POINTS:
        raise ValueError(f"too much is asked for: at most {MOST_ROWS} rows and {MOST_POINTS} points")


def read_answer(name: str, message: Mapping[str, Any], expr: str = "") -> Any:
    """The value of a question's answer. Raises what the Backend would: PromqlError, EvaluationError, CommandRefused."""
    if "answer" not in message:
        raise _fault(message, expr)
    kind = QUESTIONS[name].answer
    try:
        return wire.read_query_answer(message["answer"]) if kind is None else wire.read(kind, message["answer"])
    except ValueError as error:
        raise CommandRefused(f"the host answered something else: {error}") from None


def _fault(message: Mapping[str, Any], expr: str) -> Exception:
    text, position = str(message.get("refused", "no answer")), message.get("position")
    if message.get("fault") == "promql":
        return PromqlError(text, position if isinstance(position, int) else None, str(message.get("part", "")), expr)
    if message.get("fault") == "evaluation":
        return EvaluationError(text, str(message.get("error_type", "execution")))
    return CommandRefused(text)
