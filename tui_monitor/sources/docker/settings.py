"""The keys of a check of containers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import FilePath
from tui_monitor.config.section import key

METRICS = (
    "container_state", "container_health", "container_restarts_total",
    "container_cpu_usage_ratio", "container_memory_usage_bytes", "container_memory_limit_bytes",
)  # fmt: skip
"""The names of its series, beside those of every check."""
LONGEST_PATH = 107
"""Bytes of a Unix socket's path (unix(7))."""
Expected = Literal["running", "healthy", "exited"]


class DockerCheck(CheckSettings):
    """Containers of Docker or Podman on this machine."""

    socket: FilePath = key(
        default="", doc="the engine's socket", shown="the first that is there of Docker's and Podman's", example="/run/podman/podman.sock"
    )
    containers: list[str] = key(
        default=[], doc="names, patterns of names (web-*) or beginnings of ids; each must be there", shown="all", example=["web-*", "db"]
    )
    expect: Expected = key(
        default="running", doc="running; healthy: its health check must say so; exited: a job that ends with 0, and may be at work"
    )
    stats: bool = key(default=True, doc="read CPU and memory of those that run")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A path that no socket can have, and patterns that name nothing."""
        yield from super().problems(given)
        if len(self.socket.encode()) > LONGEST_PATH:
            yield "socket", f"is longer than {LONGEST_PATH} bytes, which no socket's path can be; link to it from a shorter one"
        if ":/" in self.socket:
            yield "socket", 'is an address; a path is wanted, for example "/run/docker.sock"'
        if any(not pattern.strip() for pattern in self.containers):
            yield "containers", "has an empty name; take it out"


def target(check: DockerCheck) -> tuple[str, bool]:
    """The containers' names, or the socket. It is on this machine."""
    return ", ".join(check.containers) or check.socket or "all containers", True
