"""The form of a silence: labels as chips, durations, and which alerts it would mute. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from tui_monitor.board.values import AlertView
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.alerts import subject
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

WEEK_MS = 604_800_000
CHIPS, TIMES = 0, 1
"""The rows of the form that arrow keys move in; the reason is an input below them."""
LONGEST_NAME, MOST_NAMES = 24, 3
UNTIL = "09:00"
RESOLVED, AT_MOST_S = "till resolved", 30 * 86_400.0
"""The choice that ends with the alerts, and how long it holds at most."""


@frozen
class Chip:
    """One label, and whether the silence matches it."""

    name: str
    value: str
    chosen: bool = False

    @property
    def text(self) -> str:
        """As it is shown: check=db."""
        return f"{self.name}={f.cut(clean(self.value), LONGEST_NAME)}"


@frozen
class SilenceForm:
    """The state of the form: its chips, the chosen duration, and where the cursor is."""

    chips: tuple[Chip, ...]
    durations: tuple[tuple[str, float], ...]
    """Name and seconds."""
    chosen: int = 2
    row: int = TIMES
    place: int = 0

    @property
    def labels(self) -> list[tuple[str, str]]:
        """The labels that the silence matches."""
        return [(chip.name, chip.value) for chip in self.chips if chip.chosen]

    @property
    def seconds(self) -> float:
        """How long it holds."""
        return self.durations[self.chosen][1]

    @property
    def until_resolved(self) -> bool:
        """Whether it ends once its alerts have resolved."""
        return self.durations[self.chosen][0] == RESOLVED

    def moved(self, step: int) -> SilenceForm:
        """The cursor one chip further, or the next duration chosen."""
        if self.row == TIMES:
            return replace(self, chosen=(self.chosen + step) % len(self.durations))
        return replace(self, place=(self.place + step) % len(self.chips))

    def toggled(self, place: int) -> SilenceForm:
        """With a chip chosen or no longer chosen."""
        chips = tuple(replace(chip, chosen=not chip.chosen) if at == place else chip for at, chip in enumerate(self.chips))
        return replace(self, chips=chips, row=CHIPS, place=place)


def form_of(given: Sequence[tuple[str, str]], others: Mapping[str, str], now: int, zone: tzinfo | None) -> SilenceForm:
    """A form whose first chips, those of ``given``, are chosen; the other labels of the alert follow."""
    named = {name for name, _ in given}
    chips = [Chip(name, value, True) for name, value in given]
    chips += [Chip(name, value) for name, value in others.items() if name not in named and value]
    hours = (("30m", 1800.0), ("1h", 3600.0), ("2h", 7200.0), ("8h", 28_800.0))
    return SilenceForm(tuple(chips), (*hours, (f"till {UNTIL}", seconds_until(UNTIL, now, zone)), (RESOLVED, AT_MOST_S)))


def seconds_until(clock: str, now: int, zone: tzinfo | None) -> float:
    """Seconds until the next time of day "HH:MM" of the zone (None: the machine's)."""
    here = datetime.fromtimestamp(now / 1000, zone)
    hour, minute = map(int, clock.split(":"))
    then = here.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    if then <= here.replace(tzinfo=None):
        then += timedelta(days=1)
    return round((then.replace(tzinfo=zone) if zone else then).timestamp() - now / 1000)


def muted_by(labels: Sequence[tuple[str, str]], alerts: Iterable[AlertView]) -> list[AlertView]:
    """The alerts that have all of these labels."""
    return [alert for alert in alerts if all(alert.labels.get(name) == value for name, value in labels)]


def effect(form: SilenceForm, live: Sequence[AlertView], ended: Sequence[AlertView] | None, now: int) -> str:
    """How many alerts the silence would mute now, how many it would have muted within a week (None: not read yet), and which."""
    if not form.labels:
        return "Choose at least one label: Space."
    present = muted_by(form.labels, (alert for alert in live if alert.state != "resolved"))
    week = muted_by(form.labels, (alert for alert in ended or () if now - alert.starts_at < WEEK_MS))
    names = list(dict.fromkeys(subject(alert) or alert.name for alert in (*present, *week)))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    told = f": {', '.join(map(clean, names[:MOST_NAMES]))}{more}" if names else ""
    before = f", {len(week)} last week" if ended is not None else ""
    return f"mutes {len(present)} alert{'s' * (len(present) != 1)} now{before}{told}"


def form_lines(
    form: SilenceForm, told: str, width: int, look: RenderStyle, focused: bool
) -> tuple[list[Line], list[tuple[int, int, int, int, int]]]:
    """The lines, and where chips and durations are: (line, first cell, cell after the last, row, place)."""
    lines: list[Line] = []
    places: list[tuple[int, int, int, int, int]] = []
    chips = [(f"[{'x' if chip.chosen else ' '}] {chip.text}", "strong" if chip.chosen else "dim") for chip in form.chips]
    names = [look.words.exact(name) for name, _ in form.durations]
    times = [
        (f"({name})", "strong") if at == form.chosen else (f" {name} ", "dim")
        for at, name in enumerate(names)
    ]  # fmt: skip
    for row, label, words in ((CHIPS, "", chips), (TIMES, "for", times)):
        line = LineBuilder(width, look).append(look.glyphs.selected if focused and form.row == row else " ", "accent")
        line.append(label, "dim").gap(bool(label))
        for at, (text, style) in enumerate(words):
            if f.cells(text) + 1 > line.room and line.used > 1:
                lines.append(line.line())
                line = LineBuilder(width, look).gap()
            here = focused and form.row == row and at == (form.place if row == CHIPS else form.chosen)
            begin = line.used
            line.append(text, "accent" if here else style)
            places.append((len(lines), begin, line.used, row, at))
            line.gap(2 if row == CHIPS else 1)
        lines.append(line.line())
        if row == CHIPS:
            lines.append(LineBuilder(width, look).gap().say(told, "warning" if told.startswith("Choose") else "text").line())
    return lines, places
