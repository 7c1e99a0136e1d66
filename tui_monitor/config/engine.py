"""The section [engine]: a Prometheus-compatible API that is asked for series that are not this monitor's (docs/scale.md)."""

from __future__ import annotations

from tui_monitor.config.fields import SecretHttpAddress
from tui_monitor.config.http_access import HttpAccess, HttpAddressed
from tui_monitor.config.section import key


class EngineSettings(HttpAccess, HttpAddressed):
    """Charts, explore and panels of series that are not this monitor's ask this engine; rules stay on the own series."""

    url: SecretHttpAddress = key(
        doc="where its /api/v1 begins: Prometheus, VictoriaMetrics, Mimir, Thanos, GreptimeDB", example="http://127.0.0.1:9090"
    )
