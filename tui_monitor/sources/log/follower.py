"""Follower of one path through rotations: its current file, and older ones that are not fully read yet.

It handles rename and create, and copytruncate, also several between two polls or while the monitor was down. Blocking calls.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from operator import itemgetter

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.compressed import SUFFIX
from tui_monitor.sources.log.generation import QUIET, Generation, NotAFile, ReadOptions, identities
from tui_monitor.sources.log.identity import Identity
from tui_monitor.sources.log.position import Position, SavedFile
from tui_monitor.sources.log.rotated import siblings

_KEPT_EMPTY = 600.0
"""Seconds for which a rotated file is kept open while nothing was written to its successor: its writer has not changed over yet."""
_REMEMBERED = 16
_NUMBER = re.compile(r"\.(\d{1,4})$")


@frozen
class Block:
    """Events of one file in their order, each without its line end."""

    path: str
    events: list[bytes]


class Follower:
    """Follower of one path. Call ``poll``, then ``read`` until it returns None; both raise OSError for an unreadable file."""

    def __init__(self, path: str, options: ReadOptions) -> None:
        self.path = path
        self._options = options
        self._retired: list[Generation] = []
        self._current: Generation | None = None
        self._parked: Position | None = None
        self._waiting: SavedFile | None = None
        self._at_end = self._gone = False
        self._done: deque[Identity] = deque(maxlen=_REMEMBERED)
        self._flushed: list[bytes] = []
        self.notes: list[str] = []
        self.skipped = 0

    # Start position

    def begin_at_end(self, now: float) -> None:
        """Start at the end of the file, or at the begin of a file that does not exist yet. An OSError is left to `poll`."""
        self._at_end = True
        if self._open(now) is not None:
            older = sorted(
                ((stat.st_mtime_ns, path, identity) for path, identity, stat in identities(siblings(self.path))), key=itemgetter(0)
            )
            self._done.extend(identity for _, _, identity in older)  # the newest 16: they are not unseen generations

    def restore(self, saved: SavedFile, now: float) -> None:
        """Continue at a saved position: each file is searched under its name, among its rotated generations and their copies.

        A missing (a late mount) or unreadable file is tried again at each `poll`.
        """
        self._waiting = saved
        if self._open(now) is None and not any(siblings(self.path)):
            return
        self._waiting = None
        self._done.extend(saved.done)
        for position in saved.chain:
            self._resume(position, now)
        last = saved.chain[-1] if saved.chain else None
        if last is not None and (self._current is None or self._current.read_to == 0):
            self._add_missed(last.modified, now)

    def _resume(self, position: Position, now: float) -> None:
        current = self._current
        if current is not None and current.identity.is_file(position.identity) and current.size >= position.offset:
            current.go_to(position.offset, skipping=position.skipping)
            return
        found = self._find(position.identity, position.offset, now)
        if found is not None:
            found.go_to(position.offset, skipping=position.skipping)
            self._retired.append(found)
        elif position.identity.fingerprint.head:
            self.notes.append(f"{self.path}: data written after byte {position.offset} while the monitor was not running are lost")

    # Polling and reading

    @property
    def missing(self) -> bool:
        """Whether the file is missing now."""
        return self._current is None and (self._parked is None or self._gone)

    @property
    def opened(self) -> int:
        """Descriptors in use."""
        return len(self._retired) + (self._current is not None)

    @property
    def grown_at(self) -> float:
        """Time of the current file's last growth (monotonic seconds)."""
        return self._current.grown_at if self._current else 0.0

    @property
    def lag(self) -> int:
        """Number of unread bytes."""
        return sum(each.lag for each in self._generations())

    @property
    def cut(self) -> int:
        """Number of lines longer than ``max_line``."""
        return sum(each.splitter.cut for each in self._generations())

    @property
    def known(self) -> list[Identity]:
        """The files being read, and those fully read lately."""
        here = [each.identity for each in self._generations()] + ([self._parked.identity] if self._parked else [])
        return [*here, *self._done]

    def poll(self, now: float) -> None:
        """Detect growth, truncation, rotation and deletion."""
        for each in self._retired:
            if not each.is_copy and not each.refresh(now):
                self._flushed += each.splitter.flush()
                each.go_to(each.size)
        stat = _stat(self.path)
        self._gone = stat is None
        current = self._current
        if current is None:
            self._appear(stat, now)
        else:
            self._look(current, stat, now)
        for each in self._generations():
            if skipped := each.skip_lag():
                self.skipped += skipped
                self.notes.append(f"{self.path}: {skipped} bytes were skipped, reading was too far behind")

    def read(self, now: float) -> Block | None:
        """The next events, from the oldest file first; None: no more for now."""
        if self._flushed:
            events, self._flushed = self._flushed, []
            return Block(self.path, events)
        for each in [*self._retired]:
            events = self._read_one(each, now)
            if not events and each.lag == 0 and self._is_over(each, now):
                events = each.splitter.flush()
                self._retired.remove(each)
                self._done.append(each.identity)
                each.close()
            if events:
                return Block(self.path, events)
        if self._current is not None and (events := self._read_one(self._current, now)):
            return Block(self.path, events)
        return None

    def _read_one(self, each: Generation, now: float) -> list[bytes]:
        """Events of one file; a truncation detected meanwhile is left to the next ``poll``."""
        while each.lag > 0:
            before = each.read_to
            events = each.read()
            if events is None or (not events and each.read_to == before):
                return []
            if events:
                return events
        if each is not self._current and not each.splitter.holds_partial:
            return each.splitter.flush()  # before the lines of its successor
        return each.flush_quiet(now)

    def _is_over(self, each: Generation, now: float) -> bool:
        if each.is_copy:
            return True
        quiet = now - each.grown_at
        if quiet < QUIET:
            return False
        return (self._current is not None and self._current.size > 0) or quiet >= _KEPT_EMPTY or each.is_deleted()

    # Rotation and truncation

    def _look(self, current: Generation, stat: os.stat_result | None, now: float) -> None:
        was_empty, modified = not current.fingerprint.head, current.modified
        if not current.refresh(now):
            self._truncated(current, now)
            current = self._current or current
        elif not was_empty:
            modified = current.modified
        if stat is None or (stat.st_dev, stat.st_ino) != (current.device, current.inode):
            self._rotated(current, modified, now)
        elif was_empty and current.modified != modified:  # written, copied and truncated since, perhaps
            self._add_missed(modified, now)

    def _appear(self, stat: os.stat_result | None, now: float) -> None:
        if self._waiting:
            self.restore(self._waiting, now)
        elif self._parked:
            self._unpark(self._parked, stat, now)
        elif stat is not None:
            self._open(now)

    def _open(self, now: float) -> Generation | None:
        if self.path.endswith(SUFFIX):
            raise NotAFile(f"{self.path} is compressed")
        try:
            self._current = Generation(self.path, self._options, now)
        except (FileNotFoundError, NotADirectoryError):
            self._current = None
        if self._at_end and self._current is not None:
            self._current.go_to_end()
        self._at_end = False
        return self._current

    def _rotated(self, old: Generation, modified: int, now: float) -> None:
        """Handle a rotation: another file has the name, or none."""
        if old is self._current:
            self._retired.append(old)
        self._current = None
        self._open(now)
        self._add_missed(modified, now)

    def _truncated(self, old: Generation, now: float) -> None:
        """Handle a truncation: the unread rest is in the newest copy, if any (copytruncate)."""
        modified, offset = old.modified, old.position.offset
        self._current = None
        self._open(now)
        copy = self._find(old.identity, offset, now)
        if copy is not None and copy.size >= old.read_to:
            old.continue_in(copy)
            self._retired.append(old)
        else:
            self._flushed += old.splitter.flush()
            if copy is None:
                self.notes.append(f"{self.path}: it was truncated; lines since the last look may be lost, since no copy of it was found")
            else:
                self._done.append(copy.identity)
                copy.close()
            old.close()
        self._add_missed(modified, now)

    def _add_missed(self, modified: int, now: float) -> None:
        """Add files that had the name between two polls: rotated ones newer than the last known, oldest first."""
        missed = []
        for path, identity, stat in identities(siblings(self.path)):
            same = any(identity.is_file(each) or identity.is_copy(each) for each in self.known)
            held = any((identity.device, identity.inode) == (each.device, each.inode) for each in self._generations())
            if not same and not held and identity.fingerprint.head and stat.st_mtime_ns >= modified:
                missed.append((stat.st_mtime_ns, -_number(path), path))
        for _, _, path in sorted(missed):
            if found := self._opened(path, now, is_copy=path.endswith(SUFFIX)):
                self._retired.append(found)
            else:
                self.notes.append(
                    f"{path}: it was rotated or compressed before it could be read: set delaycompress in logrotate's configuration"
                )

    def _find(self, wanted: Identity, offset: int, now: float) -> Generation | None:
        """Open the file under another name, else its newest copy of at least ``offset`` bytes."""
        copies = []
        for path, identity, stat in identities(siblings(self.path)):
            if identity.is_file(wanted) and stat.st_size >= offset:
                return self._opened(path, now)
            if identity.is_copy(wanted) and (path.endswith(SUFFIX) or stat.st_size >= offset):
                copies.append((not path.endswith(SUFFIX), stat.st_mtime_ns, path))
        return self._opened(max(copies)[2], now, is_copy=True) if copies else None

    def _opened(self, path: str, now: float, *, is_copy: bool = False) -> Generation | None:
        if path.endswith(SUFFIX) and not self._options.compressed:
            return None
        try:
            found = Generation(path, self._options, now)
        except OSError:
            return None
        found.is_copy = is_copy
        return found

    # Descriptors and positions

    def park(self) -> None:
        """Close the current file and store its position, to limit open files. ``poll`` reopens it when it has grown."""
        if self._current is not None and self._current.lag == 0 and not self._current.splitter.held:
            self._parked = self._current.position
            self._current.close()
            self._current = None

    def _unpark(self, parked: Position, stat: os.stat_result | None, now: float) -> None:
        here = stat is not None and (stat.st_dev, stat.st_ino) == (parked.identity.device, parked.identity.inode)
        if here and stat is not None and (stat.st_size, stat.st_mtime_ns) == (parked.offset, parked.modified):
            return
        self._parked = None
        self.restore(SavedFile(self.path, (parked,)), now)

    @property
    def saved(self) -> SavedFile:
        """The position after all events returned by ``read``."""
        if self._waiting is not None:
            return self._waiting
        chain = tuple(each.position for each in self._generations())
        return SavedFile(self.path, chain + ((self._parked,) if self._parked else ()), tuple(self._done))

    def close(self) -> None:
        """Close all descriptors."""
        for each in self._generations():
            each.close()
        self._retired, self._current = [], None

    def _generations(self) -> Iterator[Generation]:
        yield from list(self._retired)
        if self._current is not None:
            yield self._current


def _number(path: str) -> int:
    match = _NUMBER.search(path)
    return int(match[1]) if match else 0


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
