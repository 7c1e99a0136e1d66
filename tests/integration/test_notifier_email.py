"""Mail: the headers as data, and sends to a real SMTP server with TLS, AUTH and faults."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email import message_from_bytes
from email.policy import default as modern
from typing import Any

import psutil
import pytest

from tests.support.outbox_tools import T0, message, resolved
from tests.support.peers.smtp_answers import smtp_answers
from tests.support.settings import made
from tests.support.smtp_server import PASSWORD, USER, SmtpServer
from tests.support.smtp_server import smtp_server as run_smtp_server
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.email import Email, EmailNotifier, mail_of
from tui_monitor.notifiers.receivers import PartlySent


def email(port: int, **changes: Any) -> Email:
    """A notifier for the test server."""
    fields = {
        "name": "mail",
        "host": "127.0.0.1",
        "port": port,
        "from": "Monitor <monitor@example.com>",
        "to": ["ops@example.com"],
        "timeout": "5s",
    }
    return Email(made(EmailNotifier, {**fields, **changes}))


async def failure(notifier: Email) -> SendError:
    """How a send fails."""
    with pytest.raises(SendError) as caught:
        await notifier.send(message())
    assert PASSWORD not in caught.value.reason
    return caught.value


def test_fire_and_resolve_stand_in_one_thread() -> None:
    """All later mails of a thread answer its first; each has its own id, the same on every retry."""
    fire = mail_of(message("k1", opens=True), "m@example.com", ["ops@example.com"])
    over = mail_of(message("k2", kind="resolved", alerts=(resolved(),)), "m@example.com", ["ops@example.com"])
    again = mail_of(message("k1", opens=True), "m@example.com", ["ops@example.com"], possible_repeat=True)
    assert fire["References"] is None and fire["In-Reply-To"] is None
    assert fire["Message-ID"] == over["References"] == over["In-Reply-To"]
    assert fire["Message-ID"] != over["Message-ID"] and fire["Message-ID"] == again["Message-ID"]
    assert fire["Message-ID"].endswith("@example.com>")
    other = mail_of(message("k3", thread="t2"), "m@example.com", ["ops@example.com"])
    assert other["References"] not in (None, fire["Message-ID"])


def test_a_retry_is_the_same_mail_and_a_test_refers_to_none() -> None:
    """Every byte of a retry is that of the first try; a mail without a thread answers no other."""
    first, again = (mail_of(message("k1"), "m@example.com", ["ops@example.com"]).as_bytes() for _ in range(2))
    assert first == again
    alone = mail_of(message("k1", kind="test", thread="", alerts=()), "m@example.com", ["ops@example.com"])
    assert alone["References"] is None and alone["In-Reply-To"] is None


def test_headers_are_safe_and_the_text_is_utf8() -> None:
    """CR and LF in a title make no header, Korean subjects are RFC 2047, lines are 7 bit."""
    mail = mail_of(
        message(title="장애 api\r\nBcc: evil@example.com", text="값 2\x1b[31m\n둘째 줄"),
        "m@example.com",
        ["ops@example.com"],
        "since 03:10",
    )
    raw = mail.as_bytes()
    assert raw.isascii() and b"=?utf-8?" in raw and b"\nBcc:" not in raw
    parsed = message_from_bytes(raw, policy=modern)
    assert parsed["Subject"] == "장애 api Bcc: evil@example.com" and parsed["Auto-Submitted"] == "auto-generated"
    text, page = parsed.iter_parts()
    assert text.get_content_type() == "text/plain" and text.get_content_charset() == "utf-8"
    assert text.get_content().splitlines() == ["장애 api Bcc: evil@example.com", "since 03:10", "값 2", "둘째 줄"]
    assert parsed.get_content_type() == "multipart/alternative" and page.get_content_type() == "text/html"
    assert page.get_content_charset() == "utf-8" and "둘째 줄" in page.get_content() and "\x1b" not in page.get_content()
    assert parsed["Date"].datetime.timestamp() * 1000 == T0


async def test_starttls_with_login(smtp_server: SmtpServer) -> None:
    """The usual submission: STARTTLS, verified, then AUTH."""
    notifier = email(
        smtp_server.port, ca_file=smtp_server.ca_file, username=USER, password=PASSWORD, to=["a@example.com", "B <b@example.com>"]
    )
    ident = await notifier.send(message())
    (mail,) = await asyncio.to_thread(smtp_server.wait_for, 1)
    assert (
        mail.tls and mail.user == USER and mail.rcpt_tos == ("a@example.com", "b@example.com") and mail.mail_from == "monitor@example.com"
    )
    assert mail.message["Message-ID"] == ident and all("api answers 500" in part.get_content() for part in mail.message.iter_parts())


@pytest.mark.parametrize("tls", ["implicit", "none"])
async def test_implicit_tls_and_none(tls: Any) -> None:
    """Port 465 style, and plain for a relay on this machine."""
    with run_smtp_server(tls) as server:
        changes = {"ca_file": server.ca_file} if tls == "implicit" else {}
        await email(server.port, tls=tls, **changes).send(message())
        (mail,) = await asyncio.to_thread(server.wait_for, 1)
        assert mail.tls is (tls == "implicit")


def test_no_password_without_tls() -> None:
    """A configuration that would send the password in the clear is refused."""
    with pytest.raises(ValueError, match="never sent without TLS"):
        email(25, tls="none", username=USER, password=PASSWORD)


async def test_wrong_password_untrusted_certificate_and_no_starttls(smtp_server: SmtpServer) -> None:
    """Each says what is wrong; a wrong password is final."""
    wrong = await failure(email(smtp_server.port, ca_file=smtp_server.ca_file, username=USER, password="not " + PASSWORD))
    assert wrong.permanent and "SMTP 535" in wrong.reason
    untrusted = await failure(email(smtp_server.port))
    assert not untrusted.permanent and not untrusted.maybe_delivered and "certificate" in untrusted.reason.lower()
    with run_smtp_server("none") as server:
        bare = await failure(email(server.port))
        assert not bare.maybe_delivered and "STARTTLS" in bare.reason
        assert server.messages == []
    assert smtp_server.messages == []


@pytest.mark.parametrize(("reply", "permanent"), [("451 4.3.0 busy", False), ("554 5.7.1 spam", True)])
async def test_refusals_of_the_text(smtp_server: SmtpServer, reply: str, permanent: bool) -> None:
    """4yz is tried again, 5yz is final."""
    smtp_server.reply = reply
    error = await failure(email(smtp_server.port, ca_file=smtp_server.ca_file))
    assert error.permanent is permanent and not error.maybe_delivered and f"SMTP {reply[:3]}" in error.reason


@pytest.mark.parametrize("reply", ["250 taken", "451 busy"])
async def test_no_connection_stays(smtp_server: SmtpServer, reply: str) -> None:
    """The connection ends with the send, good or bad: nothing waits for the server's goodbye in TLS."""
    smtp_server.reply = reply
    with suppress(SendError):
        await email(smtp_server.port, ca_file=smtp_server.ca_file).send(message())
    await asyncio.sleep(0)
    assert smtp_server.port not in {found.raddr.port for found in psutil.Process().net_connections("tcp") if found.raddr}


