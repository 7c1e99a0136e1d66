"""The routes, a module per subject in routes/; this table is all that is served."""

from __future__ import annotations

from tui_monitor.serving.endpoint import Endpoint
from tui_monitor.serving.routes import (
    alertmanager,
    alerts,
    dashboard,
    description,
    events,
    exporter,
    health,
    heartbeats,
    login,
    metrics,
    monitoring,
    notify,
    page,
    prometheus_query,
    prometheus_series,
    prometheus_state,
    push,
    records,
    reports,
    rules,
)

MODULES = (
    health,
    dashboard,
    metrics,
    alerts,
    notify,
    rules,
    records,
    reports,
    events,
    monitoring,
    description,
    login,
    page,
    exporter,
    prometheus_query,
    prometheus_series,
    prometheus_state,
    alertmanager,
    push,
    heartbeats,
)
ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for module in MODULES for endpoint in module.ENDPOINTS)
