"""Format settings of stored lines as JSON, for processes that read them without the configuration."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.local_zone import local_zone
from tui_monitor.platform.zones import parse_zone
from tui_monitor.sources.log.detection import format_of
from tui_monitor.sources.log.formats import FieldNames, Mixed, Plain
from tui_monitor.sources.log.journal_entry import JOURNAL, JournalFormat
from tui_monitor.sources.log.record import Format


@frozen
class LineFormat:
    """The keys of a check that define the meaning of its lines (settings.py)."""

    format: str = "auto"
    level: str = ""
    time: str = ""
    message: str = ""
    timezone: str = ""

    def names(self) -> FieldNames:
        """The field names for the parsers. Raises ValueError for an unknown zone."""
        return FieldNames(self.level, self.time, self.message, parse_zone(self.timezone) if self.timezone else local_zone())

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    def reader(self, name: str) -> Format:
        """The parser of a block by its format's name; plain text for an unknown name."""
        try:
            names = self.names()
            inner = name.removeprefix(JOURNAL)
            found = Mixed(names) if inner == Mixed.name else format_of(self.format if inner == "regex" else inner, names) or Plain(names)
        except ValueError:
            found = Plain(FieldNames())
        return JournalFormat(found) if name.startswith(JOURNAL) else found


def line_format_from(text: str) -> LineFormat:
    """Decode `to_json`; the default format for an invalid text."""
    try:
        value = json.loads(text)
        return LineFormat(**{each.name: str(value[each.name]) for each in fields(LineFormat) if each.name in value})
    except (ValueError, TypeError):
        return LineFormat()
