"""What the app asks at its prompt before it acts: notes, silences, filters, times. Part of the app, loaded when first used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_monitor.core.commands import Acknowledge, Annotate, SavePanel
from tui_monitor.core.humanize import stamp
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.alerts import subject
from tui_monitor.widgets.prompt_parsing import parse_moment, parse_silence, silence_text

if TYPE_CHECKING:
    from tui_monitor.tui.app import MonitorApp

NOTE = "a note, or nothing"
TAKE = "Enter acknowledges   Esc leaves"


def acknowledge(app: MonitorApp) -> None:
    """Ask for a note and acknowledge the selected alert, else the first."""
    alert = app.chosen_alert()
    if app.refused():
        return
    if alert is None:
        app.notify("No alert is chosen here: 1 leads to them." if app.live.firing else "There is no alert to acknowledge.", markup=False)
        return
    question = f"Acknowledge {alert.name} {subject(alert)}".rstrip()
    app.ask(question, lambda text: app.do(app.command(Acknowledge((alert.id,), note=text.strip()))), placeholder=NOTE, hint=TAKE)


def acknowledge_all(app: MonitorApp) -> None:
    """Ask for a note and acknowledge everything that fires."""
    if app.refused():
        return
    question = f"Acknowledge all {app.live.firing} firing alerts"
    app.ask(question, lambda text: app.do(app.command(Acknowledge(all_firing=True, note=text.strip()))), placeholder=NOTE, hint=TAKE)


def silence(app: MonitorApp) -> None:
    """Ask for matchers, how long and why, filled in from the selection."""
    if app.refused():
        return

    def ask(line: str) -> None:
        app.ask("Silence: matchers, for how long, # why", answered, value=line, hint="Enter silences   Esc leaves")

    def answered(text: str) -> None:
        try:
            silence = parse_silence(text)
        except ValueError as fault:
            app.notify(clean(str(fault)), severity="error", markup=False)
            ask(text)  # to be mended, not typed anew
        else:
            app.do(app.command(silence))

    alert = app.chosen_alert()
    labels = app.main.chosen_labels() if app.screen is app.main or alert is None else app.main.labels_of(alert)
    ask(silence_text(labels))


def filter_rows(app: MonitorApp) -> None:
    """Ask for a text and show only the rows of the focused pane that hold it."""
    pane = getattr(app.screen, "pane", app.main.pane)
    app.ask(f"Filter {pane.TITLE}".rstrip(), pane.filter, value=pane.needle, hint="Enter keeps it   Esc leaves", typed=pane.filter)


def goto(app: MonitorApp) -> None:
    """Ask for a time and show the board of then."""

    def ask(line: str) -> None:
        app.ask("Go to", answered, value=line, placeholder="03:10   2026-11-20 03:10   -2h", hint="Enter goes   Esc leaves")

    def answered(text: str) -> None:
        try:
            at = parse_moment(text, app.now(), app.look.zone)
        except ValueError as fault:
            app.notify(clean(str(fault)), severity="error", markup=False)
            ask(text)
        else:
            app.do(app.go_to(at))

    ask("")


def another_series(app: MonitorApp) -> None:
    """Ask for PromQL that is drawn with what the chart shows."""
    from tui_monitor.tui.screens.chart import ChartScreen

    screen = app.screen
    if not isinstance(screen, ChartScreen):
        return

    def answered(text: str) -> None:
        if text.strip():
            screen.ask(replace(screen.question, expr=f"{screen.question.expr}; {text.strip()}"))

    app.ask("Another series", answered, placeholder="memory_usage_ratio", hint="Enter draws   Esc leaves")


def keep(app: MonitorApp) -> None:
    """Ask for a name and keep the chart's query as a panel."""
    from tui_monitor.tui.screens.chart import ChartScreen

    screen = app.screen
    if not isinstance(screen, ChartScreen) or not screen.question.expr or app.refused():
        return
    question = screen.question
    app.ask(
        "Keep as panel",
        lambda text: app.do(app.command(SavePanel(text.strip(), question.expr, question.span))),
        placeholder="a name",
        hint="Enter keeps   Esc leaves",
    )


def mark(app: MonitorApp) -> None:
    """Ask for a text and mark the moment that is shown, on every chart."""
    if app.live.read_only:
        app.refused()
        return
    at = app.view.past_at
    when = stamp(at, app.now(), app.look.zone, seconds=True) if at else "now"
    app.ask(
        f"Mark {when}",
        lambda text: app.do(app.command(Annotate(text.strip(), at or None))) if text.strip() else None,
        placeholder="deploy v2.3",
        hint="Enter marks it on every chart   Esc leaves",
    )
