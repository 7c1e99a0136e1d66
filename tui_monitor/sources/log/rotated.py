"""Names of rotated files and their base names. Blocking calls in ``siblings`` only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|lz4|zip|Z)$")
_NUMBERED = re.compile(r"(?:\.\d{1,4}|\.old|\.bak|\.orig|~|\.swp|\.tmp)$")
_DATE = r"[-._]\d{4}-?\d\d-?\d\d(?:[-._T]?\d{1,10}){0,4}|[-._]\d{10}"
_DATED_END = re.compile(rf"^(.+?)(?:{_DATE})$")
_DATED_INSIDE = re.compile(rf"^(.+?)(?:{_DATE}|[-._]\d{{1,4}})(\.[A-Za-z]\w*)$")


def is_compressed(name: str) -> bool:
    """Whether the name is that of a compressed file."""
    return _COMPRESSED.search(name) is not None


def bases_of(name: str) -> list[str]:
    """Names that this one can be a rotated generation of: `app.log` of `app.log.1`, `app.log-20240101`, `app-20240101.log`."""
    if is_compressed(name):
        name = _COMPRESSED.sub("", name)
        return [name, *bases_of(name)]
    found = [_NUMBERED.sub("", name)] if _NUMBERED.search(name) else []
    if match := _DATED_END.match(name):
        found.append(match[1])
    if match := _DATED_INSIDE.match(name):
        found.append(match[1] + match[2])
    return found


def is_rotated(path: str, known: frozenset[str] | set[str]) -> bool:
    """Whether a file found by a glob is an old generation: compressed, numbered, or dated with a known undated name.

    Files dated by their writer (only catalina.2024-01-01.log) are not.
    """
    directory, name = os.path.split(path)
    if is_compressed(name) or _NUMBERED.search(name):
        return True
    return any(os.path.join(directory, base) in known for base in bases_of(name))


def siblings(path: str) -> Iterator[str]:
    """Rotated generations (also .gz) beside a path by their names; none in an unreadable directory."""
    directory, name = os.path.split(os.path.realpath(path))
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return
    for each in names:
        if each != name and name in bases_of(each) and (not is_compressed(each) or each.endswith(".gz")):
            yield os.path.join(directory, each)
