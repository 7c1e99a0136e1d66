"""The HTML part of a mail: a band in the colour of the level, a table of facts, what to do, link and footer. Pure.

Mail programs drop style sheets, so every style stands beside its element and every colour has its background: the mail is readable in a
light and a dark program, with and without the few rules for dark ones in its head. It loads nothing from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from html import escape

from tui_monitor.alerts.measure import Measure
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.catalogue.phrases import Phrases
from tui_monitor.core.humanize import measured
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.dispatch.message_text import LISTED, SHAPES, value_and_limit
from tui_monitor.dispatch.wording import is_resolved
from tui_monitor.notifiers.layout import COLOURS, colour_of, headline, lines_of, mark_of

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans KR','Malgun Gothic',Arial,sans-serif"
_DARK_TEXT_ON = (COLOURS["warning"],)
_LONGEST = 300
_LINK = re.compile(r"https?://[^\s<>\"']+")
_HEAD = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title><style>@media (prefers-color-scheme:dark){{'
    ".page{{background:#111318!important}}.card{{background:#1c1f26!important;color:#e6e8ec!important}}"
    ".name{{color:#a3abb8!important}}.rule{{border-color:#343a46!important}}a{{color:#8ab4f8!important}}}}</style></head>"
)


def html_of(message: Message, note: str = "", possible_repeat: bool = False, zone: tzinfo | None = None) -> str:
    """The mail as one HTML page of at most 600 px; ``zone``: of its times, by default this machine's."""
    words = phrases(message.language)
    title = _title(message, possible_repeat, words)
    body = "".join([_facts(message, words, zone), _list(message, words, zone), _text(message, note, words), _footer(message)])
    colour = colour_of(message)
    band = f"padding:16px 20px;background:{colour};color:{_on(colour)};font-size:18px;font-weight:bold;line-height:1.35"
    page = f"margin:0;padding:16px 8px;background:#eef0f3;{_FONT}"
    card = "width:100%;max-width:600px;border-collapse:collapse;background:#ffffff;color:#1f2430;table-layout:fixed"
    return (
        _HEAD.format(language=message.language, title=escape(title))
        + f'<body class="page" style="{page}"><table role="presentation" align="center" class="card" style="{card}">'
        + f'<tr><td style="{band};overflow-wrap:anywhere">{escape(title)}</td></tr>'
        + f'<tr><td style="padding:16px 20px;font-size:15px;line-height:1.5;overflow-wrap:anywhere">{body}</td></tr></table>'
        "</body></html>\n"
    )


def _on(colour: str) -> str:
    """The colour of text on a band; both have a contrast of at least 5 to 1."""
    return "#1f1300" if colour in _DARK_TEXT_ON else "#ffffff"


def _title(message: Message, possible_repeat: bool, words: Phrases) -> str:
    """Emoji and [LEVEL] title; the level that the title begins with is not said twice."""
    level = words.resolved if message.kind == "resolved" else words.severities.get(message.severity, message.severity.upper())
    return f"{mark_of(message)} [{level}] {headline(message, possible_repeat).removeprefix(f'{level} ')}"


def _facts(message: Message, words: Phrases, zone: tzinfo | None) -> str:
    """The table about the only alert of a message; "" where there are none or several."""
    if len(message.alerts) != 1:
        return ""
    alert = message.alerts[0]
    rows = {
        "category": alert.labels.get("category", ""),
        "service": alert.labels.get("service") or message.service,
        "value": _value(alert, words),
        "since": _time(alert, zone),
        "host": alert.labels.get("host") or message.host,
    }
    cells = "".join(_row(words.columns[name], text) for name, text in rows.items() if text)
    return f'<table role="presentation" style="width:100%;border-collapse:collapse;margin:0 0 14px">{cells}</table>'


def _row(name: str, text: str) -> str:
    line = "padding:6px 0;border-bottom:1px solid #dfe3e8;vertical-align:top"
    return (
        f'<tr><td class="name rule" style="{line};padding-right:10px;width:36%;color:#5b6472">{escape(name)}</td>'
        f'<td class="rule" style="{line};overflow-wrap:anywhere">{escape(clip(clean(text), _LONGEST))}</td></tr>'
    )


def _value(alert: AlertSnapshot, words: Phrases) -> str:
    measure = Measure("", alert.unit, alert.threshold)
    return value_and_limit(alert.value, measure, words) or measured(alert.value, alert.unit)


