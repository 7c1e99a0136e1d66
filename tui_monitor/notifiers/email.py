"""The email notifier: plain text and HTML over SMTP, firing and resolved in one mail thread."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import ssl
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING, Any, Literal

from tui_monitor.config.fields import FilePath, HostName, SecretText
from tui_monitor.config.notifier_fields import DomainName, MailAddress
from tui_monitor.config.receivers import Mailbox, mailbox
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import NotifierSettings, RateLimit, SendError
from tui_monitor.notifiers.http import redact, trusting
from tui_monitor.notifiers.layout import headline, lines_of, plain
from tui_monitor.notifiers.mail_html import html_of
from tui_monitor.notifiers.receivers import failure_of, receivers_of

if TYPE_CHECKING:
    import aiosmtplib

_POLICY = SMTP.clone(cte_type="7bit")
_FULL_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def ehlo_name(host: str) -> str:
    """The name in EHLO: this host's name if it has a domain, else an address literal (RFC 5321, 4.1.4).

    It is never looked up: with an unresponsive resolver socket.getfqdn delayed every mail, even to a relay on this machine.
    """
    return host if _FULL_NAME.fullmatch(host) else "[127.0.0.1]"


def mail_of(message: Message, sender: str, receivers: list[str], note: str = "", possible_repeat: bool = False) -> EmailMessage:
    """The mail. Its Message-ID is derived from the message, which identifies repeats; mails of a thread refer to its first."""
    mail = EmailMessage(_POLICY)
    origin = mailbox(sender)
    domain = origin.address.rpartition("@")[2].strip("[]")
    mail["From"] = _header_of(origin)
    mail["To"] = ", ".join(_header_of(mailbox(receiver)) for receiver in receivers)
    mail["Subject"] = clean(headline(message, possible_repeat))
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.created_at / 1000, UTC))
    root = _message_id(f"thread {message.notifier} {message.whole_thread}", domain) if message.thread else ""
    mail["Message-ID"] = root if root and message.opens else _message_id(message.whole_key, domain)
    if root and not message.opens:
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Severity"] = clean(message.severity)
    mail.set_content(plain(lines_of(message, note, possible_repeat)) + "\n", charset="utf-8")
    mail.add_alternative(message.html or html_of(message, note, possible_repeat), subtype="html", charset="utf-8")
    _attach_images(mail, message)
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        seed = f"{number or ''}{message.whole_key}"
        part.set_boundary(f"=_{hashlib.sha256(seed.encode(errors='replace')).hexdigest()[:32]}")
    return mail  # the boundaries are the same on every retry


def _attach_images(mail: EmailMessage, message: Message) -> None:
    """The pictures of the HTML part, beside it (multipart/related); their names are content ids without the host."""
    parts = mail.get_payload()
    page = parts[-1] if isinstance(parts, list) else None
    if not isinstance(page, EmailMessage):
        return
    for name, data in message.images.items():
        page.add_related(b64decode(data), "image", "png", cid=f"<{name}>", filename=f"{name.partition('.')[0]}.png", disposition="inline")


class EmailNotifier(NotifierSettings):
    """Mail over SMTP."""

    host: HostName = key(doc="the mail server", min_length=1, example="mail.example.com")
    port: int = key(default=587, doc="587 for starttls, 465 for implicit", ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = key(default="starttls", doc="how the connection is protected")
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    username: str | None = key(default=None, doc="user of the mail server", example="monitor")
    password: SecretText | None = key(default=None, doc="its password", example="${PASSWORD}")
    from_: MailAddress = key(doc="sender", example="monitor@example.com")
    to: list[MailAddress] = key(doc="receivers, one an entry", min_length=1, example=["ops@example.com"])
    allowed_addresses: list[str] = key(
        default=[], doc="further addresses to which messages by hand may go (POST /api/notify), as patterns", example=["*@example.com"]
    )
    ehlo: DomainName | None = key(
        default=None,
        doc="name of this machine in EHLO; default: its host name, without a lookup",
        example="web-1.example.com",
    )

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The default port follows from ``tls``: implicit TLS has its own."""
        return {"port": 465, **given} if given.get("tls") == "implicit" else given

    @property
    def address_kind(self) -> str:
        """The kind of its receivers' addresses."""
        return "mail"

    @property
    def addresses(self) -> list[str]:
        """The configured receivers."""
        return self.to

    def sent_to(self, address: str) -> EmailNotifier:
        """The settings with another receiver. Raises ValueError for an invalid mail address."""
        mailbox(address)
        return replace(self, to=[address])


