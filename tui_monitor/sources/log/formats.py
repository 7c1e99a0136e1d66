"""Formats of log lines: JSON, logfmt, access logs, plain text, named regular expressions; and their detection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, tzinfo

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.sources.log.access import request_of
from tui_monitor.sources.log.levels import LEVEL_FIELDS, level_of_text, level_of_value, level_of_word
from tui_monitor.sources.log.record import Record, Request, Value
from tui_monitor.sources.log.regex import compile_pattern
from tui_monitor.sources.log.stamps import stamp_of_text, stamp_of_value

TIME_FIELDS = ("time", "timestamp", "ts", "@timestamp", "datetime", "date", "t", "asctime", "eventTime", "time_local", "time_iso8601")
MESSAGE_FIELDS = ("message", "msg", "log", "text", "event", "body", "short_message", "error", "err")
_MOST_FIELDS = 200
_DEEPEST = 8
_PAIR = re.compile(r'\s*([A-Za-z_@][\w.@/-]*)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]*))(?=\s|$)', re.DOTALL)
_JSON_VALUE = re.compile(rb'\s*("[^"\\]{0,20}"|(?:0|[1-9]\d{0,4})(?![\d.]))')
_JSON_LEVEL = re.compile(rb'"(?:level|severity|lvl|levelname|log\.level)"\s*:\s*("[^"\\]{0,20}"|(?:0|[1-9]\d{0,4})(?![\d.]))')
_LOGFMT_LEVEL = re.compile(rb'(?:^|[\s])(?:level|severity|lvl)="?(\w{1,20})')
_WORD = re.compile(rb'"?(\w{1,20})')
_FIRST_PAIR = re.compile(rb"\s*[A-Za-z_@][\w.@/-]*=")
_LOGFMT = re.compile(rb'\s*(?:[A-Za-z_@][\w.@/-]*=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)){2}')


@frozen
class FieldNames:
    """Names of the fields for level, time and message ("": the usual names), and the zone of stamps without one."""

    level: str = ""
    time: str = ""
    message: str = ""
    zone: tzinfo = UTC


class JsonLines:
    """Format with a JSON object per line; nested objects become dotted names."""

    name = "json"
    hint: bytes | None = b"method"

    def __init__(self, names: FieldNames) -> None:
        self._names = names
        self._quick = not names.level
        self._levels: dict[bytes, str] = {}

    def parse(self, text: str, now_ms: int) -> Record | None:
        """The record; None unless it is an object. Text after it (a trace of several lines) becomes the field `trace`."""
        found = _json_object(text)
        if found is None:
            return None
        value, rest = found
        flat = dict(_flat(value))
        if rest.strip():
            flat["trace"] = clean(rest, newlines=True)
        return _record(flat, value, self._names, now_ms, text)

    def level(self, event: bytes) -> str | None:
        """The level by one search where its field occurs once in the line, else by parsing."""
        if not event or event[0] != 123 or event[-1] != 125:  # braces; the quickest of several ways
            return self._level_of_parsed(event)
        parts = event.split(b'"level":', 2)
        if len(parts) == 2 and self._quick:
            word = parts[1].split(b",", 1)[0]
            level = self._levels.get(word)
            if level is None:
                level = self._known(word, parts[1])
            return self._level_of_parsed(event) if level is None else level
        found = _JSON_LEVEL.findall(event) if self._quick else ()
        level = self._known(found[0], found[0]) if len(found) == 1 else None
        return self._level_of_parsed(event) if level is None else level

    def _level_of_parsed(self, event: bytes) -> str | None:
        record = self.parse(event.decode("utf-8", "replace"), 0)
        return None if record is None else record.level

    def request(self, event: bytes) -> Request | None:
        """Where there is a field of the name method."""
        record = self.parse(event.decode("utf-8", "replace"), 0) if b"method" in event else None
        return request_of(record.fields) if record else None

    def _known(self, word: bytes, raw: bytes) -> str | None:
        """The level at the start of raw JSON, None unless it is a short word or number; ``word`` is its cache key."""
        value = _JSON_VALUE.match(raw)
        if value is None:
            return None
        level = level_of_value(json.loads(value[1].decode("utf-8", "replace"), strict=False))
        if len(self._levels) < 100 and len(word) < 40:
            self._levels[word] = level
        return level


class Logfmt:
    """`key=value key="another value"`, at least two pairs."""

    name = "logfmt"
    hint: bytes | None = b"method"

    def __init__(self, names: FieldNames) -> None:
        self._names = names
        self._levels: dict[bytes, str] = {}

    def parse(self, text: str, now_ms: int) -> Record | None:
        """The record; None unless the line starts with two pairs."""
        if not _LOGFMT.match(text[:4000].encode("utf-8", "replace")):
            return None
        fields: dict[str, Value] = {}
        for name, quoted, bare in _pairs(text):
            fields[name] = clean(quoted.replace('\\"', '"').replace("\\n", " ")) if quoted else bare
        return _record(fields, fields, self._names, now_ms, text)

    def level(self, event: bytes) -> str | None:
        """The level by one search for the usual names."""
        first = _FIRST_PAIR.match(event)
        if first is None or event.find(b"=", first.end()) < 0:
            return None
        if self._names.level:
            record = self.parse(event.decode("utf-8", "replace"), 0)
            return None if record is None else record.level
        parts = event.split(b" level=", 1)
        if len(parts) == 2 and (level := self._levels.get(word := parts[1].split(b" ", 1)[0])) is not None:
            return level
        found = _WORD.match(parts[1]) if len(parts) == 2 else _LOGFMT_LEVEL.search(event)
        return self._known(word if len(parts) == 2 else found[1], found[1]) if found else ""

    def _known(self, word: bytes, found: bytes) -> str:
        level = level_of_word(found.decode("ascii", "replace"))
        if len(self._levels) < 100 and len(word) < 40:
            self._levels[word] = level
        return level

    def request(self, event: bytes) -> Request | None:
        """Where there is a field of the name method."""
        record = self.parse(event.decode("utf-8", "replace"), 0) if b"method" in event else None
        return request_of(record.fields) if record else None


class Plain:
    """Format of any text, with an optional stamp at its start and an optional level word. Every line matches."""

    name = "plain"
    hint: bytes | None = None

    def __init__(self, names: FieldNames) -> None:
        self._names = names

    def parse(self, text: str, now_ms: int) -> Record:
        """The whole text is the message."""
        return Record(
            clean(text, newlines=True), level_of_text(text[:400].encode("utf-8", "replace")), stamp_of_text(text, self._names.zone, now_ms)
        )

    def level(self, event: bytes) -> str:
        """The level by the first level word."""
        return level_of_text(event)

    def request(self, event: bytes) -> Request | None:
        """None."""
        return None


class Mixed:
    """Format of a file that has JSON lines and others: a line that is a JSON object is one, each other one is plain text."""

    name = "mixed"
    hint: bytes | None = b"method"

    def __init__(self, names: FieldNames) -> None:
        self._json, self._plain = JsonLines(names), Plain(names)

    def parse(self, text: str, now_ms: int) -> Record:
        """The record of the object, else of the text."""
        return self._json.parse(text, now_ms) or self._plain.parse(text, now_ms)

    def level(self, event: bytes) -> str:
        """The level of the object, else of the text."""
        if event[:1] != b"{":
            return level_of_text(event)
        level = self._json.level(event)
        return level_of_text(event) if level is None else level

    def request(self, event: bytes) -> Request | None:
        """The request of the object."""
        return self._json.request(event) if event[:1] == b"{" else None


class NamedGroups:
    """Format of a regular expression with named groups; level, time and message are special, other groups are fields."""

    name = "regex"
    hint: bytes | None

    def __init__(self, pattern: str, names: FieldNames) -> None:
        self._pattern = compile_pattern(pattern)
        self._names = names
        self.hint = b"" if "(?P<method>" in pattern and "(?P<status" in pattern else None

    def parse(self, text: str, now_ms: int) -> Record | None:
        """The record; None unless the expression matches."""
        match = self._pattern.search(text)
        if match is None:
            return None
        fields = {name: clean(value) for name, value in match.groupdict().items() if value is not None}
        return _record(fields, fields, self._names, now_ms, text)

    def level(self, event: bytes) -> str | None:
        """The level by the whole expression."""
        record = self.parse(event.decode("utf-8", "replace"), 0)
        return None if record is None else record.level

    def request(self, event: bytes) -> Request | None:
        """The request by groups method and status."""
        record = self.parse(event.decode("utf-8", "replace"), 0)
        return request_of(record.fields) if record else None


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, quoted and bare value of at most 200 pairs; parsed word by word, since regex search is slow in hostile lines."""
    at = count = 0
    while at >= 0 and count < _MOST_FIELDS:
        match = _PAIR.match(text, at)
        if match is not None:
            count += 1
            yield match[1], match[2] or "", match[3] or ""
        at = match.end() if match is not None else text.find(" ", at + 1)
        if at >= len(text):
            return


