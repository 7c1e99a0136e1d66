"""Private series and logs: which labels are hidden, and that an expression cannot sum them up."""

from __future__ import annotations

from tests.support.settings import made
from tui_monitor.board.privacy import Privacy
from tui_monitor.config.operation import RedactSettings
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.storage.memory import SeriesMemory


def test_metrics_braces_and_matchers_select_what_is_private() -> None:
    """Any of the selectors is enough; of one with several matchers all must fit; logs are judged by their labels."""
    privacy = Privacy.of(
        made(RedactSettings, private=["wallet_balance", 'orders{team="pay"}', '{check="hr",level="error"}', 'service="bank"'])
    )
    assert privacy.hides(labels_of("wallet_balance", coin="trx")) and privacy.hides(labels_of("orders", team="pay"))
    assert not privacy.hides(labels_of("orders", team="shop")) and not privacy.hides(labels_of("cpu_usage_ratio"))
    assert privacy.hides({"check": "hr", "level": "error"}) and not privacy.hides({"check": "hr", "level": "info"})
    assert privacy.hides({"service": "bank"}) and not Privacy().hides({"service": "bank"})


def test_an_expression_over_what_is_visible_has_no_private_series() -> None:
    """Neither by name nor in a sum."""
    memory = SeriesMemory()
    memory.append(1000, [Sample(labels_of("orders", team="pay"), 5.0), Sample(labels_of("orders", team="shop"), 2.0)])
    seen = Privacy.of(made(RedactSettings, private=['{team="pay"}'])).visible(memory)
    assert compile_expr("sum(orders)").instant(seen, 1000) == [((), 2.0)]
    assert Privacy().visible(memory) is memory
