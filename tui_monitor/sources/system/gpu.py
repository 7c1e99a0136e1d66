"""NVIDIA GPUs by the driver's own library (NVML, package nvidia-ml-py), loaded where there is such a device and never waking one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from tui_monitor.core.values import Inventory, Sample, labels_of
from tui_monitor.sources.system.procfs import read_file, text_of
from tui_monitor.sources.system.sensors import COLDEST, HOTTEST

METRICS = ("gpu_usage_ratio", "gpu_memory_used_bytes", "gpu_memory_total_bytes", "gpu_temperature_celsius", "gpu_power_watts")
MOST_GPUS = 64
_NVIDIA = "0x10de"
_DISPLAY = "0x03"
"""PCI class of display controllers."""
_MOST_WATTS = 10_000.0


class GpuTrouble(Exception):
    """The library is not there or does not work, with the remedy."""


def gpus(sys: str) -> dict[str, bool]:
    """NVIDIA's display devices by PCI address, and whether each is awake; reading this wakes none."""
    found = {}
    root = f"{sys}/bus/pci/devices"
    try:
        addresses = sorted(os.listdir(root))
    except OSError:
        return {}
    for address in addresses:
        if _text(f"{root}/{address}/vendor") == _NVIDIA and _text(f"{root}/{address}/class").startswith(_DISPLAY):
            found[address.lower()] = _text(f"{root}/{address}/power/runtime_status") not in ("suspended", "suspending")
    return found


def load() -> Any:
    """The library's module. Raises GpuTrouble."""
    try:
        import pynvml
    except ImportError:
        raise GpuTrouble("the package nvidia-ml-py is missing: install it") from None
    return pynvml


def read_gpus(sys: str, library: Callable[[], Any] = load) -> tuple[tuple[Sample, ...], tuple[Inventory, ...]]:
    """Samples of all GPUs, none while one of them sleeps, as NVML may wake all. Raises GpuTrouble.

    NVML is opened and closed each time: an open one keeps a GPU from sleeping.
    """
    known = gpus(sys)
    if not known or not all(known.values()):
        return (), ()
    nvml = library()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        raise GpuTrouble(f"the driver's library does not answer ({error}): is NVIDIA's driver installed?") from None
    try:
        return _read(nvml)
    except nvml.NVMLError as error:
        raise GpuTrouble(f"the driver's library does not answer ({error})") from None
    finally:
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def _read(nvml: Any) -> tuple[tuple[Sample, ...], tuple[Inventory, ...]]:
    samples: list[Sample] = []
    names = set()
    for index in range(min(MOST_GPUS, nvml.nvmlDeviceGetCount())):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = _address(nvml.nvmlDeviceGetPciInfo(handle).busId)
        names.add(name)
        samples += (Sample(labels_of(metric, gpu=name), value) for metric, value in _figures(nvml, handle))
    return tuple(samples), (Inventory(METRICS, "gpu", frozenset(names)),)


def _figures(nvml: Any, handle: Any) -> list[tuple[str, float]]:
    """What this GPU tells; one that does not know a figure (MIG has no use, some cards no power) costs only that."""
    found: list[tuple[str, float]] = []

    def add(metric: str, ask: Callable[[], float], least: float, most: float) -> None:
        try:
            value = float(ask())
        except (nvml.NVMLError, TypeError, ValueError, AttributeError):  # N/A, or another name in another release
            return
        if least <= value <= most:
            found.append((metric, value))

    add("gpu_usage_ratio", lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100, 0, 1)
    add("gpu_memory_used_bytes", lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used, 0, 2**53)
    add("gpu_memory_total_bytes", lambda: nvml.nvmlDeviceGetMemoryInfo(handle).total, 1, 2**53)
    add("gpu_temperature_celsius", lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU), COLDEST, HOTTEST)
    add("gpu_power_watts", lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000, 0, _MOST_WATTS)
    return found


def _address(bus_id: Any) -> str:
    """NVML writes eight digits of domain, the kernel four."""
    text = bus_id.decode("ascii", "replace") if isinstance(bus_id, bytes) else str(bus_id)
    return text.lower()[-12:]


def _text(path: str) -> str:
    try:
        return text_of(read_file(path, 64)).strip()
    except OSError:
        return ""
