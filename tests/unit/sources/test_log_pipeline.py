"""Counts, matches, kept lines, evidence and the verdict of a log check."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tui_monitor.core.values import HealthStatus, Sample, label
from tui_monitor.sources.log.matches import MatchLimit, MatchRule
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions
from tui_monitor.sources.log.ring import LineQuery, LineRing
from tui_monitor.sources.log.verdict import LogState, MatchSeen, verdict


def fed(options: PipelineOptions, *lines: str, ring: LineRing | None = None, now: float = 1000.0, at: int = 1_700_000_000_000) -> Pipeline:
    pipeline = Pipeline(options, ring)
    pipeline.feed("app.log", [line.encode() for line in lines], now, at)
    return pipeline


def values(samples: list[Sample], name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """{(label values): value} of one metric."""
    return {
        tuple(label(sample.labels, each) for each in labels): sample.value for sample in samples if label(sample.labels, "__name__") == name
    }


def test_lines_are_counted_by_level() -> None:
    """log_lines_total{level}; lines without one are "unknown"."""
    pipeline = fed(PipelineOptions(), "ERROR a", "INFO b", "ERROR c", "d")
    assert values(pipeline.samples(), "log_lines_total", "level") == {("error",): 2, ("info",): 1, ("unknown",): 1}


def test_l13_unmatched_lines_are_a_series() -> None:
    """L13: lines that are not of the format are counted, the newest is kept as a sample."""
    pipeline = fed(PipelineOptions(format="json"), '{"level":"info"}', "a broken \x07 line")
    assert values(pipeline.samples(), "log_unmatched_total") == {(): 1}
    assert pipeline.unmatched_sample == "a broken  line" and pipeline.minute(1000) == (2, 1) and pipeline.minute(1100) == (0, 0)


ACCESS = '10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "{} HTTP/1.1" {} 10 "-" "-" {}'


def test_l13_access_logs_make_requests_and_durations() -> None:
    """L13: http_requests_total and the duration's histogram; unreadable requests have a status only."""
    lines = [
        ACCESS.format("GET /a/1", 200, "0.020"),
        ACCESS.format("GET /a/2", 200, "0.200"),
        ACCESS.format("", 400, "0.000").replace(" HTTP/1.1", ""),
    ]
    samples = fed(PipelineOptions(buckets=(0.1, 1.0)), *lines).samples()
    assert values(samples, "http_requests_total", "method", "route", "status_code") == {("GET", "/a/:id", "200"): 2, ("", "", "400"): 1}
    assert values(samples, "http_request_duration_seconds_bucket", "route", "le") == {
        ("/a/:id", "0.1"): 1, ("/a/:id", "1"): 2, ("/a/:id", "+Inf"): 2, ("", "0.1"): 1, ("", "1"): 1, ("", "+Inf"): 1,
    }  # fmt: skip
    assert values(samples, "http_request_duration_seconds_sum", "route")[("/a/:id",)] == pytest.approx(0.22)
    assert values(samples, "http_request_duration_seconds_count", "route")[("/a/:id",)] == 2


def test_json_access_logs_count_too() -> None:
    """Caddy's JSON access log gives the same series."""
    line = json.dumps({"level": "info", "request": {"method": "GET", "uri": "/u/7?x"}, "status": 500, "duration": 0.3})
    assert values(fed(PipelineOptions(), line).samples(), "http_requests_total", "route", "status_code") == {("/u/:id", "500"): 1}


def test_scanners_make_no_endless_series() -> None:
    """Invented methods and paths end in "other"."""
    lines = [
        ACCESS.format(f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n % 26]}X{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n // 26]} /{'q' * n}", 404, "")
        for n in range(1, 300)
    ]
    found = values(fed(PipelineOptions(max_routes=10), *lines).samples(), "http_requests_total", "method", "route")
    assert len({method for method, _ in found}) == 21 and len({route for _, route in found}) == 11


def test_matches_count_by_text_and_level() -> None:
    """log_match_total{match}: by expression, by level, by both."""
    rules = (
        MatchRule("timeout", regex="time(d )?out"),
        MatchRule("errors", level="error"),
        MatchRule("both", regex="^ERROR.*out$", level="error"),
    )
    pipeline = fed(PipelineOptions(matches=rules), "ERROR timed out", "INFO timeout", "CRITICAL x", "INFO y")
    assert values(pipeline.samples(), "log_match_total", "match") == {("timeout",): 2, ("errors",): 2, ("both",): 1}


