"""An SMTP server (aiosmtpd) that gives each receiver its own answers: refused for ever, later, never, taken."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 2.1.5 ok"


@dataclass  # without slots: aiosmtpd looks at every member, which fails on slots in Python 3.11.2
class SmtpAnswers:
    """``answers``: receiver -> the answers to its RCPT, in order; the last one stays. ``taken``: (receivers, content) of each mail."""

    answers: dict[str, list[str]]
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    taken: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """aiosmtpd's hook: answer as told for this receiver."""
        told = self.answers.get(address, [TAKEN])
        answer = told.pop(0) if len(told) > 1 else told[0]
        self.asked.append((address, answer))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: keep the message."""
        assert isinstance(envelope.content, bytes)
        self.taken.append((tuple(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 taken"


@contextlib.contextmanager
def smtp_answers(answers: Mapping[str, Sequence[str]], smtputf8: bool = True) -> Iterator[SmtpAnswers]:
    """A running server without TLS at ``port`` of 127.0.0.1, in a thread with its own loop."""
    server = SmtpAnswers({receiver: list(told) for receiver, told in answers.items()})
    listening: Future[Callable[[], None]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, smtputf8, listening)), name="smtp-answers", daemon=True)
    thread.start()
    end = listening.result(60)
    try:
        yield server
    finally:
        end()
        thread.join(60)


async def _serve(server: SmtpAnswers, smtputf8: bool, listening: Future[Callable[[], None]]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(server, hostname="mail.test", ident="test", loop=loop, enable_SMTPUTF8=smtputf8))
        return sessions[-1]

    try:
        listener = await loop.create_server(session, "127.0.0.1", 0)
    except OSError as error:
        listening.set_exception(error)
        return
    server.port = listener.sockets[0].getsockname()[1]

    def end() -> None:
        loop.call_soon_threadsafe(ended.set)

    listening.set_result(end)
    await ended.wait()
    listener.close()
    for each in sessions:
        if isinstance(each.transport, asyncio.Transport) and not each.transport.is_closing():
            each.transport.abort()
