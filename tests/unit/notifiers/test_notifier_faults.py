"""Every HTTP channel against a receiver with every fault: what a refusal, silence, a cut or a drip means must be the same for all."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.outbox_tools import HandClock, message
from tests.support.receivers import Receiver, Reply, Request, aligo_says, receiver, slack_says, telegram_error
from tests.support.settings import made
from tui_monitor.notifiers.alertmanager import AlertmanagerNotifier
from tui_monitor.notifiers.aligo import AligoNotifier
from tui_monitor.notifiers.api import Notifier, SendError
from tui_monitor.notifiers.kinds import build_notifier
from tui_monitor.notifiers.ntfy import NtfyNotifier
from tui_monitor.notifiers.slack import SlackNotifier
from tui_monitor.notifiers.telegram.notifier import TelegramNotifier
from tui_monitor.notifiers.webhook import WebhookNotifier

TOKEN = "123456:AAEabcdefghijklmnopqrstuvwx"
SECRET = "T0/B0/XyZsecret"
BUILD: dict[str, Callable[[str, str], Any]] = {
    "webhook": lambda url, limit: made(WebhookNotifier, name="n", url=f"{url}/{SECRET}", timeout=limit),
    "telegram": lambda url, limit: made(TelegramNotifier, name="n", token=TOKEN, chat_id="-1", api_url=url, timeout=limit),
    "slack": lambda url, limit: made(SlackNotifier, name="n", url=f"{url}/services/{SECRET}", timeout=limit),
    "ntfy": lambda url, limit: made(NtfyNotifier, name="n", url=url, topic="ops", token="tk_secret_123", timeout=limit),
    "aligo": lambda url, limit: made(
        AligoNotifier, name="n", key="aligo-key", user_id="u", sender="0212345678", receivers=["01012345678"], api_url=url, timeout=limit
    ),
    "alertmanager": lambda url, limit: made(AlertmanagerNotifier, name="n", url=url, timeout=limit),
}
SUCCESS: dict[str, Any] = {
    "webhook": Reply(200),
    "telegram": Reply(200, json.dumps({"ok": True, "result": {"message_id": 7}})),
    "slack": slack_says,
    "ntfy": Reply(200, '{"id":"ab12"}'),
    "aligo": aligo_says,
    "alertmanager": Reply(200),
}
IDS = {"telegram": "7", "ntfy": "ab12", "aligo": "83241"}
channels = pytest.mark.parametrize("channel", list(BUILD))


def built(channel: str, url: str, limit: str = "5s") -> Notifier:
    """A notifier of the channel that speaks to ``url``."""
    return build_notifier(BUILD[channel](url, limit), HandClock())


async def failure(notifier: Notifier) -> SendError:
    """How a send fails; the reason never holds a secret."""
    with pytest.raises(SendError) as caught:
        await notifier.send(message())
    await notifier.close()
    for secret in (TOKEN, SECRET, "XyZsecret", "tk_secret_123", "aligo-key"):
        assert secret not in caught.value.reason
    return caught.value


@channels
async def test_success(channel: str) -> None:
    """The real service's answer is success and gives its id."""
    async with receiver(SUCCESS[channel]) as server:
        notifier = built(channel, server.url)
        assert await notifier.send(message()) == IDS.get(channel, "")
        await notifier.close()


def refusal(channel: str, status: int, text: str, **headers: str) -> Callable[[Request], Reply]:
    """A refusal in the channel's own form, that echoes what was asked for, as careless servers do."""

    def says(request: Request) -> Reply:
        echo = f"{text} {request.path} {request.headers.get('authorization')} {request.body.decode()[:20]}"
        if channel == "telegram":
            return telegram_error(status, echo, **({"retry_after": int(headers["Retry_After"])} if headers else {}))
        return Reply(status, echo, {name.replace("_", "-"): value for name, value in headers.items()})

    return says


@channels
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_permanent_refusals(channel: str, status: int) -> None:
    """4xx is final and says what the service said."""
    async with receiver(refusal(channel, status, "no_service")) as server:
        error = await failure(built(channel, server.url))
        assert error.permanent and not error.maybe_delivered and f"HTTP {status}" in error.reason and "no_service" in error.reason
        assert len(server.requests) == 1


