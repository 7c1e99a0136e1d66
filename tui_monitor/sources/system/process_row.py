"""A row of the process table."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen

LONGEST_GAP = 60.0
SHORTEST_GAP = 0.05
"""Seconds between two readings within which CPU use can be told."""


@frozen
class ProcessRow:
    """One process: CPU as a ratio of one core since the last reading (None: not known yet), resident bytes.

    ``name``, ``command`` and ``user`` are external text: valid Unicode, but not sanitised for a screen. ``command`` is
    the command line, "[name]" where there is none. ``state`` is the kernel's letter (R S D Z T I). ``started`` (ms, since the
    machine booted where /proc says it, else UTC) tells two processes with one pid apart.
    """

    pid: int
    name: str
    command: str
    user: str
    cpu: float | None
    memory: int
    state: str
    parent: int = 0
    threads: int = 0
    started: int = 0
