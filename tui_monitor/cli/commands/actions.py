"""`ack`, `unack`, `resolve`, `silence`, `extend`, `unsilence`, `annotate`: commands stored for the leader, or for the next one."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from tui_monitor.board.backend import CommandRefused
from tui_monitor.cli.options import LONGEST_S, Refused, print_error, seconds_of, time_of, wall_ms
from tui_monitor.cli.output import print_line
from tui_monitor.cli.state_access import StateAccess, open_state, read_state
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import (
    Acknowledge,
    AddSilence,
    Annotate,
    Command,
    CommandResult,
    EndSilence,
    ExtendSilence,
    Resolve,
    Unacknowledge,
)
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.sanitize import clean, near
from tui_monitor.platform.acting_user import acting_user
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.command_client import NO_LEADER, UNANSWERED, leave_command, result_of
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.state.reader import StateReader


def add_ack_arguments(parser: ArgumentParser) -> None:
    """Arguments of `ack`."""
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--all", action="store_true", help="every firing alert")
    parser.add_argument("--note", default="", metavar="T", help="a note for others")
    parser.add_argument("--for", dest="for_", metavar="2h", help="duration of the acknowledgement; default: until the alert resolves")


def add_unack_arguments(parser: ArgumentParser) -> None:
    """Arguments of `unack`."""
    parser.add_argument("id", metavar="ID")


def add_resolve_arguments(parser: ArgumentParser) -> None:
    """Arguments of `resolve`."""
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--note", default="", metavar="T", help="a note for others")


def add_silence_arguments(parser: ArgumentParser) -> None:
    """Arguments of `silence`."""
    parser.add_argument("matchers", nargs="+", metavar="MATCHER", help='alertname=X, check!="api", host=~"web.*"')
    long = parser.add_mutually_exclusive_group(required=True)
    long.add_argument("--for", dest="for_", metavar="2h", help="for how long")
    long.add_argument("--end", metavar="T", help="end time: RFC 3339, Unix seconds, tomorrow HH:MM or the next HH:MM")
    long.add_argument("--until-resolved", action="store_true", help="until no matching alert is left, 30 days at most")
    parser.add_argument("--start", metavar="T", help="start time; default: now")
    parser.add_argument("--comment", default="", metavar="T", help="why, for others")


def add_unsilence_arguments(parser: ArgumentParser) -> None:
    """Arguments of `unsilence`."""
    parser.add_argument("id", metavar="ID")


def add_extend_arguments(parser: ArgumentParser) -> None:
    """Arguments of `extend`."""
    parser.add_argument("id", metavar="ID")
    long = parser.add_mutually_exclusive_group(required=True)
    long.add_argument("--for", dest="for_", metavar="2h", help="extend by this duration")
    long.add_argument("--until", metavar="T", help="extend to this time: RFC 3339, Unix seconds or the next HH:MM")


def add_annotate_arguments(parser: ArgumentParser) -> None:
    """Arguments of `annotate`."""
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("--at", dest="when", metavar="TIME", help="default: now")


def run(given: Namespace) -> int:
    """Exit code: 0 done or stored for the next leader, 1 refused or unknown, 64 usage."""
    acts: dict[str, Callable[[Namespace], int]] = {
        "ack": _ack,
        "unack": _on_alert,
        "resolve": _on_alert,
        "silence": _silence,
        "unsilence": _on_silence,
        "extend": _on_silence,
        "annotate": _annotate,
    }
    return acts[given.verb](given)


def submit(access: StateAccess, command: Command, *, quiet: bool = False) -> int:
    """Store a command for the leader, wait briefly for its result and print it. Returns the exit code. Raises Refused.

    ``quiet``: print only a refusal.
    """
    try:
        ident = leave_command(access.directory, acting_user(), command, wall_ms())
    except CommandRefused as error:
        raise Refused(str(error)) from None
    result = _result_of(access.directory, ident) if access.alive else NO_LEADER
    if not result.ok:
        raise Refused(result.text)
    if not quiet:
        print_line(result.text)
    return 0


def _result_of(directory: StateDirectory, ident: int) -> CommandResult:
    try:
        with closing(StateReader(directory.state_db)) as state:
            return asyncio.run(result_of(state, ident, SystemClock())) or UNANSWERED
    except StorageFault:
        return UNANSWERED


# --- alerts ---------------------------------------------------------------------------------------------------------------


def _ack(given: Namespace) -> int:
    if bool(given.ids) == given.all:
        raise Refused("name the alerts to acknowledge, or say --all" if not given.ids else "give either ids or --all", USAGE)
    seconds = None if given.for_ is None else seconds_of(given.for_, "--for")
    access = open_state(given)
    if given.all and access.alive:
        return submit(access, Acknowledge(all_firing=True, note=given.note, seconds=seconds))
    if given.all:  # ids are resolved now: alerts that fire before the next leader starts were not meant
        live = read_state(access.directory, lambda state: state.alerts.live())
        given.ids = [alert.id for alert in live if alert.state == "firing" and alert.acknowledged is None]
        if not given.ids:
            print_line("nothing to do: no unacknowledged alert fires")
            return 0
    return _submit_for(access, given.ids, lambda ids: Acknowledge(ids, note=given.note, seconds=seconds))


def _on_alert(given: Namespace) -> int:
    if given.verb == "resolve":
        return _submit_for(open_state(given), [given.id], lambda ids: Resolve(ids, note=given.note))
    return _submit_for(open_state(given), [given.id], Unacknowledge)


def _submit_for(access: StateAccess, prefixes: list[str], make: Callable[[tuple[str, ...]], Command]) -> int:
    """Submit the command for all known ids; errors of single ids are printed and do not stop the others."""
    found, faults = _full_ids(access.directory, prefixes)
    for fault in faults:
        print_error(fault)
    return max(1 if faults else 0, submit(access, make(tuple(found))) if found else 0)


def _full_ids(directory: StateDirectory, prefixes: list[str]) -> tuple[list[str], list[str]]:
    """Full ids of live alerts, and an error for each prefix without one. Full ids keep a stored command unambiguous."""
    live = [alert for alert in read_state(directory, lambda state: state.alerts.live()) if alert.state != "resolved"]
    found: dict[str, None] = {}
    faults = []
    for prefix in (text.strip().lower() for text in prefixes):
        fits = [alert for alert in live if prefix and alert.id.startswith(prefix)]
        exact = [alert for alert in fits if alert.id == prefix] or fits
        if not exact:
            faults.append(f'no live alert has the id "{prefix}"{_nearest(prefix, [alert.id for alert in live])}')
        elif len(exact) > 1:
            faults.append(f'"{prefix}" is the beginning of several ids: {", ".join(sorted(alert.id for alert in exact)[:5])}')
        elif exact[0].state == "pending":
            faults.append(f"{exact[0].id} {exact[0].name} is pending, not firing")
        else:
            found[exact[0].id] = None
    return list(found), faults


def _nearest(word: str, known: list[str]) -> str:
    meant = near(word, known)
    return f"; did you mean {meant}?" if meant else ""


# --- silences -------------------------------------------------------------------------------------------------------------


def _silence(given: Namespace) -> int:
    from tui_monitor.dispatch.silences import make_silence

    now = wall_ms()
    start = time_of(given.start, "--start", now, ahead=True) if given.start else now
    long = "30d" if given.until_resolved else given.for_
    end = time_of(given.end, "--end", max(start, now), ahead=True) if given.end else start + round(seconds_of(long, "--for") * 1000)
    try:
        make_silence(given.matchers, start, end, "")
    except ValueError as error:
        raise Refused(str(error), USAGE) from None
    if end <= now:
        raise Refused("this silence would end in the past", USAGE)
    if end - now > LONGEST_S * 1000:
        raise Refused("a silence ends within ten years", USAGE)
    named = start if given.start or given.end else None
    return submit(open_state(given), AddSilence(tuple(given.matchers), (end - start) / 1000, given.comment, named, given.until_resolved))


def _on_silence(given: Namespace) -> int:
    now = wall_ms()
    change = _extension(given, now) if given.verb == "extend" else None
    access = open_state(given)
    prefix = given.id.strip().lower().removeprefix("silence:")
    silences = read_state(access.directory, lambda state: state.dispatch.silences())
    known = [silence.id for silence in silences if silence.ends_at > now or given.verb == "extend"]
    fits = [ident for ident in known if prefix and ident.startswith(prefix)]
    fits = [ident for ident in fits if ident == prefix] or fits
    if len(fits) != 1:
        several = f'"{prefix}" is the beginning of several silences: {", ".join(fits[:5])}'
        raise Refused(several if fits else f'there is no silence "{prefix}"{_nearest(prefix, known)}')
    return submit(access, replace(change, id=fits[0]) if change else EndSilence(fits[0]))


def _extension(given: Namespace, now: int) -> ExtendSilence:
    """The extension that `extend` requests, before its silence is known."""
    if given.for_ is not None:
        return ExtendSilence("", seconds_of(given.for_, "--for"))
    until = time_of(given.until, "--until", now, ahead=True)
    if until <= now:
        raise Refused("--until: that time has already passed; unsilence ends a silence now", USAGE)
    return ExtendSilence("", until=until)


# --- others ---------------------------------------------------------------------------------------------------------------


def _annotate(given: Namespace) -> int:
    from tui_monitor.storage.history.writer import annotate

    now = wall_ms()
    text = clean(given.text).strip()
    if not text:
        raise Refused("the text is empty", USAGE)
    at = time_of(given.when, "--at", now) if given.when else now
    access = open_state(given)
    if access.alive:
        return submit(access, Annotate(text, at))
    if not access.directory.writable:
        raise Refused(f"read-only: {access.directory.why_read_only}")
    try:
        annotate(access.directory.history_db, at, text, acting_user())
    except StorageFault as error:
        raise Refused(f"the history cannot be written: {error}") from None
    print_line(f'marked "{text}"')
    return 0
