"""Pushes by the field's own clients into a running monitor: statsd, datadog, prometheus-client, OpenTelemetry in Python and node, curl."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prometheus_client as prometheus
import pytest
import statsd
from datadog.dogstatsd.base import DogStatsd
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode

from tests.support.peers.require import require_or_skip
from tests.support.processes import eventually
from tests.support.push_world import TOKEN, PushWorld, push_world

NPM = Path(__file__).parents[1] / "support" / "npm"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
RESOURCE = Resource.create({"service.name": "shop", "host.name": "app-1", "deployment.environment": "test"})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[PushWorld]:
    async with push_world(tmp_path, 'resource_labels = ["deployment.environment"]') as made:
        yield made


async def test_pip_statsd(world: PushWorld) -> None:
    """Counters, a pipeline, signed gauges, timers, sets and rates of the package statsd."""

    def send() -> None:
        client = statsd.StatsClient("127.0.0.1", world.statsd, prefix="shop")
        client.incr("orders")
        client.incr("orders", 2)
        with client.pipeline() as pipe:
            pipe.gauge("queue", 10)
            pipe.gauge("queue", -3, delta=True)
            pipe.timing("query", 320)
        client.set("users", "kim")
        client.set("users", "lee")
        client.close()

    await asyncio.to_thread(send)
    assert await world.value("shop_orders_total", 3) == 3
    assert await world.value("shop_queue") == 7
    assert await world.value("shop_query_seconds_count") == 1
    assert abs(await world.value('shop_query_seconds{quantile="0.5"}') - 0.32) < 0.004
    assert await world.value("shop_users") == 2


async def test_pip_datadog(world: PushWorld) -> None:
    """Tags, histograms, distributions, events and service checks of the package datadog, over UDP and over the unix socket."""

    def send(**where: Any) -> None:
        client = DogStatsd(**where, constant_tags=["env:test"], disable_telemetry=True)
        client.increment("pages", tags=["url:/cart"])
        client.histogram("size", 512)
        client.distribution("wait", 0.25)
        client.service_check("db", client.WARNING)
        client.event("deploy", "version 7\nby kim", alert_type="error", tags=["service:shop"])
        client.flush()
        client.close_socket()

    await asyncio.to_thread(send, host="127.0.0.1", port=world.statsd)
    assert await world.value('pages_total{url="/cart",env="test"}') == 1
    assert await world.value("size_sum") == 512 and await world.value("wait_count") == 1
    assert await world.value('service_check_status{service_check="db"}') == 1
    await asyncio.to_thread(send, socket_path=world.statsd_socket)
    assert await world.value("pages_total", 2) == 2


async def test_prometheus_client_pushes_to_a_gateway(world: PushWorld) -> None:
    """push_to_gateway replaces a group, pushadd_to_gateway a metric, delete_from_gateway ends it; values with slashes are base64."""
    registry = prometheus.CollectorRegistry()
    gauge = prometheus.Gauge("backup_last_success", "Unix time", ["db"], registry=registry)
    gauge.labels("main").set(1000)
    duration = prometheus.Histogram("backup_seconds", "Duration", registry=registry, buckets=(1, 10))
    duration.observe(3)
    only = prometheus.CollectorRegistry()
    prometheus.Gauge("backup_size", "Bytes", registry=only).set(7)
    key = {"instance": "/mnt/a"}

    def handler(url: str, method: str, timeout: float | None, headers: Any, data: bytes) -> Any:
        return prometheus.exposition.default_handler(url, method, timeout, [*headers, *HEADERS.items()], data)

    def call(function: Any, *more: Any) -> Any:
        return asyncio.to_thread(function, world.url, "backup", *more, grouping_key=key, handler=handler)

    await call(prometheus.push_to_gateway, registry)
    assert await world.value('backup_last_success{job="backup",instance="/mnt/a",db="main"}') == 1000
    assert await world.value('backup_seconds_bucket{le="10.0"}') == 1
    assert await world.value('push_time_seconds{job="backup",instance="/mnt/a"}') > 1e9
    await call(prometheus.pushadd_to_gateway, only)
    assert await world.value("backup_size") == 7 and await world.value("backup_last_success") == 1000
    await call(prometheus.push_to_gateway, only)
    await world.value("count(backup_size)")
    await gone(world, "backup_last_success")
    await call(prometheus.delete_from_gateway)
    await gone(world, "backup_size")


async def gone(world: PushWorld, expr: str) -> None:
    """Until an expression has no answer."""
    await eventually(lambda: world.series(expr), lambda found: not found, f"{expr} is gone")


@contextmanager
def meters(world: PushWorld, delta: bool, compression: Compression) -> Iterator[MeterProvider]:
    """A meter provider that exports when it is flushed and at its end."""
    kind = AggregationTemporality.DELTA if delta else AggregationTemporality.CUMULATIVE
    exporter = OTLPMetricExporter(
        f"{world.url}/v1/metrics", headers=HEADERS, compression=compression, preferred_temporality={Counter: kind, Histogram: kind}
    )
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)], RESOURCE)
    try:
        yield provider
    finally:
        provider.shutdown()


MODES = [(False, Compression.NoCompression), (True, Compression.Gzip)]


@pytest.mark.parametrize(("delta", "compression"), MODES, ids=["plain", "delta, gzip"])
async def test_opentelemetry_python_metrics(world: PushWorld, delta: bool, compression: Compression) -> None:
    """Counters, gauges and histograms by protobuf under Prometheus' names; steps are added up; service.instance.id is no label."""

    def send() -> None:
        with meters(world, delta, compression) as provider:
            meter = provider.get_meter("test")
            orders, size = meter.create_counter("orders"), meter.create_gauge("queue.size")
            duration = meter.create_histogram("http.server.duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1])
            for _ in range(2):
                orders.add(3, {"kind": "web"})
                size.set(5)
                duration.record(0.5)
                provider.force_flush()

    await asyncio.to_thread(send)
    assert await world.value('orders_total{job="shop",instance="app-1",kind="web",deployment_environment="test"}', 6) == 6
    assert await world.value("queue_size") == 5
    assert await world.value('http_server_duration_seconds_bucket{le="1.0"}', 2) == 2
    assert await world.value("http_server_duration_seconds_sum", 1) == 1
    assert not await world.series('{service_instance_id!=""}')
    bucket = "http_server_duration_seconds_bucket"
    described = {each.name: each for each in await eventually(world.runtime.metadata, lambda told: bucket in [each.name for each in told])}
    assert described["orders_total"].type == "counter" and described["http_server_duration_seconds_bucket"].type == "histogram"


async def test_opentelemetry_python_traces(world: PushWorld) -> None:
    """Spans are kept as traces, and counted with their durations by operation."""

    def send() -> None:
        provider = TracerProvider(resource=RESOURCE)
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{world.url}/v1/traces", headers=HEADERS)))
        tracer = provider.get_tracer("test")
        with tracer.start_as_current_span("POST /orders") as root:
            root.set_attribute("user", "kim")
            with tracer.start_as_current_span("INSERT orders") as child:
                child.set_status(StatusCode.ERROR, "deadlock")
                child.record_exception(ValueError("deadlock detected"))
        provider.shutdown()

    await asyncio.to_thread(send)
    (found,) = await world.traces(1, service="shop", errors=True)
    spans = await eventually(lambda: world.runtime.trace(found.trace_id[:8]), lambda spans: len(spans) == 2)
    by_name = {span.operation: span for span in spans}
    root, child = by_name["POST /orders"], by_name["INSERT orders"]
    assert child.parent_id == root.span_id and child.status == "error" and child.message == "deadlock"
    assert child.events[0].attributes["exception.message"] == "deadlock detected" and root.attributes == {"user": "kim"}
    assert await world.value('spans_total{service="shop",operation="INSERT orders",status="error"}') == 1
    assert await world.value('span_duration_seconds_count{operation="POST /orders"}') == 1
    (again,) = await world.traces(1, operation="POST /orders")
    assert (again.service, again.operation, again.spans, again.errors) == ("shop", "POST /orders", 2, 1)


NODE = """
const {MeterProvider, PeriodicExportingMetricReader} = require('@opentelemetry/sdk-metrics');
const {OTLPMetricExporter} = require('@opentelemetry/exporter-metrics-otlp-http');
const {BasicTracerProvider, SimpleSpanProcessor} = require('@opentelemetry/sdk-trace-base');
const {OTLPTraceExporter} = require('@opentelemetry/exporter-trace-otlp-http');
const {LoggerProvider, SimpleLogRecordProcessor} = require('@opentelemetry/sdk-logs');
const {OTLPLogExporter} = require('@opentelemetry/exporter-logs-otlp-http');
const {resourceFromAttributes} = require('@opentelemetry/resources');
const [url, token] = process.argv.slice(1);
const headers = {Authorization: 'Bearer ' + token};
const resource = resourceFromAttributes({'service.name': 'node-shop'});
(async () => {
  const meters = new MeterProvider({resource, readers: [new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({url: url + '/v1/metrics', headers}), exportIntervalMillis: 3600000})]});
  meters.getMeter('t').createCounter('clicks').add(4, {page: '/a'});
  const tracers = new BasicTracerProvider({resource, spanProcessors: [
    new SimpleSpanProcessor(new OTLPTraceExporter({url: url + '/v1/traces', headers}))]});
  const span = tracers.getTracer('t').startSpan('GET /a'); span.end();
  const logs = new LoggerProvider({resource, processors: [new SimpleLogRecordProcessor({
    exporter: new OTLPLogExporter({url: url + '/v1/logs', headers})})]});
  logs.getLogger('t').emit({severityNumber: 17, severityText: 'ERROR', body: 'card refused', attributes: {order: 7}});
  await Promise.all([meters.forceFlush(), tracers.forceFlush(), logs.forceFlush()]);
  await Promise.all([meters.shutdown(), tracers.shutdown(), logs.shutdown()]);
  console.log(span.spanContext().traceId);
})();
"""
WINSTON = """
const winston = require('winston');
const [host, port, token] = process.argv.slice(1);
const {combine, timestamp, json} = winston.format;
const logger = winston.createLogger({defaultMeta: {service: 'api'}, format: combine(timestamp(), json()),
  transports: [new winston.transports.Http({host, port: Number(port), path: '/logs', auth: {bearer: token}})]});
logger.error('payment failed', {order: 9, trace_id: 'abc'});
logger.info('up');
logger.on('finish', () => setTimeout(() => process.exit(0), 200));
let left = 2; logger.transports[0].on('logged', () => { left -= 1; if (!left) process.exit(0); });
"""


def node(script: str, *arguments: str) -> str:
    """The output of a script of node with the pinned packages."""
    if not (NPM / "node_modules" / "winston").exists():
        require_or_skip("run `npm ci` in tests/support/npm")
    done = subprocess.run(["node", "-e", script, *arguments], cwd=NPM, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.strip()


async def lines(world: PushWorld, service: str, count: int) -> list[dict[str, Any]]:
    """What `logs --service` prints, as soon as there is so much."""
    argv = [
        sys.executable, "-m", "tui_monitor", "logs", "--service", service, "--json", "--state", str(world.place / "state"),
        "--config", str(world.place / "config.toml"),
    ]  # fmt: skip
    for _ in range(30):
        done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=60, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        if len(found) >= count:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(done.stdout + done.stderr)


async def test_opentelemetry_in_node(world: PushWorld) -> None:
    """Metrics, traces and logs as JSON; ids are the same as the sender's."""
    trace = await asyncio.to_thread(node, NODE, world.url, TOKEN)
    assert await world.value('clicks_total{job="node-shop",page="/a"}') == 4
    assert [found.trace_id for found in await world.traces(1)] == [trace]
    (line,) = await lines(world, "node-shop", 1)
    assert (line["level"], line["message"], line["fields"]["order"]) == ("error", "card refused", 7)
    assert await world.value('log_lines_total{service="node-shop",level="error"}') == 1


async def test_winston_in_node(world: PushWorld) -> None:
    """Its HTTP transport posts each line; level, message, fields and trace are read."""
    await asyncio.to_thread(node, WINSTON, "127.0.0.1", str(world.port), TOKEN)
    error, info = sorted(await lines(world, "api", 2), key=lambda line: str(line["level"]))
    assert (error["level"], error["message"], error["fields"]["order"], error["trace_id"]) == ("error", "payment failed", 9, "abc")
    assert (info["level"], info["message"], info["service"]) == ("info", "up", "api")


async def test_curl(world: PushWorld) -> None:
    """A page piped to a Pushgateway address, with a time to live; JSON metrics; a page of nonsense is refused with the line."""

    def curl(*arguments: str, stdin: str = "") -> str:
        command = ["curl", "-sS", "-H", f"Authorization: Bearer {TOKEN}", "-w", " %{http_code}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    page = "# TYPE job_ok gauge\njob_ok 1\n"
    assert await asyncio.to_thread(curl, "--data-binary", "@-", f"{world.url}/metrics/job/nightly?ttl=2d", stdin=page) == " 200"
    assert await world.value('job_ok{job="nightly"}') == 1
    body = json.dumps([{"name": "stock", "value": 12, "labels": {"item": "a"}}, {"name": "sold", "value": 2, "kind": "counter"}])
    assert "202" in await asyncio.to_thread(curl, "-d", body, "-H", "Content-Type: application/json", f"{world.url}/api/v1/metrics")
    assert await world.value('stock{item="a"}') == 12 and await world.value("sold_total") == 2
    refused = await asyncio.to_thread(curl, "--data-binary", "a b c d", f"{world.url}/metrics/job/x")
    assert refused.startswith("line 1:") and refused.endswith(" 400")
