"""The report that an address asks for, for the API and the page."""

from __future__ import annotations

import re

from tui_monitor.board.backend import CommandRefused, NotReady
from tui_monitor.board.report import KIND_NAMES, Report
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.endpoint import HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters

FOR = (Parameter("for", "the period with this day: 2026-11-29, today, yesterday; default: the last whole one"),)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|today|yesterday|")


def report_names(call: HttpCall) -> list[tuple[str, str]]:
    """(name, kind) of the configured reports, then the kinds that none of them is of."""
    configured = [(one.name, one.kind) for one in call.settings.reports]
    kinds = {kind for _, kind in configured}
    return [*configured, *((kind, kind) for kind in KIND_NAMES if kind not in kinds)]


async def asked_report(call: HttpCall, name: str) -> Report:
    """The report of a name or kind for the day in the address. Raises ApiError."""
    day = Parameters.of(call).text("for")
    if not _DAY.fullmatch(day):
        raise ApiError(400, '"for" must be a day: 2026-11-29, today or yesterday')
    if name not in {each for pair in report_names(call) for each in pair}:
        raise ApiError(404, f"there is no such report; there are {', '.join(each for each, _ in report_names(call))}")
    try:
        return await call.backend.report(name, day)
    except NotReady as error:
        raise ApiError(503, str(error)) from None
    except CommandRefused as error:
        raise ApiError(409, str(error)) from None
