"""Reports of a real daemon, delivered by mail and webhook once, also after kill -9; failures and their alert."""

from __future__ import annotations

import json
import time
from email.message import EmailMessage
from pathlib import Path

from tests.support.processes import installation, until
from tests.support.receivers import receiver
from tests.support.smtp_server import smtp_server
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.queryable import Matcher
from tui_monitor.reports.dues import KNOWN
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.records import ReportOutcome
from tui_monitor.storage.state.database import SqliteRepository

CONFIG = """
host = "web-1"
footer = "wallet - {{host}}"
default_rules = ["ReportFailed"]
[[notifiers]]
name = "mail"
type = "email"
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "monitor@example.com"
to = ["ops@example.com", "boss@example.com"]
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[routing]
error = ["hook"]
[[reports]]
name = "morning"
at = "{at}"
timezone = "UTC"
to = ["mail", "hook"]
[[reports.figures]]
title = "Broken"
query = "nothing_of_that_name"
"""


def six_hours_ago() -> str:
    """The time of day then in UTC: what was due then is late."""
    return time.strftime("%H:%M", time.gmtime(time.time() - 6 * 3600))


async def known_since_long(state: Path) -> None:
    """The recipients are known since a week, so that the newest period is owed at once."""
    open_directory(state)
    store = await SqliteRepository.open(state / "state.db")
    week_ago = time.time_ns() // 1_000_000 - 7 * 86_400_000
    rows = [ReportOutcome("morning", name, "", KNOWN, week_ago) for name in ("mail", "hook")]
    await store.transaction(lambda tables: [tables.reports.add(row) for row in rows])
    await store.close()


def parts_of(mail: EmailMessage) -> dict[str, list[EmailMessage]]:
    """The parts of a mail by their type."""
    found: dict[str, list[EmailMessage]] = {}
    for part in mail.walk():
        assert isinstance(part, EmailMessage)
        found.setdefault(part.get_content_type(), []).append(part)
    return found


async def test_a_report_arrives_once_by_mail_and_webhook_also_after_kill_9(tmp_path: Path) -> None:
    """The mail has text, HTML and its pictures; the webhook the data; a daemon that is killed and started again sends nothing more."""
    with smtp_server("none") as mails, installation(tmp_path / "place") as where:
        async with receiver() as hook:
            where.configure(CONFIG.format(smtp=mails.port, hook=hook.url, at=six_hours_ago()))
            await known_since_long(where.state)
            daemon = await where.start()
            await until(lambda: len(where.rows("SELECT 1 FROM notifications WHERE state = 'sent'")) == 2, what="both are sent")
            await daemon.kill()
            again = await where.start()
            assert await again.terminate() == 0
            body = json.loads(hook.requests[0].body)
    ours = where.rows("SELECT recipient, outcome FROM reports WHERE period <> '' ORDER BY recipient")
    assert ours == [("hook", "queued"), ("mail", "queued")] and len(mails.messages) == 1
    assert body["report"]["kind"] == "daily" and body["report"]["sections"][1]["key"] == "figures"
    mail = mails.messages[0].message
    assert mails.messages[0].rcpt_tos == ("ops@example.com", "boss@example.com") and mail["Subject"].startswith("Daily report · ")
    parts = parts_of(mail)
    text, page = (parts[kind][0].get_content() for kind in ("text/plain", "text/html"))
    assert "Broken" in text and "not available: no samples" in text and "wallet - web-1" in text and "it was due" in text
    assert "not available: no samples" in page and "wallet - web-1" in page
    assert [part["Content-ID"].strip("<>") for part in parts.get("image/png", [])] == [
        source.partition('"')[0] for source in page.split('src="cid:')[1:]
    ]


async def test_a_report_that_cannot_be_made_raises_an_alert(tmp_path: Path) -> None:
    """Its configuration is broken on the disk, so that the child refuses it: ReportFailed with the reason, told by the webhook."""
    with smtp_server("none") as mails, installation(tmp_path / "place") as where:
        async with receiver() as hook:
            config = CONFIG.format(smtp=mails.port, hook=hook.url, at=six_hours_ago())
            where.configure(config)
            await known_since_long(where.state)
            broken = f"import pathlib, threading; pathlib.Path({str(where.config)!r}).write_text('x = 1')"
            prelude = (
                f"from tui_monitor.reports import dues; real = dues.owed_report\ndef owed(*given):\n    {broken}\n    return real(*given)\n"
            )
            prelude += "import tui_monitor.runtime.report_job as job; job.owed_report = owed"
            await where.start(prelude=prelude)
            told = await until(
                lambda: next((request for request in hook.requests if b"ReportFailed" in request.body), None), what="the alert"
            )
    alert = json.loads(told.body)["alerts"][0]
    assert (alert["labels"]["report"], alert["labels"]["severity"], alert["labels"]["category"]) == ("morning", "error", "monitor")
    assert "cannot be made" in alert["annotations"]["summary"] and "unknown key" in alert["annotations"]["summary"]
    assert mails.messages == [] and failures(where.state) == [1.0]


def failures(state: Path) -> list[float]:
    """The newest value of the series of failures."""
    try:
        reader = HistoryReader(state / "history.db")
    except StorageFault:
        return []
    try:
        found = reader.select((Matcher(METRIC_NAME, "=", "tui_monitor_report_failed"),), 0, 1 << 52)
        return [series.window(0, 1 << 52)[1][-1] for series in found]
    finally:
        reader.close()
