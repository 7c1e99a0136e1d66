"""OTLP metrics as series: gauges, sums, explicit histograms and summaries, under the names that Prometheus gives them.

`service.name` becomes `job` and `host.name` `instance`; `service.instance.id`, which Python's SDK makes anew at each start, never a label.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_labels import normal_float
from tui_monitor.sources.push.decoded import Decoded, PushedPoint, Rejections
from tui_monitor.sources.push.names import UnusableSeries, metric_name, pushed_labels
from tui_monitor.sources.push.otlp import attributes_of, service_of

JOB = "otlp"
DELTA = 1
"""AggregationTemporality (source: opentelemetry-proto metrics.proto); 2 is cumulative."""
_NO_VALUE = 1
"""DataPointFlags: the point says that there is no value."""
UNITS = {
    "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "min": "minutes", "h": "hours", "d": "days",
    "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "kBy": "kilobytes", "MBy": "megabytes",
    "GBy": "gigabytes", "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius",
    "Hz": "hertz", "%": "percent",
}  # fmt: skip
"""Ends of names by unit (source: prometheus/otlptranslator, unit_namer.go)."""
MOST_BUCKETS = 200
Pairs = list[tuple[str, str]]


def decode_otlp_metrics(request: Any, resource_labels: Sequence[str]) -> Decoded:
    """The points of a request. ``resource_labels``: further attributes of the resource that become labels."""
    rejections, points, metadata, job = Rejections(), [], dict[str, Metadata](), ""
    for group in request.resource_metrics:
        attributes = attributes_of(group.resource.attributes)
        name = service_of(attributes)
        job = job or name
        shared = [("instance", attributes.get("host.name", "")), *((each, attributes.get(each, "")) for each in resource_labels)]
        for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
            try:
                full = full_name(metric)
                metadata[full] = Metadata(_type(metric), clip(clean(metric.description), 500))
                for pairs_and_value in _points(metric, full):
                    points.append(_point(pairs_and_value, shared, name or JOB))
            except UnusableSeries as error:
                rejections.add(error, _count(metric))
    return Decoded(tuple(points), metadata=metadata, job=job, rejected=rejections.count, reason=rejections.reason)


def _point(found: tuple[str, Pairs, float, bool], shared: Pairs, job: str) -> PushedPoint:
    name, pairs, value, added = found
    return PushedPoint(pushed_labels(name, [*shared, *pairs], job), value, added)


def full_name(metric: Any) -> str:
    """The name with its unit, and `_total` for what only grows: "http.duration" in "s" is http_duration_seconds. Raises UnusableSeries."""
    name = metric_name(metric.name)
    unit = UNITS.get(metric.unit, "")
    if "/" in metric.unit:
        first, _, second = metric.unit.partition("/")
        per = UNITS.get(second, second).removesuffix("s")
        unit = f"{UNITS.get(first, '')}_per_{per}".strip("_") if per.isalpha() else ""
    if metric.unit == "1" and metric.WhichOneof("data") == "gauge":
        unit = "ratio"
    total = _type(metric) == "counter"
    if total:
        name = name.removesuffix("_total")
    if unit and not name.endswith(unit):
        name = f"{name}_{unit}"
    return f"{name}_total" if total else name


def _type(metric: Any) -> str:
    kind = metric.WhichOneof("data") or ""
    if kind == "sum":
        return "counter" if metric.sum.is_monotonic else "gauge"
    return kind if kind in ("gauge", "histogram", "summary") else "unknown"


def _count(metric: Any) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def _points(metric: Any, name: str) -> Iterator[tuple[str, Pairs, float, bool]]:
    """Name, labels, value and whether it is added. Raises UnusableSeries for a kind that is not taken."""
    kind = metric.WhichOneof("data")
    if kind not in ("gauge", "sum", "histogram", "summary"):
        raise UnusableSeries(f'"{clip(clean(metric.name), 40)}": {kind or "a metric without data"} is not taken; use explicit buckets')
    data = getattr(metric, kind)
    delta = kind in ("sum", "histogram") and data.aggregation_temporality == DELTA
    for point in data.data_points:
        if point.flags & _NO_VALUE:
            continue
        pairs = [*attributes_of(point.attributes).items()]
        if kind == "histogram":
            yield from _histogram(name, pairs, point, delta)
        elif kind == "summary":
            yield from _summary(name, pairs, point)
        else:
            value = float(point.as_int if point.WhichOneof("value") == "as_int" else point.as_double)
            if delta and not math.isfinite(value):
                raise UnusableSeries(f'"{name}": a step that is no number cannot be added')
            yield name, pairs, value, delta


def _histogram(name: str, pairs: Pairs, point: Any, delta: bool) -> Iterator[tuple[str, Pairs, float, bool]]:
    limits, counts = [*point.explicit_bounds], [*point.bucket_counts]
    if len(limits) > MOST_BUCKETS:
        raise UnusableSeries(f'"{name}": more than {MOST_BUCKETS} buckets')
    if counts and len(counts) != len(limits) + 1:
        raise UnusableSeries(f'"{name}": {len(counts)} counts for {len(limits)} bounds')
    limits, counts = (limits, counts) if counts else ([], [point.count])
    for limit, running in zip([*limits, math.inf], accumulate(counts), strict=True):
        yield f"{name}_bucket", [*pairs, ("le", normal_float(repr(limit)))], float(running), delta
    if point.HasField("sum"):
        yield f"{name}_sum", pairs, point.sum, delta
    yield f"{name}_count", pairs, float(point.count), delta


def _summary(name: str, pairs: Pairs, point: Any) -> Iterable[tuple[str, Pairs, float, bool]]:
    for each in point.quantile_values:
        yield name, [*pairs, ("quantile", normal_float(repr(each.quantile)))], each.value, False
    yield f"{name}_sum", pairs, point.sum, False
    yield f"{name}_count", pairs, float(point.count), False
