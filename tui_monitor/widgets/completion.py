"""Completion of PromQL as it is typed: metrics with type and help, functions, label names and values. Pure but for its pane."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from textual import events
from textual.message import Message

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.promql.function_table import FUNCTIONS
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.styles import TextStyles

MOST_OFFERS, ROWS = 200, 8
_WORD = re.compile(r"[A-Za-z0-9_:]*\Z")
_LABEL_VALUE = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)\s*"([^"]*)\Z')
_METRIC = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)?\{[^{}]*\Z")


@frozen
class Vocabulary:
    """The words that may be completed."""

    metrics: tuple[MetricMetadata, ...] = ()
    functions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by label name, as far as they were asked for."""


@frozen
class Offer:
    """One word with what it is; ``start``: where the typed word begins that it replaces."""

    text: str
    kind: str
    about: str
    start: int


def wanted_label(text: str) -> str:
    """The label whose value is being typed at the end of the text, "" for anything else."""
    found = _LABEL_VALUE.search(text)
    return found[1] if found is not None and _METRIC.search(text[: found.start()]) else ""


def selector_before(text: str) -> str:
    """The metric in whose braces the end of the text is; "" outside of braces and without a name."""
    found = _METRIC.search(text)
    return (found[1] or "") if found is not None else ""


def offers(text: str, known: Vocabulary, *, all_of_them: bool = False) -> list[Offer]:
    """What fits the word at the end of the text: those that begin with it first, then those that contain it."""
    if label := wanted_label(text):
        found = _LABEL_VALUE.search(text)
        typed = found[2] if found is not None else ""
        return _fitting(typed, [(value, "value", f"of {label}") for value in known.values.get(label, ())], len(text) - len(typed), True)
    match = _WORD.search(text)
    word = match[0] if match is not None else ""
    start = len(text) - len(word)
    if text.count('"') % 2 or (not word and not all_of_them and not _METRIC.search(text)):
        return []
    if _METRIC.search(text):
        return _fitting(word, [(name, "label", "") for name in known.labels], start, True)
    words = [(one.name, one.type if one.type != "unknown" else "metric", one.help) for one in known.metrics]
    words += [(name, "function", FUNCTIONS[name].help if name in FUNCTIONS else "aggregation") for name in known.functions]
    return _fitting(word, words, start, all_of_them)


def _fitting(word: str, words: Iterable[tuple[str, str, str]], start: int, empty: bool) -> list[Offer]:
    low = word.lower()
    if not low and not empty:
        return []
    fits = [(not name.lower().startswith(low), name, kind, about) for name, kind, about in words if low in name.lower() and name != word]
    return [Offer(name, kind, about, start) for _, name, kind, about in sorted(fits, key=lambda one: one[:2])[:MOST_OFFERS]]


def accepted(text: str, offer: Offer) -> str:
    """The text with the word replaced; a function opens its bracket, a label its value, a value closes its quotes."""
    tail = {"function": "(", "label": '="', "value": '"'}.get(offer.kind, "")
    return text[: offer.start] + offer.text + tail


def offer_line(offer: Offer, width: int, look: RenderStyle, names: int) -> Line:
    """Word, kind, help."""
    row = LineBuilder(width, look).gap().append(offer.text, "text", names).gap(2)
    return row.append(offer.kind, "dim", 10).gap().append(offer.about, "faint").line()


class CompletionPane(LineWidget):
    """The list under the input; hidden without offers. ``chosen`` -1: nothing is chosen yet, Enter runs the expression."""

    class Chosen(Message):
        """An offer was clicked."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="completion", classes="-hidden")
        self.offers: Sequence[Offer] = ()
        self.chosen = -1
        self._top = 0

    def show(self, found: Sequence[Offer]) -> None:
        """Offer these; none hides the list."""
        self.offers, self.chosen, self._top = found, -1, 0
        self.set_class(not found, "-hidden")
        self.styles.height = min(ROWS, len(found))
        self.rebuild()

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.offers)

    def move(self, step: int) -> None:
        """Choose the next or the previous offer."""
        self.chosen = max(-1, min(len(self.offers) - 1, self.chosen + step))
        self._top = max(0, min(self._top, self.chosen), self.chosen - ROWS + 1)
        self.rebuild()

    def taken(self) -> Offer | None:
        """The chosen offer, else the first."""
        return self.offers[max(0, self.chosen)] if self.offers else None

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The visible offers."""
        shown = self.offers[self._top : self._top + height]
        names = min(max((f.cells(clean(offer.text)) for offer in self.offers), default=0), max(10, width - 30))
        lines = [offer_line(offer, width, self.look, names) for offer in shown]
        return lines, self.chosen - self._top if self.chosen >= 0 else -1

    def on_click(self, event: events.Click) -> None:
        """A click takes the offer."""
        if self._top + event.y < len(self.offers):
            self.chosen = self._top + event.y
            self.post_message(self.Chosen())
