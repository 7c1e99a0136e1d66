"""Log files and the journal: lines, formats, stamps, levels, journal entries, saved counts."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from zoneinfo import ZoneInfo

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.platform import redaction
from tui_monitor.sources.log import formats, journal_entry, stamps
from tui_monitor.sources.log.access import Combined
from tui_monitor.sources.log.formats import FieldNames, JsonLines, Logfmt, NamedGroups, Plain
from tui_monitor.sources.log.journal_entry import JournalFormat, parse_entry
from tui_monitor.sources.log.levels import level_of_word
from tui_monitor.sources.log.lines import Splitter, encoding_of
from tui_monitor.sources.log.multiline import multiline_of
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions
from tui_monitor.sources.log.record import Format

AT = 1_790_000_000_000
_NAMED = r"^(?P<time>\S+) (?P<level>\w+) (?P<method>[A-Z]+) (?P<status>\d+) (?P<message>.*)"


@cache
def _formats() -> tuple[Format, ...]:
    names = FieldNames(zone=ZoneInfo("Asia/Seoul"))
    return (
        JsonLines(names),
        Logfmt(names),
        Combined(names.zone),
        Plain(names),
        NamedGroups(_NAMED, names),
        JsonLines(FieldNames("severity", "ts", "msg")),
    )


def _lines(data: bytes) -> bool:
    """Bytes of a file through splitter and pipeline, and each event through every format."""
    encoding = encoding_of(data[:4], ("utf-8", "utf-16", "latin-1", "cp949")[len(data) % 4])
    splitter = Splitter(encoding, multiline_of("auto" if len(data) % 3 else "off"), max_line=4096)
    half = len(data) // 2
    events = [*splitter.feed(data[:half]), *splitter.feed(data[half:]), *splitter.flush()]
    pipeline = Pipeline(PipelineOptions(routes=("/api/*",)))
    pipeline.feed("/var/log/a.log", events, 1.0, AT)
    assert not (refused := admit_samples(pipeline.samples())[1]), refused
    Pipeline(PipelineOptions()).restore(pipeline.to_json())
    return sum([_event(event) for event in events[:20]]) > 0


def _event(event: bytes) -> bool:
    text = event.decode("utf-8", "replace")
    found = [format.parse(text, AT) for format in _formats()]
    for format in _formats():
        format.level(event)
        format.request(event)
    for record in found:
        if record is not None:
            record.message.encode()
            assert record.at is None or isinstance(record.at, int)
    return any(record is not None and record.fields for record in found)


def _stamp(text: str) -> bool:
    level_of_word(text)
    found = [
        stamps.parse_stamp(text, UTC, AT),
        stamps.stamp_of_text(text, ZoneInfo("America/Sao_Paulo"), AT),
        stamps.stamp_of_value(text, UTC, AT),
    ]
    return any(each is not None for each in found)


def _entry(text: str) -> bool:
    entry = parse_entry(text.encode("utf-8", "surrogatepass"))
    if entry is None:
        return False
    for inner in _formats():
        wrapped = JournalFormat(inner)
        wrapped.parse(entry.event.decode("utf-8", "replace"), AT)
        wrapped.level(entry.event)
        wrapped.request(entry.event)
    return True


_STAMPS = (
    "2026-01-31T12:00:00Z", "2026-01-31 12:00:00,123", "+09:00", "+99:99", "-0000", "31/Jan/2026:12:00:00 +0000", "Jan 31 12:00:00",
    "Feb 29 00:00:00", "Feb 30 ", "Sun, 06 Nov 1994 08:49:37 GMT", "12:00:00", "23:59:60", "1700000000.123", "0000-00-00T00:00:00",
    "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "Xyz 31 12:00:00", ".999999999",
)  # fmt: skip
_WORDS = (
    *_STAMPS, '{"level":"error","msg":"x","time":1}', '"level":', '{"level":{"name":"warn"}}', "level=error msg=\"a b\" ",
    "method=GET path=/a status=200 duration_ms=5 ", "ERROR ", "[warn] ", "<3>",
    '127.0.0.1 - - [31/Jan/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "x"', ' rt=0.123', "\n", "\r\n", "    at a.b(C.java:1)\n",
    "Traceback (most recent call last):\n", "ValueError: x\n", "Caused by: ", '\\"',
)  # fmt: skip
_FIELDS = (
    '"__CURSOR"',
    '"__REALTIME_TIMESTAMP"',
    '"MESSAGE"',
    '"PRIORITY"',
    "Suppressed 5 messages from a.service",
    journal_entry.SUPPRESSED,
    "[1,2,300]",
    "line-max",
)

_SECRETS = ("password", "password=", "1234", "{")
_REDACTION = redaction.Redaction([r"password\W+(\S+)", r"\d{4}"])


def _redacted(text: str) -> bool:
    return b"***" in _REDACTION.line(text.encode(errors="replace"))


TARGETS = (
    Target(name="log-lines", kind="bytes", call=_lines, words=_WORDS, fence=lambda: unfenced(formats._json_object)),
    Target(name="redacted-line", kind="json", call=_redacted, words=_SECRETS, fence=lambda: unfenced(redaction.Redaction.line)),
    Target(name="log-stamps", kind="text", call=_stamp, words=_STAMPS, fence=lambda: unfenced(stamps.parse_stamp)),
    Target(name="journal-entry", kind="json", call=_entry, words=_FIELDS, fence=lambda: unfenced(journal_entry.parse_entry)),
)
