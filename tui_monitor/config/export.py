"""The section [export]: alerts, acts, deliveries and log lines as ECS documents for Elasticsearch and Logstash (docs/scale.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.fields import FilePath, SecretHttpAddress, Size
from tui_monitor.config.http_access import HttpAccess
from tui_monitor.config.operation import LogLevel
from tui_monitor.config.section import Section, key


class ExportTargets(Section):
    """Where the documents go; a class of its own so that its keys stand before those of the access."""

    ecs_file: FilePath | None = key(
        default=None, doc="a file of JSON lines, for Filebeat or Elastic Agent", example="/var/log/tui-monitor/ecs.json"
    )
    max_size: Size = key(default=50 * 2**20, doc="a file that would get larger is renamed to NAME.1; three such files are kept", ge=4096)
    ecs_url: SecretHttpAddress | None = key(
        default=None,
        doc="Elasticsearch's _bulk address of a data stream or index",
        example="https://es.example.com:9200/logs-tuimonitor-default/_bulk",
    )
    logstash: SecretHttpAddress | None = key(
        default=None, doc="the address of Logstash's HTTP input with codec json", example="http://127.0.0.1:8080"
    )
    logs: LogLevel = key(default="warning", doc="kept log lines, and the monitor's own, from this level on")


class ExportSettings(HttpAccess, ExportTargets):
    """Alerts, acts, deliveries and log lines as documents of the Elastic Common Schema."""

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: no target."""
        yield from super().problems(given)
        if not any((self.ecs_file, self.ecs_url, self.logstash)):
            yield "", "name at least one target: ecs_file, ecs_url or logstash"
