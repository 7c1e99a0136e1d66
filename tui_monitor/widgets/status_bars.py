"""The one-line bars: the head (host, health, counts, clock, leader), the notice under it, the foot (keys, own use), the timeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.values import Board, LeaderView
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import severity_rank
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Hints, Line, LineBuilder, RenderStyle, hint_line

WIDE = 100
"""From this width on the footer has the longer words."""


@frozen
class FooterHints:
    """The keys of a footer: on wide and narrow screens, while a past board is shown, and always at the end."""

    wide: Hints
    narrow: Hints
    past: Hints
    always: Hints


@frozen
class ViewMode:
    """View mode of the board: live, paused since a time, or at a past time (UTC ms, 0: neither)."""

    paused_since: int = 0
    past_at: int = 0
    now: int = 0
    marks: Sequence[tuple[int, str]] = ()
    """(UTC ms, severity) of alerts on the timeline in addition to the board's."""
    begin: int = 0
    """Where the stored history begins (UTC ms, 0: not known): the timeline does not show the empty time before."""


def status_counts(board: Board) -> list[tuple[str, str]]:
    """Open alerts (firing, not acknowledged, not muted) by severity, gravest first, as (text, style): ("2 critical", "band-critical")."""
    found: dict[str, int] = {}
    for alert in board.alerts:
        if alert.open:
            found[alert.severity] = found.get(alert.severity, 0) + 1
    ranked = sorted(found, key=severity_rank, reverse=True)
    styles = ("band-dim", "band-dim", "band-warning", "band-warning", "band-critical")
    return [(f"{found[name]} {name}", styles[severity_rank(name) + 1]) for name in ranked]


def leader_text(leader: LeaderView) -> str:
    """ "live" where this process leads, "viewing" where it shows another's board, "no leader" (the notice bar has the time)."""
    return {"leader": "live", "viewer": "viewing"}.get(leader.role, leader.role) if leader.alive else "no leader"


