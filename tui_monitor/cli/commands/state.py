"""`status`, `alerts`, `silences`, `audit`, `notifications`: commands that read the state directory and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from tui_monitor.alerts.alert import Alert, labels_text
from tui_monitor.board.json_shapes import audit_json, listed_alert_json, notification_json, silence_json, silence_state
from tui_monitor.cli.arguments import add_json, add_watch, count
from tui_monitor.cli.commands.status import status, stored_board
from tui_monitor.cli.options import Refused, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table, terminal_width
from tui_monitor.cli.state_access import open_state_for_people, read_state
from tui_monitor.cli.watch import watch
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.humanize import age, span, stamp
from tui_monitor.core.mute_reason import mute_word
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.silences import Silence
from tui_monitor.runtime.listings import stored_alerts
from tui_monitor.storage.records import OutboxRow
from tui_monitor.storage.repository import State

MOST_ALERTS = 20_000
ROOMY = 120
"""From this many columns on a row of `alerts` has room for everything."""


def add_status_arguments(parser: ArgumentParser) -> None:
    """Arguments of `status`."""
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--oneline", action="store_true", help="what is wrong and since when in one line, for tmux, prompts and motd")
    add_watch(form)


def add_alerts_arguments(parser: ArgumentParser) -> None:
    """Arguments of `alerts`."""
    parser.add_argument("--all", action="store_true", help="resolved ones too")
    parser.add_argument("--severity", metavar="S", help="only of this severity: info, warning, error or critical")
    parser.add_argument("--category", metavar="C", help="only of this category")
    parser.add_argument("--limit", type=count, metavar="N", default=MOST_ALERTS, help="at most so many, the first ones")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    add_watch(form)


def add_silences_arguments(parser: ArgumentParser) -> None:
    """Arguments of `silences`."""
    parser.add_argument("--all", action="store_true", help="expired ones too")
    add_json(parser)


def add_audit_arguments(parser: ArgumentParser) -> None:
    """Arguments of `audit`."""
    parser.add_argument("--limit", type=count, metavar="N", default=100)
    add_json(parser)


def add_notifications_arguments(parser: ArgumentParser) -> None:
    """Arguments of `notifications`."""
    parser.add_argument("--limit", type=count, metavar="N", default=50)
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0, 1 without a readable state; `status` has its own exit codes."""
    answers: dict[str, Callable[[Namespace], int]] = {
        "status": status,
        "alerts": _alerts,
        "silences": _silences,
        "audit": _audit,
        "notifications": _notifications,
    }
    return answers[given.verb](given)


# --- alerts ---------------------------------------------------------------------------------------------------------------


def _alerts(given: Namespace) -> int:
    return watch(lambda: _list_alerts(given)) if given.watch else _list_alerts(given)


def _list_alerts(given: Namespace) -> int:
    directory = open_state_for_people(given).directory
    alerts = _chosen(given, read_state(directory, lambda state: stored_alerts(state, MOST_ALERTS if given.all else 0)))
    if given.json:
        board = stored_board(directory.history_db)
        sent = read_state(directory, lambda state: {alert.id: state.outbox.of_alert(alert.id) for alert in alerts})
        print_json([listed_alert_json(alert, board.service if board else "", sent[alert.id]) for alert in alerts])
    elif not alerts:
        print_line("no alerts")
    elif terminal_width() < ROOMY:
        table([_short_row(alert, wall_ms()) for alert in alerts], ("ID", "SEVERITY", "STATE", "FOR", "ALERT"))
    else:
        table([_alert_row(alert, wall_ms()) for alert in alerts], ("ID", "SEVERITY", "STATE", "SINCE", "FOR", "ALERT", "", ""))
    return 0


def _chosen(given: Namespace, alerts: Sequence[Alert]) -> list[Alert]:
    severity = None if given.severity is None else SEVERITY_ALIASES.get(given.severity, given.severity)
    if severity is not None and severity not in SEVERITIES:
        raise Refused(f'--severity: "{given.severity}" is not a severity; one of {", ".join(SEVERITIES)}', USAGE)
    category = given.category
    found = (one for one in alerts if severity in (None, one.listed.severity) and category in (None, one.labels.get("category", "")))
    return list(islice(found, given.limit))


def _short_row(alert: Alert, now: int) -> Sequence[Cell]:
    """A row for narrow terminals: state, age and summary; name and time are left out."""
    ident, severity, state, _, lasted, _, summary, remarks = _alert_row(alert, now)
    remark = remarks[0] if isinstance(remarks, tuple) else remarks
    return ident, severity, state, lasted, f"{summary} ({remark})" if remark else summary


def _alert_row(alert: Alert, now: int) -> Sequence[Cell]:
    began = alert.starts_at or alert.active_at
    state = _state(alert)
    quiet = alert.state == "resolved" or bool(alert.acknowledged or alert.suppressed_by)
    seconds = max(0, (alert.ends_at or now) - began) // 1000
    said = alert.listed
    return (
        alert.id,
        (said.severity, "dim" if quiet else said.severity),
        (state, "dim" if quiet else ""),
        stamp(began, now, None),
        span(seconds) if seconds >= 10 else f"{seconds}s",
        (Data(alert.name), "dim" if quiet else "bold"),
        said.summary or labels_text(alert.labels),
        ("; ".join(_remarks(alert, now)), "dim"),
    )


