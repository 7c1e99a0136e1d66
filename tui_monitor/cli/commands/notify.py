"""`notify test | send`: send a test message from this process, or queue a manual message in the outbox."""

from __future__ import annotations

import asyncio
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tui_monitor.board.backend import CommandRefused
from tui_monitor.cli.arguments import add_actions
from tui_monitor.cli.commands.actions import submit
from tui_monitor.cli.options import Refused, configuration, print_error, suggestion, wall_ms
from tui_monitor.cli.output import print_line
from tui_monitor.cli.state_access import NoStateYet, existing_state, open_state
from tui_monitor.core.audit import Audit
from tui_monitor.core.catalogue.languages import language_in_use, phrases
from tui_monitor.core.commands import SendMessage
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.dispatch.message import Message, State
from tui_monitor.platform.acting_user import acting_user
from tui_monitor.runtime.command_client import write_state
from tui_monitor.storage.records import SendResult
from tui_monitor.storage.repository import State as Tables

if TYPE_CHECKING:
    from tui_monitor.config.entries import NotifierSettings
    from tui_monitor.config.settings import Settings

GRACE_S = 5.0
"""A notifier that overstays its own time limit by so much is stopped from outside."""


@frozen
class TestResult:
    """Result of one test message; ``reason`` holds no secrets."""

    message: Message
    state: State
    provider_id: str = ""
    reason: str = ""
    remark: str = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `notify`."""
    notify = add_actions(parser, "test|send")
    test = notify("test", "send a real test message; exit 1 with the reason where one fails")
    test.add_argument("names", nargs="*", metavar="NAME")
    test.add_argument("--severity", default="info", metavar="S", help="info, warning, error or critical: sign and colour of the message")
    test.add_argument("--address", metavar="A", help="send to this mail address, phone number or chat only")
    test.add_argument("--dry", action="store_true", help="Aligo: accepted but not sent")
    send = notify("send", "send a message of your own through the outbox")
    send.add_argument("--title", required=True, metavar="T")
    send.add_argument("--message", required=True, metavar="M")
    send.add_argument("--severity", default="info", metavar="S", help="info, warning, error or critical")
    send.add_argument(
        "--to",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="notifiers or recipient groups; default: as an alert of the severity",
    )


def run(given: Namespace) -> int:
    """Exit code: 0, 1 where a send failed or the leader refused, 64 for an unknown name, 78 for a wrong configuration."""
    return _test(given) if given.action == "test" else _send(given)


def _test(given: Namespace) -> int:
    severity = _severity(given)
    settings = configuration(given).settings
    entries = _chosen(settings, given.names)
    if given.address is not None:
        entries = _sent_to(entries, given.address, named=bool(given.names))
    if given.dry:
        entries = [_in_test_mode(entry) for entry in entries]
    tried = asyncio.run(_try_all(settings, entries, severity))
    _print(tried)
    _record(given, tried)
    return 0 if all(one.state == "sent" for one in tried) else 1


def _severity(given: Namespace) -> str:
    severity: str = SEVERITY_ALIASES.get(given.severity, given.severity)
    if severity not in SEVERITIES:
        raise Refused(f'--severity: "{given.severity}" is not a severity; one of {", ".join(SEVERITIES)}', USAGE)
    return severity


def _sent_to(entries: Sequence[NotifierSettings], address: str, *, named: bool) -> list[Any]:
    """The settings with that address as the only receiver; without names those of the kind that the address is of."""
    from tui_monitor.notifiers.abilities import TakesAddress

    found, reasons = [], []
    for entry in entries:
        try:
            if not isinstance(entry, TakesAddress):
                raise ValueError("email, aligo and telegram send to addresses")
            found.append(entry.sent_to(address))
        except ValueError as error:
            reasons.append(f"{entry.name} ({entry.type}): {error}")
    if (named and reasons) or not found:
        raise Refused(f"--address {address}: {'; '.join(reasons)}", USAGE)
    return found


def _in_test_mode(entry: NotifierSettings) -> NotifierSettings:
    """The settings with the service's test mode switched on, where it has one."""
    from tui_monitor.notifiers.abilities import HasTestMode

    changes: dict[str, Any] = {"test_mode": True}
    return replace(entry, **changes) if isinstance(entry, HasTestMode) else entry


def _chosen(settings: Settings, names: Sequence[str]) -> list[Any]:
    known = [entry.name for entry in settings.notifiers]
    if not known:
        raise Refused("no notifier is configured: add a [[notifiers]] table to the configuration", CONFIGURATION)
    for name in names:
        if name not in known:
            raise Refused(f'there is no notifier "{name}"{suggestion(name, known)}', USAGE)
    return [entry for entry in settings.notifiers if not names or entry.name in names]


