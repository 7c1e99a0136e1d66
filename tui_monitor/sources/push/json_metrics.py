"""The own JSON form of metrics: `[{"name", "value", "labels", "kind"}]`, or one such object, or one a line."""

from __future__ import annotations

import json
import math
from typing import Any

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.push.decoded import BadPush, Decoded, PushedPoint, Rejections
from tui_monitor.sources.push.names import UnusableSeries, metric_name, pushed_labels

JOB = "push"
KINDS = ("gauge", "counter")


def decode_metrics(body: bytes, sender: str = "") -> Decoded:
    """The points. A counter's value is added. ``sender`` is the job of points that name none. Raises BadPush."""
    rejections, points, job = Rejections(), [], ""
    for item in objects_of(body):
        try:
            point = _point(item, sender or JOB)
        except UnusableSeries as error:
            rejections.add(error)
            continue
        points.append(point)
        job = job or str(item["labels"].get("job", "") if isinstance(item.get("labels"), dict) else "")
    return Decoded(tuple(points), job=job, rejected=rejections.count, reason=rejections.reason)


def objects_of(body: bytes) -> list[Any]:
    """The JSON objects of a body: an array, one object, or one a line. Raises BadPush."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadPush("the body is not UTF-8") from None
    try:
        value = json.loads(text)
        return value if isinstance(value, list) else [value]
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise BadPush("the body is not JSON: an array of objects, one object, or one a line is wanted") from None


def _point(item: Any, job: str) -> PushedPoint:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise UnusableSeries('an object with "name" and "value" is wanted')
    name, value, labels, kind = item["name"], item.get("value"), item.get("labels") or {}, item.get("kind", "gauge")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _fits(value):
        raise UnusableSeries(f'"{clip(clean(name), 40)}": "value" must be a number')
    if not isinstance(labels, dict):
        raise UnusableSeries(f'"{clip(clean(name), 40)}": "labels" must be an object of texts')
    if kind not in KINDS:
        raise UnusableSeries(f'"{clip(clean(name), 40)}": "kind" must be gauge or counter')
    full = metric_name(name)
    if kind == "counter":
        if value < 0:
            raise UnusableSeries(f'"{clip(clean(name), 40)}": a counter cannot go down; send kind = "gauge"')
        full = full if full.endswith("_total") else f"{full}_total"
    pairs = [(str(key), text_of_value(each)) for key, each in labels.items()]
    return PushedPoint(pushed_labels(full, pairs, job), float(value), kind == "counter")


def text_of_value(value: Any) -> str:
    """A JSON value as a label's."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _fits(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
