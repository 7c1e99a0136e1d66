"""Backtests and noise reports for the dashboard, in a process of their own, so that they delay nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.values import BacktestRow, BacktestView, NoiseRow
from tui_monitor.core.sanitize import clean
from tui_monitor.platform.state_directory import StateDirectory

LATER = 10
"""The nice value of the process."""


async def backtest(directory: StateDirectory, config: Path | None, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
    """The result of `tui-monitor rules backtest`. Raises CommandRefused with its reason; ends the process when cancelled."""
    words = [*([alert] if alert else []), f"--since={since}", *(f"--set={change}" for change in changes)]
    return view_of(await _answer(directory, config, "backtest", words))


async def noise(directory: StateDirectory, config: Path | None, since: str) -> list[NoiseRow]:
    """The result of `tui-monitor rules noise`. Raises CommandRefused with its reason."""
    names = [one.name for one in fields(NoiseRow)]
    found = await _answer(directory, config, "noise", [f"--since={since}"])
    return [NoiseRow(**{name: rule[name] for name in names}) for rule in found["rules"]]


async def _answer(directory: StateDirectory, config: Path | None, action: str, more: Sequence[str]) -> dict[str, Any]:
    words = ["--state", str(directory.path), *(["--config", str(config)] if config else []), "rules", action, "--json", *more]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui_monitor", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, LATER)
        answer, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    found = _object(answer)
    if process.returncode or "error" in found:
        raise CommandRefused(clean(str(found.get("error") or f"rules {action} ended with exit code {process.returncode}")))
    return found


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
        condition="; ".join(f"{rung['expr']} for {rung['for_s']:g}s" for rung in rungs),
        error=rule.get("error", ""),
    )


def _ms(stamp: str | None) -> int | None:
    return None if stamp is None else round(datetime.fromisoformat(stamp).timestamp() * 1000)
