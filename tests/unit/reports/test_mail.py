"""The mail of a report: text, page and pictures in one, the same bytes on every try."""

from __future__ import annotations

from base64 import b64encode
from email.message import EmailMessage

from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.email import mail_of
from tui_monitor.notifiers.webhook import body_of
from tui_monitor.reports.png import chart_png

PICTURE = chart_png([1.0, 2.0, 3.0], 40, 20)
MESSAGE = Message(
    "report/morning/2026-03-01", "mail", "message", 1_772_438_400_000, "Daily report · 가", "table\nof figures", footer="wallet",
    html='<html><body><img src="cid:chart0.a@tui-monitor" alt="CPU"></body></html>',
    images={"chart0.a@tui-monitor": b64encode(PICTURE).decode()}, report='{"kind": "daily"}',
)  # fmt: skip


def test_the_page_and_its_pictures_are_one_part_beside_the_text() -> None:
    """multipart/alternative of text and multipart/related, which mail programs show with the pictures in place."""
    mail = mail_of(MESSAGE, "a@example.com", ["b@example.com"])
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    picture = list(mail.walk())[-1]
    assert isinstance(picture, EmailMessage)
    assert picture["Content-ID"] == "<chart0.a@tui-monitor>" and picture.get_content() == PICTURE
    assert picture.get_content_disposition() == "inline" and picture.get_filename() == "chart0.png"
    assert "wallet" in list(mail.walk())[1].get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_every_try_is_the_same_mail() -> None:
    """Same Message-ID, same boundaries: a repeat is recognised."""
    once, twice = (mail_of(Message.from_json(MESSAGE.to_json()), "a@example.com", ["b@example.com"]).as_bytes() for _ in range(2))
    assert once == twice and b"Message-ID: <" in once


def test_a_webhook_has_the_report_as_data_and_other_messages_have_none() -> None:
    """The key is there for reports only."""
    assert body_of(MESSAGE)["report"] == {"kind": "daily"}
    assert "report" not in body_of(Message("k", "hook", "message", 1, "t", "x"))
