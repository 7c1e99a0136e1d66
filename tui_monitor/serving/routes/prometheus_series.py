"""Which series there are, as Prometheus' HTTP API says it: series, labels, values, metadata.

`start` and `end` are not used: a series is listed as long as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.prometheus_api import answer, answer_series, cut, parameters, promql_faults

_ESCAPED = re.compile(r"_([0-9A-Fa-f]{1,6})_|__")
_PART = re.compile(r"_(bucket|sum|count)")


async def series(call: HttpCall) -> Response:
    """The series that any match[] selects."""
    given = await parameters(call)
    limit, selectors = given.limit(), given.all("match[]")
    if not selectors:
        raise ApiError(400, "no match[] parameter provided")
    with promql_faults("match[]"):
        found, warnings = cut(await call.backend.series(selectors), limit)
    return await answer_series(call, found, warnings)


async def label_names(call: HttpCall) -> Response:
    """The label names of the series that any match[] selects, of all without one."""
    given = await parameters(call)
    limit = given.limit()
    with promql_faults("match[]"):
        found, warnings = cut(await call.backend.labels(given.all("match[]")), limit)
    return await answer(call, found, warnings)


async def label_values(call: HttpCall) -> Response:
    """The values of one label."""
    given = await parameters(call)
    limit, name = given.limit(), unescaped(call.path["name"])
    with promql_faults("match[]"):
        found, warnings = cut(await call.backend.label_values(name, given.all("match[]")), limit)
    return await answer(call, found, warnings)


def unescaped(name: str) -> str:
    """A label name as `U__http_2e_status` spells it where an address holds no dots (prometheus.io, UTF-8 names): http.status."""
    if not name.startswith("U__"):
        return name
    return _ESCAPED.sub(lambda found: _character(found[1]) if found[1] else "_", name[3:])


def _character(digits: str) -> str:
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ApiError(400, "invalid label name: it is not valid UTF-8")
    return chr(code)


async def metadata(call: HttpCall) -> Response:
    """Type, help and unit of metrics."""
    given = await parameters(call)
    limit, each, metric = given.limit(), given.limit("limit_per_metric"), given.text("metric")
    known = [(name, entry) for name, entry in described(await call.backend.metadata()).items() if not metric or name == metric]
    found, _ = cut(known, limit)
    return await answer(call, {name: [entry][: each or None] for name, entry in found})


def described(metrics: Sequence[MetricMetadata]) -> dict[str, Any]:
    """The entries by metric; the parts of a histogram or summary are one metric."""
    found: dict[str, Any] = {}
    for one in metrics:
        whole = _PART.sub("", one.name) if one.type in ("histogram", "summary") and _PART.search(one.name[-7:]) else one.name
        found.setdefault(whole, {"type": "unknown" if one.type == "untyped" else one.type, "help": one.help, "unit": one.unit})
    return found


ENDPOINTS = (
    *(
        Endpoint(method, f"/api/v1/{path}", handler, summary, family="prometheus")
        for path, handler, summary in (
            ("series", series, "the series that selectors match"),
            ("labels", label_names, "the label names of series"),
        )
        for method in ("GET", "POST")
    ),
    Endpoint("GET", "/api/v1/label/{name}/values", label_values, "the values of one label", family="prometheus"),
    Endpoint("GET", "/api/v1/metadata", metadata, "type, help and unit of metrics", family="prometheus"),
)
