"""A backend whose queries are answered from samples in memory, for tests of the HTTP interface without a monitor."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.board_backend import FakeBackend
from tui_monitor.board.backend import QUERY_S, MetricMetadata
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.rule_views import CurrentSample, ExportedFamily, RuleAlertView, RuleGroupView, RuleView
from tui_monitor.core.values import Labels, Sample, label, labels_of
from tui_monitor.promql.chart_queries import plain_selector
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.queryable import Matcher
from tui_monitor.promql.values import Matrix, Value
from tui_monitor.storage.memory import SeriesMemory

T0 = 1_780_000_000_000
"""UTC ms of the first sample; they come each second for two minutes."""
API, DB = labels_of("probe_success", check="api", type="http"), labels_of("probe_success", check="db", type="tcp")
HITS = labels_of("hits_total", check="api")
DOTTED = tuple(sorted((*labels_of("dotted", check="api"), ("http.status", "200"))))


class QueryBackend(FakeBackend):
    """Answers queries over `memory`; ``asked`` are the queries that came."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = SeriesMemory()
        self.asked: list[tuple[str, int]] = []
        for second in range(120):
            samples = [Sample(API, 1.0), Sample(DB, float(second % 2)), Sample(HITS, float(second)), Sample(DOTTED, 1.0)]
            self.memory.append(T0 + 1000 * second, samples)

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        self.asked.append((expr, at))
        return compile_expr(expr).instant(self.memory, at)

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        return compile_expr(expr).range(self.memory, start, end, step)

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        wanted = [self._matchers(text) for text in selectors] or [()]
        return sorted({series.labels for matchers in wanted for series in self.memory.select(matchers, 0, T0)})

    def _matchers(self, text: str) -> tuple[Matcher, ...]:
        found = plain_selector(text)
        if found is None:
            raise PromqlError("this is not a series selector", 0, text, text)
        return found

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        return sorted({name for series in await self.series(selectors) for name, _ in series})

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        return sorted({value for series in await self.series(selectors) for name, value in series if name == label})

    async def metadata(self) -> Sequence[MetricMetadata]:
        return [
            MetricMetadata("hits_total", "counter", "", "Hits."),
            MetricMetadata("seconds_bucket", "histogram", "seconds", "Durations."),
            MetricMetadata("seconds_count", "histogram", "seconds", "Durations."),
        ]

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        at = T0 + 119_000
        newest = ((labels, self.memory.newest_of(labels, at)) for labels in await self.series(selectors or ["nothing"]))
        return [CurrentSample(labels, sample[1], sample[0]) for labels, sample in newest if sample is not None]

    async def exported(self) -> Sequence[ExportedFamily]:
        samples = [one for one in await self.current(['{__name__!=""}']) if label(one.labels, "__name__") == "probe_success"]
        cpu = CurrentSample(labels_of("tui_monitor_cpu_ratio"), 0.25, T0)
        return [
            ExportedFamily("probe_success", "gauge", 'Says "1" or\n0.', samples),
            ExportedFamily("tui_monitor_cpu_ratio", "gauge", "CPU.", [cpu]),
        ]

    async def rules(self) -> Sequence[RuleGroupView]:
        alert = RuleAlertView({"alertname": "Down", "check": "api"}, {"summary": "down"}, "firing", T0, 2.0)
        down = RuleView("alert", "Down", "probe_success == 0", {"severity": "critical"}, {"summary": "down"}, 30.0, 0.0, "", (alert,))
        quiet = RuleView("alert", "Slow", "x > 1", error="many to many")
        return [
            RuleGroupView("configuration", "", 1.0, T0, (down, quiet)),
            RuleGroupView("shop", "shop.yml", 60.0, T0, (RuleView("record", "a:b", "sum(a)", {"team": "pay"}),)),
        ]
