"""Prometheus' HTTP API: a replay of what Grafana sends, the shapes of errors, limits, and parameters that nobody should send."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.clocks import ManualClock
from tests.support.http_face import Answer, Face, face
from tests.support.query_backend import T0, QueryBackend
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.privacy import Privacy
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.values import Value

END = T0 / 1000 + 119
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def api() -> AsyncIterator[Face]:
    async with face(QueryBackend(), open=["read", "metrics"]) as opened:
        yield opened


async def post(api: Face, path: str, content: str = FORM, **fields: str) -> Answer:
    return await api.ask("POST", f"/api/v1/{path}", urlencode(fields), content_type=content)


async def data(answer: Answer) -> Any:
    assert (answer.status, answer.headers["content-type"], answer.json["status"]) == (200, "application/json", "success")
    return answer.json["data"]


async def test_what_grafana_sends_when_a_source_is_saved_and_tested(api: Face) -> None:
    """Its health check is 1+1 at the fourth second of 1970 by POST; then the build, whose lack of features says Prometheus; no flags."""
    assert await data(await post(api, "query", query="1+1", time="4")) == {"resultType": "scalar", "result": [4, "2"]}
    build = await data(await api.get("/api/v1/status/buildinfo"))
    assert "features" not in build and build["version"].startswith("3.")
    assert (await api.get("/api/v1/status/flags")).status == 404
    assert (await api.get("/alertmanager/api/v2/status")).status == 404
    assert await data(await post(api, "query_exemplars", query="test", start="1780000000000", end="1780000600000")) == []


async def test_what_grafana_sends_for_a_panel(api: Face) -> None:
    """A range by form, with a charset behind the type and floats as times; an instant table; both as Prometheus writes numbers."""
    asked = {"query": "hits_total", "start": f"{END - 30}", "end": f"{END}", "step": "15"}
    found = await data(await post(api, "query_range", f"{FORM};charset=utf-8", **asked))
    assert found == {
        "resultType": "matrix",
        "result": [{"metric": {"__name__": "hits_total", "check": "api"}, "values": [[END - 30, "89"], [END - 15, "104"], [END, "119"]]}],
    }
    table = await data(await post(api, "query", query='probe_success{check="db"}', time=f"{END - 0.5:.3f}"))
    assert table["result"][0]["value"] == [END - 0.5, "0"]
    half = await data(await api.get(f"/api/v1/query_range?query=vector(1)&start={END}&end={END + 1}&step=0.5"))
    assert [at for at, _ in half["result"][0]["values"]] == [END, END + 0.5, END + 1]


async def test_what_grafana_sends_for_variables_and_its_builder(api: Face) -> None:
    """Labels, values and series with their limit; a name with a dot in its escaped spelling; types, so that it proposes rate()."""
    window = {"start": f"{END - 60}", "end": f"{END}", "limit": "40000"}
    assert await data(await post(api, "labels", **window)) == ["__name__", "check", "http.status", "type"]
    assert await data(await api.get("/api/v1/label/__name__/values?limit=40000")) == ["dotted", "hits_total", "probe_success"]
    matched = quote('{__name__="probe_success"}')
    assert await data(await api.get(f"/api/v1/label/check/values?match[]={matched}")) == ["api", "db"]
    assert await data(await api.get("/api/v1/label/U__http_2e_status/values")) == ["200"]
    assert len(await data(await post(api, "series", **{"match[]": '{__name__!=""}'}, **window))) == 4
    metadata = await data(await api.get("/api/v1/metadata?limit=5"))
    assert metadata == {
        "hits_total": [{"type": "counter", "help": "Hits.", "unit": ""}],
        "seconds": [{"type": "histogram", "help": "Durations.", "unit": "seconds"}],
    }
    assert list(await data(await api.get("/api/v1/metadata?metric=seconds&limit_per_metric=1"))) == ["seconds"]


async def test_what_grafana_sends_for_its_list_of_alerts(api: Face) -> None:
    """Rules in groups, each with its alerts; recording rules alone; the flat list of alerts; pages by group."""
    groups = (await data(await api.get("/api/v1/rules")))["groups"]
    assert [(group["name"], group["file"], group["interval"], len(group["rules"])) for group in groups] == [
        ("configuration", "", 1.0, 2), ("shop", "shop.yml", 60.0, 1),
    ]  # fmt: skip
    down, slow = groups[0]["rules"]
    assert (down["type"], down["state"], down["duration"], down["health"]) == ("alerting", "firing", 30.0, "ok")
    assert down["alerts"] == [
        {
            "labels": {"alertname": "Down", "check": "api"}, "annotations": {"summary": "down"}, "state": "firing",
            "activeAt": "2026-05-28T20:26:40.000Z", "value": "2",
        }
    ]  # fmt: skip
    assert (slow["state"], slow["health"], slow["lastError"]) == ("inactive", "err", "many to many")
    recorded = (await data(await api.get("/api/v1/rules?type=record")))["groups"]
    assert [(one["name"], one["type"]) for group in recorded for one in group["rules"]] == [("a:b", "recording")]
    assert (await data(await api.get("/api/v1/alerts")))["alerts"] == down["alerts"]
    first = await data(await api.get("/api/v1/rules?group_limit=1&exclude_alerts=true"))
    assert [group["name"] for group in first["groups"]] == ["configuration"] and first["groups"][0]["rules"][0]["alerts"] == []
    second = await data(await api.get(f"/api/v1/rules?group_limit=1&group_next_token={first['groupNextToken']}"))
    assert [group["name"] for group in second["groups"]] == ["shop"] and "groupNextToken" not in second
    for chosen, names in (
        ("rule_name[]=Slow", ["Slow"]),
        ("rule_group[]=shop", ["a:b"]),
        ("file[]=shop.yml", ["a:b"]),
        ("match[]={team=%22pay%22}", ["a:b"]),
    ):
        found = (await data(await api.get(f"/api/v1/rules?{chosen}")))["groups"]
        assert [one["name"] for group in found for one in group["rules"]] == names


async def test_targets_are_the_checks(api: Face) -> None:
    """Each check with its status as Prometheus' word; none are dropped; nothing is an Alertmanager."""
    found = await data(await api.get("/api/v1/targets?state=active"))
    assert {one["labels"]["check"]: one["health"] for one in found["activeTargets"]} == {
        check.name: {"healthy": "up", "degraded": "up", "unhealthy": "down", "unknown": "unknown"}[check.status.value]
        for check in api.backend.board.checks
    }
    assert found["droppedTargets"] == [] == (await data(await api.get("/api/v1/targets?state=dropped")))["activeTargets"]
    assert (await data(await api.get("/api/v1/alertmanagers")))["activeAlertmanagers"] == []
    info = await data(await api.get("/api/v1/status/runtimeinfo"))
    assert info["CWD"] == "" and info["startTime"].endswith("Z")
    counted = await data(await api.get("/api/v1/status/tsdb?limit=1"))
    assert counted["headStats"]["numSeries"] == 4 and counted["seriesCountByMetricName"] == [{"name": "probe_success", "value": 2}]


