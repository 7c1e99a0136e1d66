"""A real SMTP server on loopback for the tests: STARTTLS or implicit TLS, AUTH, and the messages that it took."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Tls = Literal["starttls", "implicit", "none"]
USER, PASSWORD = "monitor", "smtp secret"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One message as it arrived: the envelope, the bytes, whether over TLS and as whom."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    content: bytes
    tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        parsed = message_from_bytes(self.content, policy=modern)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass  # without slots: aiosmtpd looks at every member, which fails on slots in Python 3.11.2
class SmtpServer:
    """Where it listens, what it took, and how it answers to DATA (set ``reply`` to refuse, for example "451 busy")."""

    port: int = 0
    ca_file: str = ""
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    auth_required: bool = False
    reply: str = "250 2.0.0 taken"
    messages: list[ReceivedMail] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, timeout: float = 60.0) -> list[ReceivedMail]:
        """Block until ``count`` messages have been taken (never call it on the event loop that sends)."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.messages) >= count, timeout), f"{len(self.messages)} of {count} mails"
            return list(self.messages)

    def clear(self) -> None:
        """Forget the messages and answer well again."""
        with self._arrived:
            self.messages.clear()
            self.reply = "250 2.0.0 taken"

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """aiosmtpd's hook: refuse senders without AUTH where it is required."""
        if self.auth_required and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: keep the message, or refuse it as ``reply`` says."""
        assert isinstance(envelope.content, bytes)
        if self.reply.startswith("2"):
            user = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
            assert server.transport is not None
            over_tls = session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
            mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content, over_tls, user)
            with self._arrived:
                self.messages.append(mail)
                self._arrived.notify_all()
        return self.reply

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """aiosmtpd's authenticator: one user, one password."""
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=good, handled=good, auth_data=data)


def _certificate(directory: Path) -> ssl.SSLContext:
    """A server context for localhost and 127.0.0.1; the authority's certificate is left in ca.pem."""
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    return context


@contextlib.contextmanager
def smtp_server(tls: Tls = "starttls", auth_required: bool = False) -> Iterator[SmtpServer]:
    """A running SMTP server in a thread with a loop of its own; trust ``ca_file`` to speak TLS with it."""
    with TemporaryDirectory(prefix="tuimon-") as directory:
        context = _certificate(Path(directory)) if tls != "none" else None
        server = SmtpServer(ca_file=f"{directory}/ca.pem" if context else "", auth_required=auth_required)
        listening: Future[Callable[[], None]] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(server, tls, context, listening)), name="smtp", daemon=True)
        thread.start()
        end = listening.result(60)
        try:
            yield server
        finally:
            end()
            thread.join(60)


async def _serve(server: SmtpServer, tls: Tls, context: ssl.SSLContext | None, listening: Future[Callable[[], None]]) -> None:
    """Listen until the function that is handed out through ``listening`` is called; then drop every session."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    sessions: list[SMTP] = []

    def end() -> None:
        loop.call_soon_threadsafe(ended.set)

    def session() -> SMTP:
        sessions.append(
            SMTP(
                server, hostname="mail.test", ident="test", loop=loop, enable_SMTPUTF8=True, authenticator=server.authenticate,
                auth_require_tls=tls == "starttls", tls_context=context if tls == "starttls" else None,
            )
        )  # fmt: skip
        return sessions[-1]

    try:
        listener = await loop.create_server(session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None)
    except OSError as error:
        listening.set_exception(error)
        return
    server.port = listener.sockets[0].getsockname()[1]
    listening.set_result(end)
    await ended.wait()
    listener.close()
    for each in sessions:
        if isinstance(each.transport, asyncio.WriteTransport) and not each.transport.is_closing():
            each.transport.abort()
