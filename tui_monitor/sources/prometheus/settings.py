"""The keys of a Prometheus check."""

from __future__ import annotations

from typing import Literal

from tui_monitor.config.fields import HttpAddress, Regex, Size
from tui_monitor.config.section import key
from tui_monitor.promql.exposition_format import Format
from tui_monitor.sources.http.settings import HttpKeys


class PrometheusCheck(HttpKeys):
    """A page of metrics (Prometheus text or OpenMetrics), stored with all its series."""

    url: HttpAddress = key(doc="the page's address", example="http://127.0.0.1:9100/metrics")
    keep: list[Regex] = key(
        default=[],
        doc="regular expressions (RE2) on whole metric names: only these are kept",
        shown="all",
        example=["http_.*", "process_.*"],
    )
    drop: list[Regex] = key(default=[], doc="regular expressions (RE2) on whole metric names: these are left out", example=["go_.*"])
    sample_limit: int = key(default=20_000, doc="a page with more samples is refused as a whole", ge=1, le=200_000)
    body_limit: Size = key(default=16 * 2**20, doc="a larger page is refused, before and after decompression", gt=0)
    honor_labels: bool = key(default=False, doc="a page's own labels win over the check's; otherwise a page's own becomes exported_NAME")
    honor_timestamps: bool = key(default=False, doc="take the page's own times, within 10 minutes of now; otherwise they are ignored")
    fallback: Literal["text", "openmetrics", "none"] = key(default="text", doc="how a page without a Content-Type is read; none refuses it")

    @property
    def fallback_format(self) -> Format | None:
        """The format of a page without a Content-Type; None refuses it."""
        return None if self.fallback == "none" else self.fallback
