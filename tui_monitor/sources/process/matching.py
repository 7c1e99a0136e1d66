"""Which processes a check means: all that fit every selector, and never this monitor and what belongs to it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.regex import compile_regex
from tui_monitor.sources.process.pid_file import PidFileFault, process_of
from tui_monitor.sources.process.settings import ProcessCheck
from tui_monitor.sources.process.table import ProcessEntry, ProcessSnapshot
from tui_monitor.sources.system.process_commands import Commands
from tui_monitor.sources.system.process_users import Users
from tui_monitor.sources.system.procfs import read_file, text_of

KERNEL_NAME = 15
"""Characters of a name that the kernel keeps."""
_DELETED = " (deleted)"
_OURS = ("tui-monitor", "tui_monitor")
_KTHREADD = 2
"""The parent of all kernel threads, which have no program file and no command line; in a container it may be any process."""
_Seen = tuple[int, int, str]
"""pid, start and name: a process that runs another program (exec) gets another name."""


@frozen
class MatchedProcesses:
    """What was found. ``unread``: processes whose program file this user may not see, any of which may be meant.

    ``fault``: why the pid file names none; ``replaced``: how many run a file that is not on the disk any more.
    """

    found: tuple[ProcessEntry, ...] = ()
    zombies: int = 0
    unread: int = 0
    replaced: int = 0
    fault: str = ""


class ProcessMatcher:
    """The selectors of one check. ``own``: the pid of this monitor."""

    def __init__(self, settings: ProcessCheck, proc: str = "/proc", own: int | None = None) -> None:
        self._settings = settings
        self._proc = proc
        self._own = os.getpid() if own is None else own
        self._pattern = compile_regex(settings.pattern) if settings.pattern else None
        self._commands, self._users = Commands(proc), Users()
        self._lines: dict[_Seen, str] = {}
        self._files: dict[_Seen, str | None] = {}

    def match(self, snapshot: ProcessSnapshot) -> MatchedProcesses:
        """The processes that fit. Raises OwnTrouble where a pid file cannot be read."""
        settings = self._settings
        candidates = list(snapshot.processes.values())
        if settings.pid_file:
            try:
                candidates = [process_of(settings.pid_file, snapshot)]
            except PidFileFault as fault:
                return MatchedProcesses(fault=str(fault))
        ours = self._ours(snapshot)
        fitting = [entry for entry in candidates if entry.pid not in ours and self._fits_name(entry)]
        if settings.unit:
            fitting = [entry for entry in fitting if settings.unit in self._group(entry)]
        if settings.user:
            fitting = [entry for entry in fitting if self._is_user(entry)]
        unread = replaced = 0
        if settings.exe or self._pattern is not None:
            fitting = [entry for entry in fitting if not _is_kernel_thread(entry, snapshot)]
        if settings.exe:
            fitting, unread, replaced = self._by_file(fitting)
        if self._pattern is not None:
            fitting = self._by_command(fitting)
        running = tuple(entry for entry in fitting if not entry.ended)
        return MatchedProcesses(running, len(fitting) - len(running), unread, replaced)

    def _ours(self, snapshot: ProcessSnapshot) -> set[int]:
        """This monitor, all that it started, and the shells and tools that started it: a command line of theirs may hold the pattern."""
        processes, children = snapshot.processes, defaultdict[int, list[int]](list)
        for entry in processes.values():
            children[entry.parent].append(entry.pid)
        ours, new = set[int](), [self._own]
        while new:
            ours.update(new)
            new = [child for pid in new for child in children[pid] if child not in ours]
        return ours | self._callers(snapshot) if self._pattern is not None else ours

    def _callers(self, snapshot: ProcessSnapshot) -> set[int]:
        """The processes above this monitor that are of its session, or whose command line names it (sudo)."""
        processes, found = snapshot.processes, set[int]()
        me = processes.get(self._own)
        caller = processes.get(me.parent) if me is not None else None
        while me is not None and caller is not None and caller.pid not in found:
            line = self._commands.read([caller.pid]).get(caller.pid, "")
            if caller.session == me.session or any(word in line for word in _OURS):
                found.add(caller.pid)
            caller = processes.get(caller.parent) if caller.parent != caller.pid else None
        return found

    def _fits_name(self, entry: ProcessEntry) -> bool:
        """Whether it has the name. The kernel keeps 15 characters: of a longer name the command or the file decides."""
        wanted = self._settings.process
        if not wanted or entry.name == wanted:
            return True
        if len(wanted) <= KERNEL_NAME or entry.name != wanted[:KERNEL_NAME]:
            return False
        command = self._command([entry])[_seen(entry)]
        return os.path.basename(command.partition(" ")[0]) == wanted or os.path.basename(self._file(entry) or "") == wanted

    def _by_file(self, entries: list[ProcessEntry]) -> tuple[list[ProcessEntry], int, int]:
        """Those that run the program file; how many more may do so, as this user may not see; how many run one that is gone."""
        wanted, fitting, unread, replaced = self._settings.exe, list[ProcessEntry](), 0, 0
        for entry in entries:
            file = self._file(entry)
            if file is None:
                unread += not entry.ended
            elif (path := file.removesuffix(_DELETED)) == wanted or ("/" not in wanted and os.path.basename(path) == wanted):
                fitting.append(entry)
                replaced += file.endswith(_DELETED)
        fit = {_seen(entry) for entry in fitting}  # asked for anew each time: an update replaces their file
        self._files = {seen: self._files[seen] for entry in entries if (seen := _seen(entry)) not in fit}
        return fitting, unread, replaced

    def _by_command(self, entries: list[ProcessEntry]) -> list[ProcessEntry]:
        lines, pattern = self._command(entries), self._pattern
        self._lines = {seen: line for entry in entries if (line := self._lines.get(seen := _seen(entry)))}
        return [entry for entry in entries if pattern is not None and pattern.search(lines.get(_seen(entry), ""))]

    def _command(self, entries: Iterable[ProcessEntry]) -> dict[_Seen, str]:
        """The command lines; each is read once, again where the process runs another program."""
        new = {entry.pid: _seen(entry) for entry in entries if _seen(entry) not in self._lines}
        if new:
            read = self._commands.read(list(new))
            self._lines |= {seen: read[pid] for pid, seen in new.items() if read.get(pid)}
        return {_seen(entry): self._lines.get(_seen(entry), "") for entry in entries}

    def _file(self, entry: ProcessEntry) -> str | None:
        """The program file, "" where there is none (kernel threads, processes that ended); None where this user may not see it."""
        seen = _seen(entry)
        if not self._files.get(seen):
            self._files[seen] = _or_none(lambda: os.fsdecode(os.readlink(f"{self._proc}/{entry.pid}/exe")))
        return self._files[seen]

    def _group(self, entry: ProcessEntry) -> tuple[str, ...]:
        """The parts of the paths of its control groups."""
        text = _or_none(lambda: text_of(read_file(f"{self._proc}/{entry.pid}/cgroup"))) or ""
        return tuple(part for line in text.splitlines() for part in line.partition(":")[2].partition(":")[2].split("/"))

    def _is_user(self, entry: ProcessEntry) -> bool:
        """Whether it runs as the user (effective id)."""
        text = _or_none(lambda: text_of(read_file(f"{self._proc}/{entry.pid}/status"))) or ""
        numbers = next((line.split() for line in text.splitlines() if line.startswith("Uid:")), [])
        if len(numbers) < 3 or not (numbers[2].isascii() and numbers[2].isdigit()):
            return False
        return self._settings.user in (numbers[2], self._users.name(int(numbers[2])))


def _is_kernel_thread(entry: ProcessEntry, snapshot: ProcessSnapshot) -> bool:
    first = snapshot.processes.get(_KTHREADD)
    return first is not None and first.name == "kthreadd" and _KTHREADD in (entry.pid, entry.parent)


def _seen(entry: ProcessEntry) -> _Seen:
    return entry.pid, entry.started, entry.name


def _or_none(read: Callable[[], str]) -> str | None:
    """What is read of one process; "" where it has ended or has none, None without the right."""
    try:
        return read()
    except PermissionError:
        return None
    except OSError:
        return ""