async def test_an_answer_that_is_cut_says_so(api: Face) -> None:
    """`limit` cuts series, labels, values, vectors and matrices, with Prometheus' warning; 0 is all."""
    for path in (
        "query?query=probe_success&limit=1&time=" + str(END), f"query_range?query=probe_success&start={END}&end={END}&step=1&limit=1",
        "labels?limit=1", "label/check/values?limit=1", "series?match[]=probe_success&limit=1",
    ):  # fmt: skip
        answer = (await api.get(f"/api/v1/{path}")).json
        found = answer["data"]["result"] if isinstance(answer["data"], dict) else answer["data"]
        assert len(found) == 1 and answer["warnings"] == ["results truncated due to limit"], path
    assert "warnings" not in (await api.get("/api/v1/labels?limit=0")).json


WRONG = {
    "query?query=sum(": (400, "bad_data", 'invalid parameter "query": 1:4: '),
    "query?query=up&time=yesterday": (400, "bad_data", 'invalid parameter "time": cannot parse "yesterday" to a valid timestamp'),
    "query?query=up&time=nan": (400, "bad_data", 'invalid parameter "time": cannot parse'),
    "query?query=up&time=1e300": (400, "bad_data", 'invalid parameter "time": cannot parse'),
    "query?query=up&time=2026-05-01T00:00:00": (400, "bad_data", 'invalid parameter "time": cannot parse'),
    "query?query=up&limit=-1": (400, "bad_data", 'invalid parameter "limit": '),
    "query?query=up&limit=²": (400, "bad_data", 'invalid parameter "limit": '),
    "query?query=up&timeout=soon": (400, "bad_data", 'invalid parameter "timeout": cannot parse "soon" to a valid duration'),
    "query?time=%ff": (400, "bad_data", "the parameters are not UTF-8"),
    f"query?query={'a' * 40_000}": (400, "bad_data", 'invalid parameter "query": an expression may have 32768'),
    "query_range?query=up": (400, "bad_data", 'invalid parameter "start": cannot parse "" to a valid timestamp'),
    "query_range?query=up&start=2&end=1&step=1": (400, "bad_data", 'invalid parameter "end": end timestamp must not be before start time'),
    "query_range?query=up&start=1&end=2&step=0": (400, "bad_data", 'invalid parameter "step": zero or negative query resolution step'),
    "query_range?query=up&start=1&end=2&step=-5": (400, "bad_data", 'invalid parameter "step": zero or negative query resolution step'),
    "query_range?query=up&start=0&end=11001&step=1": (400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries"),
    "query_range?query=up[5m]&start=1&end=2&step=1": (400, "bad_data", 'invalid expression type "range vector" for range query'),
    "series": (400, "bad_data", "no match[] parameter provided"),
    "series?match[]=rate(a[5m])": (400, "bad_data", 'invalid parameter "match[]": '),
    "labels?match[]={": (400, "bad_data", 'invalid parameter "match[]": '),
    "label/U__d800_/values?x=U__D800_": (200, "", ""),
    "label/U___D800_/values": (400, "bad_data", "invalid label name"),
    "rules?type=both": (400, "bad_data", 'invalid parameter "type": it must be alert or record'),
    "rules?group_limit=1&group_next_token=x": (400, "bad_data", 'invalid parameter "group_next_token"'),
    "status/tsdb?limit=10001": (400, "bad_data", "limit must not exceed 10000"),
    "format_query?query=(": (400, "bad_data", 'invalid parameter "query": '),
    f"format_query?query={'a' * 3000}": (400, "bad_data", 'invalid parameter "query": at most 2000'),
    "nothing": (404, "not_found", "there is nothing at this address"),
}


@pytest.mark.parametrize("path", WRONG)
async def test_what_is_wrong_is_said_in_prometheus_shape(api: Face, path: str) -> None:
    """Status, errorType and text are those that clients of Prometheus know."""
    status, kind, text = WRONG[path]
    answer = await api.get(f"/api/v1/{quote(path, safe='/?&=%[]{}()')}")
    assert answer.status == status
    if status != 200:
        assert (answer.json["status"], answer.json["errorType"]) == ("error", kind) and answer.json["error"].startswith(text)


async def test_a_method_that_is_not_possible_and_a_body_that_is_no_form(api: Face) -> None:
    """405 names what is possible; a JSON body is refused; unknown parameters are ignored."""
    refused = await api.ask("POST", "/api/v1/label/check/values")
    assert refused.status == 405 and refused.headers["allow"] == "GET, HEAD"
    assert (await api.ask("POST", "/api/v1/query", {"query": "1"})).status == 415
    assert (await api.get("/api/v1/query?query=1&lookback_delta=5m&stats=all&dedup=true")).status == 200


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (EvaluationError("many-to-many matching"), 422, "execution"),
        (EvaluationError("query timed out in expression evaluation", "timeout"), 503, "timeout"),
        (CommandRefused("2 queries run and 16 wait"), 503, "unavailable"),
    ],
)
async def test_errors_of_the_evaluation(error: Exception, status: int, kind: str) -> None:
    """What the data contradict is 422, too slow is 503, too many at once is 503 with a time to wait."""

    class Refusing(QueryBackend):
        async def query(self, expr: str, at: int, within: float = 30.0, privacy: Privacy | None = None) -> Value:
            raise error

    async with face(Refusing(), open=["read"]) as opened:
        answer = await opened.get("/api/v1/query?query=up")
    assert (answer.status, answer.json["errorType"], answer.json["error"]) == (status, kind, str(error))
    assert ("retry-after" in answer.headers) == isinstance(error, CommandRefused)


