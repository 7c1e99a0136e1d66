"""Texts that people write: templates, label matchers, schedules, cron lines, durations, sizes, ratios, rates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from tui_monitor.alerts.rules import templates
from tui_monitor.alerts.rules.template_functions import FUNCTIONS
from tui_monitor.core import units
from tui_monitor.dispatch import matchers, schedule
from tui_monitor.promql import durations

AT = 1_790_000_000_000
_LABELS = {"check": "api", "instance": "web-1.example.org:9100", "hostile": "{{ 7 * 7 }}\x1b[31m", "long": "a" * 60 + "!"}


def _template(text: str) -> bool:
    """A text that passes the check is rendered; one that does not is rendered all the same, for neither may raise."""
    try:
        templates.check_template(text)
        good = True
    except templates.TemplateError:
        good = False
    for value in (float("nan"), 0.95):
        said = templates.render(text, _LABELS, value, "connection refused")
    return good and not said.startswith(text)


def _matcher(text: str) -> bool:
    try:
        found = matchers.parse_matchers(text.split("\n"))
    except ValueError:
        return False
    matchers.matches_all(found, _LABELS)
    for matcher in found:
        assert matchers.parse_matcher(str(matcher)).name == matcher.name if '"' not in matcher.value and "\\" not in matcher.value else True
    return True


def _schedule(text: str) -> bool:
    """Both readings of a text: weekly ranges and a cron line."""
    found: list[schedule.Schedule] = []
    for read in (lambda: schedule.parse_weekly(text, UTC), lambda: schedule.CronSchedule(text, 3_600_000, ZoneInfo("America/New_York"))):
        try:
            found.append(read())
        except ValueError:
            continue
    for each in found:
        for at in (0, 946_684_800_000, AT, 4_102_444_800_000):
            change = each.next_change(at)
            assert change is None or change > at, (at, change)
            each.is_active(at)
    return bool(found)


_READERS: tuple[Callable[[Any], object], ...] = (
    units.parse_duration,
    units.parse_size,
    units.parse_ratio,
    units.parse_rate,
    durations.parse_duration,
)


def _units(text: str) -> bool:
    accepted = False
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 4300 else text
    for read in _READERS:
        try:
            found = read(value if read in (units.parse_duration, units.parse_size) else text)
            accepted = True
        except ValueError:
            continue
        if read is units.parse_duration and isinstance(found, float):
            units.format_duration(found)
    return accepted


_PARTS = (
    *(f" {name} " for name in FUNCTIONS), "{{", "}}", "{{ $value }}", "{{ $labels.check }}", '{{ $labels["check"] }}', " | ", "{{ if ",
    "{{ else }}", "{{ end }}", "{{ with ", "{{ range ", "{{- ", " -}}", "$reason", ".", '"%.2f"', '"%999d"', '"%*d"', '"%q"', "`a`", "(",
    ")", "{{/* c */}}", "{% raw %}", "{#", "__class__", "1e308", "$9", "${1}", '"([a-z]+ ?)*$"', '"["', "nil", "$labels.x.y", "1" * 400,
)  # fmt: skip
_MATCHERS = (
    'a="b"',
    "a!=b",
    'a=~"b|c"',
    "a!~x",
    '{a="1",b!="2"}',
    "Name",
    "=",
    "==",
    '"',
    "'",
    "\\",
    "{",
    "}",
    ",",
    "=~",
    "(?i)",
    "(?P<n>",
    "[a-",
    "*",
    "((a+)+)+$",
    "{1,1001}",
    "\\Q",
    "\\x{110000}",
    "severity",
    "\n",
)
_SCHEDULES = (
    "Mon-Fri 09:00-18:00 Asia/Seoul", "daily 02:00-03:00", "Sat,Sun 00:00-24:00", ";", "22:00-06:00", "Mon", "-", ",", "Europe/Berlin",
    "UTC", "../../etc/passwd", "/etc/localtime", "localtime", "* * * * *", "0 3 * * 1-5", "*/5", "@daily", "L", "1W", "MON#2",
    "30 2 29 2 *", "0 0 31 2 *", "61", "0-59/0", "a", "24:00", "9:5", "99:99-00:00",
)  # fmt: skip
_UNITS = (
    "10s",
    "1h30m",
    "500ms",
    "1.5d",
    "1000y",
    "90%",
    "0.9",
    "512MiB",
    "1GB",
    "2TiB",
    "B",
    "20/1m",
    "/",
    "-",
    "+",
    ".",
    "e5",
    "y",
    "w",
    "ms",
    " ",
)

TARGETS = (
    Target(name="template", kind="text", call=_template, words=_PARTS, longest=2_000, fence=lambda: unfenced(templates.render)),
    Target(name="matcher", kind="text", call=_matcher, words=_MATCHERS, fence=lambda: replaced(matchers, "check_regex", lambda _: None)),
    Target(name="schedule", kind="text", call=_schedule, words=_SCHEDULES, fence=lambda: unfenced(schedule.CronSchedule.__init__)),
    Target(name="units", kind="text", call=_units, words=_UNITS, fence=lambda: unfenced(units.parse_duration)),
)
