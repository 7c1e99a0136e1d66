"""`report`: a daily, weekly, performance, risk or health report, from the stored history; needs no running monitor."""

from __future__ import annotations

import argparse
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_monitor.cli.arguments import add_json
from tui_monitor.cli.options import Refused, configuration, print_error, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table, terminal_width
from tui_monitor.cli.state_access import existing_state
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.humanize import stamp
from tui_monitor.storage.faults import StorageFault

if TYPE_CHECKING:
    from tui_monitor.board.report import Report
    from tui_monitor.config.faults import Configuration
    from tui_monitor.config.reports import ReportSettings
    from tui_monitor.platform.state_directory import StateDirectory

WIDEST, PIPED = 120, 100
_MEANINGS = {"bad": "unhealthy", "warn": "degraded", "ok": "healthy", "none": "dim"}
_KINDS = {"title": "bold", "head": "bold", "columns": "dim", "note": "dim", "chart": "dim", "total": "bold"}


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `report`."""
    kinds = "a configured report, or daily, weekly, performance, risk, health; none: list them"
    parser.add_argument("name", nargs="?", metavar="NAME|KIND", help=kinds)
    parser.add_argument("--for", dest="day", default="", metavar="DATE", help="the period with this day: 2026-11-29, today, yesterday")
    parser.add_argument("--html", metavar="FILE", help="write it as one HTML file; - is standard output")
    add_json(parser)
    parser.add_argument("--order", default="", help=argparse.SUPPRESS)
    parser.add_argument("--values", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--public", action="store_true", help=argparse.SUPPRESS)


def run(given: Namespace) -> int:
    """Exit code: 0, 1 without a readable state, 64 for an unknown report or day, 78 for the configuration."""
    from tui_monitor.reports.making import NoSuchReport, report_settings

    loaded = configuration(given) if given.order else _as_far_as_it_is_read(given)
    if given.name is None:
        return _list(given, loaded)
    loaded = loaded if given.config else _with_the_daemons_host(given, loaded)
    try:
        settings = report_settings(loaded.settings.reports, given.name)
        report = _made(given, loaded, settings)
    except NoSuchReport as error:
        raise Refused(str(error), USAGE) from None
    _put_out(given, loaded, report)
    return 0


def _with_the_daemons_host(given: Namespace, loaded: Configuration) -> Configuration:
    """The configuration with the host name under which the state was written: the daemon may have another configuration."""
    from tui_monitor.runtime.stored_board import stored_board

    host = stored_board(existing_state(given)).host
    return replace(loaded, settings=replace(loaded.settings, host=host or loaded.settings.host))


def _made(given: Namespace, loaded: Configuration, settings: ReportSettings) -> Report:
    from tui_monitor.reports.making import asked_report, ordered_report
    from tui_monitor.runtime.wiring import host_of
    from tui_monitor.storage.history.reader import HistoryReader
    from tui_monitor.storage.state.reader import StateReader

    directory, now = existing_state(given), wall_ms()
    host = host_of(loaded.settings)
    try:
        with closing(HistoryReader(directory.history_db)) as history, closing(StateReader(directory.state_db)) as state:
            source = _source(given, loaded, history, state, directory)
            if given.order:
                return ordered_report(source, settings, given.order, now, host)
            return asked_report(source, settings, given.day, now, host)
    except StorageFault as error:
        raise Refused(f"the state in {directory.path} cannot be read: {error}") from None


def _as_far_as_it_is_read(given: Namespace) -> Configuration:
    """The configuration without what cannot be used of it, for example secrets that only the daemon knows; a report needs none.

    Where the file may not be read at all, every kind has its defaults.
    """
    from tui_monitor.config.faults import Configuration, ConfigurationError
    from tui_monitor.config.load import load
    from tui_monitor.config.settings import Settings
    from tui_monitor.platform.paths import find_config

    try:
        return load(find_config(given.config, os.environ))
    except ConfigurationError as error:
        if not given.values:
            print_error(f"{error.faults[0]}; the report is made without it")
        return error.partial or Configuration(Settings(), None)


def _source(given: Namespace, loaded: Configuration, history: Any, state: Any, directory: StateDirectory) -> Any:
    from tui_monitor.board.privacy import Privacy
    from tui_monitor.reports.context import ReportSource
    from tui_monitor.runtime.stored_board import stored_board
    from tui_monitor.runtime.wiring import rules_of

    privacy = Privacy.of(loaded.settings.redact) if given.public else Privacy()
    visible = privacy.visible(history) if privacy.active else None
    return ReportSource(history, state.read, stored_board(directory), loaded.settings, rules_of(loaded)[0], visible)


# --- output --------------------------------------------------------------------------------------------------------------


def _put_out(given: Namespace, loaded: Configuration, report: Report) -> None:
    if given.order or given.values:
        print(json.dumps(_for_the_program(given, loaded, report), ensure_ascii=False))
    elif given.html:
        _write_html(given.html, loaded, report)
    elif given.json:
        from tui_monitor.board.report_json import report_json

        print_json(report_json(report))
    else:
        _print(report)


def _for_the_program(given: Namespace, loaded: Configuration, report: Report) -> dict[str, Any]:
    """What another process of ours reads: every form for the leader, which sends it, else the values."""
    from tui_monitor.board.wire import plain
    from tui_monitor.reports.making import package_of

    return package_of(report, _footer(loaded)) if given.order else {"report": plain(report)}


def _footer(loaded: Configuration) -> str:
    from tui_monitor.runtime.wiring import origin_of_settings

    return origin_of_settings(loaded.settings).footer


def _write_html(path: str, loaded: Configuration, report: Report) -> None:
    from tui_monitor.reports.html import embedded, report_html

    page = report_html(report, embedded, _footer(loaded))
    if path == "-":
        sys.stdout.write(page)
        return
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


def _print(report: Report) -> None:
    from tui_monitor.board.report_text import report_lines

    width = min(WIDEST, terminal_width()) if sys.stdout.isatty() else PIPED
    for line in report_lines(report, width):
        print_line((line.text, _KINDS.get(line.kind) or _MEANINGS.get(line.shade, "")))


def _list(given: Namespace, loaded: Configuration) -> int:
    """The configured reports: what, when next, to whom."""
    from tui_monitor.reports.making import KINDS
    from tui_monitor.reports.periods import next_due

    now = wall_ms()
    found = loaded.settings.reports
    if given.json:
        from tui_monitor.board.report_json import report_entry_json

        print_json([report_entry_json(one.name, one.kind, next_due(one, now), one.to) for one in found])
    elif not found:
        print_line(f"no reports are configured ([[reports]]); each kind can be shown: tui-monitor report {'|'.join(KINDS)}")
    else:
        rows: Sequence[Sequence[Cell]] = [
            ((Data(one.name), "bold"), one.kind, stamp(next_due(one, now), now, None), ", ".join(one.to) or "nobody") for one in found
        ]
        table(rows, ("NAME", "KIND", "NEXT", "TO"))
    return 0
