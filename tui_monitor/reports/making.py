"""Chooses the report that is asked for and its period, and makes it in every form in which it is sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

from tui_monitor.board.report import Report, ReportChart
from tui_monitor.board.report_json import report_json
from tui_monitor.board.report_text import brief_text, chat_lines, headline_of, report_lines
from tui_monitor.config.reports import ReportKind, ReportSettings
from tui_monitor.core.sanitize import clean, nearest
from tui_monitor.reports.build import SHOWN, build_report
from tui_monitor.reports.context import ReportSource
from tui_monitor.reports.dues import read_order
from tui_monitor.reports.html import report_html
from tui_monitor.reports.periods import Period, day_of, newest_sent_by, period_sent_on, period_with, zone_of
from tui_monitor.reports.png import chart_png

KINDS: tuple[str, ...] = get_args(ReportKind)
MAIL_WIDTH = 78
SEVERITIES = {"ok": "info", "warn": "warning", "bad": "error"}
"""A message's severity by the report's shade: it colours the message."""


class NoSuchReport(Exception):
    """There is no report of that name, or no such day; the text is for people."""


def report_settings(configured: Sequence[ReportSettings], name: str) -> ReportSettings:
    """The report of a name, else the first of a kind, else that kind with its defaults. Raises NoSuchReport."""
    found = next((one for one in configured if one.name == name), None) or next((one for one in configured if one.kind == name), None)
    if found is not None:
        return found
    if name in KINDS:
        return ReportSettings(name=name, kind=name)  # type: ignore[arg-type]  # one of the kinds
    known = [*(one.name for one in configured), *KINDS]
    raise NoSuchReport(f'there is no report "{clean(name)}"{nearest(name, known)}; there are {", ".join(dict.fromkeys(known))}')


def asked_period(settings: ReportSettings, day: str, now: int) -> Period:
    """The period that holds a day ("2026-11-29", today, yesterday), else the last whole one; of kind health the present.

    Raises NoSuchReport.
    """
    zone = zone_of(settings)
    today = day_of(now, zone)
    if settings.kind == "health" and not day:
        return replace(period_sent_on(settings, today), end=now)
    if not day:
        return newest_sent_by(settings, today)
    period = period_with(settings, _day(day, today))
    if period.begin > now:
        raise NoSuchReport(f"{day} is still to come")
    return period


def _day(text: str, today: date) -> date:
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        return words.get(text) or date.fromisoformat(text)
    except ValueError:
        raise NoSuchReport(f'"{clean(text)}" is not a day; write 2026-11-29, today or yesterday') from None


def asked_report(source: ReportSource, settings: ReportSettings, day: str, now: int, host: str) -> Report:
    """The report of a day that somebody asks for. Raises NoSuchReport and StorageFault."""
    return build_report(source, settings, asked_period(settings, day, now), now, host, SHOWN)


def ordered_report(source: ReportSource, settings: ReportSettings, order: str, now: int, host: str) -> Report:
    """The report that `dues.order_text` asks for. Raises StorageFault."""
    day, missed, sending = read_order(order)
    sending = replace(sending, missed=tuple(period_with(settings, one) for one in missed))
    return build_report(source, settings, period_sent_on(settings, day), now, host, sending)


def package_of(report: Report, footer: str) -> dict[str, Any]:
    """The report in every form in which it may be sent: title, texts, HTML with its pictures by content id, values."""
    images: dict[str, str] = {}

    def picture(chart: ReportChart) -> str:
        name = f"chart{len(images)}.{report.name.encode().hex()[:24]}@tui-monitor"
        images[name] = b64encode(chart_png(chart.values)).decode()
        return f"cid:{name}"

    return {
        "title": headline_of(report),
        "severity": SEVERITIES.get(report.shade, "info"),
        "incidents": report.incidents,
        "text": "\n".join(line.text for line in report_lines(report, MAIL_WIDTH)[1:]),
        "chat": "\n".join(chat_lines(report)),
        "brief": brief_text(report),
        "html": report_html(report, picture, footer),
        "images": images,
        "data": report_json(report),
    }
