"""Saved read positions of a followed log, with their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.identity import Identity, identity_from


@frozen
class Position:
    """Read position of one file: ``offset`` is the start of the first unprocessed line.

    ``modified`` is its last seen change (ns). ``skipping``: the offset is inside a cut line, whose rest is skipped.
    """

    identity: Identity
    offset: int
    modified: int = 0
    skipping: bool = False


@frozen
class SavedFile:
    """One followed path: its files being read, oldest first, and those fully read lately."""

    path: str
    chain: tuple[Position, ...]
    done: tuple[Identity, ...] = ()


@frozen
class Positions:
    """All followed paths; saved after the samples of the same lines, at most each second."""

    files: tuple[SavedFile, ...] = ()
    patterns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{"patterns": [...], "files": [{"path", "chain": [identity + {"offset", "modified", "skipping"}], "done": [identity]}]}`."""
        return {"patterns": list(self.patterns), "files": [_json_of_file(file) for file in self.files]}


def positions_from(value: object) -> Positions:
    """The positions of their JSON form; invalid entries are left out."""
    found = []
    given = value if isinstance(value, Mapping) else {}
    files, patterns = given.get("files"), given.get("patterns")
    for entry in files if isinstance(files, list) else ():
        try:
            found.append(_file_from(entry))
        except (KeyError, TypeError, ValueError):
            continue
    return Positions(tuple(found), tuple(map(str, patterns)) if isinstance(patterns, list) else ())


def _json_of_file(file: SavedFile) -> dict[str, Any]:
    return {"path": file.path, "chain": [_json_of(each) for each in file.chain], "done": [each.to_json() for each in file.done]}


def _json_of(position: Position) -> dict[str, Any]:
    more = {"offset": position.offset, "modified": position.modified, "skipping": position.skipping}
    return {**position.identity.to_json(), **more}


def _position_from(value: Mapping[str, Any]) -> Position:
    return Position(identity_from(value), max(0, int(value["offset"])), int(value["modified"]), bool(value["skipping"]))


def _file_from(entry: Mapping[str, Any]) -> SavedFile:
    chain = tuple(_position_from(each) for each in entry["chain"])
    return SavedFile(str(entry["path"]), chain, tuple(identity_from(each) for each in entry["done"]))
