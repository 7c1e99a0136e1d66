"""Decoders of pushed bodies: what they take, what they refuse, and that nothing else happens for any body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.board.push import PushKind, PushRequest
from tui_monitor.core.values import labels_of
from tui_monitor.sources.push.bodies import answered, decode
from tui_monitor.sources.push.decoded import BadPush, Decoded
from tui_monitor.sources.push.pushgateway import group_of

NOW = 1_790_000_000_000
JSON = "application/json"
KINDS: tuple[PushKind, ...] = ("pushgateway", "otlp_metrics", "otlp_traces", "otlp_logs", "metrics", "logs")


def decoded(kind: PushKind, body: Any, content_type: str = JSON, **more: Any) -> Decoded:
    """A body, given as bytes or as a value that becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(PushRequest(kind, data, content_type=content_type, **more), (), NOW)


def points(found: Decoded) -> dict[Any, float]:
    """Labels and values."""
    return {point.labels: point.value for point in found.points}


# --- JSON ------------------------------------------------------------------------------------------------------------------


def test_json_metrics_are_taken_one_by_one() -> None:
    """An array, one object, or one a line; a bad one is counted with its reason, the others are taken."""
    good = {"name": "queue.length", "value": 3, "labels": {"shop": "a", "n": 1, "ok": True}}
    wanted = {labels_of("queue_length", shop="a", n="1", ok="true", job="push"): 3.0}
    assert points(decoded("metrics", [good])) == points(decoded("metrics", good)) == wanted
    assert points(decoded("metrics", b"\n".join([json.dumps(good).encode()] * 2) + b"\n")) == wanted
    found = decoded("metrics", [good, {"name": "x"}, 7, {"name": "y", "value": float("inf")}, {"name": "cpu_usage_ratio", "value": 1}])
    assert points(found) == wanted and found.rejected == 4 and '"value" must be a number' in found.reason


def test_a_counter_is_added_and_named_as_one() -> None:
    """`sold` becomes sold_total; it cannot go down."""
    found = decoded("metrics", [{"name": "sold", "value": 2, "kind": "counter"}, {"name": "lost", "value": -1, "kind": "counter"}])
    assert found.points[0] == (labels_of("sold_total", job="push"), 2.0, True) and found.rejected == 1


@pytest.mark.parametrize(
    ("item", "level", "message"),
    [
        ({"level": "error", "message": "a", "service": "api"}, "error", "a"),
        ({"method": "collect", "params": {"level": "warn", "message": "a", "service": "api"}}, "warning", "a"),
        ({"severity": "INFO", "msg": "\x1b[31m\x00a", "service": "api"}, "info", "\x1b[31m a"),
    ],
)
def test_log_lines(item: dict[str, Any], level: str, message: str) -> None:
    """As loggers send them; a line is stored as it came, and cleaned when it is shown."""
    (line,) = decoded("logs", item).lines
    stored = json.loads(line.data.replace(b"\\u0000", b" "))
    assert (line.service, line.level) == ("api", level) and message in (stored.get("message"), stored.get("msg"))
    assert b"\0" not in line.data and b"\n" not in line.data


def test_a_long_line_keeps_its_message() -> None:
    """What makes it long goes."""
    (line,) = decoded("logs", {"message": "m" * 50_000, "level": "error", "blob": "x" * 100_000}).lines
    found = json.loads(line.data)
    assert found["message"].startswith("mmm") and found["truncated"] > 100_000 and len(line.data) < 32_768


# --- Pushgateway -----------------------------------------------------------------------------------------------------------


def test_the_labels_of_a_group_win() -> None:
    """As with a Pushgateway; a label `check` of a page is moved."""
    found = decoded("pushgateway", b'a{job="x",check="y",z="1"} 5\n', "text/plain", group="job/backup/instance/a")
    assert points(found) == {labels_of("a", job="backup", instance="a", exported_check="y", z="1"): 5}


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("job/a", {"job": "a"}),
        ("job@base64/YS9i/x@base64/=", {"job": "a/b", "x": ""}),
        ("job/a/path@base64/L3Zhci90bXA", {"job": "a", "path": "/var/tmp"}),
    ],
)
def test_groups(path: str, labels: dict[str, str]) -> None:
    """Values with slashes, and empty ones, are base64."""
    assert group_of(path) == labels


BAD_GROUPS = ["", "job", "job/", "instance/a", "job/a/x", "job/a/__name__/b", "job/a/check/b", "job/a/b-c/d", "job@base64/!"]


@pytest.mark.parametrize("path", BAD_GROUPS)
def test_bad_groups(path: str) -> None:
    """400 with what is wanted."""
    with pytest.raises(BadPush):
        decoded("pushgateway", b"a 1\n", "text/plain", group=path)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        (b"a 1 1790000000000\n", "text/plain", 400, "timestamps"),
        (b"a b\n", "text/plain", 400, "line 1"),
        (b"probe_success 1\n", "text/plain", 400, "choose another name"),
        (b"\x0a", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily", 415, "TypeTextPlain"),
    ],
)
def test_a_page_is_taken_whole_or_not_at_all(body: bytes, content_type: str, status: int, reason: str) -> None:
    """The reason names the line."""
    with pytest.raises(BadPush, match=reason) as refused:
        decoded("pushgateway", b"good 1\n" + body if status == 400 and b"b" not in body else body, content_type, group="job/a")
    assert refused.value.status == status


