"""The exceptions of the stores; callers never see those of a database driver."""

from __future__ import annotations


class StorageFault(Exception):
    """The store cannot be read or written now: missing, locked, read-only, disk full. Monitoring continues without it."""


class StorageCorrupt(StorageFault):
    """The file is damaged. Reopening the store moves the file aside and begins a new one."""


class StoreTooNew(StorageFault):
    """The file was written by a newer tui-monitor: please upgrade; nothing was changed."""

    def __init__(self, file: str, version: int, known: int) -> None:
        super().__init__(f"{file} has schema {version}, this tui-monitor knows {known}: please upgrade tui-monitor")


class StoreTooOld(StorageFault):
    """The file was written by an older tui-monitor; only a process that leads brings it up to date."""

    def __init__(self, file: str, version: int, known: int) -> None:
        super().__init__(
            f"{file} has schema {version}, this tui-monitor has {known}: start tui-monitor once, it brings the state up to date"
        )


class NothingStored(StorageFault):
    """The file is being created: there is nothing to read yet."""


class HistoryFault(StorageFault):
    """The history cannot be read now; the cause says why."""
