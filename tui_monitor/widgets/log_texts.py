"""Texts of the screens of logs, requests and traces where they have nothing to show: what to write into the configuration."""

from __future__ import annotations

FILTER_EXAMPLE = "level=error  check=api  last=1h  user.id=42  connection refused"
NO_LINES = ("No line matches. Esc clears the filter; - shows less grave lines.",)
NOTHING_KEPT = (
    "No log lines are kept yet. Write into the configuration, for a file of this machine:",
    "",
    "[[checks]]",
    'name = "app-log"',
    'type = "log"',
    'path = "/var/log/app/*.log"',
    "",
    "or let applications send theirs, to /logs as JSON or to /v1/logs as OTLP (a token: tui-monitor token add NAME --scope push):",
    "",
    "[http]",
    'listen = "127.0.0.1:9464"',
    "[push]",
    'logs = "50MiB"',
)
NO_REQUESTS = (
    "No requests are counted yet. Read an access log:",
    "",
    "[[checks]]",
    'name = "web"',
    'type = "log"',
    'path = "/var/log/nginx/access.log"',
    "",
    "or the metrics of an application (http_requests_total, http_request_duration_seconds; other names: [requests]):",
    "",
    "[[checks]]",
    'name = "api"',
    'type = "prometheus"',
    'url = "http://127.0.0.1:8080/metrics"',
)
NO_REQUESTS_THEN = ("No requests were counted at that time.",)
NO_TRACES = (
    "No traces are kept yet. Write into the configuration:",
    "",
    "[http]",
    'listen = "127.0.0.1:9464"',
    "[push]",
    'traces = "50MiB"',
    "",
    "and let applications send them (a token: tui-monitor token add NAME --scope push):",
    "",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9464",
    'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer TOKEN"',
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
)
NO_MATCHING_TRACES = ("No trace matches. Esc clears the filter.",)
