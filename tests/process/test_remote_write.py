"""A daemon with [remote_write], and the way of an existing history into an engine (docs/scale.md)."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.peers.base import run
from tests.support.peers.fixtures import present
from tests.support.peers.prometheus import prometheus, promtool
from tests.support.peers.victoria_metrics import VictoriaMetrics, victoria_metrics
from tests.support.processes import Installation, installation, until


@pytest.fixture
def engine() -> Iterator[VictoriaMetrics]:
    with present(victoria_metrics) as made:
        yield made


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        yield made


def instant(engine: VictoriaMetrics, query: str) -> list[tuple[dict[str, str], float]]:
    """An instant query's series."""
    engine.flush()
    found = engine.get("/api/v1/query", query=query, time=f"{time.time():.3f}")["result"]
    return [(one["metric"], float(one["value"][1])) for one in found]


async def test_a_daemon_sends_its_history_and_goes_on_after_a_restart(engine: VictoriaMetrics, where: Installation) -> None:
    """The machine's series arrive with the host; after a restart of the daemon no sample is missing in between."""
    where.configure(
        f"""
        host = "web-1"
        default_rules = []
        [remote_write]
        url = "{engine.url}/api/v1/write"
        labels = {{ site = "seoul" }}
        """
    )
    daemon = await where.start()
    name = 'memory_usage_ratio{host="web-1",site="seoul"}'
    await until(lambda: instant(engine, name))
    await daemon.kill()
    await where.start()
    before = instant(engine, f"count_over_time({name}[5m])")[0][1]
    await until(lambda: instant(engine, f"count_over_time({name}[5m])")[0][1] > before + 5)
    until_s = instant(engine, f"timestamp({name})")[0][1]
    own = where.run("query", "count_over_time(memory_usage_ratio[5m])", "--at", f"{until_s:.3f}", "--json").stdout
    theirs = engine.get("/api/v1/query", query=f"count_over_time({name}[5m])", time=f"{until_s:.3f}")["result"][0]["value"][1]
    assert f'"{theirs}"' in own


def make_blocks(file: Path, blocks: Path) -> None:
    """Blocks of Prometheus from an OpenMetrics file."""
    run([promtool(), "tsdb", "create-blocks-from", "openmetrics", str(file), str(blocks)])


def copy_blocks(blocks: Path, data: Path) -> None:
    """Put blocks beside those of a Prometheus that is stopped."""
    shutil.copytree(blocks, data, dirs_exist_ok=True)


def imported(engine: VictoriaMetrics, file: Path) -> int:
    """The status of VictoriaMetrics' import."""
    request = urllib.request.Request(f"{engine.url}/api/v1/import/prometheus", data=file.read_bytes(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


async def test_an_existing_history_moves_into_both_engines(engine: VictoriaMetrics, where: Installation, tmp_path: Path) -> None:
    """`store export` is read by promtool and by VictoriaMetrics' import, as docs/scale.md says."""
    where.configure('host = "web-1"\ndefault_rules = []\n')
    daemon = await where.start()
    await until(lambda: "memory_usage_ratio" in where.run("query", "memory_usage_ratio", "--json").stdout)
    await daemon.terminate()
    export = where.run("store", "export")
    assert export.returncode == 0
    file = tmp_path / "history.om"
    file.write_text(export.stdout)
    make_blocks(file, tmp_path / "blocks")
    own = where.run("query", "count_over_time(memory_usage_ratio[5m])", "--json").stdout
    with present(lambda: prometheus("global: {}\n")) as other:
        other.stop()
        copy_blocks(tmp_path / "blocks", other.directory / "data")
        other.start()
        found = other.get("/api/v1/query", query="count_over_time(memory_usage_ratio[5m])", time=f"{time.time():.3f}")["result"]
        assert f'"{found[0]["value"][1]}"' in own
    assert imported(engine, file) == 204
    assert instant(engine, "memory_usage_ratio")
