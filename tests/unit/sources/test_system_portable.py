"""The system source through psutil, as on macOS and BSD; and the guard figures of the monitor itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.core.values import label
from tui_monitor.sources.system.psutil_kernel import PsutilKernel
from tui_monitor.sources.system.reader import System
from tui_monitor.sources.system.self_usage import Own, OwnReading


def test_psutil_gives_the_same_series() -> None:
    """Without Linux' /proc the main series are there under the same names, in the same units."""
    system = System(None, kernel=PsutilKernel())
    reading, second = system.read(0, 0.0), 0
    while (reading.cpu is None or not reading.cores) and second < 1000:
        second += sum(range(300_000)) > 0
        reading = system.read(second * 1000, float(second))
    assert reading.faults == ()
    names = {label(sample.labels, "__name__") for sample in reading.samples}
    assert names >= {"cpu_usage_ratio", "cpu_core_usage_ratio", "load1", "memory_usage_ratio", "swap_total_bytes", "uptime_seconds"}
    assert all(sample.value >= 0.0 for sample in reading.samples)


def test_own_cpu_is_a_share_of_one_core(tmp_path: Path) -> None:
    """Half a second of CPU within a second is 0.5; without a /proc the size comes from psutil."""
    spent = iter([1.0, 1.5, 1.5, 2.0])
    own = Own(tmp_path, cpu_time=lambda: next(spent))
    assert own.read(10.0).cpu is None
    assert own.read(11.0).cpu == pytest.approx(0.5)
    assert own.read(5.0).cpu is None
    reading = own.read(6.0)
    assert reading.cpu == pytest.approx(0.5)
    assert reading.memory > 1_000_000 and reading.threads >= 1


def test_open_descriptors_are_counted_every_ten_seconds(tmp_path: Path) -> None:
    """Counting is not done each second: between, the last count is told."""
    directory = tmp_path / "self" / "fd"
    own = Own(tmp_path)
    assert own.read(0.0).open_files is None
    directory.mkdir(parents=True)
    assert own.read(9.0).open_files is None
    assert own.read(10.0).open_files is not None


@pytest.mark.parametrize(
    ("used", "limit", "scarce"), [(900, 1024, False), (1000, 1024, True), (15, 64, False), (60, 64, True), (9, 0, False)]
)
def test_descriptors_are_scarce_near_the_limit(used: int, limit: int, scarce: bool) -> None:
    """Few descriptors left may be why checks fail; without a limit they never are."""
    assert OwnReading(0.0, 1, 1, used, limit).descriptors_scarce is scarce
    assert not OwnReading(0.0, 1, 1, None, limit).descriptors_scarce