async def test_without_a_time_it_is_now_and_a_timeout_is_passed_on() -> None:
    """The clock's time is used where none is given; `timeout` shortens the longest time, and never lengthens it."""
    given: list[tuple[int, float]] = []

    class Noting(QueryBackend):
        async def query(self, expr: str, at: int, within: float = 30.0, privacy: Privacy | None = None) -> Value:
            given.append((at, within))
            return 1.0

    clock = ManualClock()
    async with face(Noting(), clock, open=["read"]) as opened:
        for more in ("", "&timeout=500ms", "&timeout=2h", "&time=2026-05-28T20:26:40.25%2B00:00"):
            await opened.get(f"/api/v1/query?query=1{more}")
    now = clock.wall_ms()
    assert given == [(now, 30.0), (now, 0.5), (now, 30.0), (T0 + 250, 30.0)]


async def test_a_long_answer_is_packed_only_for_those_who_take_it(api: Face) -> None:
    """With gzip in Accept-Encoding it is packed and its length is that of the packed bytes; else, and where it is short, plain."""
    path = f"/api/v1/query_range?query=hits_total&start={END - 119}&end={END}&step=0.1"
    plain = await api.get(path)
    packed = await api.get(path, accept_encoding="deflate, gzip;q=0.5")
    assert packed.headers["content-encoding"] == "gzip" and int(packed.headers["content-length"]) == len(packed.body)
    assert gzip.decompress(packed.body) == plain.body and "content-encoding" not in plain.headers
    for accepted in ("gzip;q=0", "br"):
        assert "content-encoding" not in (await api.get(path, accept_encoding=accepted)).headers
    assert "content-encoding" not in (await api.get("/api/v1/labels", accept_encoding="gzip")).headers


