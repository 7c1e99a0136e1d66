"""Long computations in short slices, so that one target's answer never blocks the event loop and all other probes."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")
SLICE = 0.002
"""Seconds that a computation may take before the loop has its turn."""


async def in_slices(work: Generator[object, None, T]) -> T:
    """Run a generator with short steps to its end and return its value; its exceptions are passed on."""
    pause = Pause()
    try:
        while True:
            next(work)
            await pause.when_due()
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        work.close()


class Pause:
    """Yields to the event loop after each slice of work."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = perf_counter() + SLICE

    async def when_due(self) -> None:
        """Yield if the slice is used up; call it between steps."""
        if perf_counter() > self._until:
            await asyncio.sleep(0)
            self._until = perf_counter() + SLICE
