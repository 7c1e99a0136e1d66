"""The format of a file's lines: as configured, or detected from its first lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.sources.log.access import Combined
from tui_monitor.sources.log.formats import FieldNames, JsonLines, Logfmt, NamedGroups, Plain
from tui_monitor.sources.log.record import Format


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
    """Detector of a file's format from its first lines, and again when most lines no longer match."""

    _SAMPLE = 20

    def __init__(self, names: FieldNames) -> None:
        self._candidates: Sequence[Format] = (JsonLines(names), Combined(names.zone), Logfmt(names))
        self._plain = Plain(names)
        self._chosen: Format | None = None

    def format_for(self, events: Sequence[bytes]) -> Format:
        """The format of these events: the previous one while at least half of a sample matches it."""
        sample = events[: self._SAMPLE]
        chosen = self._chosen
        if chosen is None or (chosen is not self._plain and _fitting(chosen, sample) * 2 < len(sample)):
            self._chosen = chosen = self._choose(sample)
        return chosen

    def _choose(self, sample: Sequence[bytes]) -> Format:
        best = max(self._candidates, key=lambda each: _fitting(each, sample, thorough=True))
        return best if _fitting(best, sample, thorough=True) * 2 > len(sample) else self._plain


def _fitting(candidate: Format, sample: Sequence[bytes], *, thorough: bool = False) -> int:
    """Number of matching events in a sample: by full parsing to choose a format, by the quick test to confirm one."""
    if not thorough:
        return sum(candidate.level(event) is not None for event in sample)
    return sum(candidate.parse(event.decode("utf-8", "replace"), 0) is not None for event in sample)
