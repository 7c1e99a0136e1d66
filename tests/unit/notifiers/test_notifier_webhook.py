"""The webhook: Alertmanager's version 4 body as data, and sends to a real loopback receiver with every fault."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import sys
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.outbox_tools import T0, HandClock, message, resolved, snapshot
from tests.support.paths import ROOT
from tests.support.receivers import Reply, receiver
from tests.support.settings import made
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import redact, retry_after, secrets_of_url
from tui_monitor.notifiers.webhook import Webhook, WebhookNotifier, body_of, encode


def hook(url: str, **settings: Any) -> Webhook:
    """A webhook with a short time limit."""
    return Webhook(made(WebhookNotifier, name="hook", url=url, **{"timeout": "0.3s", **settings}), HandClock())


async def failure(notifier: Webhook) -> SendError:
    """How a send fails."""
    with pytest.raises(SendError) as caught:
        await notifier.send(message())
    await notifier.close()
    return caught.value


def test_the_body_is_alertmanagers_version_4() -> None:
    """Exactly the fields, names and forms that existing receivers know."""
    body = body_of(
        message(
            alerts=(snapshot("a1"), resolved("a2", labels={"alertname": "CheckUnhealthy", "host": "web-2"})),
            link="https://mon.example.com/",
        )
    )
    assert list(body) == [
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
        "alerts",
    ]  # fmt: skip
    firing, over = body["alerts"]
    firing_url = firing["generatorURL"]
    assert body_of(message(link="ssh -t web-1 tui-monitor"))["externalURL"] == ""
    assert (body["version"], body["status"], body["receiver"], body["truncatedAlerts"]) == ("4", "firing", "hook", 0)
    assert body["groupKey"] == '{}:{alertname="CheckUnhealthy"}' and body["groupLabels"] == {"alertname": "CheckUnhealthy"}
    assert body["commonLabels"] == {"alertname": "CheckUnhealthy", "severity": "critical"}
    assert body["commonAnnotations"]["summary"] == "api answers 500" and body["externalURL"] == firing_url == "https://mon.example.com/"
    assert list(firing) == ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"]
    assert (firing["startsAt"], firing["endsAt"]) == ("2026-09-21T14:13:19.000Z", "0001-01-01T00:00:00Z")
    assert (over["status"], over["endsAt"], over["fingerprint"]) == ("resolved", "2026-09-21T14:14:20.000Z", "fa2")


def test_a_group_that_is_over_is_resolved() -> None:
    """The status of the whole is resolved when no alert fires."""
    assert body_of(message(kind="resolved", alerts=(resolved("a1"), resolved("a2"))))["status"] == "resolved"


@pytest.mark.parametrize(("kind", "name"), [("test", "TestAlert"), ("message", "Backup done")])
def test_messages_without_alerts_are_valid_bodies(kind: str, name: str) -> None:
    """A test and a message by hand come as one alert."""
    body = body_of(message(kind=kind, alerts=(), title="Backup done", text="all fine"))
    (alert,) = body["alerts"]
    assert alert["labels"] == {"alertname": name, "severity": "critical", "host": "web-1"}
    assert alert["annotations"] == {"summary": "Backup done", "description": "all fine"} and alert["status"] == "firing"


def test_max_alerts_truncates_and_counts() -> None:
    """What is left out is counted, with what a rate limit held back."""
    body = body_of(message(alerts=tuple(snapshot(f"a{n}") for n in range(5)), held_back=37), max_alerts=2)
    assert len(body["alerts"]) == 2 and body["truncatedAlerts"] == 40


def test_hostile_labels_are_harmless() -> None:
    """Controls, escape sequences, bidi overrides and broken bytes do not reach the receiver."""
    labels = {"alertname": "A\x1b[31mB\u202e\x07", "x": "\udcff"}
    raw = encode(message(alerts=(snapshot(labels=labels, annotations={"summary": "line\r\ntwo\x00"}),)))
    (alert,) = json.loads(raw)["alerts"]
    assert alert["labels"]["alertname"] == "AB" and alert["labels"]["x"] == "\ufffd" and alert["annotations"]["summary"] == "line\ntwo"


async def test_headers_signature_and_identical_retries() -> None:
    """The key, the HMAC of the raw body, and on a retry the very same bytes with the mark of a possible repeat."""
    async with receiver() as server:
        notifier = hook(f"{server.url}/in", secret="s3cret", headers={"X-Team": "ops", "user-agent": "mine"})
        noted = replace(message(), note="since 03:10, delivered 03:25")
        await notifier.send(noted, noted.note)
        await notifier.send(noted, "since 03:10, delivered 03:30", possible_repeat=True)
        await notifier.close()
        first, second = server.requests
        assert first.body == second.body and first.path == "/in" and first.method == "POST"
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "k1"
        assert first.headers["x-signature-256"] == "sha256=" + hmac.new(b"s3cret", first.body, hashlib.sha256).hexdigest()
        assert first.headers["content-type"] == "application/json" and first.headers["user-agent"].startswith("tui-monitor")
        assert "x-possible-repeat" not in first.headers and second.headers["x-possible-repeat"] == "1"
        assert first.headers["x-team"] == "ops" and first.headers["x-delivery-note"] == "since 03:10, delivered 03:25"
        assert first.json()["commonAnnotations"]["delivery_note"] == "since 03:10, delivered 03:25"
        assert server.connections == 1, "the connection is used again"


async def test_headers_hold_any_language() -> None:
    """A Korean note and headers of one's own with any letters arrive as UTF-8; the parts of a note are told apart in ASCII."""
    async with receiver() as server:
        notifier = hook(server.url, headers={"X-Team": "운영 é"})
        await notifier.send(message(), "03:10-03:22 장애 · 기록되지 않음\udcff\r\nX-Evil: 1")
        await notifier.close()
        (request,) = server.requests
        assert request.headers["x-team"] == "운영 é"
        assert request.headers["x-delivery-note"].startswith("03:10-03:22 장애; 기록되지 않음") and "x-evil" not in request.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(status: int) -> None:
    """Success is any 2xx, whatever the body."""
    async with receiver(Reply(status)) as server:
        notifier = hook(server.url)
        assert await notifier.send(message()) == ""
        await notifier.close()