async def _try_all(settings: Settings, entries: Sequence[Any], severity: str) -> list[TestResult]:
    from tui_monitor.runtime.wiring import secrets_of

    secrets = secrets_of(settings)
    return await asyncio.gather(*(_try(entry, _test_message(settings, entry.name, severity), secrets) for entry in entries))


def _test_message(settings: Settings, notifier: str, severity: str) -> Message:
    """A message of its own, in no thread: a mail that refers to another one is sorted below it or taken for spam."""
    from tui_monitor.runtime.wiring import host_of, origin_of_settings

    words, host, origin = phrases(language_in_use(settings.language)), host_of(settings), origin_of_settings(settings)
    title, text = (part.format(host=host, name=notifier, by=acting_user()) for part in (words.test_title, words.test_text))
    return Message(
        uuid4().hex, notifier, "test", wall_ms(), title, text, severity, host, language=language_in_use(settings.language),
        service=origin.service, environment=origin.environment, footer=origin.footer,
    )  # fmt: skip


async def _try(entry: Any, message: Message, secrets: Sequence[str]) -> TestResult:
    from tui_monitor.notifiers.api import SendError
    from tui_monitor.notifiers.kinds import build_notifier

    remark = "test mode: accepted, not delivered" if getattr(entry, "test_mode", False) else ""
    try:
        notifier = build_notifier(entry)
    except (ValueError, ImportError) as error:
        return TestResult(message, "failed", reason=_hide(str(error), secrets))
    try:
        async with asyncio.timeout(notifier.timeout + GRACE_S):
            return TestResult(message, "sent", await notifier.send(message), remark=remark)
    except SendError as error:
        return TestResult(message, "unknown" if error.maybe_delivered else "failed", reason=_hide(error.reason, secrets))
    except TimeoutError:
        return TestResult(message, "unknown", reason="timeout")
    except Exception as error:  # noqa: BLE001  the boundary: one faulty channel must not hide how the others do; its text may hold secrets
        return TestResult(message, "failed", reason=f"internal error: {type(error).__name__}")
    finally:
        await notifier.close()


def _hide(text: str, secrets: Sequence[str]) -> str:
    """The text with secrets replaced: notifiers hide their own, this covers texts of drivers."""
    for secret in sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _print(tried: Sequence[TestResult]) -> None:
    for one in tried:
        if one.state == "sent":
            remark = "; ".join(part for part in (one.provider_id, one.remark) if part)
            print_line((f"{one.message.notifier}: sent{f' ({remark})' if remark else ''}", "sent"))
        else:
            doubt = " (it may have arrived)" if one.state == "unknown" else ""
            print_line((f"{one.message.notifier}: failed: {one.reason}{doubt}", "failed"))


def _record(given: Namespace, tried: Sequence[TestResult]) -> None:
    """Record the results in the outbox, if a state exists and this user may write it; a test needs neither."""

    def work(state: Tables) -> None:
        now = wall_ms()
        for one in tried:
            result = SendResult(one.state, provider_id=one.provider_id, error=one.reason)
            state.outbox.add_finished(one.message, result, now)
            note = f"{one.state}, to {given.address}" if given.address else one.state
            state.audit.add(Audit(now, acting_user(), "tested", one.message.notifier, note))

    try:
        directory = existing_state(given)
        if directory.writable:
            write_state(directory, work)
    except NoStateYet:
        pass
    except (Refused, CommandRefused) as error:
        print_error(f"the result is not recorded: {error}")


def _send(given: Namespace) -> int:
    command = SendMessage(given.title, given.message, _severity(given), tuple(given.to))
    access = open_state(given)
    if not access.alive and (refusal := _refusal_of_the_next(given, command)):
        raise Refused(refusal)
    return submit(access, command)


def _refusal_of_the_next(given: Namespace, command: SendMessage) -> str:
    """Reason why the next leader would refuse the command; "" where none is found or the configuration is unreadable."""
    from tui_monitor.config.faults import ConfigurationError
    from tui_monitor.config.load import load
    from tui_monitor.dispatch.manual import message_by_hand
    from tui_monitor.dispatch.routing import compile_routing
    from tui_monitor.platform.paths import find_config
    from tui_monitor.runtime.wiring import host_of

    path = find_config(given.config, os.environ)
    try:
        if path is None:
            return ""
        settings = load(path).settings
        result, _ = message_by_hand(command, acting_user(), compile_routing(settings), host_of(settings), 0)
    except (ConfigurationError, ValueError):
        return ""
    return "" if result.ok else result.text
