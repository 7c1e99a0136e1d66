"""The tailer: follows all files of some patterns by polling, since inotify does not work on NFS. Blocking; runs in a thread.

At the first start existing files are read from their end; files that appear later (also while the monitor was down) are read from
their start, and files with saved positions continue there.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import os
import resource
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from functools import partial

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.follower import Block, Follower
from tui_monitor.sources.log.generation import NotAFile, ReadOptions, identities
from tui_monitor.sources.log.position import Positions, SavedFile
from tui_monitor.sources.log.rotated import is_rotated

BUDGET = 1024 * 1024
"""Bytes that one ``poll`` gives out at most, so that memory stays bounded in a burst."""
MOST_FILES = 1000
_GLOB_EVERY = 2.0
"""Seconds between two expansions of the patterns."""


@frozen
class LineBatch:
    """Result of one poll of the files.

    ``positions`` are those after these blocks. ``lag`` in bytes. ``more``: poll again at once. ``missing``: patterns without a file;
    ``troubles``: own troubles (rights, descriptors) with advice; ``notes``: lost, skipped or cut parts.
    """

    blocks: tuple[Block, ...] = ()
    positions: Positions = field(default_factory=Positions)
    lag: int = 0
    more: bool = False
    files: int = 0
    missing: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Tailer:
    """Follower of the patterns' files. ``poll`` never raises OSError: unreadable files are reported in the batch."""

    def __init__(
        self,
        patterns: Sequence[str],
        options: ReadOptions | None = None,
        saved: Positions | None = None,
        *,
        most_open: int | None = None,
        most_files: int = MOST_FILES,
    ) -> None:
        self._patterns = patterns
        self._options = options or ReadOptions()
        self._saved = {file.path: file for file in saved.files} if saved is not None else {}
        self._watched = saved.patterns if saved is not None else ()
        self._most_open = most_open or max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)
        self._most_files = most_files
        self._followers: dict[str, Follower] = {}
        self._started = False
        self._globbed = float("-inf")
        self._turn = 0
        self._said: set[str] = set()

    def poll(self, now: float, budget: int = BUDGET) -> LineBatch:
        """Read every file once, at most about ``budget`` bytes in total. ``now`` in monotonic seconds."""
        troubles: list[str] = []
        if now - self._globbed >= _GLOB_EVERY:
            self._globbed = now
            self._discover(now, troubles)
        for follower in self._followers.values():
            _guarded(partial(follower.poll, now), follower.path, troubles)
        blocks, more = self._read(now, budget, troubles)
        self._park()
        return LineBatch(
            tuple(blocks),
            Positions(tuple(each.saved for each in self._followers.values()), tuple(self._patterns)),
            sum(each.lag for each in self._followers.values()),
            more,
            sum(not each.missing for each in self._followers.values()),
            self._missing(),
            tuple(dict.fromkeys(troubles)),
            tuple(self._notes()),
        )

    def close(self) -> None:
        """Close all descriptors."""
        for follower in self._followers.values():
            follower.close()

    # Selection of files

    def _discover(self, now: float, troubles: list[str]) -> None:
        begin = not self._started
        self._started = True
        found = [path for pattern in self._patterns for path in _expanded(pattern, self._followers)]
        if begin:
            found += [path for path in self._saved if any(_fits(path, pattern) for pattern in self._patterns)]
        for path in sorted(dict.fromkeys(found), key=lambda path: (os.path.islink(path), path)):
            if path in self._followers:
                continue
            if len(self._followers) >= self._most_files and not self._forget_missing():
                troubles.append(f"more than {self._most_files} files match; the others are not read: make the pattern narrower")
                return
            self._add(path, now, troubles, begin=begin)

    def _add(self, path: str, now: float, troubles: list[str], *, begin: bool) -> None:
        saved = self._saved.pop(path, None)
        if saved is None and self._is_known(path):
            return
        follower = self._followers[path] = Follower(path, self._options)
        _guarded(lambda: self._begin(follower, saved, now, begin=begin), path, troubles)

    def _begin(self, follower: Follower, saved: SavedFile | None, now: float, *, begin: bool) -> None:
        if saved is not None:
            follower.restore(saved, now)
        elif begin and not any(_fits(follower.path, pattern) for pattern in self._watched):
            follower.begin_at_end(now)

    def _is_known(self, path: str) -> bool:
        """Whether the path is another name of a followed file: a link, or a rotated file whose name matches the pattern."""
        try:
            stat = os.stat(path)
        except OSError:
            return False
        known = [each for follower in self._followers.values() for each in follower.known if each.inode == stat.st_ino]
        same = [each for each in known if each.device == stat.st_dev]
        return bool(same) and any(identity.is_file(each) for _, identity, _ in identities(iter([path])) for each in same)

    def _forget_missing(self) -> bool:
        """Forget a missing path, to make room for a new one."""
        for path, follower in self._followers.items():
            if follower.missing and not follower.opened and path not in self._patterns:
                del self._followers[path]
                return True
        return False

    def _missing(self) -> tuple[str, ...]:
        return tuple(
            pattern
            for pattern in self._patterns
            if not any(_fits(path, pattern) and not each.missing for path, each in self._followers.items())
        )

    # Reading

    def _read(self, now: float, budget: int, troubles: list[str]) -> tuple[list[Block], bool]:
        """Blocks of all files in turn, starting with another one at each call, so that a busy file does not starve the others."""
        blocks: list[Block] = []
        waiting = list(self._followers.values())
        self._turn = (self._turn + 1) % max(1, len(waiting))
        waiting = waiting[self._turn :] + waiting[: self._turn]
        while waiting and budget > 0:
            for follower in list(waiting):
                found: list[Block] = []
                _guarded(partial(_read_into, found, follower, now), follower.path, troubles)
                if not found:
                    waiting.remove(follower)
                for block in found:
                    blocks.append(block)
                    budget -= sum(map(len, block.events)) + len(block.events)
                if budget <= 0:
                    break
        return blocks, bool(waiting)

    def _park(self) -> None:
        """Close the longest idle files if too many are open."""
        excess = sum(each.opened for each in self._followers.values()) - self._most_open
        if excess > 0:
            for follower in sorted(self._followers.values(), key=lambda each: each.grown_at)[:excess]:
                follower.park()

    def _notes(self) -> Iterable[str]:
        for follower in self._followers.values():
            yield from follower.notes
            follower.notes.clear()
            if follower.cut and follower.path not in self._said:
                self._said.add(follower.path)
                yield f"{follower.path}: lines longer than {self._options.max_line} bytes are cut there"


