"""The exporter's page with every metric that this program can make, judged by promtool."""

from __future__ import annotations

import subprocess

from tests.support import sample_boards
from tests.support.peers.prometheus import promtool
from tests.support.peers.require import peers_needed
from tui_monitor.board.rule_views import CurrentSample, ExportedFamily
from tui_monitor.core.values import ALERT_SERIES, labels_of
from tui_monitor.serving.exposition import page_of, text_of
from tui_monitor.sources.metric_help import own_metadata


def test_promtool_has_nothing_to_say_of_any_metric_of_ours() -> None:
    """Names, types and helps follow the conventions (promtool check metrics: no output, status 0)."""
    with peers_needed():
        tool = promtool()
    families = [
        ExportedFamily(name, said.type, said.help, [CurrentSample(labels_of(name, check="a"), 1.0, 0)])
        for name, said in own_metadata().items()
        if said.type != "histogram" and name not in ALERT_SERIES
    ]
    page = text_of(page_of(families, sample_boards.busy(sample_boards.AT)), "text")
    done = subprocess.run([tool, "check", "metrics"], input=page, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
