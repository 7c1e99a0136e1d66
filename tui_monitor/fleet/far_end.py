"""The far end of `tui-monitor stdio`: sends the stored board and its changes, stores commands, answers questions.

One thread and no asyncio until somebody asks a question: 16 MiB. It is a viewer of the stores, so it works with a dead monitor, and
its rights are those of the files.
"""

from __future__ import annotations

import json
import os
import select
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tui_monitor.core.command_codec import VERBS, MalformedCommand, decode, encode
from tui_monitor.core.frozen import frozen
from tui_monitor.platform.line_splitter import LineSplitter
from tui_monitor.sources.host import protocol
from tui_monitor.sources.host.changes import changes

LOOK_S = 1.0
ANSWER_S = 3.0
"""Seconds that a command waits for the leader's answer."""
POLL_S = 0.02
MAX_REQUEST = 256 * 1024
NO_COMMANDS = ("token", "untoken", "refused", "kill", "yield")
"""Commands that are not given over this connection."""
READ_ONLY = "read-only: this connection may only look"
_COMMANDS = frozenset(VERBS.values()) - frozenset(NO_COMMANDS)
STORED = "stored for the next monitor: none runs now"
UNANSWERED = "queued: the monitor is not responding"


class View(Protocol):
    """The stores of this machine (runtime/stored_view.py)."""

    def board(self) -> dict[str, Any] | str:
        """The board as JSON, or why there is none."""
        ...

    def leave(self, verb: str, arguments: str) -> int | str:
        """Store a command: its id, or why it is refused."""
        ...

    def led(self) -> bool:
        """Whether a leader runs."""
        ...

    def result(self, ident: int) -> tuple[bool, str] | None:
        """The leader's answer to a command."""
        ...


class Answering(Protocol):
    """What answers questions, in a thread of its own (fleet/answering.py)."""

    def ask(self, name: str, message: Mapping[str, Any]) -> None:
        """Answer by a message in time."""
        ...

    def watch(self, whole: bool) -> None:
        """Whether to send a whole board each second."""
        ...

    def close(self) -> None:
        """End."""
        ...


@frozen
class Waiting:
    """A command that waits for its answer: the near end's id, the row, until when (monotonic)."""

    id: Any
    row: int
    until: float


