"""The HTML part of a mail, and the footer on every channel."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.outbox_tools import T0, message, resolved, snapshot
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.origin import FOOTER, origin_of
from tui_monitor.notifiers import ntfy, slack
from tui_monitor.notifiers.aligo import carrier_bytes, sms_of
from tui_monitor.notifiers.layout import COLOURS, lines_of, plain
from tui_monitor.notifiers.mail_html import html_of
from tui_monitor.notifiers.telegram.notifier import text_lines

SEOUL = ZoneInfo("Asia/Seoul")
ORDERS = replace(
    snapshot(),
    labels={"alertname": "ManyWaiting", "check": "shop", "category": "business", "severity": "warning", "host": "web-1"},
    annotations={"summary": "orders wait"},
    severity="warning",
    value=17.0,
    threshold=10.0,
    starts_at=T0,
)
MAIL = message(
    title="WARNING orders wait",
    text="What to do: restart it\nSince 23:13:20 KST\nvalue 17, limit 10 · check shop · host web-1\nRunbook: https://wiki.example.com/x?a=1&b=2",
    severity="warning",
    alerts=(ORDERS,),
    service="wallet",
    environment="production",
    footer="wallet · web-1",
)


class Reader(HTMLParser):
    """The texts of a page in order, its tags, and whether every tag was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._open:
            self.texts.append(data.strip())


def test_one_alert_is_a_band_a_table_and_what_to_do() -> None:
    """[LEVEL] title once with its emoji, then Category, Service, Value and limit, Since, Host; nothing of the table is said again."""
    page = html_of(MAIL, zone=SEOUL)
    found = Reader(page)
    assert found.texts[1:] == [
        "⚠️ [WARNING] orders wait",
        "Category", "business", "Service", "wallet", "Value and limit", "17, limit 10", "Since", "2026-09-21 23:13:20 KST", "Host", "web-1",
        "What to do:", "restart it", "Runbook:", "https://wiki.example.com/x?a=1&b=2", "wallet · web-1 · production",
    ]  # fmt: skip
    assert found.links == ["https://wiki.example.com/x?a=1&b=2"] and "max-width:600px" in page


def test_it_speaks_korean() -> None:
    """Level, names of the table and texts are those of the message's language."""
    texts = Reader(html_of(replace(MAIL, language="ko", title="경고 주문 대기"), zone=SEOUL)).texts
    assert texts[1] == "⚠️ [경고] 주문 대기" and [name for name in texts if name in ("분류", "서비스", "값과 기준", "시작", "호스트")]
    assert "17, 기준 10" in texts


@pytest.mark.parametrize(
    ("changes", "colour", "title"),
    [
        ({"severity": "info", "title": "INFO x"}, "info", "ℹ️ [INFO] x"),
        ({"severity": "error", "title": "ERROR x"}, "error", "❌ [ERROR] x"),
        ({"severity": "critical", "title": "CRITICAL x"}, "critical", "🚨 [CRITICAL] x"),
        ({"kind": "resolved", "title": "RESOLVED x after 12 min"}, "resolved", "✅ [RESOLVED] x after 12 min"),
        (
            {"severity": "critical", "title": "STILL CRITICAL for 4 h: x"},
            "critical",
            "🚨 [CRITICAL] STILL CRITICAL for 4 h: x",
        ),
    ],
)
def test_the_band_has_the_colour_of_the_level(changes: dict[str, Any], colour: str, title: str) -> None:
    """Info and resolved are green, warnings orange, errors and critical alerts red."""
    page = html_of(replace(MAIL, **changes), zone=SEOUL)
    assert f"background:{COLOURS[colour]}" in page and Reader(page).texts[1] == title


def test_many_alerts_are_blocks() -> None:
    """Each of the first twenty has its level, value and time; what has ended says so."""
    alerts = (ORDERS, replace(resolved(), starts_at=T0, ends_at=T0 + 60_000), *[ORDERS] * 30)
    found = Reader(html_of(message(text="▲ WARNING orders wait\n… and 12 more", alerts=alerts), zone=SEOUL)).texts
    assert found.count("WARNING") == 19 and found.count("RESOLVED") == 1 and "… and 12 more" in found
    assert "business · 17, limit 10 · 2026-09-21 23:13:20 KST" in found and "▲ WARNING orders wait" not in found
    assert any(text.endswith("2026-09-21 23:13:20 – 23:14:20 KST") for text in found)


def test_hostile_text_stays_text() -> None:
    """Markup, addresses with other schemes and control characters of labels and texts are shown, never obeyed; nothing is loaded."""
    evil = '<script>alert(1)</script><img src=x onerror=y> "\x1b[31m'
    alert = replace(ORDERS, labels={"category": evil, "host": evil}, annotations={"summary": evil})
    for alerts in ((), (alert,), (alert, alert)):
        page = html_of(message(title=evil, text=f"{evil}\njavascript:alert(1)", alerts=alerts, footer=evil, service=evil, host=evil))
        found = Reader(page)
        assert not {"script", "img"} & set(found.tags) and found.links == [] and "\x1b" not in page


@pytest.mark.parametrize(
    ("service", "template", "footer"),
    [
        ("wallet", FOOTER, "wallet · web-1"),
        ("", FOOTER, "web-1"),
        ("wallet", "{service} ({environment}) · ops@example.com", "wallet (prod) · ops@example.com"),
        ("wallet", "", ""),
    ],
)
def test_the_footer_leaves_out_what_is_not_known(service: str, template: str, footer: str) -> None:
    """A part without its value is no part."""
    assert origin_of(service, "prod", template, "web-1").footer == footer


def signed(text: str) -> Message:
    return message(text=text, footer="wallet · web-1")


def test_the_footer_is_the_last_line_on_every_channel() -> None:
    """Also where the text is cut; Slack has a place of its own for it."""
    for text in ("short", "long line\n" * 2000):
        assert plain(lines_of(signed(text))).splitlines()[-1] == "wallet · web-1"
        assert text_lines(signed(text))[-1].text == "wallet · web-1"
        assert str(ntfy.payload_of(signed(text), "t")["message"]).splitlines()[-1] == "wallet · web-1"
        assert sms_of(signed(text * 3)).text.splitlines()[-1] == "wallet - web-1" and carrier_bytes(sms_of(signed(text)).text) <= 1900
        (attachment,) = slack.payload_of(signed(text))["attachments"]
        assert attachment["footer"] == "wallet · web-1" and "wallet" not in attachment["text"]


def test_a_footer_makes_no_sms_dearer() -> None:
    """Where it alone would make an SMS an LMS it is left out."""
    short = sms_of(message(title="T", text="x" * 60, footer="wallet · web-1"))
    assert (short.kind, short.text.splitlines()[-1]) == ("SMS", "wallet - web-1")
    full = sms_of(message(title="T", text="x" * 85, footer="wallet · web-1"))
    assert (full.kind, full.text.splitlines()[-1]) == ("SMS", "x" * 85)