@channels
async def test_429_says_how_long(channel: str) -> None:
    """Retry-After, or retry_after in the body, is handed on."""
    async with receiver(refusal(channel, 429, "slow down", Retry_After="9")) as server:
        error = await failure(built(channel, server.url))
        assert (error.retry_after, error.permanent, error.maybe_delivered) == (9.0, False, False)


@channels
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_server_errors_are_tried_again(channel: str, status: int) -> None:
    """5xx is neither final nor delivered."""
    async with receiver(Reply(status, "<html>oops</html>")) as server:
        error = await failure(built(channel, server.url))
        assert (error.permanent, error.maybe_delivered, error.answered) == (False, False, True)


@channels
@pytest.mark.parametrize("fault", ["silence", "drop", "drip-head"])
async def test_silence_after_acceptance_is_unknown(channel: str, fault: str) -> None:
    """The request was written, no answer came: maybe delivered."""
    async with receiver(Reply(fault=fault)) as server:
        error = await failure(built(channel, server.url, "0.2s"))
        assert error.maybe_delivered and not error.permanent and len(server.requests) == 1


@pytest.mark.parametrize("channel", ["telegram", "slack", "aligo"])
@pytest.mark.parametrize("fault", ["cut", "drip"])
async def test_an_answer_cut_in_the_middle_is_unknown_where_the_body_decides(channel: str, fault: str) -> None:
    """HTTP 200 alone is no success for these."""
    async with receiver(Reply(200, "{", fault=fault)) as server:
        error = await failure(built(channel, server.url, "0.3s"))
        assert error.maybe_delivered and not error.permanent


@pytest.mark.parametrize("channel", ["telegram", "slack", "aligo"])
async def test_a_strangers_200_is_unknown(channel: str) -> None:
    """A captive portal's page is not taken for success."""
    async with receiver(Reply(200, "<html>please log in</html>")) as server:
        error = await failure(built(channel, server.url))
        assert error.maybe_delivered and "please log in" in error.reason


@channels
async def test_unreachable_untrusted_unresolvable(channel: str) -> None:
    """Nothing was delivered, nothing is final."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        refused = await failure(built(channel, f"http://127.0.0.1:{port}"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with receiver(tls=context) as server:
        untrusted = await failure(built(channel, server.url))
        assert server.requests == []
    unresolved = await failure(built(channel, "http://no-such-host.invalid"))
    for error, words in ((refused, "refused"), (untrusted, "certificate not trusted"), (unresolved, "name not found")):
        assert words in error.reason and not error.maybe_delivered and not error.permanent


@channels
async def test_an_own_authority_is_trusted_by_its_file(channel: str, tmp_path: Path) -> None:
    """`ca_file` names whom to trust, for every channel that speaks HTTP; a file that cannot be used is told when the notifier is built."""
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ours.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    async with receiver(SUCCESS[channel], tls=context) as server:
        settings = BUILD[channel](server.url, "5s")
        trusted = build_notifier(replace(settings, ca_file=str(tmp_path / "ours.pem")), HandClock())
        assert await trusted.send(message()) == IDS.get(channel, "")
        await trusted.close()
        error = await failure(build_notifier(replace(settings, ca_file=str(tmp_path / "other.pem")), HandClock()))
        assert "certificate not trusted" in error.reason
    with pytest.raises(ValueError, match=r"^ca_file: "):
        build_notifier(replace(settings, ca_file=str(tmp_path / "none.pem")), HandClock())


async def test_after_a_fault_the_next_send_works() -> None:
    """A connection that broke is not used again."""
    async with receiver() as server:
        notifier = built("webhook", server.url, "0.2s")
        for reply in (Reply(fault="silence"), Reply(fault="drop"), Reply(500, fault="cut")):
            server.replies.append(reply)
            with pytest.raises(SendError):
                await notifier.send(message())
        await notifier.send(message())
        await notifier.close()
        assert isinstance(server, Receiver) and len(server.requests) == 4
