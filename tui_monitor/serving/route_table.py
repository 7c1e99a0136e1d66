"""The routes, a module per subject; the table below is all that is served."""

from __future__ import annotations

from tui_monitor.serving.endpoint import Endpoint
from tui_monitor.serving.routes import exporter, health, notify, prometheus_query, prometheus_series, prometheus_state

ENDPOINTS: tuple[Endpoint, ...] = (
    *health.ENDPOINTS,
    *notify.ENDPOINTS,
    *exporter.ENDPOINTS,
    *prometheus_query.ENDPOINTS,
    *prometheus_series.ENDPOINTS,
    *prometheus_state.ENDPOINTS,
)