@pytest.mark.parametrize(
    ("reply", "permanent", "wait", "maybe", "words"),
    [
        (Reply(400, "bad\x1b[31m body"), True, None, False, "HTTP 400: bad body"),
        (Reply(401), True, None, False, "HTTP 401"),
        (Reply(404, "no such hook"), True, None, False, "HTTP 404: no such hook"),
        (Reply(410), True, None, False, "HTTP 410"),
        (Reply(301, headers={"Location": "https://other.example.com/"}), True, None, False, "redirected"),
        (Reply(429, headers={"Retry-After": "17"}), False, 17.0, False, "HTTP 429"),
        (Reply(429), False, None, False, "HTTP 429"),
        (Reply(503, headers={"Retry-After": "5"}), False, 5.0, False, "HTTP 503"),
        (Reply(500, "oops"), False, None, False, "HTTP 500: oops"),
        (Reply(fault="silence"), False, None, True, "no answer in 0.3s"),
        (Reply(fault="drop"), False, None, True, "connection lost"),
        (Reply(fault="drip-head"), False, None, True, "no answer in 0.3s"),
        (Reply(500, "half", fault="cut"), False, None, False, "HTTP 500: half"),
    ],
    ids=lambda value: f"{value.status}{value.fault}" if isinstance(value, Reply) else "",
)
async def test_what_refusals_mean(reply: Reply, permanent: bool, wait: float | None, maybe: bool, words: str) -> None:
    """4xx are final, 429 and 5xx are not, silence after the request means maybe delivered."""
    async with receiver(reply) as server:
        error = await failure(hook(server.url))
        assert (error.permanent, error.retry_after, error.maybe_delivered) == (permanent, wait, maybe)
        assert words in error.reason and "\x1b" not in error.reason


@pytest.mark.parametrize("fault", ["cut", "drip"])
async def test_a_success_whose_body_never_ends_is_a_success(fault: str) -> None:
    """The status says it all: no repeat because of a lost answer body."""
    async with receiver(Reply(200, "o", fault=fault)) as server:
        notifier = hook(server.url)
        await notifier.send(message())
        await notifier.close()
        assert len(server.requests) == 1


async def test_nobody_listens() -> None:
    """A refused connection is certainly not delivered, and says why."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = await failure(hook(f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path-1"))
    assert not error.maybe_delivered and not error.permanent
    assert error.reason == "cannot connect to 127.0.0.1: Connection refused"


async def test_a_name_that_does_not_resolve() -> None:
    """A DNS failure is transient and certainly not delivered."""
    error = await failure(hook("http://no-such-host.invalid/x", timeout="5s"))
    assert not error.maybe_delivered and not error.permanent and "no-such-host.invalid" in error.reason


async def test_a_certificate_that_nobody_signed() -> None:
    """TLS is verified; the reason says that the certificate is the trouble."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with receiver(tls=context) as server:
        error = await failure(hook(server.url, timeout="5s"))
        assert "certificate not trusted" in error.reason and not error.maybe_delivered and server.requests == []


