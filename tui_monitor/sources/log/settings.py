"""The keys of a log check."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from tui_monitor.config.entries import FeedSettings
from tui_monitor.config.fields import FilePath, RateLimitText, Regex, Size, Text
from tui_monitor.config.section import Section, key

METRICS = (
    "log_lines_total", "log_match_total", "log_burst_lines", "log_lag_bytes", "log_unmatched_total", "log_suppressed_total",
    "http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds_sum",
    "http_request_duration_seconds_count",
)  # fmt: skip
"""The names of its series, beside those of every check and those of `[[checks.match]]`."""
BUCKETS = [0.005, 0.025, 0.1, 0.3, 0.5, 0.7, 1.0, 3.0, 5.0, 7.0, 10.0]
LONGEST_WINDOW = 86_400.0
SMALLEST_RING = 64 * 1024
Level = Literal["trace", "debug", "info", "warning", "error", "critical"]
_OWN = ("check", "type", "category", "match", "le")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_SEVERAL = Text(_listed, before=True, schema={"type": ["string", "array"], "items": {"type": "string"}})


def _encoding(value: str) -> str:
    try:
        if value:
            codecs.lookup(value)
    except LookupError:
        raise ValueError(f'"{value}" is not an encoding; write for example "utf-8", "latin-1" or "euc-kr"') from None
    return value


class MatchSettings(Section):
    """Lines to count, to make the check degraded or unhealthy, or to read a number from."""

    name: str = key(doc="the match's name, unique in its check", min_length=1, max_length=100, example="timeouts")
    regex: Regex | None = key(default=None, doc="regular expression (RE2) that is found in the line", example="timed? out")
    level: Level | None = key(default=None, doc="only lines of at least this level", example="error")
    unhealthy: RateLimitText | None = key(default=None, doc="so many lines in a time make the check unhealthy", example="5/1m")
    degraded: RateLimitText | None = key(default=None, doc="so many lines in a time make the check degraded", example="1/10m")
    value: str | None = key(default=None, doc="the field (JSON, logfmt) or named group of regex that holds a number", example="took_ms")
    metric: str | None = key(default=None, doc="the series of that number", pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", example="job_seconds")
    kind: Literal["gauge", "counter", "histogram"] = key(default="gauge", doc="gauge: the last one, counter: their sum, or a histogram")
    unit: Literal["", "s", "ms", "us", "ns", "B", "KiB", "MiB", "GiB", "KB", "MB", "GB", "%"] = key(
        default="", doc="the unit in the line; the series is in seconds, bytes or a ratio", example="ms"
    )
    labels: dict[str, str] = key(default={}, doc="label = field or named group", example={"queue": "queue"})
    buckets: list[float] = key(default=BUCKETS, doc="upper limits of the histogram")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: keys that need each other, windows above a day."""
        if not self.regex and not self.level:
            yield "regex", "is missing: set regex or level to select lines"
        if (self.value is None) != (self.metric is None):
            yield (
                ("metric", "is missing: the series of the number needs a name")
                if self.value
                else ("value", "is missing: where is the number?")
            )
        for name in {"kind", "unit", "labels", "buckets"} & set(given) if self.value is None else ():
            yield name, "is for numbers: set value and metric too"
        if wrong := [label for label in self.labels if label in _OWN]:
            yield "labels", f'"{wrong[0]}" is a label that the monitor sets; choose another name'
        for name in ("unhealthy", "degraded"):
            text = getattr(self, name)
            if text and limit_of(text)[1] > LONGEST_WINDOW:
                yield name, f'"{text}" covers more than a day; use a rule on log_match_total for that'


def limit_of(text: str) -> tuple[int, float]:
    """Lines and seconds of "5/1m"."""
    from tui_monitor.core.units import parse_rate

    return parse_rate(text)


class LogCheck(FeedSettings):
    """A log: files, or the journal of systemd units."""

    path: Annotated[list[FilePath], _ONE_OR_SEVERAL] = key(
        default=[], doc="a file or a pattern (*, **), or several; rotated files are followed", example="/var/log/app/*.log"
    )
    unit: Annotated[list[str], _ONE_OR_SEVERAL] = key(default=[], doc="in place of path: systemd units whose journal is read", shown="none")
    format: str = key(
        default="auto", doc="auto, json, logfmt, combined (access logs), plain, or a regular expression with (?P<name>...) groups"
    )
    level: str = key(default="", doc="the field that holds the level", shown="the usual names")
    time: str = key(default="", doc="the field that holds the stamp", shown="the usual names")
    message: str = key(default="", doc="the field that holds the message", shown="the usual names")
    timezone: str = key(default="", doc="the zone of stamps without one", shown="the machine's", example="Asia/Seoul")
    encoding: Annotated[str, Text(_encoding)] = key(default="utf-8", doc="where the file has no byte order mark")
    multiline: str = key(default="auto", doc="auto (stack traces), off, or a regular expression that the first line of each event has")
    missing: Literal["wait", "unhealthy"] = key(default="wait", doc="effect of a missing file on the check: wait or unhealthy")
    keep_lines: Size = key(default=10 * 1024 * 1024, doc="bytes of lines kept for `tui-monitor logs`; 0: none", le=2**30)
    routes: list[str] = key(
        default=[], doc="how paths of access logs become the label route", shown="ids become :id", example=["/shop/:item/**"]
    )
    max_routes: int = key(default=100, doc="further routes are counted as other", ge=1, le=10_000)
    buckets: list[float] = key(default=BUCKETS, doc="upper limits of http_request_duration_seconds")
    match: list[MatchSettings] = key(default=[], doc="lines that matter: [[checks.match]]")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: sources of lines, duplicate match names."""
        yield from super().problems(given)
        if not self.path and not self.unit:
            yield "path", "is missing: name a file, or by unit a systemd unit whose journal is read"
        if self.path and self.unit:
            yield "unit", "path is given too; a check reads files or the journal: make two checks of it"
        for name in {"encoding", "multiline", "missing"} & set(given) if self.unit else ():
            yield name, "is for files; the journal has whole entries with their metadata"
        if 0 < self.keep_lines < SMALLEST_RING:
            yield "keep_lines", "is too small for anything; at least 64KiB, or 0 for none"
        names = [match.name for match in self.match]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            yield "match", f'two matches have the name "{twice}"'


def target(check: LogCheck) -> tuple[str, bool]:
    """The files or units; always on this machine."""
    return (", ".join(check.path) or f"journal of {', '.join(check.unit)}"), True


def metrics(check: LogCheck) -> tuple[str, ...]:
    """Names of the check's own series: METRICS and those of its matches."""
    own: list[str] = []
    for match in check.match:
        if match.metric:
            own += [f"{match.metric}_{end}" for end in ("bucket", "sum", "count")] if match.kind == "histogram" else [match.metric]
    return (*METRICS, *own)
