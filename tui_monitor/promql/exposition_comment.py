"""The comment lines with a meaning in an exposition: # HELP, # TYPE, # UNIT and # EOF."""

from __future__ import annotations

import re
from typing import NamedTuple

from tui_monitor.core.frozen import frozen
from tui_monitor.promql.exposition_line import unescape, unquote

_COMMENT = re.compile(r'#[ \t]+(HELP|TYPE|UNIT)[ \t]+("[^"\\]*(?:\\.[^"\\]*)*"|[^ \t]+)[ \t]*(.*)', re.DOTALL)
_TEXT_TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
_OPENMETRICS_TYPES = {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"}


@frozen
class Metadata:
    """A metric's metadata on a page; "" for what the page does not say. ``unit`` only comes with OpenMetrics."""

    type: str = ""
    help: str = ""
    unit: str = ""


class Comment(NamedTuple):
    """One line of metadata: ``kind`` is HELP, TYPE or UNIT."""

    kind: str
    name: str
    text: str


def read_comment(line: str, openmetrics: bool) -> Comment | None:
    """The metadata of a line that begins with "#"; None for a comment of any other kind. Raises ValueError.

    OpenMetrics knows no other comments; UNIT is an ordinary comment in the text format.
    """
    found = _COMMENT.fullmatch(line)
    if found is None or (found[1] == "UNIT" and not openmetrics):
        if openmetrics:
            raise ValueError("a comment other than HELP, TYPE, UNIT and EOF")
        return None
    kind, name, text = found[1], unquote(found[2]), found[3]
    if kind == "HELP":
        return Comment(kind, name, unescape(text))
    text = text.strip(" \t")
    if kind == "TYPE" and text not in (_OPENMETRICS_TYPES if openmetrics else _TEXT_TYPES):
        raise ValueError(f"the type {text[:20]!r} is not known")
    if kind == "UNIT" and text and not name.endswith(f"_{text}"):
        raise ValueError(f"the unit {text[:20]!r} is not the end of the name {name[:40]!r}")
    return Comment(kind, name, text)
