"""Commands on silences, and messages that people send themselves. Pure but for the dispatcher that holds the silences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.commands import AddSilence, CommandResult, EndSilence, ExtendSilence, SendMessage, SendTest, SilenceCommand
from tui_monitor.core.sanitize import clean, near, nearest
from tui_monitor.core.units import format_duration
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.origin import NO_ORIGIN, Origin
from tui_monitor.dispatch.routing import Routing, expand_recipients
from tui_monitor.dispatch.silences import Silence, make_silence, muted_now

LONGEST_MS = 10 * 365 * 86_400_000


def apply_silence(
    planner: Dispatcher, command: SilenceCommand, by: str, now: int, asked: int | None = None, alerts: Sequence[Alert] = ()
) -> CommandResult:
    """Add, extend or end a silence.

    ``asked``: when the command was given (UTC ms), from which its duration counts unless it names a start; None: now.
    ``alerts``: those that a new silence may mute; its result says how many it does.
    """
    begin = now if asked is None else min(asked, now)
    try:
        match command:
            case AddSilence():
                return _add(planner, command, by, now, begin, alerts)
            case EndSilence():
                silence = _find(planner, command.id)
                planner.expire_silence(silence.id, now, by)
                return CommandResult(True, f"the silence {silence.id} has ended")
            case ExtendSilence():
                return _extend(planner, command, by, now, begin)
    except (ValueError, LookupError) as error:
        return CommandResult(False, str(error.args[0] if error.args else error))


def _add(planner: Dispatcher, command: AddSilence, by: str, now: int, begin: int, alerts: Sequence[Alert]) -> CommandResult:
    start = begin if command.start is None else command.start
    ends = start + round(command.seconds * 1000)
    if ends <= now:
        return CommandResult(False, "this silence would end in the past")
    silence = make_silence(command.matchers, max(start, now), ends, by, command.comment, command.until_resolved)
    planner.add_silence(silence, now)
    later = f" from {datetime.fromtimestamp(start / 1000, UTC):%Y-%m-%d %H:%M} UTC" if start > now else ""
    span = format_duration(round(command.seconds) or command.seconds)
    what = " ".join(map(str, silence.matchers))
    span = f"until resolved, {span} at most" if command.until_resolved else f"for {span}"
    said = f"silenced {what} {span}{later} (id {silence.id}); it {muted_now(alerts, silence)}"
    return CommandResult(True, said, made=(silence.id,))


def _extend(planner: Dispatcher, command: ExtendSilence, by: str, now: int, begin: int) -> CommandResult:
    """Time is added to the end that the silence has; one that has ended holds again, so long from when it was asked for."""
    silence = _find(planner, command.id)
    ends = command.until if command.until is not None else max(silence.ends_at, begin) + round(command.seconds * 1000)
    if ends <= now:
        return CommandResult(False, "that time has already passed; unsilence ends a silence now")
    if ends - now > LONGEST_MS:
        return CommandResult(False, "a silence ends within ten years")
    planner.extend_silence(silence.id, ends, now, by)
    longer = f" {format_duration(command.seconds)} longer," if command.until is None else ""
    return CommandResult(
        True, f"the silence {silence.id} holds{longer} until {datetime.fromtimestamp(ends / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    )


def _find(planner: Dispatcher, prefix: str) -> Silence:
    found = [silence for silence in planner.silences if silence.id.startswith(prefix)]
    if len(found) != 1 or not prefix:
        raise LookupError(f'"{prefix}" is the beginning of several silences' if len(found) > 1 else f'there is no silence "{prefix}"')
    return found[0]


def message_by_hand(
    command: SendMessage, by: str, routing: Routing, host: str, now: int, origin: Origin = NO_ORIGIN
) -> tuple[CommandResult, list[Message]]:
    """One message to each chosen notifier or group's member; none where the command is refused.

    Without `to` it goes where an alert of that severity would go whose name is the title; with addresses to the notifiers that take them.
    """
    routes = routing.routes_for({"alertname": command.title, "host": host, "severity": command.severity}, command.severity)
    routed = [name for name in routing.notifiers if routing.notifiers[name].takes(command.addresses)] if command.addresses else []
    chosen = command.to or routed or [name for route in routes for name in route.notifiers]
    names = [*routing.notifiers, *routing.recipients]
    unknown = [name for name in chosen if name not in names]
    to = expand_recipients(chosen, routing.recipients, routing.notifiers)
    if unknown or not to:
        meant = near(unknown[0], names) if unknown else ""
        known = f"did you mean {meant}?" if meant else f"configured: {', '.join(names) or 'none'}"
        wrong = (
            f"there is no notifier {unknown[0]}" if unknown else f"no route and no [routing] names anybody for {command.severity}; use --to"
        )
        return CommandResult(False, f"{wrong} ({known})"), []
    receivers = {name: routing.notifiers[name].takes(command.addresses) for name in to}
    if unlisted := [address for address in command.addresses if all(address not in taken for taken in receivers.values())]:
        return CommandResult(False, f"no notifier may send to {clean(unlisted[0])}; see its allowed_addresses"), []
    to = tuple(name for name in to if receivers[name] or not routing.notifiers[name].asked(command.addresses))
    told = Message("", "", "message", now, command.title, f"{command.message}\n({by})", command.severity, host)
    told = replace(told, service=origin.service, environment=origin.environment, footer=origin.footer)
    messages = [replace(told, key=uuid4().hex, notifier=name, to=receivers[name]) for name in to]
    return CommandResult(True, f"queued for {', '.join(to)}"), messages


def test_by_hand(
    command: SendTest, by: str, routing: Routing, host: str, now: int, origin: Origin, language: str
) -> tuple[CommandResult, list[Message]]:
    """A test message to one notifier, in no thread: a mail that refers to another one is sorted below it or taken for spam."""
    name = command.notifier
    if name not in routing.notifiers:
        return CommandResult(False, f"there is no notifier {clean(name)}{nearest(name, routing.notifiers)}"), []
    words = phrases(language)
    title, text = (part.format(host=host, name=name, by=by) for part in (words.test_title, words.test_text))
    told = Message(uuid4().hex, name, "test", now, title, text, command.severity, host, language=language)
    told = replace(told, service=origin.service, environment=origin.environment, footer=origin.footer)
    return CommandResult(True, f"queued for {name}"), [told]
