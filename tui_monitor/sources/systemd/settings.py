"""The keys of a systemd check."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import RateLimitText
from tui_monitor.config.section import key
from tui_monitor.core.sanitize import clip

METRICS = (
    "systemd_unit_state", "systemd_restarts_total", "systemd_memory_bytes", "systemd_cpu_seconds_total",
    "systemd_timer_last_trigger_timestamp_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""
SUFFIXES = ("service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope")
"""The kinds of units (source: systemd.unit(5))."""
_GLOB = frozenset("*?[")
_CHARACTERS = re.compile(r"[A-Za-z0-9:_.\\@*?\[\]!^-]{1,255}")
_SHOWN = 120


class SystemdCheck(CheckSettings):
    """Units of systemd: services, timers, mounts and so on."""

    units: list[str] = key(
        doc="units, or patterns over loaded units (`app@*`); a name without an ending is a service", min_length=1,
        example=["nginx.service", "app@*"],
    )  # fmt: skip
    user: bool = key(default=False, doc="the units of the monitor's own user (session bus), not those of the system")
    restarts_degraded: RateLimitText = key(default="3/10m", doc="degraded from so many automatic restarts of a unit in a time on")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Texts that cannot be names of units."""
        yield from super().problems(given)
        for name in self.units:
            if not _CHARACTERS.fullmatch(name):
                yield "units", f'"{clip(name, _SHOWN)}" cannot be a unit; write its name as `systemctl` shows it, for example nginx.service'
            elif not is_pattern(name) and name.removesuffix(".service").endswith("@"):
                yield "units", f'"{name}" is a template; name an instance, or all of them by {name.removesuffix(".service")}*'


def is_pattern(name: str) -> bool:
    """Whether it stands for any number of units."""
    return bool(_GLOB & set(name))


def full_name(name: str) -> str:
    """The name with its ending, as systemctl completes it; patterns stay as they are."""
    return name if is_pattern(name) or name.rpartition(".")[2] in SUFFIXES else f"{name}.service"


def target(check: SystemdCheck) -> tuple[str, bool]:
    """The units, on this machine."""
    return clip(", ".join(check.units), _SHOWN), True