async def test_a_trusted_authority_from_the_environment(tmp_path: Path) -> None:
    """$SSL_CERT_FILE names the authorities of an organisation."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with receiver(tls=context) as server:
        code = (
            "import asyncio, sys; from tests.unit.notifiers.test_notifier_webhook import hook\n"
            "from tests.support.outbox_tools import message\n"
            "asyncio.run(hook(sys.argv[1], timeout='5s').send(message()))"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, server.url, env={"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "PATH": "/usr/bin:/bin"},
            cwd=ROOT,
        )  # fmt: skip
        assert await process.wait() == 0 and len(server.requests) == 1


async def test_secrets_stay_out_of_reasons() -> None:
    """A receiver that echoes the address back does not put its token on the screen."""
    async with receiver(lambda request: Reply(403, f"denied {request.path}")) as server:
        error = await failure(hook(f"{server.url}/hooks/T0KEN-abcdef?key=hunter2hunter2"))
        assert "T0KEN" not in error.reason and "hunter2" not in error.reason and "HTTP 403" in error.reason


def test_redaction_knows_tokens_and_encodings() -> None:
    """Percent-encoded forms and Telegram's bot tokens are found too."""
    assert redact("at https://x/bot123456:AAEabcdefghijklmnopqrstuv/sendMessage", ()) == "at https://x/bot***/sendMessage"
    assert redact("a%2Fb%2Fcsecret and a/b/csecret", ["a/b/csecret"]) == "*** and ***"
    assert "hunter22" in secrets_of_url("https://user:hunter22@example.com/a?b=c")


@pytest.mark.parametrize(
    ("header", "seconds"), [("12", 12.0), ("-3", 0.0), ("soon", None), ("", None), (None, None), ("1e9", 86400.0), ("nan", None)]
)
def test_retry_after_reads_numbers(header: str | None, seconds: float | None) -> None:
    """Nonsense is nothing, and nobody makes us wait for more than a day."""
    assert retry_after(header, T0 / 1000) == seconds


def test_retry_after_reads_dates() -> None:
    """The date form counts from now."""
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now.timestamp()) == 90.0


@pytest.mark.parametrize("said", ["Wed, 99 Foo 2026", "Thu, 01 Jan 2026 00:00:00 +9999", ", ,"])
def test_a_date_that_is_none_is_no_wait(said: str) -> None:
    """Whatever stands in the header, it costs nothing but itself."""
    assert retry_after(said, 0.0) in (None, 0.0)


async def test_a_date_counts_from_the_server_s_own_clock() -> None:
    """A server whose clock is an hour behind asks for 30 s: its Date is what its Retry-After is read against."""
    from datetime import UTC, datetime, timedelta

    theirs = datetime.fromtimestamp(T0 / 1000, UTC) - timedelta(hours=1)
    headers = {"Date": format_datetime(theirs, usegmt=True), "Retry-After": format_datetime(theirs + timedelta(seconds=30), usegmt=True)}
    async with receiver(Reply(503, headers=headers)) as server:
        assert (await failure(hook(server.url))).retry_after == 30.0


def test_httpx_comes_without_rich_even_where_click_is_installed(tmp_path: Path) -> None:
    """httpx' command line client drags in rich, pygments and click: notifying must not."""
    (tmp_path / "click.py").write_text(
        "class Context: pass\nclass Parameter: pass\ndef __getattr__(name):\n    return lambda *a, **k: (lambda f: f)\n"
    )
    code = (
        "import sys\n"
        "from tui_monitor.notifiers.http import load_httpx\n"
        "httpx = load_httpx()\n"
        "httpx.AsyncClient\n"
        "bad = {'rich', 'click', 'pygments', 'textual', 'httpx._main'} & set(sys.modules)\n"
        "assert not bad, bad\n"
        "assert load_httpx() is httpx\n"
    )
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin"}
    control = subprocess.run(
        [sys.executable, "-c", "import httpx, sys; assert 'rich' in sys.modules"], env=environment, capture_output=True
    )
    assert control.returncode == 0, control.stderr.decode()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
