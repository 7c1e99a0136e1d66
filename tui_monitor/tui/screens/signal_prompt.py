"""The prompt for a signal to a process, shared by the list of processes and the page of one."""

from __future__ import annotations

from tui_monitor.board.process_list import ListedProcess
from tui_monitor.board.values import Board
from tui_monitor.core.commands import ReportSignal
from tui_monitor.core.sanitize import clean
from tui_monitor.platform.signalling import SignalRefused, send_signal, signal_named
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.prompt import ask_until_valid

NO_KILL = "Signals are off: kill = true under [dashboard] lets a dashboard on the machine itself send them."


def cpu_of_check(board: Board, name: str) -> str:
    """PromQL of the CPU of the first check of type process that watches a program of this name."""
    from tui_monitor.promql.values import selection

    found = next((check for check in board.checks if check.type == "process" and check.target == name), None)
    return selection("process_cpu_ratio", check=found.name) if found is not None else ""


def ask_for_signal(context: ScreenContext, process: ListedProcess | None) -> None:
    """Ask which signal a process gets, and send it with the rights of this user; an entry in the audit log comes first."""
    if process is None or not context.may_act():
        return
    if not context.live.kill:
        context.inform(NO_KILL, "warning")
        return
    if process.state == "Z":
        context.inform(
            f"Process {process.pid} has ended; its parent {process.parent} has not asked for it yet, and a signal changes nothing."
        )
        return
    ask_until_valid(
        context, f"Signal to {process.pid} {clean(process.name)} of {clean(process.user) or 'an unknown user'}", signal_named,
        lambda name: context.start(_send(context, process, name)),
        value="TERM", placeholder="TERM, KILL, INT, HUP", hint="Enter sends   KILL ends it at once   Esc cancel",
    )  # fmt: skip


async def _send(context: ScreenContext, process: ListedProcess, name: str) -> None:
    """Send a signal; not before the audit log has it."""
    text = f"{name} to {process.pid} {clean(process.name)} ({clean(process.user)})"
    result = await context.backend.command(ReportSignal(text))
    if not result.ok:
        context.inform(f"Nothing was sent, as the audit log cannot take it: {result.text}", "error")
        return
    try:
        send_signal(process.pid, process.started, name)
    except SignalRefused as refused:
        await context.backend.command(ReportSignal(f"not sent, {text}: {refused}"))
        context.inform(f"Not sent: {refused}.", "error")
    else:
        context.inform(f"Sent {text}.")
