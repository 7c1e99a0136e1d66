"""Private series and logs: who is not an administrator sees nothing of them, in no shape."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.board_backend import FakeBackend
from tests.support.http_face import Face, token_of
from tests.support.sample_boards import AT
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.board.backend import MetricMetadata
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.rule_views import CurrentSample
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import Labels, Sample, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.values import Value
from tui_monitor.storage.memory import SeriesMemory

ADMIN, READ = token_of("admin"), token_of("read", name="grafana")
PAY, SHOP = labels_of("orders", team="pay"), labels_of("orders", team="shop")
SECRET = labels_of("wallet_balance", coin="trx")


class Storing(FakeBackend):
    """A backend with three series and two log lines."""

    def __init__(self) -> None:
        super().__init__()
        self.access_tokens = [ADMIN[1], READ[1]]
        self.memory = SeriesMemory()
        self.memory.append(AT, [Sample(PAY, 5.0), Sample(SHOP, 2.0), Sample(SECRET, 9.0)])
        first, *rest = self.example.checks
        self.example = replace(self.example, checks=(replace(first, figures={"wallet_balance{trx}": 9.0, "orders{shop}": 2.0}), *rest))

    async def query(self, expr: str, at: int, within: float = 30.0, privacy: Privacy | None = None) -> Value:
        return compile_expr(expr).instant(self.memory if privacy is None else privacy.visible(self.memory), AT)

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        return [PAY, SHOP, SECRET]

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        return ["pay", "shop"]

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        return [CurrentSample(labels, 1.0, AT) for labels in (PAY, SHOP, SECRET)]

    async def metadata(self) -> Sequence[MetricMetadata]:
        return [MetricMetadata("orders"), MetricMetadata("wallet_balance")]

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        return [LogLine(AT, check, "", "info", f"a line of {check}", {}) for check in ("hr", "app")]


async def _answers(server: Face, token: str) -> dict[str, Any]:
    paths = {
        "sum": "/api/v1/query?query=sum(orders)", "private": "/api/v1/query?query=wallet_balance",
        "series": "/api/v1/series?match[]=orders",
        "values": "/api/v1/label/team/values", "metadata": "/api/v1/metadata", "federate": "/federate?match[]=orders", "logs": "/api/logs",
        "health": "/api/health",
    }  # fmt: skip
    return {name: (await server.get(path, token=token)).text for name, path in paths.items()}


async def test_only_administrators_see_what_is_private() -> None:
    """Neither in expressions and sums nor in lists of names, federation, figures of checks and log lines; others see the rest."""
    private = ["wallet_balance", '{team="pay"}', 'check="hr"']
    with tempfile.TemporaryDirectory(prefix="tui-monitor-http-") as name:
        port = free_port()
        settings = made(Settings, {"host": "web-1", "http": {"listen": f"127.0.0.1:{port}"}, "redact": {"private": private}})
        server = Face(Storing(), Path(name), port, SystemClock())
        await server.service.configure(settings)
        try:
            hidden, shown = await _answers(server, READ[0]), await _answers(server, ADMIN[0])
        finally:
            await server.service.close()
    assert '"2"' in hidden["sum"] and '"7"' in shown["sum"]
    for name, text in hidden.items():
        assert not any(word in text for word in ("wallet_balance", "pay", "line of hr")), name
    assert "shop" in hidden["series"] and "line of app" in hidden["logs"] and "orders{shop}" in hidden["health"]
    for name, word in (
        ("private", "wallet_balance"),
        ("series", "pay"),
        ("values", "pay"),
        ("logs", "line of hr"),
        ("health", "wallet_balance"),
    ):
        assert word in shown[name], name
