"""The table of the names that each kind makes, held by the documentation."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import ROOT
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.values import ALERT_SERIES
from tui_monitor.sources.api import Kind
from tui_monitor.sources.kinds import KINDS
from tui_monitor.sources.metric_help import family_of, own_metadata
from tui_monitor.sources.metric_names import OF_EVERY_CHECK, OF_THE_MACHINE, metrics_made

SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (ROOT / "docs" / "checks.md").read_text(), re.DOTALL | re.MULTILINE))


def documented(kind: str) -> set[str]:
    """The metrics in backticks of a kind's section: what has labels or stands in the table of series."""
    return set(re.findall("`((?:" + PREFIXES[kind] + r")[a-z0-9_]+)(?:\{[^`]*\})?`", SECTIONS[kind]))


PREFIXES = {
    "postgres": "postgres_|pgbouncer_",
    "mysql": "mysql_(?!native)",
    "sqlite": "sqlite_",
    "redis": "redis_",
    "system": "cpu_|load|memory_|swap_|disk_|network_|pressure_|uptime_|hardware_|smart_|gpu_|tui_monitor_",
}


@pytest.mark.parametrize("kind", PREFIXES)
def test_the_table_names_what_the_docs_name(kind: str) -> None:
    """Neither forgets a series that the other has."""
    table = OF_THE_MACHINE if kind == "system" else KINDS[kind].metric_names()
    assert documented(kind) == set(table or ())


def test_a_kind_that_may_make_any_name_ends_the_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scraped page makes names that nobody knows before."""
    check = CheckSettings(name="api", type="http")
    assert metrics_made([check]) == {*OF_EVERY_CHECK, *OF_THE_MACHINE, *ALERT_SERIES, *(KINDS["http"].metric_names() or ())}
    monkeypatch.setitem(KINDS, "page", Kind("page", CheckSettings, print, print))  # type: ignore[arg-type]
    assert metrics_made([check, CheckSettings(name="page", type="page")]) is None


def test_each_metric_of_ours_has_a_help() -> None:
    """What /metrics gives is described: every series of a kind, of this machine and about alerts."""
    names = {*OF_EVERY_CHECK, *OF_THE_MACHINE, *ALERT_SERIES}.union(*(kind.metric_names() or () for kind in KINDS.values()))
    assert sorted(name for name in names if family_of(name) not in own_metadata()) == []
