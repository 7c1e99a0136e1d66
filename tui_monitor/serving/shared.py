"""What all requests of one application share: event streams, new boards, and one object of each class that a route wants to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from tui_monitor.board.backend import Backend
from tui_monitor.board.values import Board
from tui_monitor.core.clock import Clock
from tui_monitor.serving.event_stream import EventStreams

T = TypeVar("T")


class Boards:
    """Passes each new board on. The backend is asked for boards once, at the first listener: it has no way to end that."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._listeners: list[Callable[[Board], None]] = []

    def subscribe(self, listener: Callable[[Board], None]) -> None:
        """Call with every new board, on the event loop; must not raise."""
        if not self._listeners:
            self._backend.subscribe(self._take)
        self._listeners.append(listener)

    def _take(self, board: Board) -> None:
        for listener in list(self._listeners):
            listener(board)


class Shared:
    """One per application."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        self.clock = clock
        self.streams = EventStreams()
        self.boards = Boards(backend)
        self.description: Callable[[], Any] = dict
        """Makes the OpenAPI document of all routes."""
        self._kept: dict[type[Any], Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def one(self, kind: Callable[[Shared], T]) -> T:
        """The only object of this class (its constructor takes this), made when it is wanted first."""
        if kind not in self._kept:
            self._kept[kind] = kind(self)  # type: ignore[index]
        kept: T = self._kept[kind]  # type: ignore[index]
        return kept

    def spawn(self, work: Any, name: str) -> None:
        """Run a coroutine until it ends or the server closes."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """End all streams and tasks: the server closes."""
        self.streams.end_all()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
