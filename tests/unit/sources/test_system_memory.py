"""Memory and CPU limits: containers of both control-group versions, and ZFS' cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_machine import GIB, Machine, value
from tests.support.peers.fixtures import present
from tests.support.peers.squashfuse import squashfuse_mount

ARCSTATS = """13 1 0x01 123 33456 4242 999
name                            type data
hits                            4    1
c_min                           4    {c_min}
c_max                           4    {size}
size                            4    {size}
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A plain machine with 16 GiB, of which 4 GiB are available."""
    return Machine(tmp_path)


def test_a_container_limit_of_version_2_is_the_total(machine: Machine) -> None:
    """Inside a container its limit is the total, and its file pages and reclaimable slab count as available."""
    machine.write(
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
            "sys/fs/cgroup/memory.current": f"{GIB + GIB // 2}\n",
            "sys/fs/cgroup/memory.stat": f"anon 5\nactive_file {GIB // 4}\ninactive_file {GIB // 8}\nslab_reclaimable {GIB // 8}\n",
            "sys/fs/cgroup/memory.swap.max": "0\n",
            "sys/fs/cgroup/memory.swap.current": "0\n",
        }
    )
    reading = machine.system().read(0, 0.0)
    assert value(reading, "memory_total_bytes") == 2 * GIB
    assert value(reading, "memory_available_bytes") == GIB
    assert value(reading, "memory_cached_bytes") == GIB // 2
    assert value(reading, "memory_usage_ratio") == pytest.approx(0.5)
    assert value(reading, "swap_total_bytes") == 0 and value(reading, "swap_usage_ratio") is None
    assert reading.memory is not None and reading.memory.limited


def test_a_limit_above_the_machine_or_none_changes_nothing(machine: Machine) -> None:
    """A limit of "max" or of more than there is leaves the machine's figures."""
    for limit in ("max\n", f"{64 * GIB}\n"):
        machine.write({"sys/fs/cgroup/memory.max": limit})
        assert value(machine.system().read(0, 0.0), "memory_total_bytes") == 16 * GIB


def test_a_limit_of_the_own_service_is_not_the_machine(machine: Machine) -> None:
    """MemoryMax= on the monitor's own unit does not hide the machine."""
    unit = "sys/fs/cgroup/system.slice/tui-monitor.service"
    machine.write({f"{unit}/memory.max": "104857600\n", f"{unit}/memory.current": "5\n", f"{unit}/memory.stat": "anon 1\n"})
    assert value(machine.system().read(0, 0.0), "memory_total_bytes") == 16 * GIB


def test_a_container_that_sees_the_host_groups_follows_its_engine_path(machine: Machine) -> None:
    """With the host's view of control groups the lowest limit on the container's own path counts."""
    base = "sys/fs/cgroup/kubepods/pod1/abc"
    machine.write(
        {
            "proc/self/cgroup": "0::/kubepods/pod1/abc\n",
            "sys/fs/cgroup/kubepods/pod1/memory.max": f"{4 * GIB}\n",
            f"{base}/memory.max": f"{GIB}\n",
            f"{base}/memory.current": f"{GIB // 2}\n",
            f"{base}/memory.stat": "active_file 0\n",
        }
    )
    assert value(machine.system().read(0, 0.0), "memory_total_bytes") == GIB


def test_a_container_limit_of_version_1_is_the_total(machine: Machine) -> None:
    """The older control groups are understood too."""
    (machine.sys / "fs/cgroup/cgroup.controllers").unlink()
    base = "sys/fs/cgroup/memory"
    machine.write(
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n",
            f"{base}/memory.limit_in_bytes": f"{GIB}\n",
            f"{base}/memory.usage_in_bytes": f"{GIB // 2}\n",
            f"{base}/memory.stat": f"cache 7\ntotal_active_file {GIB // 8}\ntotal_inactive_file {GIB // 8}\n",
        }
    )
    reading = machine.system().read(0, 0.0)
    assert value(reading, "memory_total_bytes") == GIB
    assert value(reading, "memory_usage_ratio") == pytest.approx(0.25)
    machine.write({f"{base}/memory.limit_in_bytes": "9223372036854771712\n"})
    assert value(machine.system().read(0, 0.0), "memory_total_bytes") == 16 * GIB


def test_a_cpu_limit_has_a_ratio_of_its_own(machine: Machine) -> None:
    """cpu_quota_usage_ratio is the share of the container's limit in use; cpu_usage_ratio stays the machine's."""
    used = "usage_usec {}\nuser_usec 1\nsystem_usec 1\n"
    machine.write({"sys/fs/cgroup/cpu.max": "50000 100000\n", "sys/fs/cgroup/cpu.stat": used.format(1_000_000)})
    system = machine.system()
    assert system.read(0, 0.0).quota is None
    machine.write({"sys/fs/cgroup/cpu.stat": used.format(1_250_000)})
    reading = system.read(1_000, 1.0)
    assert value(reading, "cpu_quota_usage_ratio") == pytest.approx(0.5)
    assert reading.quota == pytest.approx(0.5)


