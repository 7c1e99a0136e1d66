"""What people do by hand beside acknowledging: silences, and messages of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tui_monitor.core.sanitize import near
from tui_monitor.core.units import format_duration
from tui_monitor.dispatch.dispatcher import Planner
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import Routing, expand_recipients
from tui_monitor.dispatch.silences import Silence, make_silence


def silence_command(planner: Planner, verb: str, arguments: Mapping[str, Any], by: str, now: int, asked: int | None = None) -> str:
    """Do it; the answer is a sentence for people, also where it cannot be done.

    ``asked``: when, from which `for` counts unless the arguments name a `start`; None: now.
    """
    begin = now if asked is None else min(asked, now)
    try:
        if verb == "silence":
            seconds = float(arguments["for"])
            start = int(arguments.get("start", begin))
            ends = start + round(seconds * 1000)
            if ends <= now:
                return "refused: the time that it was to be silent for has already passed"
            silence = make_silence(arguments["matchers"], max(start, now), ends, by, str(arguments.get("comment", "")))
            planner.add_silence(silence, now)
            later = f" from {datetime.fromtimestamp(start / 1000, UTC):%Y-%m-%d %H:%M} UTC" if start > now else ""
            span = format_duration(round(seconds) or seconds)
            return f"silenced {' '.join(map(str, silence.matchers))} for {span}{later} (id {silence.id})"
        silence = _find(planner, str(arguments["id"]))
        if verb == "unsilence":
            planner.expire_silence(silence.id, now, by)
            return f"the silence {silence.id} has ended"
        if verb == "extend":
            planner.extend_silence(silence.id, begin + round(float(arguments["for"]) * 1000), now, by)
            return f"the silence {silence.id} holds {format_duration(float(arguments['for']))} more"
    except (ValueError, LookupError) as error:
        return f"refused: {error.args[0] if error.args else error}"
    return f"refused: there is no command {verb}"


def _find(planner: Planner, prefix: str) -> Silence:
    found = [silence for silence in planner.silences if silence.id.startswith(prefix)]
    if len(found) != 1 or not prefix:
        raise LookupError(f'"{prefix}" is the beginning of several silences' if len(found) > 1 else f'there is no silence "{prefix}"')
    return found[0]


def message_by_hand(arguments: Mapping[str, Any], by: str, routing: Routing, host: str, now: int) -> tuple[str, list[Message]]:
    """`notify send`: one message to each chosen notifier or group's member, and a sentence for people; no message if it is refused.

    Without `to` it goes where an alert of that severity would go whose name is the title.
    """
    severity = str(arguments.get("severity", "info"))
    title, text = str(arguments["title"]), str(arguments["message"])
    routes = routing.routes_for({"alertname": title, "host": host, "severity": severity}, severity)
    chosen = arguments.get("to") or [name for route in routes for name in route.notifiers]
    names = [*routing.notifiers, *routing.recipients]
    unknown = [name for name in chosen if name not in names]
    to = expand_recipients(chosen, routing.recipients, routing.notifiers)
    if unknown or not to:
        meant = near(unknown[0], names) if unknown else ""
        known = f"did you mean {meant}?" if meant else f"configured: {', '.join(names) or 'none'}"
        wrong = f"there is no notifier {unknown[0]}" if unknown else f"no route and no [routing] names anybody for {severity}; use --to"
        return f"refused: {wrong} ({known})", []
    messages = [Message(uuid4().hex, name, "message", now, title, f"{text}\n({by})", severity, host) for name in to]
    return f"queued for {', '.join(to)}", messages
