"""Processing of one check's events from tailer or journald: counting, storing, matching."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import Sample
from tui_monitor.sources.log.counts import Counts
from tui_monitor.sources.log.detection import Detector, format_of
from tui_monitor.sources.log.evidence import EvidenceKeeper, LogEvidence
from tui_monitor.sources.log.formats import FieldNames
from tui_monitor.sources.log.histogram import BUCKETS
from tui_monitor.sources.log.journal_entry import JournalFormat
from tui_monitor.sources.log.levels import at_least
from tui_monitor.sources.log.matches import MatchLimit, MatchRule, MatchState
from tui_monitor.sources.log.record import Format
from tui_monitor.sources.log.ring import KeptBlock, LineSink, joined
from tui_monitor.sources.log.routes import MAX_ROUTES, Routes
from tui_monitor.sources.log.verdict import MatchSeen

_MOST_DETECTORS = 2000
_SAMPLE = 120
_SEARCHED = 65536
"""Bytes of an event in which a match is looked for."""


@frozen
class PipelineOptions:
    """A check's settings for its lines, as documented. ``redact`` is applied to events before they are stored.
    ``journal``: the events are those of journal entries, and ``path`` is the unit."""

    format: str = "auto"
    formats: Mapping[str, str] | None = None
    names: FieldNames = FieldNames()
    routes: tuple[str, ...] = ()
    max_routes: int = MAX_ROUTES
    buckets: tuple[float, ...] = BUCKETS
    matches: tuple[MatchRule, ...] = ()
    journal: bool = False
    redact: Callable[[bytes], bytes] | None = None


class Pipeline:
    """Pipeline of event blocks. Raises PatternError or ValueError for invalid options."""

    def __init__(self, options: PipelineOptions, lines: LineSink | None = None) -> None:
        self._options = options
        self._lines = lines
        self._format = format_of(options.format, options.names, options.formats)
        self._journal = options.journal
        self._detectors: dict[str, Detector] = {}
        self.counts = Counts(Routes(options.routes, options.max_routes), options.buckets)
        self._matches = [MatchState(rule) for rule in options.matches]
        self._evidence = EvidenceKeeper()
        self._minute: deque[tuple[float, int, int]] = deque()
        self.unmatched_sample = ""

    def feed(self, path: str, events: Sequence[bytes], now: float, at: int) -> None:
        """Count, match and store one block (about 64 KiB: some ms). ``now`` monotonic seconds, ``at`` UTC ms of arrival."""
        if not events:
            return
        data = joined(events)
        shown = [JournalFormat.message(event) for event in events] if self._journal else events
        reader = self._reader(path, shown, data)
        by_line = [*map(reader.level, events)]
        levels = Counter(by_line)
        self.counts.add_lines(levels)
        self._note_minute(now, len(events), levels[None])
        if levels[None]:
            self._note_unmatched(reader, events)
        if reader.hint is not None and reader.hint in data:
            self._add_requests(reader, events)
        if self._options.redact is not None:
            events = [self._options.redact(event) for event in events]
            data, shown = joined(events), [JournalFormat.message(event) for event in events] if self._journal else events
        if self._matches:
            self._match(reader, path, events, shown, by_line, now, at)
        if self._lines is not None:
            self._lines.append(KeptBlock(at, path, reader, data))

    def _reader(self, path: str, shown: Sequence[bytes], data: bytes) -> Format:
        """The format of these events, of a journal of their messages."""
        inner = self._format or self._detector(path).format_for(shown, joined(shown) if self._journal else data)
        return JournalFormat(inner) if self._journal else inner

    def _detector(self, path: str) -> Detector:
        if path not in self._detectors:
            if len(self._detectors) >= _MOST_DETECTORS:
                self._detectors.clear()
            self._detectors[path] = Detector(self._options.names)
        return self._detectors[path]

    def _add_requests(self, reader: Format, events: Sequence[bytes]) -> None:
        for request in map(reader.request, events):
            if request is not None:
                self.counts.add_request(request)

    def _note_minute(self, now: float, lines: int, unmatched: int) -> None:
        """Count lines per second, for the ratio of unmatched ones."""
        if self._minute and now - self._minute[-1][0] < 1:
            at, before, wrong = self._minute.pop()
            self._minute.append((at, before + lines, wrong + unmatched))
        else:
            self._minute.append((now, lines, unmatched))
        while now - self._minute[0][0] > 61:
            self._minute.popleft()

    def _note_unmatched(self, reader: Format, events: Sequence[bytes]) -> None:
        wrong = next((event for event in events if reader.level(event) is None), b"")
        self.unmatched_sample = clip(clean(wrong[: 4 * _SAMPLE].decode("utf-8", "replace")), _SAMPLE)

    def _match(
        self,
        reader: Format,
        path: str,
        events: Sequence[bytes],
        shown: Sequence[bytes],
        levels: Sequence[str | None],
        now: float,
        at: int,
    ) -> None:
        """Apply the match rules. ``shown``: the events as their programs wrote them; ``levels``: their levels."""
        self._evidence.begin_block(path, shown)
        there = set(levels)
        block = b"\n".join(shown).decode("utf-8", "replace") if any(state.pattern for state in self._matches) else ""
        for state in self._matches:
            grave = {level for level in there if at_least(level or "", state.rule.level)} if state.rule.level else there
            if grave and state.may_match(block):
                found = [
                    index
                    for index, level in enumerate(levels)
                    if level in grave and self._is_match(state, reader, events[index], shown[index], at)
                ]
                if found:
                    state.count(now, len(found))
                    self._evidence.add(state.rule.name, at, path, shown, found[-1])
        self._evidence.end_block(path, shown)

    def _is_match(self, state: MatchState, reader: Format, event: bytes, shown: bytes, at: int) -> bool:
        found = state.pattern.search(shown[:_SEARCHED].decode("utf-8", "replace")) if state.pattern else None
        if state.pattern and found is None:
            return False
        if state.rule.value:
            record = reader.parse(event.decode("utf-8", "replace"), at)
            state.take_number({**(record.fields if record else {}), **(found.groupdict() if found else {})})
        return True

    # What is known

    @property
    def is_full(self) -> bool:
        """Whether reading should wait until the store has taken lines."""
        return self._lines is not None and self._lines.is_full

    @property
    def lost(self) -> int:
        """Lines that the store did not take in time."""
        return self._lines.lost if self._lines is not None else 0

    def evidence(self, match: str) -> LogEvidence | None:
        """The newest line that matched a rule, with its context."""
        return self._evidence.get(match)

    def minute(self, now: float) -> tuple[int, int]:
        """Lines and unmatched lines of the last 60 s."""
        recent = [each for each in self._minute if now - each[0] < 60]
        return sum(lines for _, lines, _ in recent), sum(wrong for _, _, wrong in recent)

    def seen(self, now: float) -> tuple[MatchSeen, ...]:
        """The rules with their counts within their windows."""
        return tuple(self._seen(state, now) for state in self._matches)

    def _seen(self, state: MatchState, now: float) -> MatchSeen:
        rule, found = state.rule, self._evidence.get(state.rule.name)
        line = clip(found.line, 200) if found else ""
        return MatchSeen(
            rule.name, rule.unhealthy, _within(state, rule.unhealthy, now), rule.degraded, _within(state, rule.degraded, now), line
        )

    def samples(self) -> list[Sample]:
        """All series but the lag."""
        return self.counts.samples() + [sample for state in self._matches for sample in state.samples()]

    def to_json(self) -> dict[str, Any]:
        """The counts, for a restart."""
        kept = self._lines.mark() if self._lines is not None else 0
        return {"counts": self.counts.to_json(), "matches": {state.rule.name: state.to_json() for state in self._matches}, "kept": kept}

    def restore(self, value: object) -> None:
        """Restore saved counts; rules with new names start at 0."""
        if isinstance(value, Mapping):
            self.counts.restore(value.get("counts"))
            if self._lines is not None:
                self._lines.restore(value.get("kept"))
            saved = value.get("matches")
            for state in self._matches:
                state.restore(saved.get(state.rule.name) if isinstance(saved, Mapping) else None)


def _within(state: MatchState, limit: MatchLimit | None, now: float) -> int:
    return state.within(limit.window, now) if limit else 0
