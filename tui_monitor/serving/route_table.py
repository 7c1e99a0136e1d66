"""The routes, a module per subject in routes/; this table is all that is served."""

from __future__ import annotations

from tui_monitor.serving.endpoint import Endpoint
from tui_monitor.serving.routes import (
    alertmanager,
    events,
    exporter,
    health,
    heartbeats,
    notify,
    page,
    page_extras,
    prometheus_query,
    prometheus_series,
    prometheus_state,
    push,
)

MODULES = (
    alertmanager,
    health,
    heartbeats,
    events,
    notify,
    page,
    page_extras,
    push,
    exporter,
    prometheus_query,
    prometheus_series,
    prometheus_state,
)
ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for module in MODULES for endpoint in module.ENDPOINTS)