async def test_nothing_is_answered_without_a_right() -> None:
    """The API needs scope read; `open = ["metrics"]` opens /metrics alone."""
    async with face(QueryBackend(), open=["metrics"]) as opened:
        assert (await opened.get("/api/v1/query?query=1")).json["errorType"] == "unauthorized"
        assert (await opened.get("/federate?match[]=up")).status == 401
        assert (await opened.get("/metrics")).status == 200


async def test_a_formatted_query(api: Face) -> None:
    """As promtool and Perses' editor ask for it."""
    assert await data(await post(api, "format_query", query="sum(rate(a[5m]))by(b)")) == "sum by (b) (rate(a[5m]))"


# --- pages ------------------------------------------------------------------------------------------------------------------


async def test_the_exporters_page(api: Face) -> None:
    """One prefix for all names, HELP and TYPE for each, escaped; the monitor's own health; by Accept also as OpenMetrics."""
    answer = await api.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert '# HELP tuimonitor_probe_success Says "1" or\\n0.' in lines
    assert 'tuimonitor_probe_success{check="api",type="http"} 1' in lines and "tuimonitor_process_cpu_ratio 0.25" in lines
    assert any(line.startswith('alertmanager_build_info{branch="tui-monitor"') for line in lines)
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert names == sorted(set(names)) and {"tuimonitor_checks", "tuimonitor_alerts", "tuimonitor_build_info"} <= {*names}
    assert len([line for line in lines if line.startswith("# HELP")]) == len(names)
    wanted = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    other = await api.get("/metrics", accept=wanted)
    assert other.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0") and other.text.endswith("\n# EOF\n")


async def test_federation(api: Face) -> None:
    """Selected series with their times, sorted by name, untyped; without match[] an empty page; a wrong one is a 400."""
    some = quote('{check=~"api|db"}')
    page = (await api.get(f"/federate?match[]={some}&match[]=hits_total")).text.splitlines()
    at = T0 + 119_000
    assert page == [
        "# TYPE dotted untyped", f'dotted{{check="api",http_status="200",instance=""}} 1 {at}',
        "# TYPE hits_total untyped", f'hits_total{{check="api",instance=""}} 119 {at}',
        "# TYPE probe_success untyped", f'probe_success{{check="api",type="http",instance=""}} 1 {at}',
        f'probe_success{{check="db",type="tcp",instance=""}} 1 {at}',
    ]  # fmt: skip
    assert (await api.get("/federate")).text == ""
    assert (await api.get("/federate?match[]={")).status == 400
    utf8 = await api.get("/federate?match[]=dotted", accept="text/plain;version=1.0.0;escaping=allow-utf-8")
    assert '"http.status"="200"' in utf8.text and utf8.headers["content-type"].endswith("escaping=allow-utf-8")
