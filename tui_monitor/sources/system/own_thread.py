"""One call at a time in a daemon thread: what hangs in a driver holds neither the loop nor the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class OwnThread(Generic[T]):
    """Runs one function again and again, each time in a daemon thread; never two at once."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        self._name = name
        self._work = work
        self._running: asyncio.Future[T] | None = None

    async def result(self, limit: float) -> T:
        """What the function gives within ``limit`` seconds; the next one waits for a call that still hangs.

        Raises TimeoutError and the function's errors.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._run, args=(self._running,), name=self._name, daemon=True).start()
        async with asyncio.timeout(limit):
            return await asyncio.shield(self._running)

    def _run(self, answer: asyncio.Future[T]) -> None:
        value: T | None = None
        error: Exception | None = None
        try:
            value = self._work()
        except Exception as raised:  # noqa: BLE001  the boundary of the thread: it is raised where the result is waited for
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            answer.get_loop().call_soon_threadsafe(_give, answer, value, error)


def _give(answer: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(value)
