"""The format of a file's lines: as configured, or detected from its first lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.sources.log.access import Combined
from tui_monitor.sources.log.formats import FieldNames, JsonLines, Logfmt, Mixed, NamedGroups, Plain
from tui_monitor.sources.log.record import Format
from tui_monitor.sources.log.ring import SEPARATOR

_OBJECT = SEPARATOR + b"{"


def format_of(setting: str, names: FieldNames, named: Mapping[str, str] | None = None) -> Format | None:
    """The format named by a setting, None for "auto".

    ``named``: regular expressions by name; the setting itself can be one with a named group. Raises PatternError, and ValueError for
    an unknown format.
    """
    pattern = (named or {}).get(setting) or (setting if "(?P<" in setting else "")
    if pattern:
        return NamedGroups(pattern, names)
    made: dict[str, type[JsonLines] | type[Logfmt] | type[Plain]] = {"json": JsonLines, "logfmt": Logfmt, "plain": Plain}
    if setting == "combined":
        return Combined(names.zone)
    if setting in made:
        return made[setting](names)
    if setting == "auto":
        return None
    raise ValueError(
        f'"{setting}" is no log format: use auto, json, logfmt, combined, plain or a regular expression with (?P<name>...) groups'
    )


class Detector:
    """Detector of a file's format from its first lines, and again when most lines no longer match.

    Between JSON and plain text each line decides: many programs write a plain line before their logger is set up, or on a crash.
    """

    _SAMPLE = 20

    def __init__(self, names: FieldNames) -> None:
        self._json, self._plain, self._mixed = JsonLines(names), Plain(names), Mixed(names)
        self._structured: Sequence[Format] = (Combined(names.zone), Logfmt(names))
        self._candidates: Sequence[Format] = (self._json, *self._structured)
        self._chosen: Format | None = None

    def format_for(self, events: Sequence[bytes], data: bytes) -> Format:
        """The format of these events: the previous one while at least half of a sample matches it. ``data``: the events, joined."""
        sample = events[: self._SAMPLE]
        chosen = self._chosen
        if chosen is None or self._has_changed(chosen, sample):
            self._chosen = chosen = self._choose(sample)
        return chosen if chosen in self._structured else self._by_line(chosen, len(events), data)

    def _has_changed(self, chosen: Format, sample: Sequence[bytes]) -> bool:
        """Every line is plain text, so there the first one has to look like another format."""
        if chosen is self._plain:
            return any(each.level(sample[0]) is not None for each in self._structured)
        return _fitting(chosen, sample) * 2 < len(sample)

    def _by_line(self, chosen: Format, count: int, data: bytes) -> Format:
        """The quickest format for so many lines: counting the braces is much cheaper than a look at each line."""
        objects = data.count(_OBJECT) + data.startswith(b"{")
        if not objects:
            return self._plain
        return self._json if objects == count and chosen is self._json else self._mixed

    def _choose(self, sample: Sequence[bytes]) -> Format:
        best = max(self._candidates, key=lambda each: _fitting(each, sample, thorough=True))
        return best if _fitting(best, sample, thorough=True) * 2 > len(sample) else self._plain


def _fitting(candidate: Format, sample: Sequence[bytes], *, thorough: bool = False) -> int:
    """Number of matching events in a sample: by full parsing to choose a format, by the quick test to confirm one."""
    if not thorough:
        return sum(candidate.level(event) is not None for event in sample)
    return sum(candidate.parse(event.decode("utf-8", "replace"), 0) is not None for event in sample)