def test_matches_have_windows() -> None:
    """unhealthy = "5/1m" counts the last minute only."""
    rule = MatchRule("m", regex="bad", unhealthy=MatchLimit(3, 60), degraded=MatchLimit(1, 60))
    pipeline = fed(PipelineOptions(matches=(rule,)), "bad", "good", "bad")
    assert pipeline.seen(1000)[0].unhealthy_count == 2
    pipeline.feed("app.log", [b"bad"], 1050, 0)
    assert pipeline.seen(1050)[0].unhealthy_count == 3
    assert pipeline.seen(1061)[0].unhealthy_count == 1 and pipeline.seen(1200)[0].unhealthy_count == 0


@pytest.mark.parametrize("kind", ["counter", "gauge", "histogram"])
def test_numbers_out_of_lines(kind: str) -> None:
    """A JSON field or a named group becomes a series with labels; what is no number is refused."""
    rule = MatchRule("size", regex="sent", value="n", metric="sent_bytes", kind=kind, labels=(("to", "host"),), buckets=(10.0,))
    pipeline = fed(
        PipelineOptions(matches=(rule,)), '{"msg":"sent","n":5,"host":"a"}', '{"msg":"sent","n":"7","host":"a"}', '{"msg":"sent","n":"x"}'
    )
    samples = pipeline.samples()
    if kind == "histogram":
        assert values(samples, "sent_bytes_bucket", "to", "le") == {("a", "10"): 2, ("a", "+Inf"): 2}
    else:
        assert values(samples, "sent_bytes", "to") == {("a",): 12.0 if kind == "counter" else 7.0}
    group = MatchRule("g", regex=r"took (?P<ms>\d+) ms", value="ms", metric="took", kind="gauge")
    assert values(fed(PipelineOptions(matches=(group,)), "it took 12 ms").samples(), "took") == {(): 12.0}


def test_labels_of_numbers_are_bounded() -> None:
    """A label out of lines makes at most 100 series."""
    rule = MatchRule("m", level="trace", value="n", metric="x", kind="gauge", labels=(("id", "id"),))
    pipeline = fed(PipelineOptions(matches=(rule,)), *(f'{{"level":"info","n":1,"id":{number}}}' for number in range(500)))
    assert len(values(pipeline.samples(), "x", "id")) == 100


def test_l15_counts_go_on_after_a_restart() -> None:
    """L15: counters are restored from what was saved, gauges are not; routes keep their place; nonsense is nothing."""
    rules = (
        MatchRule("m", level="trace", value="n", metric="x", kind="counter"),
        MatchRule("h", level="trace", value="n", metric="y", kind="histogram"),
    )
    options = PipelineOptions(matches=rules, max_routes=1)
    lines = ('{"level":"info","n":2,"method":"GET","path":"/a","status":200,"duration":1}', "broken", '{"level":"info","n":3}')
    pipeline = fed(options, *lines)
    saved = json.loads(json.dumps(pipeline.to_json()))
    again = Pipeline(options)
    again.restore(saved)
    assert sorted(again.samples()) == sorted(pipeline.samples())
    again.feed("app.log", [lines[0].encode()], 0, 0)
    assert values(again.samples(), "http_requests_total", "route") == {("/a",): 2} and values(again.samples(), "x") == {(): 7.0}
    nonsense: Any
    for nonsense in (
        None,
        [],
        {"counts": 3, "matches": []},
        {"counts": {"levels": {"x": "y"}, "requests": [[1]], "durations": [[1, 2, 3]]}},
    ):
        Pipeline(options).restore(nonsense)


def test_l18_evidence_has_context() -> None:
    """L18: the newest match is kept with three lines before and after it, also over blocks, clean."""
    pipeline = fed(PipelineOptions(matches=(MatchRule("m", regex="bad"),)), "one", "two", "three", "four")
    pipeline.feed("app.log", [b"bad \x1b[31mred", b"five"], 1001, 7)
    pipeline.feed("app.log", [b"six", b"seven", b"eight"], 1002, 8)
    evidence = pipeline.evidence("m")
    assert evidence is not None and evidence.at == 7
    assert evidence.lines == ("  two", "  three", "  four", "> bad red", "  five", "  six", "  seven")


