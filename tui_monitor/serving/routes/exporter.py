"""Metrics pages for Prometheus: /metrics with this monitor's own series, /federate with any."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.responses import Response

from tui_monitor.board.rule_views import CurrentSample
from tui_monitor.core.values import METRIC_NAME, label
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.exposition_write import CONTENT_TYPES, ExpositionSample, Family, write_page
from tui_monitor.serving.compression import packed
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.exposition import format_wanted, page_of, text_of
from tui_monitor.serving.prometheus_api import LONG, parameters, promql_faults


async def metrics(call: HttpCall) -> Response:
    """The monitor's own series, those of this machine and of its checks."""
    kind, _ = format_wanted(call.request.headers.get("accept", ""))
    text = text_of(page_of(await call.backend.exported(), call.backend.board), kind)
    return await packed(call, text.encode("utf-8", "replace"), CONTENT_TYPES[kind])


async def federate(call: HttpCall) -> Response:
    """The newest samples of the series that any match[] selects, with their times."""
    given = await parameters(call)
    kind, utf8 = format_wanted(call.request.headers.get("accept", ""))
    with promql_faults("match[]"):
        found = await call.backend.current(given.all("match[]"))
    page = _page(found, kind, utf8) if len(found) <= LONG else await asyncio.to_thread(_page, found, kind, utf8)
    content = CONTENT_TYPES[kind]
    return await packed(call, page, f"{content}; escaping=allow-utf-8" if utf8 else content)


def _page(found: Sequence[CurrentSample], kind: Format, utf8: bool) -> bytes:
    """Series without an instance have an empty one, as on Prometheus' page, else the reader would put our address there."""
    by_name: dict[str, list[ExpositionSample]] = {}
    for labels, value, at in found:
        placed = labels if label(labels, "instance") else (*labels, ("instance", ""))
        by_name.setdefault(label(labels, METRIC_NAME), []).append(ExpositionSample(placed, value, at))
    families = (Family(name, tuple(by_name[name]), Metadata("untyped")) for name in sorted(by_name))
    return "".join(write_page(families, kind, utf8=utf8)).encode("utf-8", "replace")


ENDPOINTS = (
    Endpoint("GET", "/metrics", metrics, "own metrics for Prometheus", open="metrics", family="text"),
    Endpoint("GET", "/federate", federate, "the newest samples of any series", family="text"),
)
