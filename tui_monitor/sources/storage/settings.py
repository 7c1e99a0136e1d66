"""The keys of a check of a storage place."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, Ratio
from tui_monitor.config.section import key

METRICS = ("storage_write_seconds", "storage_free_ratio", "storage_newest_age_seconds")
"""The names of its series, beside those of every check."""


class StorageCheck(CheckSettings):
    """A directory on a disk, a network share or a bucket that is mounted: it can be written, has room, and is fed."""

    path: FilePath = key(doc="the directory", min_length=1, example="/srv/uploads")
    write: bool = key(default=True, doc="write 4KiB there, read them back and delete them")
    free_degraded: Ratio = key(default=0.2, doc="degraded with less free space than this; 0 never", ge=0, le=1)
    free_unhealthy: Ratio = key(default=0.1, doc="unhealthy with less free space than this; 0 never", ge=0, le=1)
    newest_max_age: Duration | None = key(default=None, doc="unhealthy where its newest file is older, for backups", gt=0, example="26h")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Limits in the wrong order."""
        yield from super().problems(given)
        if {"free_degraded", "free_unhealthy"} & set(given) and 0 < self.free_degraded < self.free_unhealthy:
            yield "free_unhealthy", "is above free_degraded; the graver limit is the lower one"


def target(check: StorageCheck) -> tuple[str, bool]:
    """The directory. It counts as on this machine: what hangs is its mount, whatever the network does."""
    return check.path, True
