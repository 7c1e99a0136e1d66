"""The keys of a process check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import FilePath, Regex
from tui_monitor.config.section import key

METRICS = (
    "process_count", "process_cpu_ratio", "process_memory_bytes", "process_open_files", "process_start_time_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""
SELECTORS = ("exe", "process", "pattern", "unit", "pid_file", "user")


class ProcessCheck(CheckSettings):
    """Processes of this machine, counted and measured together."""

    exe: str = key(default="", doc="the program file: its whole path, or its name alone", shown="any", example="/usr/sbin/nginx")
    process: str = key(default="", doc="the process' name, as ps and top show it", shown="any", example="nginx")
    pattern: Regex = key(default="", doc="a regular expression found in the command line", shown="any", example="worker --queue=mail")
    unit: str = key(default="", doc="the systemd unit (or another part of its control group's path)", shown="any", example="nginx.service")
    user: str = key(default="", doc="the user that it runs as, name or number", shown="any", example="www-data")
    pid_file: FilePath | None = key(default=None, doc="the file that holds its process id", shown="none", example="/run/nginx.pid")
    min: int = key(default=1, doc="fewer processes are unhealthy", ge=0)
    max: int | None = key(default=None, doc="more processes are unhealthy", ge=0, shown="no limit", example=8)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Nothing that says which processes are meant, and limits in the wrong order."""
        yield from super().problems(given)
        if not any(getattr(self, name) for name in SELECTORS):
            yield "process", f"is missing: say which processes are meant, by one of {', '.join(SELECTORS)}"
        if self.max is not None and self.max < self.min:
            yield "max", f"is below min, which is {self.min}"


def target(check: ProcessCheck) -> tuple[str, bool]:
    """What the processes have in common, on this machine."""
    return described(check), True


def described(check: ProcessCheck) -> str:
    """The selectors in words: "nginx of www-data"."""
    main = check.exe or check.process or check.pattern or check.unit or check.pid_file or "any process"
    return f"{main} of {check.user}" if check.user else str(main)
