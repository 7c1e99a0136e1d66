"""CPU and memory of the running containers, a few at a time: an engine may take a second or two for one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.docker.engine import Engine, refusal
from tui_monitor.sources.docker.usage import MAX_BODY, Usage, usage_of
from tui_monitor.sources.docker.workers import ask_each
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean

MOST = 200
"""Containers that are asked about in one probe, those first that have waited longest: an answer costs half a millisecond of CPU."""
_WORKERS = 16
_LASTS = 120.0
"""Seconds for which a reading is shown."""
Figures = tuple[float | None, int | None, int | None]
"""CPU as a ratio of one core, memory and its limit in bytes."""


@frozen
class _TimedUsage:
    usage: Usage
    cpu: float | None
    at: float


class UsageReader:
    """The readings by container id. ``make``: a new connection to the engine."""

    def __init__(self, make: Callable[[], Engine], clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._readings: dict[str, _TimedUsage] = {}

    async def read(self, ids: Sequence[str], limit: float) -> Mapping[str, str]:
        """Read those that have waited longest, for at most ``limit`` seconds; gives back facts where that did not reach, or failed."""
        running = set(ids)
        self._readings = {ident: reading for ident, reading in self._readings.items() if ident in running}
        waited = sorted(ids, key=lambda ident: self._readings[ident].at if ident in self._readings else 0.0)
        questions = [(ident, f"/containers/{ident}/stats?stream=false&one-shot=true") for ident in waited[:MOST]]
        faults: list[str] = []
        try:
            done = await ask_each(
                self._make, questions, lambda ident, answer: faults.extend(self._take(ident, answer)),
                workers=_WORKERS, max_body=MAX_BODY, limit=limit,
            )  # fmt: skip
        except (Failure, OwnTrouble) as error:
            return {"stats": clean(str(error), 200)}
        if faults:
            return {"stats": faults[0]}
        return {} if done and len(waited) <= MOST else {"stats": f"{len(waited)} containers are read by turns, not all in each probe"}

    def last(self, ident: str) -> Figures:
        """The newest figures of a container, as long as they are young."""
        reading = self._readings.get(ident)
        if reading is None or self._clock.monotonic() - reading.at > _LASTS:
            return None, None, None
        return reading.cpu, reading.usage.memory, reading.usage.limit

    def _take(self, ident: str, answer: Answer) -> Sequence[str]:
        if answer.status in (404, 409):  # gone, or stopped, since the list was made
            return ()
        if answer.status != 200:
            return (str(refusal(answer, "CPU and memory")),)
        try:
            usage = usage_of(answer.body)
        except ValueError:
            return ("CPU and memory cannot be read: the answer is not what Docker or Podman sends",)
        before = self._readings.get(ident)
        self._readings[ident] = _TimedUsage(usage, usage.cpu_since(before.usage if before is not None else None), self._clock.monotonic())
        return ()