def _time(alert: AlertSnapshot, zone: tzinfo | None) -> str:
    """When it began, and when it ended."""
    if not alert.starts_at:
        return ""
    began = _local(alert.starts_at, zone)
    if not alert.ends_at:
        return f"{began:%Y-%m-%d %H:%M:%S %Z}".strip()
    ended = _local(alert.ends_at, zone)
    form = "%H:%M:%S %Z" if began.date() == ended.date() else "%Y-%m-%d %H:%M:%S %Z"
    return f"{began:%Y-%m-%d %H:%M:%S} – {ended.strftime(form)}".strip()


def _local(stamp: int, zone: tzinfo | None) -> datetime:
    moment = datetime.fromtimestamp(stamp / 1000, zone)
    return moment if zone is not None else moment.astimezone()


def _list(message: Message, words: Phrases, zone: tzinfo | None) -> str:
    """A block for each of several alerts, the first twenty."""
    return "".join(_block(alert, words, zone) for alert in message.alerts[:LISTED]) if len(message.alerts) > 1 else ""


def _block(alert: AlertSnapshot, words: Phrases, zone: tzinfo | None) -> str:
    level = "resolved" if is_resolved(alert) else alert.severity
    word = words.resolved if is_resolved(alert) else words.severities.get(alert.severity, alert.severity.upper())
    summary = alert.annotations.get("summary") or alert.labels.get("alertname", "")
    parts = (alert.labels.get("category", ""), _value(alert, words), _time(alert, zone))
    colour = COLOURS.get(level, COLOURS["critical"])
    return (
        f'<div style="margin:0 0 10px;padding:2px 0 2px 12px;border-left:4px solid {colour};overflow-wrap:anywhere">'
        f"<b>{escape(word)}</b> {escape(clip(clean(summary), _LONGEST))}<br>"
        f'<span class="name" style="color:#5b6472;font-size:13px">{escape(" · ".join(clean(part) for part in parts if part))}</span></div>'
    )


def _text(message: Message, note: str, words: Phrases) -> str:
    """What the table and the blocks do not say, a line each; indented lines as they are, addresses as links."""
    lines = [line.text for line in lines_of(message, note, footer=False)[1:]]
    return "".join(_line(line, words) for line in _untold(message, lines, words))


def _untold(message: Message, lines: Iterable[str], words: Phrases) -> Iterator[str]:
    told = re.compile(f"{_times(words.since)}|{_times(words.from_to)}" if len(message.alerts) == 1 else r"(?!)")
    listed = tuple(f"{shape} " for shape in SHAPES.values()) if len(message.alerts) > 1 else ()
    labels = {words.host.format(host=host) for host in (message.host, *(alert.labels.get("host", "") for alert in message.alerts[:1]))}
    for line in lines:
        if told.match(line) or line.startswith(listed) or (len(message.alerts) == 1 and line.rpartition(" · ")[2] in labels):
            continue
        yield line


def _times(phrase: str) -> str:
    """A pattern of the phrase with times in its places."""
    return re.sub(r"\\{\w+\\}", "[0-9A-Za-z :+-]+", re.escape(phrase))


def _beginning(phrase: str) -> str:
    return phrase.partition("{")[0] or "\0"


def _line(line: str, words: Phrases) -> str:
    text = _linked(line.strip())
    advice = _beginning(words.what_to_do)
    if line.startswith(advice):
        text = f"<b>{escape(advice.strip())}</b> {_linked(line[len(advice) :])}"
    if line.startswith("  "):
        return f'<div style="margin:2px 0 0;font-family:Consolas,Menlo,monospace;font-size:13px">{text}</div>'
    return f'<div style="margin:8px 0 0">{text}</div>'


def _linked(line: str) -> str:
    parts, done = [], 0
    for found in _LINK.finditer(line):
        address = escape(found[0])
        parts += [escape(line[done : found.start()]), f'<a href="{address}" style="color:#1a56b0">{address}</a>']
        done = found.end()
    return "".join([*parts, escape(line[done:])])


def _footer(message: Message) -> str:
    parts = (clean(message.footer).strip(), clean(message.environment).strip())
    line = " · ".join(part for part in parts if part)
    style = "margin:14px 0 0;padding:10px 0 0;border-top:1px solid #dfe3e8;color:#5b6472;font-size:13px"
    return f'<div class="name rule" style="{style}">{escape(line)}</div>' if line else ""
