"""Bodies as a Pushgateway takes them: a page of metrics for a group of labels (source: prometheus/pushgateway, README "API")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from tui_monitor.core.sanitize import clip
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.exposition_page import PageLimits
from tui_monitor.sources.push.decoded import BadPush, Decoded, PushedPoint
from tui_monitor.sources.push.names import LONGEST_VALUE, MOST_LABELS, UnusableSeries, label_name, pushed_labels

PUSH_TIME = "push_time_seconds"
_LIMITS = PageLimits(samples=20_000, labels=MOST_LABELS, value=LONGEST_VALUE)


def group_of(path: str) -> dict[str, str]:
    """The labels of an address behind /metrics/: "job/backup/instance/a"; "name@base64" has an encoded value. Raises BadPush."""
    parts = path.strip("/").split("/")
    if len(parts) % 2 or parts[0] not in ("job", "job@base64"):
        raise BadPush("the address is /metrics/job/JOB and then /LABEL/VALUE in pairs")
    labels: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        plain = name.removesuffix("@base64")
        if label_name(plain) != plain:
            raise BadPush(f'"{clip(plain, 40)}" cannot be a label of a group; letters, digits and _, and not "check"')
        labels[plain] = _decoded(value) if plain != name else value
    if not labels["job"] or len(labels) > MOST_LABELS:
        raise BadPush(f"a group has a job, and at most {MOST_LABELS} labels")
    return labels


def _decoded(value: str) -> str:
    """URL-safe base64, with or without padding; "=" is the empty value."""
    try:
        return base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise BadPush("a value behind @base64 is not base64 of UTF-8") from None


def decode_page(body: bytes, content_type: str, group: Mapping[str, str], now_ms: int) -> Decoded:
    """The series of a page with the group's labels over them. Raises BadPush; a page is taken whole or not at all."""
    if "protobuf" in content_type:
        raise BadPush("protobuf is not read here; push text (Go: push.New(...).Format(expfmt.NewFormat(expfmt.TypeTextPlain)))", 415)
    page = _read(body, "openmetrics" if content_type.startswith("application/openmetrics-text") else "text", now_ms)
    if page.fault:
        raise BadPush(page.fault)
    if page.ignored_times:
        raise BadPush("pushed metrics must not have timestamps")
    try:
        points = tuple(PushedPoint(labels_in_group(labels, group), value) for labels, value in page.samples)
    except UnusableSeries as error:
        raise BadPush(str(error)) from None
    return Decoded(points, metadata=page.metadata, job=group["job"], group=group)


def labels_in_group(labels: Labels, group: Mapping[str, str]) -> Labels:
    """The labels of a series of a group: the group's own win. Raises UnusableSeries."""
    merged = {**dict(labels), **group}
    return pushed_labels(merged.pop(METRIC_NAME), merged.items(), group["job"])


def _read(body: bytes, kind: Format, now_ms: int) -> Page:
    whole = body if body.endswith(b"\n") or not body else body + b"\n"
    pieces = (whole[start : start + _LIMITS.line] for start in range(0, len(whole), _LIMITS.line))
    steps = Exposition(ScrapeRules(limits=_LIMITS)).read(pieces, kind, now_ms)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            page: Page = end.value
            return page
