"""The section [remote_write]: where the history is sent as it is written (docs/scale.md)."""

from __future__ import annotations

from tui_monitor.config.fields import Duration, Regex, SecretHttpAddress
from tui_monitor.config.http_access import HttpAccess, HttpAddressed
from tui_monitor.config.section import key


class RemoteWriteSettings(HttpAccess, HttpAddressed):
    """Sends every series to an engine that takes Prometheus' remote write: Prometheus, VictoriaMetrics, Mimir, Thanos, GreptimeDB."""

    url: SecretHttpAddress = key(doc="its address for remote write", example="http://127.0.0.1:8428/api/v1/write")
    labels: dict[str, str] = key(default={}, doc="labels added to every series, beside host", example={"site": "seoul"})
    keep: list[Regex] = key(default=[], doc="only metrics whose whole name matches one of these (RE2)", shown="all", example=["probe_.*"])
    drop: list[Regex] = key(default=[], doc="not those whose whole name matches one of these", example=["process_.*"])
    max_age: Duration = key(default=6 * 3600.0, doc="after a longer outage of the engine older samples are left out", gt=0)
