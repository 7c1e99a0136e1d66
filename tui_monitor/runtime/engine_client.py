"""Asks a Prometheus-compatible API (Prometheus, VictoriaMetrics, Mimir, Thanos, GreptimeDB), and says its errors in words.

Source: prometheus.io/docs/prometheus/latest/querying/api (query_range, label values, formats of errors and results).
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from tui_monitor.config.engine import EngineSettings
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import Labels
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import USER_AGENT, ApiAnswer, HttpClient, secrets_of_url
from tui_monitor.promql.values import Matrix

MOST_BYTES = 16 * 2**20
MOST_SERIES = 1_000
MOST_POINTS = 11_000
"""Prometheus refuses a query with more points a series."""
MOST_NAMES = 20_000
_MOST_TEXT = 500


class EngineFault(Exception):
    """The engine gives no answer; the text is for people."""


class EngineClient:
    """The API of one engine, one request at a time."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises ValueError for an unusable ``ca_file``."""
        url = settings.url.reveal().rstrip("/").removesuffix("/api/v1")
        self.place = urlsplit(url).netloc.rpartition("@")[2]
        """Host and port, for people."""
        self._api = f"{url}/api/v1"
        self._timeout = settings.timeout
        self._headers = {
            "Content-Type": "application/x-www-form-urlencoded", "User-Agent": USER_AGENT, **settings.authorization(),
        }  # fmt: skip
        self._http = HttpClient(settings.timeout, (*secrets_of_url(url), *settings.secrets()), settings.ca_file, MOST_BYTES)

    async def query_range(self, expr: str, start: int, end: int, step: int) -> Matrix:
        """The series of an expression at each step (UTC ms). Raises EngineFault."""
        step = max(step, math.ceil((end - start) / MOST_POINTS))
        given = {"query": expr, "start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}", "step": f"{step / 1000:.3f}"}
        answer = await self._post("query_range", {**given, "timeout": f"{self._timeout:g}s"}, self._timeout)
        return await asyncio.to_thread(self._matrix, answer)

    async def label_values(self, name: str, within: float) -> Sequence[str]:
        """The values of a label in the last hour, at most MOST_NAMES. Raises EngineFault."""
        return await asyncio.to_thread(self._names, await self._post(f"label/{name}/values", None, within))

    async def label_names(self, within: float) -> Sequence[str]:
        """The names of labels. Raises EngineFault."""
        return await asyncio.to_thread(self._names, await self._post("labels", {}, within))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _post(self, path: str, given: dict[str, str] | None, within: float) -> ApiAnswer:
        """A POST, of which the whole answer has come; ``given`` None: a GET, the only way of some routes."""
        try:
            if given is None:
                answer = await self._http.get(f"{self._api}/{path}", headers=self._headers, time_limit=within)
            else:
                content = urlencode(given).encode()
                answer = await self._http.post(f"{self._api}/{path}", content=content, headers=self._headers, time_limit=within)
        except SendError as error:
            raise EngineFault(f"the engine at {self.place} cannot be asked: {error.reason}") from None
        if not answer.complete:
            if len(answer.body) >= MOST_BYTES:
                raise EngineFault(f"the answer of the engine is larger than {MOST_BYTES >> 20}MiB: ask for fewer series or a shorter time")
            raise EngineFault(f"the answer of the engine at {self.place} was cut off")
        return answer

    # --- answers ------------------------------------------------------------------------------------------------------

    def _data(self, answer: ApiAnswer) -> object:
        """The ``data`` of a success. Raises EngineFault."""
        found = _parsed(answer)
        if found is not None and found.get("status") == "success":
            return found.get("data")
        if found is not None and found.get("error"):
            kind = f" ({clean(str(found['errorType']))[:40]})" if found.get("errorType") else ""
            raise EngineFault(f"the engine refuses the query{kind}: {clip(clean(str(found['error'])), _MOST_TEXT)}")
        if answer.status in (401, 403):
            raise EngineFault(f"the engine refuses access (HTTP {answer.status}): see username, password and bearer of [engine]")
        if answer.status == 404:
            raise EngineFault(f"there is no Prometheus API at {self.place} (HTTP 404): see url of [engine]")
        if 200 <= answer.status < 300:
            raise EngineFault(f"something else than a Prometheus API answers at {self.place}: see url of [engine]")
        raise EngineFault(f"the engine at {self.place} answers HTTP {answer.status}: {clip(answer.text, _MOST_TEXT)}".removesuffix(": "))

    def _matrix(self, answer: ApiAnswer) -> Matrix:
        data = self._data(answer)
        if not isinstance(data, dict) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
            raise EngineFault(f"the engine at {self.place} answers something else than series")
        try:
            return Matrix([_series(one) for one in data["result"][:MOST_SERIES]])
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            raise EngineFault(f"the engine at {self.place} answers series that cannot be read") from None

    def _names(self, answer: ApiAnswer) -> list[str]:
        data = self._data(answer)
        return [clean(name) for name in data[:MOST_NAMES] if isinstance(name, str)] if isinstance(data, list) else []


def _parsed(answer: ApiAnswer) -> dict[str, object] | None:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _series(raw: dict[str, object]) -> tuple[Labels, list[int], list[float]]:
    """One series of a matrix; raises for another shape."""
    metric, points = raw["metric"], raw["values"]
    if not isinstance(metric, dict) or not isinstance(points, list):
        raise TypeError
    labels = tuple(sorted((clip(clean(str(name)), 200), clip(clean(str(value)), 1000)) for name, value in metric.items()))
    found: dict[int, float] = {round(1000 * float(at)): float(value) for at, value in points}
    return labels, sorted(found), [found[at] for at in sorted(found)]
