"""How kept lines are read again by a process that has no configuration: what of a check's settings says so, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.local_zone import local_zone
from tui_monitor.platform.zones import parse_zone
from tui_monitor.sources.log.detection import format_of
from tui_monitor.sources.log.formats import FieldNames, Plain
from tui_monitor.sources.log.journal_entry import JOURNAL, JournalFormat
from tui_monitor.sources.log.record import Format


@frozen
class LineFormat:
    """The keys of a check that say what its lines mean (settings.py)."""

    format: str = "auto"
    level: str = ""
    time: str = ""
    message: str = ""
    timezone: str = ""

    def names(self) -> FieldNames:
        """As the parsers want it. Raises ValueError for an unknown zone."""
        return FieldNames(self.level, self.time, self.message, parse_zone(self.timezone) if self.timezone else local_zone())

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    def reader(self, name: str) -> Format:
        """The parser of a block by the name that it had; plain text where there is none of that name (any more)."""
        try:
            names = self.names()
            inner = name.removeprefix(JOURNAL)
            found = format_of(self.format if inner == "regex" else inner, names) or Plain(names)
        except ValueError:
            found = Plain(FieldNames())
        return JournalFormat(found) if name.startswith(JOURNAL) else found


def line_format_from(text: str) -> LineFormat:
    """What `to_json` wrote; the usual one where it cannot be understood."""
    try:
        value = json.loads(text)
        return LineFormat(**{each.name: str(value[each.name]) for each in fields(LineFormat) if each.name in value})
    except (ValueError, TypeError):
        return LineFormat()