def _state(alert: Alert) -> str:
    """ "firing", "acknowledged", "silenced", "acknowledged, silenced" ..."""
    words = ("acknowledged" if alert.acknowledged else "", mute_word(alert.suppressed_by)) if alert.state == "firing" else ()
    return ", ".join(filter(None, words)) or alert.state


def _remarks(alert: Alert, now: int) -> list[str]:
    found = []
    if (taken := alert.acknowledged) is not None:
        until = f" until {stamp(taken.until, now, None)}" if taken.until else ""
        found.append(f"acknowledged by {taken.by}{until}{f': {taken.note}' if taken.note else ''}")
    if alert.due_at is not None and alert.state == "firing" and taken is None:
        left = (alert.due_at - now) / 1000
        found.append("overdue" if left <= 0 else f"due in {span(left)}" if left >= 10 else "due now")
    if alert.resolved_by:
        found.append(f"resolved by {alert.resolved_by}")
    if alert.suppressed_by:
        found.append(f"muted by {', '.join(alert.suppressed_by)}")
    if alert.flaps:
        found.append(f"flapping, {alert.flaps} times")
    if alert.no_data:
        found.append("no data")
    return found


# --- silences -------------------------------------------------------------------------------------------------------------


def _silences(given: Namespace) -> int:
    now = wall_ms()
    known = read_state(open_state_for_people(given).directory, lambda state: state.dispatch.silences())
    shown = [silence for silence in known if given.all or silence.ends_at > now]
    if given.json:
        print_json([silence_json(silence, now) for silence in shown])
    elif not shown:
        print_line("no silences")
    else:
        table([_silence_row(silence, now) for silence in shown], ("ID", "STATE", "FROM", "ENDS", "LEFT", "MATCHERS", "BY", "COMMENT"))
    return 0


def _silence_row(silence: Silence, now: int) -> Sequence[Cell]:
    state = silence_state(silence, now)
    left = age(now, silence.ends_at) if state != "expired" else ""
    matchers = " ".join(map(str, silence.matchers))
    return (
        silence.id,
        (state, "dim" if state == "expired" else ""),
        stamp(silence.starts_at, now, None),
        stamp(silence.ends_at, now, None),
        left,
        Data(matchers),
        Data(silence.by),
        Data(silence.comment),
    )


# --- audit and outbox -----------------------------------------------------------------------------------------------------


def _audit(given: Namespace) -> int:
    now = wall_ms()
    lines = read_state(open_state_for_people(given).directory, lambda state: state.audit.newest(given.limit))
    if given.json:
        print_json([audit_json(line) for line in lines])
    elif not lines:
        print_line("the audit log is empty: no person or command has changed anything yet")
    else:
        rows: list[Sequence[Cell]] = [
            (stamp(line.at, now, None, seconds=True), Data(line.by), (line.verb, "bold"), Data(line.subject), line.note) for line in lines
        ]
        table(rows, ("TIME", "BY", "DID", "TO", "NOTE"))
    return 0


def _notifications(given: Namespace) -> int:
    now = wall_ms()
    directory = open_state_for_people(given).directory
    if given.json:
        found = read_state(directory, lambda state: _with_messages(state, given.limit))
        print_json([notification_json(entry, message) for entry, message in found])
        return 0
    entries = read_state(directory, lambda state: state.outbox.newest(given.limit))
    if not entries:
        print_line("no notifications")
    else:
        told = {ident for entry in entries for ident in entry.alerts}
        labels = read_state(directory, lambda state: state.alerts.labels(told))
        rows: list[Sequence[Cell]] = [
            (
                stamp(entry.created_at, now, None, seconds=True),
                Data(entry.notifier),
                entry.kind,
                (entry.state, entry.state),
                "" if entry.attempts < 2 else f"{entry.attempts} tries",
                _told_of(entry.alerts, labels),
                _outcome(entry, now),
            )
            for entry in entries
        ]
        table(rows, ("TIME", "NOTIFIER", "KIND", "STATE", "", "ALERTS", ""))
    return 0


def _with_messages(state: State, limit: int) -> list[tuple[OutboxRow, Message]]:
    rows = state.outbox.newest(limit)
    return list(zip(rows, state.outbox.messages([row.id for row in rows]), strict=True))


def _told_of(alerts: Sequence[str], labels: Mapping[str, Mapping[str, str]]) -> str:
    """The alerts of a message as ids, the first with its name: "3f2a91bc CheckUnhealthy shop, 77ab01cd and 2 more"."""
    named = [f"{ident} {own.get('alertname', '')} {subject_of(own)}".strip() for ident in alerts[:1] for own in [labels.get(ident, {})]]
    more = f" and {len(alerts) - 3} more" if len(alerts) > 3 else ""
    return ", ".join([*named, *alerts[1:3]]) + more


def _outcome(entry: OutboxRow, now: int) -> str:
    again = (
        f"again at {stamp(entry.next_try, now, None, seconds=True)}" if entry.next_try and entry.state in ("retrying", "unknown") else ""
    )
    sent = f"id {entry.provider_id}" if entry.state == "sent" and entry.provider_id else ""
    return "; ".join(part for part in (entry.error, again, sent) if part)