class FarEnd:
    """One connection on two descriptors. ``answering`` makes what answers questions, with a function that sends a message."""

    def __init__(
        self,
        hello: Mapping[str, Any],
        view: View,
        answering: Callable[[Callable[[Mapping[str, Any]], None]], Answering],
        *,
        read_only: bool,
        streams: tuple[int, int] = (0, 1),
    ) -> None:
        self._hello, self._view, self._make_answering, self._read_only = hello, view, answering, read_only
        self._in, self._out = streams
        self._splitter = LineSplitter(MAX_REQUEST)
        self._sent: dict[str, Any] | None = None
        self._trouble = ""
        self._waiting: list[Waiting] = []
        self._answering: Answering | None = None
        self._watched = False
        self._look_at = self._beat_at = 0.0
        self._delivered: deque[Mapping[str, Any]] = deque()
        self._wake_in, self._wake_out = os.pipe()

    def run(self) -> None:
        """Serve until the near end closes. Raises BrokenPipeError where it stops reading."""
        self._send({"hello": self._hello})
        try:
            while True:
                self._step(time.monotonic())
                ready, _, _ = select.select([self._in, self._wake_in], [], [], self._pause())
                if self._wake_in in ready:
                    self._send_delivered()
                if self._in in ready and not self._receive():
                    return
        finally:
            if self._answering is not None:
                self._answering.close()
            os.close(self._wake_in)

    def _pause(self) -> float:
        now = time.monotonic()
        return POLL_S if self._waiting else max(0.0, min(self._look_at, self._beat_at) - now)

    def _step(self, now: float) -> None:
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            if not self._watched:
                self._look()
        if now >= self._beat_at:
            self._beat_at = now + protocol.BEAT_S
            self._send({"beat": time.time_ns() // 1_000_000})
        self._finish(now)

    def _send(self, message: Mapping[str, Any]) -> None:
        data = memoryview(protocol.encode(message))
        while data:
            data = data[os.write(self._out, data) :]

    # --- the board ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        board = self._view.board()
        if isinstance(board, str):
            if board != self._trouble:
                self._send({"trouble": board})
            self._trouble = board
            return
        self._trouble = ""
        self._send_board(self._at_rest(board))

    def _at_rest(self, board: dict[str, Any]) -> dict[str, Any]:
        """The board without its largest parts, which only the dashboard of this host shows."""
        resources = board.get("resources")
        if isinstance(resources, dict):
            resources["processes"] = []
        board["sparks"] = {}
        return board

    def _send_board(self, board: dict[str, Any]) -> None:
        """Send the board, or what has changed in it."""
        if self._read_only:
            board["read_only"] = READ_ONLY
        if self._sent is None:
            self._send({"board": board})
        elif found := changes(self._sent, board):
            self._send({"changes": found})
        self._sent = board

    # --- requests -----------------------------------------------------------------------------------------------------

    def _receive(self) -> bool:
        """Read once; False at the end."""
        chunk = os.read(self._in, 65536)
        for line in self._splitter.split(chunk):
            try:
                self._handle(protocol.decode(line))
            except protocol.ProtocolFault:
                continue  # the near end is another program, or a line was cut
        return bool(chunk)

    def _handle(self, message: protocol.Message) -> None:
        verb = message.get("do")
        if verb == "watch":
            self._watch(bool(message.get("whole")))
        elif verb == "board":
            self._sent = None
            self._look_at = 0.0
        elif verb == "ping":
            self._send({"id": message.get("id"), "ok": ""})
        elif isinstance(verb, str) and "id" in message:
            self._command(verb, message) if verb in _COMMANDS else self._question(verb, message)

    def _watch(self, whole: bool) -> None:
        if whole or self._answering is not None:
            self._answer().watch(whole)
        self._watched, self._look_at = whole, 0.0

    def _answer(self) -> Answering:
        if self._answering is None:
            self._answering = self._make_answering(self._deliver)
        return self._answering

    def _deliver(self, message: Mapping[str, Any]) -> None:
        """Take a message of the answering thread, in that thread."""
        self._delivered.append(message)
        os.write(self._wake_out, b"\n")

    def _send_delivered(self) -> None:
        os.read(self._wake_in, 65536)
        while self._delivered:
            message = self._delivered.popleft()
            if "board" not in message:
                self._send(message)
            elif self._watched:
                self._send_board(message["board"])

    def _question(self, verb: str, message: protocol.Message) -> None:
        self._answer().ask(verb, message)

    def _command(self, verb: str, message: protocol.Message) -> None:
        ident = message["id"]
        if self._read_only:
            return self._send({"id": ident, "refused": READ_ONLY})
        given = {key: value for key, value in message.items() if key not in ("id", "do")}
        try:
            stored = self._view.leave(*encode(decode(verb, json.dumps(given))))
        except MalformedCommand as error:
            stored = str(error)
        if isinstance(stored, str):
            self._send({"id": ident, "refused": stored})
        elif self._view.led():
            self._waiting.append(Waiting(ident, stored, time.monotonic() + ANSWER_S))
        else:
            self._send({"id": ident, "ok": STORED, "pending": True})
        return None

    def _finish(self, now: float) -> None:
        """Send the leader's answers; a command without one in time stays stored."""
        for one in tuple(self._waiting):
            found = self._view.result(one.row)
            if found is not None:
                self._send({"id": one.id, "ok" if found[0] else "refused": found[1]})
            elif now >= one.until:
                self._send({"id": one.id, "ok": UNANSWERED, "pending": True})
            else:
                continue
            self._waiting.remove(one)
            self._look_at = 0.0
