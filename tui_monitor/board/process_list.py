"""The list of all processes of a machine, for the screen of processes."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class ListedProcess:
    """One process: CPU as a ratio of one core (None: not known yet), resident memory in bytes, ``age`` in seconds (None: not known).

    ``state`` is the kernel's letter (R S D Z T I). ``started`` (ms) tells two processes with one pid apart.
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
    age: float | None = None
