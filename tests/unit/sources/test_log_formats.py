"""Formats, levels, stamps and routes of log lines, and which format a file has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.sources.log.access import request_of
from tui_monitor.sources.log.detection import Detector, format_of
from tui_monitor.sources.log.formats import FieldNames, Plain
from tui_monitor.sources.log.levels import at_least, level_of_number, level_of_text, level_of_value, level_of_word
from tui_monitor.sources.log.line_format import LineFormat
from tui_monitor.sources.log.record import Format, Record, Request
from tui_monitor.sources.log.regex import PatternError
from tui_monitor.sources.log.ring import joined
from tui_monitor.sources.log.routes import Routes
from tui_monitor.sources.log.stamps import parse_stamp, stamp_of_text, stamp_of_value

NOW = int(datetime(2024, 1, 2, 12, tzinfo=UTC).timestamp() * 1000)
SEOUL = ZoneInfo("Asia/Seoul")
NAMES = FieldNames()


def reader(setting: str, names: FieldNames = NAMES) -> Format:
    found = format_of(setting, names)
    assert found is not None
    return found


def block(*events: bytes) -> tuple[list[bytes], bytes]:
    return [*events], joined(events)


def parsed(setting: str, text: str, names: FieldNames = NAMES) -> Record:
    record = reader(setting, names).parse(text, NOW)
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2024-01-01 10:00:00,123 ERROR app: broken", "error"),
        ("[2024-01-01] app.WARNING: x", "warning"),
        ("2024/01/01 10:00:00 [error] 12#0: *3 open() failed", "error"),
        ("INFO something about an ERROR", "info"),
        ("error: cannot open", "error"),
        ("Warning: deprecated", "warning"),
        ("<3>kernel: bad", "error"),
        ("<30>Jan  1 10:00:00 host app: text", "info"),
        ("E0102 12:00:00.000 1 main.go:3] glog", "error"),
        ("W/ActivityManager: android", "warning"),
        ("I, [2024-01-01T10:00:00 #1]  INFO -- : ruby", "info"),
        ("12:00:00.1 [main] FATAL x", "critical"),
        ("no level, only an information about errors", ""),
        ("TERROR and MYERROR and ERROR_CODE", ""),
        ("x" * 300 + " ERROR", ""),
        ("\ud55c\uad6d ERROR", "error"),
        ("", ""),
    ],
)
def test_l12_levels_of_text(line: str, level: str) -> None:
    """L12: the first level word of a line of text counts, where it stands as one."""
    assert level_of_text(line.encode()) == level
    assert Plain(NAMES).parse(line, NOW).level == level


def test_l12_levels_of_words_and_numbers() -> None:
    """L12: words of any case, syslog's numbers, pino's, Python's and OpenTelemetry's."""
    assert [level_of_word(word) for word in ("WARN", "Fatal", "dbg", "notice", "nonsense", "50")] == [
        "warning", "critical", "debug", "info", "", "error",
    ]  # fmt: skip
    assert [level_of_number(number) for number in (0, 3, 4, 6, 7, 10, 20, 30, 40, 50, 60)] == [
        "critical", "error", "warning", "info", "debug", "trace", "debug", "info", "warning", "error", "critical",
    ]  # fmt: skip
    assert [level_of_value(number, "levelno") for number in (10, 20, 30, 40, 50)] == ["debug", "info", "warning", "error", "critical"]
    assert [level_of_value(number, "severity_number") for number in (1, 5, 9, 13, 17, 21)] == list(
        ("trace", "debug", "info", "warning", "error", "critical")
    )
    assert level_of_value({"name": "ERROR"}) == "error" and level_of_value(True) == "" and level_of_value(float("nan")) == ""
    assert at_least("critical", "error") and not at_least("info", "error") and not at_least("", "trace")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ('{"level":"error","msg":"x"}', "error"),
        ('{"msg":"x", "level" : 50}', "error"),
        ('{"severity":"WARNING","message":"x"}', "warning"),
        ('{"log":{"level":"debug"},"message":"x"}', "debug"),
        ('{"ctx":{"level":"info"},"level":"error"}', "error"),
        ('{"msg":"\\"level\\":\\"info\\"","level":"error"}', "error"),
        ('{"level":"a,b"}', ""),
        ('{"level":true}', ""),
        ('{"msg":"none"}', ""),
        ('{"level":30.5,"severity":"error"}', "info"),
    ],
)
def test_l12_the_quick_level_of_json_is_the_parsed_one(line: str, level: str) -> None:
    """L12: JSON levels, nested and numeric too; counting without parsing finds the same."""
    json_lines = reader("json")
    assert json_lines.level(line.encode()) == level
    assert json_lines.level(line.encode()) == level  # from the cache
    assert parsed("json", line).level == level


def test_json_fields_message_and_stamp() -> None:
    """Nested objects become dotted names; colour sequences and controls are gone; raw bytes are replaced before parsing."""
    record = parsed("json", '{"ts":1704196800.5,"level":"info","msg":"\\u001b[31mred\\u001b[0m","user":{"id":7,"tags":["a"]}}')
    assert (record.message, record.at) == ("red", 1704196800500)
    assert record.fields["user.id"] == 7 and record.fields["user.tags"] == '["a"]'
    raw = b'{"uri":"/\xff","status":200}'
    assert parsed("json", raw.decode("utf-8", "replace")).fields["uri"] == "/\ufffd"
    names = FieldNames(level="sev", time="when", message="what")
    record = parsed("json", '{"sev":"err","when":"2024-01-01T00:00:00Z","what":"own","level":"info","msg":"no"}', names)
    assert (record.level, record.message, record.at) == ("error", "own", 1704067200000)


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"a":1', "{}}" * 2 + "{", "{" * 100_000, '{"a":' * 10_000])
def test_hostile_json_is_no_json(line: str) -> None:
    """What is no object has no record; depth ends nothing."""
    found = reader("json").parse(line, NOW)
    assert found is None or found.fields == {} or "trace" in found.fields
    reader("json").level(line.encode())


def test_logfmt() -> None:
    """Pairs, quoted ones too; a line of text with one equals sign is none."""
    record = parsed("logfmt", 'time=2024-01-01T00:00:00Z level=warn msg="a \\"quoted\\" text" n=3 empty=')
    assert record.level == "warning" and record.message == 'a "quoted" text' and record.at == 1704067200000
    assert record.fields["n"] == "3" and record.fields["empty"] == ""
    assert reader("logfmt").parse("text with x=1 inside", NOW) is None
    assert reader("logfmt").level(b'ts=1 lvl="error" x=2') == "error" and reader("logfmt").level(b"plain text") is None


COMBINED = '203.0.113.9 - frank [10/Oct/2023:13:55:36 -0700] "GET /a/b?x=1 HTTP/1.1" 200 2326 "http://r/" "Agent (x) \\"q\\""'


@pytest.mark.parametrize(
    ("line", "request_", "level"),
    [
        (COMBINED, Request("GET", "/a/b", "200"), "info"),
        ("shop.example:443 " + COMBINED, Request("GET", "/a/b", "200"), "info"),
        (COMBINED + " 0.123", Request("GET", "/a/b", "200", 0.123), "info"),
        (COMBINED + ' "198.51.100.7, 10.0.0.1" rt=1.500', Request("GET", "/a/b", "200", 1.5), "info"),
        ('::1 - - [10/Oct/2023:13:55:36 +0000] "POST /x HTTP/2.0" 502 0', Request("POST", "/x", "502"), "error"),
        ('10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "" 400 0 "-" "-"', Request("", "", "400"), "warning"),
        ('10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "-" 408 - "-" "-"', Request("", "", "408"), "warning"),
        ('10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "\\x16\\x03\\x01" 400 157 "-" "-"', Request("", "", "400"), "warning"),
    ],
)
def test_l13_access_logs(line: str, request_: Request, level: str) -> None:
    """L13: combined and its variants; requests that could not be read are lines of the format, without method and route."""
    combined = reader("combined")
    record = parsed("combined", line)
    assert record.request == request_ and combined.request(line.encode()) == request_
    assert record.level == level and combined.level(line.encode()) == level
    assert record.at is not None and record.at // 1000 in (1696971336, 1696946136)


def test_l13_access_fields() -> None:
    """L13: virtual host, user, referer, agent, time and forwarded addresses are fields."""
    fields = parsed("combined", "v.example " + COMBINED + ' "198.51.100.7" 0.250').fields
    assert fields["vhost"] == "v.example" and fields["remote_user"] == "frank" and fields["status"] == 200 and fields["bytes"] == 2326
    assert fields["forwarded_for"] == "198.51.100.7" and fields["request_time"] == 0.25 and fields["referer"] == "http://r/"
    assert reader("combined").parse("some text", NOW) is None and reader("combined").level(b"some text") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"request_method": "GET", "request_uri": "/a?b", "status": "200", "request_time": "0.5"},
        {"request.method": "GET", "request.uri": "/a?b", "status": 200, "duration": 0.5},
        {"method": "get", "path": "/a", "status_code": 200, "duration_ms": 500},
        {"req.method": "GET", "req.url": "/a", "res.statusCode": 200, "responseTime": 500},
    ],
)
def test_l13_requests_in_json(fields: dict[str, str | int | float]) -> None:
    """L13: nginx, Caddy, plain and pino-http names tell a request."""
    assert request_of(fields) == Request("GET", "/a", "200", 0.5)
    assert request_of({"method": "transfer", "status": "done"}) is None


def test_a_named_expression() -> None:
    """Groups level, time and message have their meaning; lines without a match are unmatched; a wrong one says why."""
    names = FieldNames(zone=SEOUL)
    record = parsed(r"^(?P<time>\S+ \S+) (?P<level>\w+) (?P<user>\w+): (?P<message>.*)", "2024-01-01 09:00:00 WARN kim: hello", names)
    assert (record.level, record.message, record.at, record.fields["user"]) == ("warning", "hello", 1704067200000, "kim")
    named = format_of("mine", names, {"mine": r"(?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d+)"})
    assert named is not None and named.request(b"GET /a 200") == Request("GET", "/a", "200") and named.parse("?", NOW) is None
    with pytest.raises(PatternError, match="not a regular expression"):
        format_of("(?P<x>", names)
    with pytest.raises(ValueError, match="no log format"):
        format_of("jsn", names)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (['{"a":1}', '{"a":2}'], "json"),
        (['{"a":1}', '{"a":2}', "a stray line"], "mixed"),
        ([COMBINED, COMBINED], "combined"),
        (["a=1 b=2", 'c="x y" d=3'], "logfmt"),
        (["plain", "text", '{"a":1}'], "mixed"),
        (["plain", "text {}"], "plain"),
        (["a = 1"], "plain"),
    ],
)
def test_formats_are_found_out(lines: list[str], name: str) -> None:
    """The format of a file is that of most of its first lines."""
    assert Detector(NAMES).format_for(*block(*(line.encode() for line in lines))).name == name


def test_a_format_that_changes_is_found_again() -> None:
    """A file whose lines are another format from now on is read in that one, also when it began with a plain line."""
    detector = Detector(NAMES)
    assert detector.format_for(*block(b"FATAL: no configuration")).name == "plain"
    assert detector.format_for(*block(*[b"a=1 b=2"] * 5)).name == "logfmt"
    assert detector.format_for(*block(*[b"a=1 b=2"] * 3, b"stray")).name == "logfmt"
    assert detector.format_for(*block(*[b'{"a":1}'] * 5)).name == "json"


def test_of_json_and_plain_lines_each_is_read_as_what_it_is() -> None:
    """A plain line at the start, at the end or between does not make the JSON lines of the file plain, nor is it unmatched."""
    detector, plain, entry = Detector(NAMES), b"FATAL: x", b'{"level":"warn","msg":"slow","n":1}'
    for events in ([plain], [plain, entry], [entry, plain], [entry, entry], [b"{main} ERROR started", entry]):
        found = detector.format_for(*block(*events))
        records = [found.parse(event.decode(), NOW) for event in events]
        assert [record and record.fields.get("n") for record in records] == [1 if event is entry else None for event in events]
        assert [found.level(event) for event in events] == [record and record.level for record in records]
    assert LineFormat().reader("mixed").level(entry) == "warning"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00+00:00"),
        ("2024-01-01 09:00:00,5", "2024-01-01T00:00:00.5+00:00"),
        ("2024-01-01T01:00:00.123456789+0100 text", "2024-01-01T00:00:00.123+00:00"),
        ("10/Oct/2023:13:55:36 -0700", "2023-10-10T20:55:36+00:00"),
        ("Mon, 01 Jan 2024 00:00:00 GMT", "2024-01-01T00:00:00+00:00"),
        ("Jan  2 20:00:00 host x", "2024-01-02T11:00:00+00:00"),
        ("Dec 31 23:00:00", "2023-12-31T14:00:00+00:00"),
        ("Feb 29 12:00:00", "2020-02-29T03:00:00+00:00"),
        ("20:30:00", "2024-01-02T11:30:00+00:00"),
        ("23:59:59", "2024-01-01T14:59:59+00:00"),
        ("1704067200", "2024-01-01T00:00:00+00:00"),
        ("1704067200.25", "2024-01-01T00:00:00.25+00:00"),
    ],
)
def test_l11_stamps(text: str, expected: str) -> None:
    """L11: zones in the stamp, the configured one without; missing years and days are the nearest past; leap days."""
    assert parse_stamp(text, SEOUL, NOW) == round(datetime.fromisoformat(expected).timestamp() * 1000)


def test_l11_epochs_by_size_and_nonsense() -> None:
    """L11: s, ms, µs and ns by their size; what is no stamp is None, and ends nothing."""
    assert {stamp_of_value(number, UTC, NOW) for number in (1704067200, 1704067200000, 1704067200000000, 1704067200000000000)} == {
        1704067200000
    }
    value: Any
    for value in (
        "",
        "x",
        "2024-13-01 00:00:00",
        "99:99:99",
        5,
        -1,
        1e300,
        float("nan"),
        True,
        None,
        [],
        "Feb 30 10:00:00",
        "Xyz  1 10:00:00",
    ):
        assert stamp_of_value(value, UTC, NOW) is None
    assert stamp_of_text("[2024-01-01 00:00:00] x", UTC, NOW) == 1704067200000
    assert stamp_of_text("nothing here 2024-01-01 00:00:00", UTC, NOW) is None


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/users/123/orders/9", "/users/:id/orders/:id"),
        ("/f/550e8400-e29b-41d4-a716-446655440000", "/f/:id"),
        ("/c/deadbeef01", "/c/:id"),
        ("/t/eyJhbGciOiJIUzI1NiJ9", "/t/:id"),
        ("/api/v1/items?x=1#y", "/api/v1/items"),
        ("/mail/kim@example.com", "/mail/:id"),
        ("http://evil.example/a/1", "/a/:id"),
        ("/a\x1b[31m", "/a"),
    ],
)
def test_l14_identifiers_leave_the_path(path: str, route: str) -> None:
    """L14: numbers, UUIDs, hashes, tokens and addresses become `:id`."""
    assert Routes().route(path) == route


def test_l14_routes_are_bounded_and_patterns_count_first() -> None:
    """L14: at most N routes, then "other"; configured patterns come first; a restart keeps the known ones."""
    routes = Routes(["/shop/{name}", "/static/**"], most=3)
    assert [routes.route(path) for path in ("/shop/abc", "/static/a/b.css", "/x", "/y", "/x", "")] == [
        "/shop/{name}", "/static/**", "/x", "other", "/x", "",
    ]  # fmt: skip
    again = Routes(most=1)
    again.learn(["/kept", "other"])
    assert again.route("/kept") == "/kept" and again.route("/new") == "other"
    with pytest.raises(PatternError, match="at most one"):
        Routes(["/a/**/b/**"])


NASTY = ("a", 'a="', '\\"] "', '] "', "[x", ' x="\\" ', '"level":', "\x1b]", "a.", "%41", "1", "[", "{", ' - [0123456789] "')


@pytest.mark.parametrize("piece", NASTY)
def test_a_hostile_line_takes_no_time_that_grows_with_its_square(piece: str) -> None:
    """What a byte costs does not grow with the line: 400 KB of a nasty piece come to an end (a square would be hours)."""
    line = piece * (400_000 // len(piece))
    for setting in ("json", "logfmt", "combined", "plain"):
        made = reader(setting)
        made.level(line.encode())
        made.request(line.encode())
        made.parse(line, NOW)


@given(st.text(max_size=300))
def test_no_line_ends_anything(line: str) -> None:
    """Whatever a line is, every format has an answer, and what is shown has no controls."""
    for setting in ("json", "logfmt", "combined", "plain"):
        made = reader(setting)
        made.level(line.encode("utf-8", "replace"))
        made.request(line.encode("utf-8", "replace"))
        record = made.parse(line, NOW)
        assert record is None or "\x1b" not in record.message


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=20), st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(), st.lists)
    )
)
def test_no_object_ends_anything(value: dict[str, object]) -> None:
    """Whatever a JSON object is, it has a record, and its quick level is the parsed one."""
    line = json.dumps({**value, "level": "error"})
    assert parsed("json", line).level == "error" == reader("json").level(line.encode())
