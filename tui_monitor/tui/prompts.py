"""Prompts of commands available on every screen: notes, silences, times. Loaded when first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.values import AlertView
from tui_monitor.core.commands import Acknowledge, AddSilence, Annotate
from tui_monitor.core.humanize import stamp
from tui_monitor.core.times import parse_time
from tui_monitor.core.units import format_duration
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.prompt import ask_until_valid
from tui_monitor.widgets.alerts import naming_labels, subject
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.prompt_parsing import parse_silence, parse_time_and_reason, silence_text

if TYPE_CHECKING:
    from tui_monitor.widgets.silence_form import SilenceForm

NOTE = "a note (optional)"
ACKNOWLEDGE_HINT = "Enter acknowledges   Esc cancel"


def acknowledge(context: ScreenContext, alert: AlertView | None) -> None:
    """Ask for a note and acknowledge an alert; without one a toast says so."""
    if not context.may_act():
        return
    if alert is None:
        context.inform(
            "No alert is selected here: press 1 for the list of alerts." if context.live.firing else "There is no alert to acknowledge."
        )
        return

    def answered(text: str) -> None:
        context.start(context.send(Acknowledge((alert.id,), note=text.strip())))
        context.acknowledged(alert)

    question = f"Acknowledge {alert.name} {subject(alert)}".rstrip()
    context.prompt(question, answered, placeholder=NOTE, hint=ACKNOWLEDGE_HINT)


def acknowledge_marked(context: ScreenContext, alerts: Sequence[AlertView]) -> None:
    """Ask for one note and acknowledge these alerts together; they stay marked, so that `u` withdraws it."""
    ids = tuple(alert.id for alert in alerts)

    def answered(text: str) -> None:
        context.acknowledged_together = ids
        context.start(context.send(Acknowledge(ids, note=text.strip())))

    if context.may_act():
        hint = "Enter acknowledges them   u withdraws it   Esc cancel"
        context.prompt(f"Acknowledge {_named(alerts)}", answered, placeholder=NOTE, hint=hint)


def _named(alerts: Sequence[AlertView]) -> str:
    """The number of alerts and their subjects: "3 alerts: shop, db, checkout"."""
    return f"{len(alerts)} alert{'s' * (len(alerts) != 1)}: {', '.join(subject(alert) or alert.name for alert in alerts)}"


def silence_marked(context: ScreenContext, alerts: Sequence[AlertView]) -> None:
    """Ask for a time and a reason, and silence each of these alerts by its own labels: no other alert is muted."""
    if not context.may_act():
        return

    def answered(given: tuple[float, str]) -> None:
        context.start(_silence_each(context, alerts, *given))

    ask_until_valid(
        context, f"Silence {_named(alerts)}", parse_time_and_reason, answered,
        value="2h", placeholder="2h # why", hint="Enter silences each   Esc cancel",
    )  # fmt: skip


async def _silence_each(context: ScreenContext, alerts: Sequence[AlertView], seconds: float, comment: str) -> None:
    for alert in alerts:
        matchers = parse_silence(silence_text(naming_labels(alert))).matchers
        result = await context.backend.command(AddSilence(matchers, seconds, comment))
        if not result.ok:
            raise CommandRefused(f"{alert.name} {subject(alert)}: {result.text}")
    context.inform(f"silenced {_named(alerts)}")


def acknowledge_all(context: ScreenContext) -> None:
    """Ask for a note and acknowledge all firing alerts."""

    def answered(text: str) -> None:
        context.acknowledged_together = tuple(
            alert.id for alert in context.live.alerts if alert.state == "firing" and not alert.acknowledged_by
        )
        context.start(context.send(Acknowledge(all_firing=True, note=text.strip())))

    if context.may_act():
        context.prompt(
            f"Acknowledge all {context.live.firing} firing alerts",
            answered,
            placeholder=NOTE,
            hint="Enter acknowledges all   U undoes it   Esc cancel",
        )


def silence(context: ScreenContext, labels: Sequence[tuple[str, str]], alert: AlertView | None) -> None:
    """Ask for labels, a duration and a reason by a form; ``alert`` has further labels to choose from. Without any label by a line."""
    from tui_monitor.widgets.silence_form import form_of

    if not context.may_act():
        return
    if not labels:
        silence_line(context, "")
        return

    belongs = alert is not None and all(alert.labels.get(name) == value for name, value in labels)
    others = alert.labels if alert is not None and belongs else {}
    _silence_form(context, form_of(labels, others, context.now(), context.look.zone), "")


def _silence_form(context: ScreenContext, form: SilenceForm, why: str) -> None:
    """Ask by the form, or by a line that leads back to it."""
    from tui_monitor.tui.screens.silence_form import SilenceFormScreen

    def answered(given: tuple[SilenceForm, str, bool]) -> None:
        form, why, as_line = given
        matchers = silence_text(form.labels).removesuffix(" 2h")
        if as_line:
            text = f"{matchers} {format_duration(form.seconds)}{f' # {why}' if why else ''}"
            silence_line(context, text, lambda: _silence_form(context, form, why))
        else:
            context.start(
                context.send(AddSilence(parse_silence(f"{matchers} 2h").matchers, form.seconds, why, until_resolved=form.until_resolved))
            )

    context.push(SilenceFormScreen(context, form, why), answered)


def silence_line(context: ScreenContext, text: str, as_form: Callable[[], None] | None = None) -> None:
    """Ask for matchers, duration and comment in one line, which begins as ``text``; ``as_form`` opens the form again."""
    keys = "Enter silences   Ctrl+T as a form   Esc cancel" if as_form is not None else "Enter silences   Esc cancel"
    ask_until_valid(
        context, "Silence: matchers, duration, # why", parse_silence,
        lambda command: context.start(context.send(command)),
        value=text, hint=keys, placeholder='check="api" 2h # why', as_form=as_form,
    )  # fmt: skip


def filter_rows(context: ScreenContext, pane: Pane) -> None:
    """Filter a pane's rows by a text, at each key."""
    question = f"Filter {pane.TITLE}".rstrip()
    context.prompt(question, pane.filter, value=pane.needle, hint="Enter applies   Esc cancel", typed=pane.filter)


def time(context: ScreenContext, then: Callable[[int], None]) -> None:
    """Ask for a time; ``then`` receives it (UTC ms)."""
    ask_until_valid(
        context, "Go to", lambda text: parse_time(text, context.now(), context.look.zone), then,
        placeholder="03:10   2026-11-20 03:10   -2h", hint="Enter goes   Esc cancel",
    )  # fmt: skip


def mark(context: ScreenContext) -> None:
    """Ask for a text and annotate the moment shown, live or past."""
    if context.live.read_only:
        context.inform(context.live.read_only, "warning")
        return
    at = context.view.past_at
    when = stamp(at, context.now(), context.look.zone, seconds=True) if at else "now"

    def answered(text: str) -> None:
        if text.strip():
            context.start(context.send(Annotate(text.strip(), at or None)))

    context.prompt(f"Mark {when}", answered, placeholder="deploy v2.3", hint="Enter marks it on every chart   Esc cancel")
