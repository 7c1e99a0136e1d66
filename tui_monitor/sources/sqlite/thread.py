"""One daemon thread in which a source reads: its work can be interrupted, and work that hangs is never joined by more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from tui_monitor.sources.api import OwnTrouble

T = TypeVar("T")


class ReadThread:
    """Runs one piece of work at a time; the thread begins with the first one and ends with ``close``.

    A thread that hangs in a file system that stands still holds up neither the loop nor the end of the program.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running: asyncio.Future[object] | None = None

    async def run(self, work: Callable[[], T], interrupt: Callable[[], None]) -> T:
        """The result of the work; ``interrupt`` is called where the wait is cancelled. Raises OwnTrouble while earlier work hangs."""
        if self._running is not None and not self._running.done():
            raise OwnTrouble(f"an earlier read has not come back ({self._name}): does its file system answer?")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._running = future  # type: ignore[assignment]
        self._begin(lambda: _work(work, loop, future))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            interrupt()
            raise

    def _begin(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._serve, args=(self._queue,), name="sqlite", daemon=True)
            thread.start()
            self._thread = thread
        self._queue.put(job)

    @staticmethod
    def _serve(queue: SimpleQueue[Callable[[], None] | None]) -> None:
        while job := queue.get():
            job()

    def close(self) -> None:
        """End the thread after its present work."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread, self._queue = None, SimpleQueue()


def _work(work: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to the one who waits
        _call(loop, future.set_exception, error)
    else:
        _call(loop, future.set_result, result)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], given: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, given)
