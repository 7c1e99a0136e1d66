"""Answers of an engine ([engine]) and of Elasticsearch's _bulk ([export])."""

from __future__ import annotations

from typing import Any

from fuzz.fences import unfenced
from fuzz.target import Target
from fuzz.targets.telegram import StoodClock
from tui_monitor.config.engine import EngineSettings
from tui_monitor.config.export import ExportSettings
from tui_monitor.core.secret import Secret
from tui_monitor.delivery.export.ecs import Exported
from tui_monitor.delivery.export.targets import BulkTarget
from tui_monitor.notifiers.http import ApiAnswer
from tui_monitor.runtime import engine_client
from tui_monitor.runtime.engine_client import EngineClient, EngineFault

CLOCK: Any = StoodClock()
ENGINE = EngineClient(EngineSettings(url=Secret("http://127.0.0.1:9090")))
BULK = BulkTarget("http://127.0.0.1:9200/_bulk", ExportSettings(), CLOCK)
DOCUMENTS = [Exported(str(number), {"message": "x"}) for number in range(3)]


def _answer(text: str) -> ApiAnswer:
    """An answer with this body."""
    return ApiAnswer(200, {}, text.encode("utf-8", "surrogatepass"), True)


def _series(text: str) -> bool:
    """Series for a chart: labels are clean texts, times rise."""
    try:
        found = ENGINE._matrix(_answer(text))
    except EngineFault as fault:
        str(fault).encode()
        return False
    for labels, times, values in found:
        assert times == sorted(set(times)) and len(times) == len(values)
        assert all("\x1b" not in name + value for name, value in labels)
    return True


def _bulk(text: str) -> bool:
    """What is sent again is a part of what was sent."""
    found = _answer(text).json()
    if found is None:
        return False
    attempt = BULK._judge(DOCUMENTS, found)
    BULK.drain_refused()
    attempt.reason.encode()
    assert attempt.rest is not None and all(one in DOCUMENTS for one in attempt.rest)
    return True


_SERIES_WORDS = (
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1,"1"]]}]}}',
    '{"status":"error","errorType":"bad_data","error":"no"}', '"metric"', '"values"', '"NaN"', '"+Inf"', "1e999", "[[1,2]]", "null",
)  # fmt: skip
_BULK_WORDS = (
    '{"errors":true,"items":[{"create":{"status":429,"error":{"type":"busy","reason":"later"}}},{"create":{"status":409}}]}',
    '"items"', '"create"', '"status"', '"error"', "400", "201", "null", "[]", "{}",
)  # fmt: skip

TARGETS = (
    Target(
        name="engine-answer", kind="json", call=_series, words=_SERIES_WORDS, fence=lambda: unfenced(engine_client.EngineClient._matrix),
        seeds=lambda: [word.encode() for word in _SERIES_WORDS[:2]],
    ),
    Target(
        name="bulk-answer", kind="json", call=_bulk, words=_BULK_WORDS, fence=lambda: unfenced(ApiAnswer.json),
        seeds=lambda: [_BULK_WORDS[0].encode()],
    ),
)  # fmt: skip
