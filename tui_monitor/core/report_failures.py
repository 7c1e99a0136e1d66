"""The reports that could not be made, by name: series for the rule ReportFailed, and the reason in its text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tui_monitor.core.values import Sample, labels_of

METRIC = "tui_monitor_report_failed"


class ReportFailures:
    """The present failures; a report without one is 0 in its series."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def configure(self, names: Collection[str]) -> None:
        """Keep these reports only."""
        self._reasons = {name: self._reasons.get(name, "") for name in names}

    def set(self, name: str, reason: str) -> None:
        """The reason why a report could not be made; "" where it was."""
        if name in self._reasons:
            self._reasons[name] = reason

    def reason(self, labels: Mapping[str, str]) -> str:
        """The reason for the alert with these labels; "" where it is no ReportFailed."""
        return self._reasons.get(labels.get("report", ""), "") if labels.get("alertname") == "ReportFailed" else ""

    def samples(self) -> Iterable[Sample]:
        """1 for each report that could not be made, else 0."""
        return [Sample(labels_of(METRIC, report=name), float(bool(reason))) for name, reason in self._reasons.items()]
