"""The tables of keys in the documentation, generated from the records by `make docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_monitor.config.kinds import resolve
from tui_monitor.config.reader import Key, read_keys
from tui_monitor.config.section import Section
from tui_monitor.config.settings import CHECKS, NOTIFIERS, Settings
from tui_monitor.config.spelling import toml_of

_TABLE = re.compile(r"(<!-- keys: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str) -> str:
    """The page with the table of keys between each pair of `<!-- keys: NAME -->` and `<!-- end -->`. KeyError for a name that is none.

    NAME: a section (`system`, `routes`), a table in it (`routes.escalate`), or a kind (`checks/http`), then without the common keys.
    """
    tables = dict(_tables())
    return _TABLE.sub(lambda found: f"{found[1]}{tables[found[2]]}{found[3]}", page)


def _tables() -> Iterator[tuple[str, str]]:
    for key in read_keys(Settings).values():
        if key.record is not None:
            yield from _with_inner(key.name, key.record)
    for section, kinds in (("checks", CHECKS), ("notifiers", NOTIFIERS)):
        base = read_keys(Settings)[section].record
        for kind in kinds.known().values():
            yield from _with_inner(f"{section}/{kind.name}", resolve(kind.settings), base)


def _with_inner(name: str, record: type[Section], base: type[Section] | None = None) -> Iterator[tuple[str, str]]:
    yield name, _table(record, base)
    for key in read_keys(record).values():
        if key.record not in (None, record):
            yield from _with_inner(f"{name}.{key.name}", key.record)


def _table(record: type[Section], base: type[Section] | None) -> str:
    common = read_keys(base) if base is not None else {}
    keys = [key for key in read_keys(record).values() if key.name not in common or _default(key) != _default(common[key.name])]
    return "\n".join(["| key | default | |", "| --- | --- | --- |", *map(_row, keys), ""])


def _row(key: Key) -> str:
    return f"| `{key.name}` | {_default(key)} | {_escaped(str(key.facts.get('doc', '')))} |"


def _default(key: Key) -> str:
    """The default as in the file; a text without quotation marks."""
    if key.required:
        return "required"
    if shown := key.facts.get("shown"):
        return str(shown)
    if key.default in (None, [], {}, ""):
        return "none"
    written = toml_of(key, key.default)
    return f"`{written[1:-1] if written.startswith(chr(34)) else written}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