# --- OTLP ------------------------------------------------------------------------------------------------------------------


def metrics(*found: dict[str, Any], **resource: str) -> dict[str, Any]:
    """A request."""
    attributes = [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in resource.items()]
    return {"resourceMetrics": [{"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": [*found]}]}]}


def gauge(name: str, unit: str = "", **point: Any) -> dict[str, Any]:
    """A gauge with one point."""
    return {"name": name, "unit": unit, "gauge": {"dataPoints": [point]}}


@pytest.mark.parametrize(
    ("name", "unit", "kind", "wanted"),
    [
        ("http.duration", "s", "gauge", "http_duration_seconds"),
        ("http.duration.seconds", "s", "gauge", "http_duration_seconds"),
        ("used", "1", "gauge", "used_ratio"),
        ("jobs", "1", "sum", "jobs_total"),
        ("io", "By", "sum", "io_bytes_total"),
        ("io", "By/s", "gauge", "io_bytes_per_second"),
        ("requests", "{request}", "sum", "requests_total"),
    ],
)
def test_names_are_prometheus_own(name: str, unit: str, kind: str, wanted: str) -> None:
    """With the unit, and _total for what only grows."""
    data = {"dataPoints": [{"asDouble": 1}], **({"isMonotonic": True, "aggregationTemporality": 2} if kind == "sum" else {})}
    (point,) = decoded("otlp_metrics", metrics({"name": name, "unit": unit, kind: data})).points
    assert dict(point.labels)["__name__"] == wanted


def test_exponential_histograms_are_refused_and_the_rest_is_taken() -> None:
    """The answer says how many points were rejected, in the form of the request."""
    exponential = {"name": "e", "exponentialHistogram": {"dataPoints": [{}, {}]}}
    body = json.dumps(metrics(gauge("a", asInt="5"), exponential)).encode()
    request = PushRequest("otlp_metrics", body, content_type=JSON)
    found = decode(request, (), NOW)
    assert points(found) == {labels_of("a", job="otlp"): 5} and found.rejected == 2
    status, body, content_type = answered(request, found, 0)
    assert (status, content_type) == (200, JSON)
    said = json.loads(body)["partialSuccess"]
    assert said["rejectedDataPoints"] == "2" and "explicit buckets" in said["errorMessage"]


def test_the_service_is_the_job_and_instance_ids_are_no_labels() -> None:
    """They are new at each start and would make ever more series."""
    resource = {"service_name": "shop", "service_namespace": "eu", "host_name": "h", "service_instance_id": "x"}
    found = decoded("otlp_metrics", metrics(gauge("a", asInt=1), **resource))
    assert points(found) == {labels_of("a", job="eu/shop", instance="h"): 1} and found.job == "eu/shop"


def test_ids_of_json_are_hex() -> None:
    """Upper and lower case; a span without a valid id is rejected."""
    ids = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174"}
    span = {**ids, "name": "a", "startTimeUnixNano": "1000", "endTimeUnixNano": 3000}
    request = {"resourceSpans": [{"scopeSpans": [{"spans": [span, {"name": "b"}]}]}]}
    found = decoded("otlp_traces", request)
    assert [(each.trace_id, each.duration_us) for each in found.spans] == [("5b8efff798038103d269b633813fc60c", 2)]
    assert found.rejected == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"resourceSpans": 5}', JSON, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"\xff\xff\xff", "application/x-protobuf", 400),
        (b"", "text/html", 415),
        (b"", "", 415),
    ],
)
def test_bad_otlp(body: bytes, content_type: str, status: int) -> None:
    """400 or 415 with the reason."""
    with pytest.raises(BadPush) as refused:
        decoded("otlp_traces", body, content_type)
    assert refused.value.status == status


BODIES = st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))


@given(st.sampled_from(KINDS), BODIES, st.sampled_from([JSON, "application/x-protobuf", "text/plain"]))
def test_any_body_is_decoded_or_refused(kind: PushKind, body: bytes, content_type: str) -> None:
    """Nothing else is raised."""
    try:
        decode(PushRequest(kind, body, content_type=content_type, group="job/a"), (), NOW)
    except BadPush as refused:
        assert str(refused)


TEXT = (
    "name value labels kind level message resourceMetrics scopeMetrics metrics gauge sum dataPoints asInt asDouble resourceSpans scopeSpans"
    " spans traceId spanId resourceLogs scopeLogs logRecords body attributes key histogram bucketCounts explicitBounds flags stringValue"
    " startTimeUnixNano params method"
)
WORDS = TEXT.split()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(KINDS[1:]), VALUES)
def test_any_json_is_decoded_or_refused(kind: PushKind, value: Any) -> None:
    """Whatever its shape; label sets are valid."""
    try:
        found = decode(PushRequest(kind, json.dumps(value).encode(), content_type=JSON), (), NOW)
    except BadPush:
        return
    for labels, number, _ in found.points:
        assert list(labels) == sorted(labels) and all(text.encode() for _, text in labels) and isinstance(number, float)
