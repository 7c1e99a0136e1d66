"""Backtests, noise and other reports, in a process of their own, so that they delay nothing and leave nothing in memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.report import Report
from tui_monitor.board.values import BacktestRow, BacktestView, NoiseRow
from tui_monitor.board.wire import read
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import format_duration
from tui_monitor.platform.state_directory import StateDirectory

LATER = 10
"""The nice value of the process."""
REPORT_S = 300.0
"""Seconds after which a report is given up."""


async def backtest(directory: StateDirectory, config: Path | None, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
    """The result of `tui-monitor rules backtest`. Raises CommandRefused with its reason; ends the process when cancelled."""
    words = [*([alert] if alert else []), f"--since={since}", *(f"--set={change}" for change in changes)]
    return view_of(await _answer(directory, config, "backtest", words))


async def noise(directory: StateDirectory, config: Path | None, since: str) -> list[NoiseRow]:
    """The result of `tui-monitor rules noise`. Raises CommandRefused with its reason."""
    names = [one.name for one in fields(NoiseRow)]
    found = await _answer(directory, config, "noise", [f"--since={since}"])
    return [NoiseRow(**{name: rule[name] for name in names}) for rule in found["rules"]]


async def report_package(directory: StateDirectory, config: Path | None, name: str, order: str) -> dict[str, Any]:
    """A report in every form in which it may be sent. Raises CommandRefused with its reason."""
    async with _in_time(REPORT_S):
        return await _child_answer(directory, config, ["report", "--order", order, "--", name])


async def report_values(directory: StateDirectory, config: Path | None, name: str, day: str, public: bool = False) -> Report:
    """The report of a name or kind for a day ("": the last whole period). Raises CommandRefused with its reason.

    ``public``: without figures of private series.
    """
    words = ["report", "--values", *(["--public"] * public), *([f"--for={day}"] if day else []), "--", name]
    async with _in_time(REPORT_S):
        found = await _child_answer(directory, config, words)
    return read(Report, found.get("report"))


@contextlib.asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise CommandRefused(f"it took longer than {seconds:.0f}s") from None


async def _answer(directory: StateDirectory, config: Path | None, action: str, more: Sequence[str]) -> dict[str, Any]:
    return await _child_answer(directory, config, ["rules", action, "--json", *more])


async def _child_answer(directory: StateDirectory, config: Path | None, command: Sequence[str]) -> dict[str, Any]:
    words = ["--state", str(directory.path), *(["--config", str(config)] if config else []), *command]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui_monitor", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, LATER)
        answer, said = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    found = _object(answer)
    if process.returncode or "error" in found:
        reason = found.get("error") or _last_words(said) or f"{' '.join(command[:2])} ended with exit code {process.returncode}"
        raise CommandRefused(clean(str(reason)))
    return found


def _last_words(said: bytes) -> str:
    """The reason that a command has printed: its last line."""
    lines = said[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("tui-monitor: ") if lines else ""


def _object(text: bytes) -> dict[str, Any]:
    """The JSON object that the process printed; an empty one where it was killed or failed before."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def view_of(found: dict[str, Any]) -> BacktestView:
    """The view of a backtest, from the JSON of the command (backtest_result.to_json)."""
    rows = [_row(rule, "") for rule in found["present"]["rules"]]
    if found.get("changed"):
        rows += [_row(rule, " ".join(found["changes"])) for rule in found["changed"]["rules"]]
    return BacktestView(_ms(found["start"]) or 0, _ms(found["end"]) or 0, tuple(rows), tuple(found["notes"]))


def _row(rule: dict[str, Any], tried: str) -> BacktestRow:
    rungs = rule["rules"]
    severities = list(rule["by_severity"]) or [rung["severity"] for rung in rungs]
    told = rule["messages"]
    return BacktestRow(
        alert=rule["alert"],
        tried=tried,
        severity=severities[-1] if severities else "",
        fired=rule["fired"],
        subjects=rule["subjects"],
        nearly=rule["nearly"],
        firing_s=rule["firing_s"],
        longest_s=rule["longest_s"],
        last=_ms(rule["last"]),
        messages=told["firing"] + told["resolved"],
        reminders=told["reminders"],
        condition="; ".join(f"{rung['expr']} for {format_duration(rung['for_s'])}" for rung in rungs),
        error=rule.get("error", ""),
    )


def _ms(stamp: str | None) -> int | None:
    return None if stamp is None else round(datetime.fromisoformat(stamp).timestamp() * 1000)
