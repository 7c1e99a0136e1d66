"""Evidence of a match: the newest line that matched, with the lines around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip

CONTEXT = 3
_LONGEST = 1000


@frozen
class LogEvidence:
    """A matching line that arrived at ``at`` (UTC ms), with up to three lines before and after it, cleaned and cut."""

    at: int
    path: str
    before: tuple[str, ...]
    line: str
    after: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines in order, the match marked by "> "."""
        around = [f"  {line}" for line in self.before], [f"> {self.line}"], [f"  {line}" for line in self.after]
        return tuple(line for part in around for line in part)


class EvidenceKeeper:
    """Store of the newest evidence per rule, completed by later lines of the same file."""

    def __init__(self) -> None:
        self._newest: dict[str, LogEvidence] = {}
        self._tails: dict[str, deque[bytes]] = {}

    def get(self, match: str) -> LogEvidence | None:
        """The newest evidence of a rule."""
        return self._newest.get(match)

    def add(self, match: str, at: int, path: str, events: Sequence[bytes], index: int) -> None:
        """Record that the event at ``index`` matched."""
        before = [*self._tails.get(path, ()), *events[max(0, index - CONTEXT) : index]][-CONTEXT:]
        self._newest[match] = LogEvidence(
            at, path, _shown(before), _shown([events[index]])[0], _shown(events[index + 1 : index + 1 + CONTEXT])
        )

    def end_block(self, path: str, events: Sequence[bytes]) -> None:
        """Store the end of a block, for matches at the start of the next."""
        if path not in self._tails and len(self._tails) >= 1000:
            self._tails.clear()
        self._tails.setdefault(path, deque(maxlen=CONTEXT)).extend(events[-CONTEXT:])

    def begin_block(self, path: str, events: Sequence[bytes]) -> None:
        """Complete evidence that ended at the end of the block before."""
        for match, found in self._newest.items():
            if found.path == path and len(found.after) < CONTEXT:
                more = _shown(events[: CONTEXT - len(found.after)])
                self._newest[match] = LogEvidence(found.at, path, found.before, found.line, found.after + more)


def _shown(events: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(clip(clean(event[: 4 * _LONGEST].decode("utf-8", "replace")), _LONGEST) for event in events)