def _json_object(text: str) -> tuple[Mapping[str, object], str] | None:
    if not text.startswith("{"):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return (value, text[end:]) if isinstance(value, dict) else None


def _flat(value: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Value]]:
    for name, each in list(value.items())[:_MOST_FIELDS]:
        key = prefix + clean(str(name))
        if isinstance(each, Mapping) and depth < _DEEPEST:
            yield from _flat(each, key + ".", depth + 1)
        elif isinstance(each, str):
            yield key, clean(each, newlines=True)
        elif isinstance(each, int | float | bool) or each is None:
            yield key, each
        else:
            yield key, clean(json.dumps(each, ensure_ascii=False, default=str)[:2000])


def _record(flat: Mapping[str, Value], raw: Mapping[str, object], names: FieldNames, now_ms: int, text: str) -> Record:
    message = _first(flat, names.message, MESSAGE_FIELDS)
    time = _first(flat, names.time, TIME_FIELDS)
    return Record(
        str(message) if message not in (None, "") else clean(text, newlines=True),
        _level(flat, raw, names.level),
        stamp_of_value(time, names.zone, now_ms) if now_ms else None,
        flat,
    )


def _level(flat: Mapping[str, Value], raw: Mapping[str, object], name: str) -> str:
    for key in (name,) if name else (*LEVEL_FIELDS, "levelno", "severity_number", "severityNumber", "SeverityNumber"):
        if key in flat or key in raw:
            return level_of_value(flat.get(key, raw.get(key)), key)
    for key, value in () if name else flat.items():  # nested: {"log": {"level": ...}}
        if key.rpartition(".")[2] in ("level", "severity", "lvl"):
            return level_of_value(value)
    return ""


def _first(flat: Mapping[str, Value], name: str, usual: Iterable[str]) -> Value:
    if name:
        return flat.get(name)
    return next((flat[key] for key in usual if key in flat and flat[key] not in (None, "")), None)
