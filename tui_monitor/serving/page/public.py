"""The public status page: names and states of the listed checks and nothing else, each field by an allow-list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.strip import Slot, Strip, with_present
from tui_monitor.board.svg import strip_svg
from tui_monitor.board.values import Board, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.page.days import days_label
from tui_monitor.serving.page.render import marked, render
from tui_monitor.serving.page.verdict import Verdict
from tui_monitor.serving.page.words import Words, shade

_strip = marked(strip_svg)


@frozen
class PublicRow:
    """One check: its name, its state, the state of each of the last 90 days."""

    name: str
    shade: str
    state: str
    strip: object


def shown(show: Sequence[str], board: Board) -> list[tuple[str, list[CheckView]]]:
    """(heading, checks) in the order of ``show``: checks by name without heading, those of a category below its name."""
    groups: list[tuple[str, list[CheckView]]] = []
    for word in show:
        named = [check for check in board.checks if check.name == word]
        if named and groups and groups[-1][0] == "":
            groups[-1][1].extend(named)
        elif named:
            groups.append(("", named))
        elif members := [check for check in board.checks if check.category == word]:
            groups.append((word, members))
    return groups


def public_verdict(checks: Sequence[CheckView], words: Words, *, watched: bool) -> Verdict:
    """The state of all listed checks. ``watched``: whether a monitor runs; states of an old board are told to nobody."""
    states = {check.status for check in checks}
    if not watched or not states or states == {HealthStatus.UNKNOWN}:
        return Verdict("none", words.t.status_unknown)
    if HealthStatus.UNHEALTHY in states:
        return Verdict("bad", words.t.status_some_down)
    if HealthStatus.DEGRADED in states:
        return Verdict("warn", words.t.status_some_degraded)
    return Verdict("ok", words.t.status_all_healthy)


def public_body(groups: Sequence[tuple[str, list[CheckView]]], strips: Mapping[str, Strip], words: Words, *, watched: bool) -> str:
    """The page's content as HTML."""
    verdict = public_verdict([check for _, checks in groups for check in checks], words, watched=watched)
    rows = [(name, [_row(check, strips.get(check.name, ()), words, watched) for check in checks]) for name, checks in groups]
    known = next((strip for strip in strips.values() if strip), ())
    first, last = (words.day(known[0].begin), words.day(known[-1].begin)) if known else ("", "")
    return render("status.html", t=words.t, words=words, verdict=verdict, groups=rows, first=first, last=last)


def _row(check: CheckView, strip: Strip, words: Words, watched: bool) -> PublicRow:
    status = check.status if watched else HealthStatus.UNKNOWN
    states = tuple(Slot(slot.begin, slot.end, slot.status) for slot in with_present(strip, status, check.since))
    drawn = _strip(states, days_label(words, check.name, states)) if states else ""
    return PublicRow(check.name, shade(status), words.status(status), drawn)
