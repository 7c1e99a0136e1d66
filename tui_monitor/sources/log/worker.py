"""A thread for the blocking calls of one source, so that a stuck mount blocks neither the loop nor other sources."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Stuck(Exception):
    """Work that exceeds its limit; it continues, and ``run`` can be called for its result again."""


class Worker(Generic[T]):
    """Runner of one call at a time in a daemon thread, started by the first call and ended by ``close``.

    Work beyond its limit is not abandoned: the next ``run`` waits for the same work, so that no result is lost and stuck calls
    do not accumulate.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running: asyncio.Future[T] | None = None

    async def run(self, work: Callable[[], T], limit: float) -> T:
        """The result of the work, or of earlier work still running. Raises Stuck after ``limit`` seconds."""
        if self._running is None:
            self._running = self._begin(work)
        done, _ = await asyncio.wait({self._running}, timeout=limit)
        if not done:
            raise Stuck
        finished, self._running = self._running, None
        return finished.result()

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(lambda: _work(work, loop, future))
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        return future

    def _serve(self) -> None:
        while job := self._queue.get():
            job()

    def close(self) -> None:
        """End the thread after its current work."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread = None


def _work(work: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to the one who waits
        _call(loop, _fail, future, error)
    else:
        _call(loop, _succeed, future, result)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *given: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *given)


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