class Email:
    """Sender through one mail server, with a connection per mail; never logs in without TLS."""

    def __init__(self, settings: EmailNotifier, _: Clock | None = None) -> None:
        if settings.password is not None and settings.tls == "none":
            raise ValueError(f'notifier "{settings.name}": a password is never sent without TLS; set tls = "starttls" or "implicit"')
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self.receivers = tuple(dict.fromkeys(settings.to))
        self._settings = settings
        self._password = settings.password.reveal() if settings.password else ""
        self._context = trusting(settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Send one mail to the message's receivers; returns its Message-ID.

        Raises SendError, and PartlySent where the server accepts it for some receivers only.
        """
        receivers = receivers_of(message, self.receivers, self._settings.allowed_addresses)
        mail = mail_of(message, self._settings.from_, list(receivers), note, possible_repeat)
        attempt = _Attempt(receivers)
        try:
            async with asyncio.timeout(self.timeout):
                await self._transfer(mail, attempt)
        except TimeoutError:
            raise self._error(f"no answer in {self.timeout:g}s ({attempt.step})", maybe_delivered=attempt.written) from None
        if attempt.refused:
            raise failure_of({one: str(mail["Message-ID"]) for one in receivers if one not in attempt.refused}, attempt.refused)
        return str(mail["Message-ID"])

    async def close(self) -> None:
        """Nothing to close."""

    async def _transfer(self, mail: EmailMessage, attempt: _Attempt) -> None:
        import aiosmtplib

        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=self.timeout,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls() if settings.tls != "none" else None,
            local_hostname=settings.ehlo or ehlo_name(socket.gethostname()),
        )
        try:
            await self._talk(client, mail, attempt)
        except aiosmtplib.SMTPResponseException as error:
            permanent = 500 <= error.code < 600
            raise self._error(f"SMTP {error.code} ({attempt.step}): {error.message}", permanent=permanent, answered=True) from None
        except aiosmtplib.SMTPNotSupported as error:
            raise self._error(f"{attempt.step}: {error}", permanent=True) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
            text = f"certificate not trusted: {cause.verify_message}" if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
            final = isinstance(error, ValueError) and not isinstance(
                error, OSError
            )  # invalid characters in our own commands; an SSLError is both
            raise self._error(
                f"{attempt.step}: {text or type(error).__name__}", permanent=final, maybe_delivered=attempt.written and not final
            ) from None
        finally:
            if isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # close() alone waits up to 30 s for the server's TLS close_notify
            client.close()

    async def _talk(self, client: aiosmtplib.SMTP, mail: EmailMessage, attempt: _Attempt) -> None:
        import aiosmtplib

        settings = self._settings
        attempt.step = f"connecting to {settings.host}:{settings.port}"
        await client.connect()
        if settings.username and self._password:
            attempt.step = "logging in"
            await client.login(settings.username, self._password)
        attempt.step = "naming the sender"
        await client.mail(mailbox(settings.from_).address)
        attempt.step = "naming the receivers"
        for receiver in attempt.receivers:
            try:
                await client.rcpt(mailbox(receiver).address)
            except aiosmtplib.SMTPResponseException as error:
                attempt.refused[receiver] = self._error(f"{error.code} {error.message}", permanent=error.code >= 500, answered=True)
        if len(attempt.refused) == len(attempt.receivers):
            raise failure_of({}, attempt.refused)
        attempt.step, attempt.written = "sending the text", True
        await client.data(mail.as_bytes())
        attempt.step = "leaving"
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):  # the mail was accepted; a server that closes early is fine
            await client.execute_command(b"QUIT")

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _error(self, reason: str, *, permanent: bool = False, maybe_delivered: bool = False, answered: bool = False) -> SendError:
        text = clip(clean(redact(reason, [self._password])), 300)
        return SendError(text, permanent=permanent, maybe_delivered=maybe_delivered, answered=answered)


class _Attempt:
    """Progress of one transfer."""

    def __init__(self, receivers: tuple[str, ...]) -> None:
        self.receivers = receivers
        self.step = "beginning"
        self.written = False
        self.refused: dict[str, SendError] = {}


def _message_id(seed: str, domain: str) -> str:
    return f"<{hashlib.sha256(seed.encode(errors='replace')).hexdigest()[:32]}@{domain}>"


def _header_of(receiver: Mailbox) -> str:
    return formataddr((clean(receiver.name), receiver.address)) if receiver.name else receiver.address
