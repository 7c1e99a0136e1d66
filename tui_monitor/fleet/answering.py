"""Answers questions at the far end: a Backend in a thread with an event loop, begun by the first question (35 MiB with it)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from tui_monitor.board.backend import Backend
from tui_monitor.board.codec import board_to_json
from tui_monitor.board.values import Board
from tui_monitor.fleet.questions import answer

AT_ONCE = 4
MOST_WAITING = 64
READY_S = 10.0
CLOSE_S = 2.0


class AnsweringThread:
    """The thread. ``send`` is called in it, with messages: answers with their ids, and boards while watched.

    ``backend`` makes the Backend, with a function that it calls once it follows the stores.
    """

    def __init__(self, backend: Callable[[Callable[[str], None]], Backend], send: Callable[[Mapping[str, Any]], None]) -> None:
        self._make_backend, self._send = backend, send
        self._loop = asyncio.new_event_loop()
        self._whole = False
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="answering", daemon=True)
        self._thread.start()

    def ask(self, name: str, message: Mapping[str, Any]) -> None:
        """Answer a question in time."""
        self._submit(self._answer(name, message))

    def watch(self, whole: bool) -> None:
        """Whether to send a whole board at each change of it."""
        self._loop.call_soon_threadsafe(self._set_watch, whole)

    def close(self) -> None:
        """End the thread; a query that still runs is left to the end of the process."""
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(CLOSE_S)

    def _submit(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._follows = asyncio.Event()
        self._backend = self._make_backend(lambda role: self._follows.set())
        self._backend.subscribe(self._on_board)
        with contextlib.suppress(RuntimeError):  # the loop was closed while a query ran
            self._loop.run_until_complete(self._backend.run())

    def _stop(self) -> None:
        self._backend.stop()

    def _set_watch(self, whole: bool) -> None:
        self._whole = whole
        if whole:
            self._on_board(self._backend.board)

    def _on_board(self, board: Board) -> None:
        if self._whole and not board.loading:
            self._send({"board": json.loads(board_to_json(board, sparks=True))})

    async def _answer(self, name: str, message: Mapping[str, Any]) -> None:
        ident = message["id"]
        if self._waiting >= MOST_WAITING:
            return self._send({"id": ident, "refused": "too many questions wait for an answer; ask again later"})
        self._waiting += 1
        try:
            async with self._slots:
                self._send({"id": ident, **await self._when_ready(name, message)})
        finally:
            self._waiting -= 1

    async def _when_ready(self, name: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer; a question that comes while the backend starts waits for it."""
        try:
            async with asyncio.timeout(READY_S):
                await self._follows.wait()
        except TimeoutError:
            pass
        return await answer(self._backend, name, message)
