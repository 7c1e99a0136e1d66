"""Where all samples go: into memory at once, and as batches for the history, which the recorder drains."""

from __future__ import annotations

from tui_monitor.core.values import Batch, Observation, SavedState
from tui_monitor.storage.memory import SeriesMemory

MINIMUM_LOOKBACK = 300_000
"""Milliseconds that a series has a current value after its last sample, at least."""


class SampleSink:
    """Stores observations. ``stored``: the samples so far."""

    def __init__(self, memory: SeriesMemory) -> None:
        self.memory = memory
        self.stored = 0
        self._pending: list[Batch] = []

    def store(self, observation: Observation, lookback_ms: int = MINIMUM_LOOKBACK) -> None:
        """Store an observation; one without samples is nothing."""
        if not observation.samples:
            return
        self.stored += len(observation.samples)
        self.memory.append(observation.at, observation.samples, lookback_ms)
        self._pending.append(Batch(observation.at, observation.samples, lookback_ms))

    def save_state(self, name: str, data: bytes, at: int) -> None:
        """Store the state of a source with the samples of its moment; b"" deletes it."""
        self._pending.append(Batch(at, (), MINIMUM_LOOKBACK, SavedState(name, data)))

    def drain(self) -> list[Batch]:
        """The batches since the last call."""
        pending, self._pending = self._pending, []
        return pending

    @property
    def waiting(self) -> int:
        """Batches that nobody has drained yet."""
        return len(self._pending)