def test_a_cpu_limit_of_version_1(machine: Machine) -> None:
    """The older control groups keep the CPU time in another file."""
    (machine.sys / "fs/cgroup/cgroup.controllers").unlink()
    machine.write(
        {
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpuacct/cpuacct.usage": "1000000000\n",
        }
    )
    system = machine.system()
    system.read(0, 0.0)
    machine.write({"sys/fs/cgroup/cpuacct/cpuacct.usage": "2000000000\n"})
    assert system.read(1_000, 1.0).quota == pytest.approx(0.5)


def test_zfs_cache_counts_as_available_down_to_its_minimum(machine: Machine) -> None:
    """The ARC above c_min is memory that can be had; below it nothing changes."""
    machine.write({"proc/spl/kstat/zfs/arcstats": ARCSTATS.format(size=6 * GIB, c_min=2 * GIB)})
    reading = machine.system().read(0, 0.0)
    assert value(reading, "memory_available_bytes") == 8 * GIB
    assert value(reading, "memory_usage_ratio") == pytest.approx(0.5)
    machine.write({"proc/spl/kstat/zfs/arcstats": ARCSTATS.format(size=GIB, c_min=2 * GIB)})
    assert value(machine.system().read(0, 0.0), "memory_available_bytes") == 4 * GIB


def test_the_cache_of_another_machine_does_not_count(machine: Machine, tmp_path: Path) -> None:
    """lxcfs: meminfo is the container's (2 GiB, 95 % used) and arcstats the host's (17 GB): the memory is at 95 %."""
    machine.write({"proc/meminfo": "MemTotal: 2097152 kB\nMemFree: 50000 kB\nMemAvailable: 104858 kB\n"})
    machine.write({"proc/spl/kstat/zfs/arcstats": ARCSTATS.format(size=17_000_000_000, c_min=GIB // 2)})
    assert value(machine.system().read(0, 0.0), "memory_usage_ratio") == pytest.approx(0.95, abs=0.001)


@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="no /dev/fuse on this machine")
def test_a_mounted_meminfo_is_not_this_kernels(machine: Machine) -> None:
    """Where FUSE gives meminfo, as lxcfs does, the kernel's arcstats are another machine's, however small they are."""
    machine.write({"proc/spl/kstat/zfs/arcstats": ARCSTATS.format(size=6 * GIB, c_min=2 * GIB)})
    with present(lambda: squashfuse_mount(content={"meminfo": (machine.proc / "meminfo").read_text()})) as mount:
        (machine.proc / "meminfo").unlink()
        (machine.proc / "meminfo").symlink_to(mount / "meminfo")
        assert value(machine.system().read(0, 0.0), "memory_available_bytes") == 4 * GIB


def test_a_container_on_zfs_has_what_the_host_can_give(machine: Machine) -> None:
    """A group's available memory ends at the machine's, whose ZFS cache can be had too."""
    machine.write(
        {
            "proc/self/cgroup": "0::/\n",
            "proc/spl/kstat/zfs/arcstats": ARCSTATS.format(size=6 * GIB, c_min=2 * GIB),
            "sys/fs/cgroup/memory.max": f"{8 * GIB}\n",
            "sys/fs/cgroup/memory.current": f"{GIB}\n",
            "sys/fs/cgroup/memory.stat": "anon 5\n",
        }
    )
    assert value(machine.system().read(0, 0.0), "memory_available_bytes") == 7 * GIB


def test_more_free_swap_than_there_is_counts_as_none_used(machine: Machine) -> None:
    """lxcfs has told more free swap than swap: nothing below 0 is shown."""
    machine.write({"proc/meminfo": "MemTotal: 2097152 kB\nMemFree: 50000 kB\nSwapTotal: 1024 kB\nSwapFree: 4096 kB\n"})
    swap = machine.system().read(0, 0.0).swap
    assert swap is not None and (swap.used, swap.usage) == (0, 0.0)


def test_an_old_kernel_without_mem_available(machine: Machine) -> None:
    """Free and cache stand in where the kernel does not tell what is available."""
    lines = [line for line in (machine.proc / "meminfo").read_text().splitlines() if not line.startswith("MemAvailable")]
    machine.write({"proc/meminfo": "\n".join(lines) + "\n"})
    assert value(machine.system().read(0, 0.0), "memory_available_bytes") == 3 * GIB