@asynccontextmanager
async def odd_server(answer: Callable[[str], str | None]) -> AsyncIterator[int]:
    """An SMTP server that answers each line as told; None: closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 odd\r\n")
            while line := (await reader.readline()).decode():
                if (says := answer(line.strip())) is None:
                    break
                writer.write(says.encode())
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def talk(last: str | None, refused: str = "") -> Callable[[str], str | None]:
    """Good answers up to the end of the text, then ``last``; receivers in ``refused`` are not known."""

    def answer(line: str) -> str | None:
        if line == ".":
            return last
        if line.startswith("DATA"):
            return "354 go\r\n"
        if line.startswith("RCPT"):
            return "550 no such user\r\n" if refused and refused in line else "250 ok\r\n"
        return "250 ok\r\n" if line.partition(" ")[0] in ("EHLO", "HELO", "MAIL", "QUIT") else ""

    return answer


@pytest.mark.parametrize("last", [None, ""])
async def test_silence_after_the_text_is_unknown(last: str | None) -> None:
    """The text was written, the answer is missing: maybe delivered."""
    async with odd_server(talk(last)) as port:
        error = await failure(email(port, tls="none", timeout="0.3s"))
        assert error.maybe_delivered and not error.permanent and "sending the text" in error.reason


async def test_a_server_that_never_greets_is_not_delivered() -> None:
    """A hang before the text is an ordinary failure."""
    async with odd_server(lambda line: "") as port:
        error = await failure(email(port, tls="none", timeout="0.3s"))
        assert not error.maybe_delivered and not error.permanent


async def test_refused_receivers_show() -> None:
    """One of two unknown: the other has it, so it is final and visible; all unknown: final too."""
    async with odd_server(talk("250 taken\r\n", refused="bad@")) as port:
        some = await failure(email(port, tls="none", to=["good@example.com", "bad@example.com"]))
        every = await failure(email(port, tls="none", to=["bad@example.com"]))
    assert isinstance(some, PartlySent) and some.taken == ("good@example.com",) and list(some.failures) == ["bad@example.com"]
    assert some.permanent and "bad@example.com (550 no such user)" in some.reason and "good@" not in some.reason
    assert every.permanent and every.reason == "bad@example.com: 550 no such user"


async def test_nobody_listens_and_no_name() -> None:
    """Unreachable is tried again."""
    for host in ("127.0.0.1", "no-such-host.invalid"):
        error = await failure(email(1, host=host))
        assert not error.permanent and not error.maybe_delivered and "connecting to" in error.reason


async def test_an_international_domain_gets_its_mail_beside_the_others() -> None:
    """ops@bücher.example is asked for as ops@xn--bcher-kva.example; the headers name it so too, and the others have their mail."""
    with smtp_answers({}) as server:
        await email(server.port, tls="none", to=["Bücher, GmbH <ops@bücher.example>", "b@example.com"]).send(message())
        ((receivers, content),) = server.taken
    assert receivers == ("ops@xn--bcher-kva.example", "b@example.com")
    shown = message_from_bytes(content, policy=modern)["To"].addresses
    assert [(one.display_name, one.addr_spec) for one in shown] == [("Bücher, GmbH", receivers[0]), ("", receivers[1])]


@pytest.mark.parametrize(
    ("host", "key", "said"), [("web-1", None, "[127.0.0.1]"), ("web-1.corp.test", None, "web-1.corp.test"), ("web-1", "a.test", "a.test")]
)
async def test_ehlo_needs_no_resolver(monkeypatch: pytest.MonkeyPatch, host: str, key: str | None, said: str) -> None:
    """This machine's name is never looked up (a silent resolver would hold up every mail); `ehlo` overrides it."""
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(socket, "getfqdn", lambda name="": pytest.fail("looked up"))
    heard: list[str] = []

    def answer(line: str) -> str | None:
        heard.append(line)
        return talk("250 taken\r\n")(line)

    async with odd_server(answer) as port:
        await email(port, tls="none", ehlo=key).send(message())
    assert heard[0] == f"EHLO {said}"
