"""A backend for screens by role: made-up series of the examples, answered by the real PromQL engine; for tests and pictures.

python -m tests.support.role_backend EXAMPLE [SCREEN]   the dashboard with an example's screens
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.examples import SECRETS
from tests.support.paths import ROOT
from tui_monitor.board.backend import QUERY_S
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.screen_settings import screens_of
from tui_monitor.board.screens import ScreenDefinition
from tui_monitor.board.values import Board, RequestRow, RequestTable
from tui_monitor.config.load import load
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import ContainerState, HealthStatus, Labels, labels_of
from tui_monitor.dispatch.matchers import matches_all
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.promql.values import Matrix, Value

STEP_MS = 60_000
COINS = {"BTC-USD": 64_250.0, "ETH-USD": 3_120.0, "SOL-USD": 148.0}
DAY_MS = 86_400_000


@frozen
class WaveSeries:
    """A series with a value each minute: a mean that swings with the hours of the day, and noise."""

    labels: Labels
    mean: float
    swing: float = 0.1
    whole: bool = False
    counter: bool = False
    lookback_ms: int = 300_000

    def value(self, at: int) -> float:
        """The value at a moment; a counter grows by its mean a second."""
        if self.counter:
            return self.mean * (at - boards.AT + 40 * DAY_MS) / 1000
        seed = sum(map(ord, str(self.labels)))
        daily = math.sin((at / DAY_MS + seed % 7 / 7) * 2 * math.pi)
        noise = math.sin(at / 431_000 + seed) + 0.6 * math.sin(at / 97_000 + seed)
        found = self.mean * (1 + self.swing * (daily + 0.3 * noise))
        return float(round(found)) if self.whole else found

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As promql.queryable.Series."""
        times = range((after_ms // STEP_MS + 1) * STEP_MS, until_ms + 1, STEP_MS)
        return list(times), [self.value(at) for at in times]

    def latest(self, until_ms: int) -> tuple[int, float]:
        """As promql.queryable.Series."""
        at = until_ms // STEP_MS * STEP_MS
        return at, self.value(at)


def _series() -> list[WaveSeries]:
    made = [WaveSeries(labels_of("portfolio_value", portfolio=name), mean, 0.04) for name, mean in
            (("main", 4_812_000.0), ("hedge", 1_950_000.0), ("arbitrage", 874_000.0), ("cash", 420_000.0))]  # fmt: skip
    for check, factor in (("exchange-a", 1.0), ("exchange-b", 1.0009)):
        for symbol, price in COINS.items():
            for name, more in (("last", 1.0), ("bid", 0.9994), ("ask", 1.0006 + 0.002 * (symbol == "SOL-USD"))):
                made.append(WaveSeries(labels_of(f"ticker_{name}", check=check, symbol=symbol), price * factor * more, 0.012))
            spread = 0.72 if symbol == "SOL-USD" else 0.12
            made.append(WaveSeries(labels_of("ticker_spread_percent", check=check, symbol=symbol), spread * factor, 0.3))
    plain = {
        "orders_open": (37.0, 0.4), "dispatch_waiting_orders": (7.0, 0.4), "dispatch_late_orders": (2.0, 0.8),
    }  # fmt: skip
    made += [WaveSeries(labels_of(name), mean, swing, whole=True) for name, (mean, swing) in plain.items()]
    ratios = {
        "dispatch_utilisation_ratio": (0.64, 0.2), "dispatch_completion_ratio": (0.962, 0.01), "dispatch_processing_seconds": (2840.0, 0.1),
        "shop_average_order_value": (61.4, 0.05), "shop_conversion_ratio": (0.0284, 0.1), "shop_retention_ratio": (0.41, 0.03),
        "cpu_usage_ratio": (0.42, 0.3), "memory_usage_ratio": (0.63, 0.05),
    }  # fmt: skip
    made += [WaveSeries(labels_of(name), mean, swing) for name, (mean, swing) in ratios.items()]
    made.append(WaveSeries(labels_of("websocket_lag_seconds", check="trades"), 0.21, 0.4))
    made += [WaveSeries(labels_of("probe_duration_seconds", check=check), mean, 0.3) for check, mean in (("db", 0.012), ("cache", 0.0011))]
    for status, count in (("completed", 412.0), ("in_transit", 64.0), ("assigned", 21.0), ("waiting", 18.0), ("cancelled", 9.0)):
        made.append(WaveSeries(labels_of("dispatch_orders", check="db", status=status), count, 0.25, whole=True))
    for period, orders, revenue in (("1h", 31.0, 1_904.0), ("1d", 734.0, 45_080.0), ("30d", 21_460.0, 1_317_600.0)):
        made.append(WaveSeries(labels_of("shop_orders", check="db", period=period), orders, 0.2, whole=True))
        made.append(WaveSeries(labels_of("shop_revenue", check="db", period=period), revenue, 0.15))
    made += [
        WaveSeries(labels_of("shop_users", kind=kind), count, 0.1, whole=True) for kind, count in (("new", 128.0), ("active", 2_316.0))
    ]
    made += [WaveSeries(labels_of("shop_products", stock=kind), count, 0.2, whole=True) for kind, count in (("out", 4.0), ("low", 23.0))]
    for status, rate in (("200", 84.0), ("302", 6.0), ("404", 1.4), ("500", 0.3)):
        made.append(WaveSeries(labels_of("http_requests_total", status_code=status), rate, counter=True))
    for bound, rate in (("0.1", 61.0), ("0.3", 82.0), ("0.7", 89.0), ("1", 91.2), ("+Inf", 91.7)):
        made.append(WaveSeries(labels_of("http_request_duration_seconds_bucket", le=bound), rate, counter=True))
    return made


class RoleBackend(FakeBackend):
    """Answers an example's queries. ``example``: the folder in examples/."""

    def __init__(self, example: str, *, every: float | None = None, language: str = "en") -> None:
        super().__init__("korean" if language == "ko" else "busy", every)
        self.settings = load(ROOT / "examples" / example / "config.toml", SECRETS).settings
        self.role_screens: list[ScreenDefinition] = list(screens_of(self.settings.screens))
        self._made = _series()
        self.example = self._board(self.example)

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Sequence[WaveSeries]:
        """As promql.queryable.Queryable."""
        return [series for series in self._made if matches_all(matchers, dict(series.labels))]

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        return compile_expr(expr).instant(self if privacy is None else privacy.visible(self), at)

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        return compile_expr(expr).range(self if privacy is None else privacy.visible(self), start, end, step)

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        texts = ("payment provider timed out after 5s", "order 4711: stock is negative", "cannot reach courier: connection refused")
        return [LogLine(self.now() - 40_000 * (9 - number), "app-log", "", "error", texts[number % 3], {}) for number in range(9)]

    def _board(self, board: Board) -> Board:
        """The board with the example's checks, one of them down."""
        known, made = board.checks, []
        for number, check in enumerate(self.settings.checks):
            found = replace(
                known[number % 3], name=check.name, type=check.type, category=check.category, status=HealthStatus.HEALTHY, reason="",
                depends_on=(), consecutive_failures=0, duration=(0.004, 0.031, 0.087)[number % 3], labels={},
            )  # fmt: skip
            made.append(found)
        down = next((place for place, check in enumerate(made) if check.name in ("exchange-b", "payment", "db")), 0)
        made[down] = replace(
            made[down], status=HealthStatus.UNHEALTHY, reason="status 503, 200 is wanted", since=board.at - 192_000, duration=0.412
        )
        if self.settings.service == "shop":
            states = (("shop-web-1", 0.12), ("shop-worker-1", 0.31), ("shop-mailer-1", 0.01))
            containers = tuple(
                ContainerState(name, HealthStatus.HEALTHY, "shop:1.2", "running", health="healthy", restarts=0, memory=220 << 20, cpu=cpu)
                for name, cpu in states
            )
            made = [replace(check, containers=containers) if check.name == "containers" else check for check in made]
        rows = tuple(
            RequestRow(route, method, 300 * rate, rate, 0, errors, 0.05, 0.03, p95, 2 * p95)
            for route, method, rate, errors, p95 in (
                ("/api/products", "GET", 41.2, 0.0, 0.048), ("/api/cart", "POST", 18.6, 0.002, 0.121),
                ("/api/checkout", "POST", 3.1, 0.062, 0.73),
                ("/api/search", "GET", 22.4, 0.0, 1.21),
            )
        )  # fmt: skip
        total = RequestRow("", "", 30_000, 91.7, 60, 0.004, 0.05, 0.03, 0.11, 0.9)
        return replace(board, checks=tuple(made), requests=(RequestTable("app", 300, "5xx", 9, total, rows),))


def main() -> int:
    """The dashboard of an example's screens."""
    from tui_monitor.tui.app import run_app

    backend = RoleBackend(sys.argv[1], every=1.0)
    return run_app(backend, now=backend.now, screen=sys.argv[2] if len(sys.argv) > 2 else "")


if __name__ == "__main__":
    sys.exit(main())
