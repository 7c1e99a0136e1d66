"""User names by uid, without waiting for a directory service."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tui_monitor.sources.system.procfs import read_file, text_of

_MOST = 4096


def _ask_system(uid: int) -> str:
    import pwd

    try:
        return os.fsencode(pwd.getpwuid(uid).pw_name).decode("utf-8", "replace")
    except KeyError:
        return str(uid)


class Users:
    """User names by number. /etc/passwd is read once and when it changed.

    Other uids are resolved by the system (LDAP, sssd, systemd) in one daemon thread at a time, since that can hang; until
    the answer the uid itself is the name.
    """

    def __init__(self, passwd: Path = Path("/etc/passwd"), ask: Callable[[int], str] = _ask_system) -> None:
        self._passwd = str(passwd)
        self._ask = ask
        self._stamp = 0
        self._names: dict[int, str] = {}
        self._foreign: dict[int, str] = {}
        self._asking: threading.Thread | None = None

    def name(self, uid: int) -> str:
        """The user's name, or the uid where the name is unknown (yet)."""
        found = self._names.get(uid) or self._foreign.get(uid)
        if found is not None:
            return found
        self._load()
        found = self._names.get(uid)
        if found is None and (self._asking is None or not self._asking.is_alive()) and len(self._foreign) < _MOST:
            asking = threading.Thread(target=self._look_up, args=(uid,), name="user-name", daemon=True)
            with suppress(RuntimeError):  # no thread could be started: use the number
                asking.start()
                self._asking = asking
        return found or str(uid)

    def _look_up(self, uid: int) -> None:
        self._foreign[uid] = self._ask(uid)

    def _load(self) -> None:
        try:
            stamp = os.stat(self._passwd).st_mtime_ns
            if stamp == self._stamp:
                return
            content = text_of(read_file(self._passwd))
        except OSError:
            return
        self._stamp = stamp
        entries = [fields for line in content.splitlines() if len(fields := line.split(":", 3)) == 4 and fields[2].isdecimal()]
        self._names = {int(fields[2]): fields[0] for fields in reversed(entries)}  # the first entry of a uid counts
