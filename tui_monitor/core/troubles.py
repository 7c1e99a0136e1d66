"""The monitor's own troubles: each is a series and a line on the board."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.core.values import Sample, labels_of


class Troubles:
    """The monitor's own troubles by reason; each becomes the series tui_monitor_trouble{reason} and a line on the board."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._seen: set[str] = set()
        self.remark = ""
        """What the board should say too, though nothing is amiss with the monitoring: no alert comes of it."""

    def raise_(self, reason: str, text: str) -> None:
        """It is so (again); ``text`` is for people."""
        self._texts[reason] = text
        self._seen.add(reason)

    def clear(self, reason: str) -> None:
        """It is over."""
        self._texts.pop(reason, None)

    def set(self, reason: str, text: str) -> None:
        """Raise with a text, clear with ""."""
        if text:
            self.raise_(reason, text)
        else:
            self.clear(reason)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The short names of what is wrong now."""
        return tuple(self._texts)

    def text(self, reason: str) -> str:
        """What is wrong by its short name, "" where nothing is."""
        return self._texts.get(reason, "")

    @property
    def texts(self) -> tuple[str, ...]:
        """What is wrong now, for the board."""
        return (*self._texts.values(), *((self.remark,) if self.remark else ()))

    def samples(self) -> Iterable[Sample]:
        """1 for each trouble that is, 0 for each that was."""
        for reason in self._seen:
            yield Sample(labels_of("tui_monitor_trouble", reason=reason), float(reason in self._texts))
