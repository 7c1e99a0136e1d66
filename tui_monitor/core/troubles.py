"""Own troubles: what hinders the monitor itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Sample, labels_of


@frozen
class TroubleKey:
    """The key of an own trouble: ``reason``, a short name, and the notifier or other part that it concerns ("": none)."""

    reason: str
    subject: str = ""

    @property
    def label(self) -> str:
        """The value of the series' label "reason": "state", "notifier-ops-chat"."""
        return f"{self.reason}-{self.subject}" if self.subject else self.reason


class Troubles:
    """The present own troubles; each is the series tui_monitor_trouble{reason} and a line on the board."""

    def __init__(self) -> None:
        self._texts: dict[TroubleKey, str] = {}
        self._seen: set[TroubleKey] = set()
        self.remark = ""
        """A line for the board that raises no alert, such as a refused reload; "" for none."""

    def set_remark(self, text: str) -> None:
        """Replace the remark; "" removes it."""
        self.remark = text

    def raise_(self, reason: str, text: str, subject: str = "") -> None:
        """Raise a trouble or renew its text; ``text`` is for people."""
        key = TroubleKey(reason, subject)
        self._texts[key] = text
        self._seen.add(key)

    def clear(self, reason: str, subject: str = "") -> None:
        """Clear a trouble."""
        self._texts.pop(TroubleKey(reason, subject), None)

    def set(self, reason: str, text: str, subject: str = "") -> None:
        """Raise with a text, clear with ""."""
        if text:
            self.raise_(reason, text, subject)
        else:
            self.clear(reason, subject)

    def retain(self, reason: str, subjects: Collection[str]) -> None:
        """Clear the troubles of a reason whose subject is not among these, for example notifiers that were removed."""
        for key in [key for key in self._texts if key.reason == reason and key.subject not in subjects]:
            del self._texts[key]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The labels of the present troubles."""
        return tuple(key.label for key in self._texts)

    def text(self, label: str) -> str:
        """The text of a present trouble by its label, "" where there is none."""
        return next((text for key, text in self._texts.items() if key.label == label), "")

    @property
    def texts(self) -> tuple[str, ...]:
        """The present troubles and the remark, for the board."""
        return (*self._texts.values(), *((self.remark,) if self.remark else ()))

    def samples(self) -> Iterable[Sample]:
        """1 for each present trouble, 0 for each past one."""
        for key in self._seen:
            yield Sample(labels_of("tui_monitor_trouble", reason=key.label), float(key in self._texts))
