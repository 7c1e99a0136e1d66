"""Values as a page shows them, in its language and the machine's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.core import humanize
from tui_monitor.core.catalogue.languages import page_phrases, phrases
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.subjects import subject_of

LANGUAGES = ("en", "ko")
MOST_TEXT = 500
SHADES = {"healthy": "ok", "degraded": "warn", "unhealthy": "bad", "unknown": "none"}
SIGNS = {"ok": "✓", "warn": "▲", "bad": "✗", "none": "?"}
"""A shape beside each colour: state is never told by colour alone."""


class Words:
    """One language's phrases (``t``), and functions that templates use. ``zone`` None: the machine's."""

    def __init__(self, language: str, zone: tzinfo | None = None) -> None:
        self.t = page_phrases(language)
        self._messages = phrases(language)
        self._units = humanize.SHORT_UNITS if language == "en" else self._messages.units
        self.zone = zone

    def say(self, phrase: str, **values: object) -> str:
        """A phrase filled in."""
        return phrase.format(**values)

    def severity(self, severity: str) -> str:
        """Its word."""
        return self._messages.severities.get(severity, clip(severity, 20))

    def span(self, seconds: float) -> str:
        """A length of time: "45s", "12m", "3h 5m"; below a minute in steps of ten seconds, so that a page changes rarely."""
        whole = max(0, int(seconds))
        return humanize.span_words(whole // 10 * 10 if 10 <= whole < 60 else whole, self._units)

    def since(self, at: int, now: int) -> str:
        """How long ago a stamp (UTC ms) was."""
        return self.span((now - at) / 1000)

    def latency(self, seconds: float | None) -> str:
        """ "132ms", "1.25s"."""
        return humanize.latency(seconds)

    def percent(self, ratio: float | None, digits: int = 0) -> str:
        """ "45%"."""
        return humanize.percent(ratio, digits)

    def uptime(self, ratio: float | None) -> str:
        """ "99.98%"."""
        return humanize.uptime_percent(ratio)

    def size(self, count: float | None) -> str:
        """ "3.1G"."""
        return humanize.size(count)

    def rate(self, count: float | None) -> str:
        """ "3.1M/s"."""
        return humanize.rate(count)

    def figure(self, name: str, value: float) -> str:
        """By the unit in the series' name."""
        return humanize.figure(name, value)

    def clock(self, at: int) -> str:
        """The time of day with the zone's name: "03:12:41 KST"."""
        moment = datetime.fromtimestamp(at / 1000, self.zone)
        return f"{moment:%H:%M:%S} {moment.astimezone(self.zone).tzname() or ''}".strip()

    def stamp(self, at: int | None, now: int, *, seconds: bool = False) -> str:
        """The time, with its date unless that is today."""
        if not at:
            return humanize.NOTHING
        then, today = datetime.fromtimestamp(at / 1000, self.zone), datetime.fromtimestamp(now / 1000, self.zone)
        time = humanize.clock(at, self.zone, seconds=seconds)
        return time if then.date() == today.date() else f"{self.day(at)} {time}"

    def day(self, at: int) -> str:
        """A date: "Mon 21 Sep", "9월 21일 (월)"."""
        moment = datetime.fromtimestamp(at / 1000, self.zone)
        if self.t.language == "ko":
            return f"{moment.month}월 {moment.day}일 ({'월화수목금토일'[moment.weekday()]})"
        return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"

    def iso(self, at: int) -> str:
        """For the attribute ``datetime``."""
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def incidents(self, count: int) -> str:
        """ "1 incident", "5 incidents"."""
        return self.t.one_incident if count == 1 else self.say(self.t.incident_count, count=count)

    def status(self, status: object) -> str:
        """The word of a state, None: not measured."""
        return self.t.statuses["none" if status is None else str(status)]


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shade(status: object) -> str:
    """The class of a state."""
    return SHADES.get(str(status), "none")


def severity_shade(severity: str) -> str:
    """The class of a severity."""
    return {"info": "info", "warning": "warn"}.get(severity, "bad")


def subject(alert: AlertView) -> str:
    """Subject of an alert for its line: its check, mount ..., else its name."""
    return subject_of(alert.labels) or alert.name


def rest_of(alert: AlertView) -> str:
    """The summary without the subject that stands before it: "shop is down: 500" beside "shop" reads "is down: 500"."""
    text, name = tidy(alert.summary), tidy(subject(alert))
    return text[len(name) :].lstrip(" :") if text.lower().startswith(f"{name} ".lower()) or text.startswith(f"{name}:") else text


def tidy(text: object, limit: int = MOST_TEXT) -> str:
    """A text from outside: one line, without control characters, of bounded length. Markup is escaped by the template."""
    return clip(clean(str(text)), limit)


def lines(text: str, limit: int = 4000) -> str:
    """A text from outside that keeps its line breaks."""
    return clip(clean(text, newlines=True), limit)


def check_link(name: str) -> str:
    """The address of a check's page."""
    return "/checks/" + quote(name.encode("utf-8", "replace"), safe="")


def check_at(name: str, board: Board) -> CheckView | None:
    """The check whose link has this name; a byte that is no UTF-8 is "?" in it."""
    return next((check for check in board.checks if name in (check.name, check.name.encode("utf-8", "replace").decode())), None)


def screen_link(name: str) -> str:
    """The address of a screen's page."""
    return "/screens/" + quote(name.encode("utf-8", "replace"), safe="")


def alert_link(ident: str) -> str:
    """The address of an alert's page."""
    return "/alerts/" + quote(ident, safe="")


def web_link(text: str) -> str:
    """The text where it is an http address, else "": a link to javascript: would run where it is clicked."""
    return text if text.lower().startswith(("https://", "http://")) and clean(text) == text else ""


def target_of(check: CheckView) -> str:
    """What is shown beside a check's name."""
    return tidy(check.target, 80)


def language_of(accepted: str, configured: str) -> str:
    """The reader's language where it is spoken here (RFC 9110, 12.5.4), else the configured one."""
    wanted: list[tuple[float, int, str]] = []
    for number, part in enumerate(accepted.split(",")[:20]):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=")
        known = name.strip().lower().partition("-")[0]
        if known in LANGUAGES and weight not in ("0", "0.0"):
            wanted.append((-_number(weight), number, known))
    return min(wanted)[2] if wanted else configured


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 0.0