def test_lines_are_kept_and_found() -> None:
    """The ring finds by text (any case), level, time and field, the newest first; the shape is the contract's."""
    ring = LineRing(1 << 20)
    pipeline = fed(
        PipelineOptions(), '{"level":"info","msg":"Started","trace_id":"t1"}', '{"level":"error","msg":"broke","user":{"id":7}}', ring=ring
    )
    pipeline.feed("app.log", [b'{"level":"warn","msg":"started again"}'], 1001, 1_700_000_060_000)
    assert [line.message for line in ring.search(LineQuery())] == ["started again", "broke", "Started"]
    assert [line.message for line in ring.search(LineQuery(text="STARTED"))] == ["started again", "Started"]
    assert [line.message for line in ring.search(LineQuery(level="warning"))] == ["started again", "broke"]
    assert [line.message for line in ring.search(LineQuery(since=1_700_000_050_000))] == ["started again"]
    assert [line.message for line in ring.search(LineQuery(where=(("user.id", "7"),)))] == ["broke"]
    assert [line.message for line in ring.search(LineQuery(limit=1))] == ["started again"]
    assert next(ring.search(LineQuery(text="Started", limit=5, where=(("trace_id", "t1"),)))).to_json("app") == {
        "at": 1_700_000_000_000, "check": "app", "service": "", "level": "info", "message": "Started",
        "fields": {"level": "info", "msg": "Started", "trace_id": "t1"}, "trace_id": "t1",
    }  # fmt: skip


def test_the_ring_is_bounded() -> None:
    """The oldest lines go beyond the bound; a block that is larger alone is not kept."""
    ring = LineRing(10_000)
    pipeline = Pipeline(PipelineOptions(), ring)
    for number in range(100):
        pipeline.feed("app.log", [b"%d " % number + b"x" * 500], 0, number)
    pipeline.feed("app.log", [b"y" * 20_000], 0, 100)
    found = [line.message.split()[0] for line in ring.search(LineQuery())]
    assert ring.size <= 10_000 and found[0] == "99" and len(found) == 14


def test_redaction_comes_before_all_that_is_kept() -> None:
    """What is redacted is neither in the ring nor in the evidence."""
    ring = LineRing(1 << 20)
    options = PipelineOptions(matches=(MatchRule("m", regex="pass"),), redact=lambda event: event.replace(b"secret", b"***"))
    pipeline = fed(options, "pass secret", ring=ring)
    evidence = pipeline.evidence("m")
    assert evidence is not None and evidence.line == "pass ***" and next(ring.search(LineQuery())).message == "pass ***"


BAD = MatchSeen("oom", MatchLimit(5, 60), 7, MatchLimit(1, 60), 7, "Out of memory")


@pytest.mark.parametrize(
    ("state", "status", "reason"),
    [
        (LogState(files=1), HealthStatus.HEALTHY, ""),
        (LogState(missing=("/var/log/x",)), HealthStatus.HEALTHY, "waits for /var/log/x"),
        (
            LogState(missing=("/var/log/x",), wait=False),
            HealthStatus.UNHEALTHY,
            'no file at /var/log/x: start its writer, correct path, or set missing = "wait"',
        ),
        (LogState(troubles=("x may not be read: let", "y")), HealthStatus.UNKNOWN, "x may not be read: let (and 1 more)"),
        (LogState(matches=(BAD,), troubles=("x",)), HealthStatus.UNHEALTHY, "oom: 7 lines in 1m, limit 5 (Out of memory)"),
        (
            LogState(matches=(MatchSeen("slow", degraded=MatchLimit(1, 60), degraded_count=1),)),
            HealthStatus.DEGRADED,
            "slow: 1 lines in 1m, limit 1",
        ),
        (LogState(minute_lines=119, minute_unmatched=119), HealthStatus.HEALTHY, ""),
        (LogState(minute_lines=200, minute_unmatched=2), HealthStatus.HEALTHY, ""),
        (
            LogState(minute_lines=200, minute_unmatched=100, format="json", sample="x"),
            HealthStatus.DEGRADED,
            "50% of the last minute's lines are not of format json: correct format, such as: x",
        ),
    ],
)
def test_verdicts(state: LogState, status: HealthStatus, reason: str) -> None:
    """The verdict is a function of what is known, and says what to do."""
    assert verdict(state) == (status, reason)
