"""The log check as a feed: constructs the running log and offers its state, evidence and lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.values import ProbeResult
from tui_monitor.platform.child_lines import FollowedProgram
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.log.buffer import LineBuffer, NumberedBlock
from tui_monitor.sources.log.detection import format_of
from tui_monitor.sources.log.feed import FileFeed, JournalFeed, LogFeed
from tui_monitor.sources.log.generation import ReadOptions
from tui_monitor.sources.log.line_format import LineFormat
from tui_monitor.sources.log.matches import MatchLimit, MatchRule
from tui_monitor.sources.log.multiline import multiline_of
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions
from tui_monitor.sources.log.settings import LogCheck, MatchSettings, limit_of

T = TypeVar("T")
OPENED_WITHIN = 2.0
"""Seconds for which the first probe waits for the first look at the log."""
MAX_JOURNAL_LINE = 1024 * 1024
BURST = 10
"""Lines of one match in five minutes that are a burst."""
ERRORS = "errors"
"""The match that every log has: lines of level error and graver."""


class LogProbe:
    """Feed of one log check. The constructor raises ValueError naming the key of an unusable setting."""

    def __init__(self, settings: LogCheck, clock: Clock | None = None, program: Sequence[str] = ("journalctl",)) -> None:
        self.stage = ""
        self.news = asyncio.Event()
        self.keep_lines = settings.keep_lines
        self.line_format = LineFormat(settings.format, settings.level, settings.time, settings.message, settings.timezone)
        self._settings, self._clock, self._program = settings, clock or SystemClock(), program
        self._options = pipeline_options(settings, self.line_format)
        self._reading = ReadOptions(settings.encoding, _of_key("multiline", lambda: multiline_of(settings.multiline)))
        _of_key("routes", lambda: Pipeline(self._options))
        self._lines = LineBuffer(settings.keep_lines) if settings.keep_lines else None
        self.kept_before: int | None = None
        """How many blocks of lines the restored state counts; None: there was none."""
        self._saved: Mapping[str, Any] | None = None
        self._log: LogFeed | None = None
        self._opened = asyncio.Event()

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Continue after the saved position, with the saved counts."""
        self._saved = saved
        counts = saved.get("counts") if saved is not None else None
        if isinstance(counts, Mapping) and self._lines is not None:
            self._lines.restore(counts.get("kept"))
            self.kept_before = self._lines.mark()

    async def run(self) -> None:
        """Read for ever."""
        log = self._log = self._made()
        try:
            await log.run()
        finally:
            self._saved = log.committed().saved or self._saved

    async def probe(self) -> ProbeResult:
        """The log's current status. Raises OwnTrouble before the first read."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPENED_WITHIN):
                await self._opened.wait()
        if self._log is None or not self._opened.is_set():
            raise OwnTrouble("the log is being looked at for the first time")
        return self._log.result()

    async def close(self) -> None:
        """Nothing to close: ``run`` releases everything at its end."""

    def evidence(self, match: str) -> tuple[str, ...]:
        """The newest line of a match with its context; "": of the matches with a reached limit."""
        if self._log is None:
            return ()
        wanted = [match] if match else self._log.over()
        return tuple(line for name in wanted for line in self._log.evidence(name))

    def take_lines(self) -> list[NumberedBlock]:
        """The new lines since the last call."""
        return self._lines.take() if self._lines is not None else []

    def _made(self) -> LogFeed:
        pipeline = Pipeline(self._options, self._lines)
        check = self._settings
        if check.path:
            return FileFeed(
                check.path, pipeline, self._clock, self._reading, self._saved,
                wait=check.missing == "wait", format_name=check.format, news=self.news, opened=self._opened,
            )  # fmt: skip
        start = partial(FollowedProgram, max_line=MAX_JOURNAL_LINE)
        return JournalFeed(
            check.unit, pipeline, self._clock, start, self._saved, format_name=check.format, program=self._program,
            news=self.news, opened=self._opened,
        )  # fmt: skip


def pipeline_options(check: LogCheck, line_format: LineFormat) -> PipelineOptions:
    """The pipeline options of the settings. Raises ValueError naming the key."""
    names = _of_key("timezone", line_format.names)
    _of_key("format", lambda: format_of(check.format, names))
    rules = [_rule(match) for match in check.match]
    if all(rule.name != ERRORS for rule in rules):
        rules.append(MatchRule(ERRORS, level="error", burst=BURST))
    return PipelineOptions(
        check.format,
        names=names,
        routes=tuple(check.routes),
        max_routes=check.max_routes,
        buckets=tuple(check.buckets),
        matches=tuple(rules),
        journal=bool(check.unit),
    )


def _rule(match: MatchSettings) -> MatchRule:
    """The match rule; LogErrorBurst is off for matches with own limits or numbers."""
    judges = match.unhealthy or match.degraded or match.value
    return MatchRule(
        match.name, match.regex or "", match.level or "", _limit(match.unhealthy), _limit(match.degraded), match.value or "",
        match.metric or "", match.kind, match.unit, tuple(match.labels.items()), tuple(match.buckets), 0 if judges else BURST,
    )  # fmt: skip


def _limit(text: str | None) -> MatchLimit | None:
    return MatchLimit(*limit_of(text)) if text else None


def _of_key(key: str, make: Callable[[], T]) -> T:
    """The result of ``make`` for a key's value; errors name the key."""
    try:
        return make()
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