def _read_into(found: list[Block], follower: Follower, now: float) -> None:
    if block := follower.read(now):
        found.append(block)


def _expanded(pattern: str, followed: Iterable[str]) -> list[str]:
    """The files of a pattern. A plain path stands for itself, existing or not; globs exclude rotated files."""
    if not glob.has_magic(pattern):
        return [pattern]
    found = glob.glob(pattern, recursive="**" in pattern)
    known = {*found, *followed}
    return [path for path in found if not is_rotated(path, known) and not os.path.isdir(path)]


def _fits(path: str, pattern: str) -> bool:
    if not glob.has_magic(pattern):
        return path == pattern

    return fnmatch.fnmatchcase(path, pattern.replace("**/", "*"))


def _guarded(work: Callable[[], object], path: str, troubles: list[str]) -> None:
    """Run the work; an OSError becomes a trouble with advice."""
    try:
        work()
    except OSError as error:
        troubles.append(advice(path, error))


def advice(path: str, error: OSError) -> str:
    """The fault of a file and its remedy."""
    if isinstance(error, NotAFile):
        return f"{path} is not a regular file: name a log file"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} may not be read: let the monitor's user read it and its directories (group adm, or setfacl -m u:USER:r {path})"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"too many open files: raise the limit (LimitNOFILE=) or follow fewer files than {path} and its like"
    return f"{path} cannot be read: {(error.strerror or str(error)).lower()}"