def head_line(board: Board, width: int, look: RenderStyle) -> Line:
    """Host, overall health, counts of firing, muted and acknowledged alerts, uptime, role, clock."""
    row = LineBuilder(width, look).append(" ", "band")
    word = "loading" if board.loading else board.status.value
    clock = f.clock(board.at, look.zone) if board.at else "--:--"
    right = [clock]
    if width >= 60:
        right.insert(0, "starting" if board.loading and not board.leader.alive else leader_text(board.leader))
    if width >= 100:
        right.insert(0, f"up {f.span(board.resources.uptime)}" if board.resources.uptime else "")
    tail = "   ".join(look.words.say(part) for part in right if part) + " "
    row.append(f.cut(board.host, max(6, min(40, width // 4)), look.glyphs.cut), "band-title").append("   ", "band-dim")
    style = "band-" + HEALTH_STYLES[board.status] if not board.loading else "band-dim"
    row.append(f"{look.glyphs.health(board.status)} {look.words.exact(word)}", style).append("   ", "band-dim")
    limit = width - f.cells(tail)
    for runs in [] if board.loading else _counts(board):
        said = [(look.words.say(text), style) for text, style in runs]
        if row.used + sum(f.cells(text) for text, _ in said) < limit:
            for text, style in said:
                row.name(text, style)
            break
    row.append(" " * max(0, limit - row.used), "band-dim").append(tail, "band-dim")
    return row.append(" " * row.room, "band-dim").line()


def _counts(board: Board) -> list[list[tuple[str, str]]]:
    """The counts of firing, muted and acknowledged alerts as runs, from the longest wording to the shortest."""
    found = status_counts(board)
    taken, total = board.acknowledged, board.open
    muted = [(f"   {board.muted} muted", "band-dim")] if board.muted else []
    long = [*muted, *([(f"   {taken} acknowledged", "band-dim")] if taken else [])]
    acked = [(f"   {taken} ack", "band-dim")] if taken else []
    short = [*muted, *acked]
    if not found:
        quiet = [("nothing firing", "band-dim")]
        return [[*quiet, *long], [*quiet, *short], quiet]
    listed: list[tuple[str, str]] = []
    for text, style in found:
        listed += [(", ", "band-dim")] * bool(listed) + [(text, style)]
    listed.append((" firing", "band-dim"))
    gravest = [found[0], (f" of {total} firing" if len(found) > 1 else " firing", "band-dim")]
    number = [(f"{total} firing", found[0][1])]
    return [
        [*listed, *long],
        [*listed, *short],
        [*gravest, *short],
        [*gravest, *acked],
        gravest,
        [*number, *short],
        [*number, *acked],
        number,
    ]


def summary_line(board: Board, width: int, look: RenderStyle) -> Line:
    """A summary of the board in one line, for very small terminals."""
    row = LineBuilder(width, look).append(f"{look.glyphs.health(board.status)} ", HEALTH_STYLES[board.status])
    row.say(f"{board.open} firing", "strong" if board.open else "dim")
    return row.append(f" {board.host} {board.status.value}", "dim").line()


def notices(board: Board, view: ViewMode, look: RenderStyle, *, home: bool = True) -> list[tuple[str, str]]:
    """The notices as (strong word, sentence), most important first; only at ``home`` (main screen) Esc leads from the past to now."""
    told: list[tuple[str, str]] = []
    if view.past_at:
        when = f.stamp(view.past_at, view.now, look.zone, seconds=True)
        keys = "" if home else "   [ ] a minute   @ a time"  # the main screen's footer has them
        told.append((f"PAST {when}", f.ago(view.past_at, view.now) + keys))
    if view.paused_since:
        told.append(("PAUSED", f"since {f.clock(view.paused_since, look.zone, seconds=True)}, monitoring goes on   p to continue"))
    leader = board.leader
    if not leader.alive and not board.loading:
        since = leader.heartbeat or leader.since
        when = f.stamp(since, board.at, look.zone, seconds=True)
        start = "the service" if leader.kind == "headless" else "tui-monitor"
        told.append(("NO LEADER", f"since {when}: nothing is polled or sent, its last state is shown. Start {start}."))
    if board.read_only:
        told.append(("READ-ONLY", board.read_only))
    told += [("TROUBLE", text) for text in board.trouble]
    return told


def notice_lines(told: Sequence[tuple[str, str]], width: int, look: RenderStyle, *, home: bool = True, short: bool = False) -> list[Line]:
    """The notices in one line; at ``home`` (main screen) they wrap, since a cut sentence may hide the remedy; not on a
    ``short`` screen, where they would take a quarter of it for ever (the alert MonitorTrouble says it in full)."""
    rows, limit = [LineBuilder(width, look)], 1 if not home or short else 2 if width >= 60 else 3
    for word, sentence in told:
        if rows[-1].used and rows[-1].room < len(word) + 12:
            if len(rows) == limit:
                rows[-1].append(look.glyphs.cut, "alarm")
                break
            rows.append(LineBuilder(width, look))
        rows[-1].say(f" {word} ", "alarm-strong")
        left = clean(look.words.say(sentence)).split(" ")
        while left and len(rows) < limit:
            if f.cells(left[0]) < rows[-1].room:
                rows[-1].append(f" {left.pop(0)}", "alarm")
            else:
                rows.append(LineBuilder(width, look))
        rows[-1].append(" ".join(["", *left]) + "  ", "alarm")
    return [row.append(" " * row.room, "alarm").line() for row in rows]


def foot_line(board: Board, hints: FooterHints, width: int, look: RenderStyle) -> Line:
    """The keys of the footer, and the monitor's own CPU and memory."""
    own = []
    if board.own_cpu is not None:
        own.append(f"monitor cpu {f.percent(board.own_cpu, 1)}" if width >= 140 else f"own {f.percent(board.own_cpu, 1)}")
    if board.own_memory:
        own.append(f"mem {f.size(board.own_memory)}" if width >= 140 else f.size(board.own_memory))
    shown = hints.past if board.past else hints.wide if width >= WIDE else hints.narrow
    return hint_line((*shown, *hints.always), width, look, "  ".join(own) if width >= 80 else "", last=len(hints.always))


def timeline_line(marks: Sequence[tuple[int, str]], at: int, start: int, end: int, width: int, look: RenderStyle) -> Line:
    """A line of time from ``start`` to ``end`` (UTC ms) with a mark for each alert (stamp, severity) and the moment shown."""
    first, last = f" {f.stamp(start, end, look.zone)} ", f" {f.clock(end, look.zone)} "
    inner = max(1, width - f.cells(first) - f.cells(last))
    slots: list[tuple[str, str]] = [(look.glyphs.rule, "faint")] * inner
    ranks = [-2] * inner
    for stamp, severity in marks:
        if start <= stamp <= end:
            x, rank = _slot(stamp, start, end, inner), severity_rank(severity)
            if rank > ranks[x]:
                ranks[x] = rank
                slots[x] = (look.glyphs.mark, ("info", "info", "warning", "error", "critical")[rank + 1])
    x = _slot(min(max(at, start), end), start, end, inner)
    slots[x] = ("|" if ranks[x] == -2 else slots[x][0], "alarm-strong")
    row = LineBuilder(width, look).append(first, "dim")
    for text, style in slots:
        row.append(text, style)
    return row.append(last, "dim").line()


def _slot(stamp: int, start: int, end: int, inner: int) -> int:
    return min(inner - 1, (stamp - start) * inner // max(1, end - start))
