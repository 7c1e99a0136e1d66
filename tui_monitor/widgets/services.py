"""The lines of the Services pane: the checks as a tree of dependencies, each with its strip and figures. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import CheckView, Window
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.strip_cells import append_strip

CERTIFICATE_WARNING = 14 * 86_400_000
NO_WINDOW = Window()
RANK = {HealthStatus.UNHEALTHY: 0, HealthStatus.DEGRADED: 1, HealthStatus.UNKNOWN: 2, HealthStatus.HEALTHY: 3}
COLUMNS = {"now": 8, "p50": 7, "p95": 7, "p99": 7, "5m": 8, "1h": 8, "24h": 8, "cert": 6, "since": 8}
"""The figures that may stand beside a strip, with their width; the last four of windows and times."""
USUAL, MORE = ("now", "p95", "24h"), ("now", "p50", "p95", "p99", "1h", "24h", "cert")
"""The figures where none are configured; from 100 columns on there is room for more."""
_STATUS = re.compile(r"(?<![\d.:])([1-5]\d\d)(?![\d.:])\b")
_SHARE = re.compile(r"\b\d+(\.\d+)?\s?%")


@frozen
class TreeRow:
    """One row: a check, and the branch that leads to it from what it depends on ("" for a root)."""

    check: CheckView
    branch: str = ""


def tree(checks: Sequence[CheckView], order: str, look: RenderStyle) -> list[TreeRow]:
    """The checks below what they depend on, the trees with the gravest failure first; in another order than "status" a flat list."""
    if order not in ("configured", "status"):
        return [TreeRow(check) for check in sorted(checks, key=lambda check: check_sort_key(order, check))]
    names = {check.name for check in checks}
    children: dict[str, list[CheckView]] = {}
    roots: list[CheckView] = []
    for check in checks:
        parent = next((name for name in check.depends_on if name in names and name != check.name), "")
        (children.setdefault(parent, []) if parent else roots).append(check)
    rows: list[TreeRow] = []
    seen: set[str] = set()
    grave = {check.name: _gravest(check, children, set()) for check in roots}
    for root in sorted(roots, key=lambda check: grave[check.name]):
        _branch(root, "", children, seen, rows, look)
    for check in checks:  # a circle of dependencies has no root
        _branch(check, "", children, seen, rows, look)
    return rows


def check_sort_key(order: str, check: CheckView) -> tuple[float, str]:
    """The sort key of one of the orders "name", "status" and "latency"."""
    if order == "status":
        return (RANK[check.status], check.name)
    return (-(check.duration or 0.0) if order == "latency" else 0, check.name)


def _gravest(check: CheckView, children: dict[str, list[CheckView]], seen: set[str]) -> int:
    seen.add(check.name)
    below = (_gravest(one, children, seen) for one in children.get(check.name, ()) if one.name not in seen)
    return min([RANK[check.status], *below])


def _branch(
    check: CheckView, branch: str, children: dict[str, list[CheckView]], seen: set[str], rows: list[TreeRow], look: RenderStyle
) -> None:
    if check.name in seen:
        return
    seen.add(check.name)
    rows.append(TreeRow(check, branch))
    below = sorted((one for one in children.get(check.name, ()) if one.name not in seen), key=lambda one: RANK[one.status])
    deeper = "  " * (len(branch) // 2) if branch else ""
    for number, one in enumerate(below):
        _branch(one, deeper + look.glyphs.branches[number == len(below) - 1], children, seen, rows, look)


def columns_at(width: int, chosen: Sequence[str] = ()) -> tuple[tuple[str, int], ...]:
    """The columns of figures that fit beside names and strips, in the chosen order."""
    fitting: list[tuple[str, int]] = []
    for name in chosen or (MORE if width >= 100 else USUAL):
        wide = COLUMNS.get(name, 0)
        if wide and width >= 34 and (not fitting or sum(size for _, size in fitting) + wide <= width - 43):
            fitting.append((name, wide))
    return tuple(fitting)


def columns_with_figures(checks: Sequence[CheckView], width: int) -> tuple[str, ...]:
    """The usual columns without those that have no figure for any check, such as "cert" where no check has a certificate."""
    usual = MORE if width >= 100 else USUAL
    return tuple(name for name in usual if name == "now" or any(_figure(name, check, "", 0)[0] != f.NOTHING for check in checks))


def services_head(width: int, window: str, look: RenderStyle, chosen: Sequence[str] = ()) -> str:
    """The right part of the title: the strips' window and the names of the columns, over their columns."""
    heads = "".join(f.fit(look.words.exact(name), wide, right=True) for name, wide in columns_at(width, chosen))
    window = look.words.exact(window)
    return f"{window} {heads}" if heads else window


def names_width(rows: Iterable[TreeRow], width: int) -> int:
    """The width of names with their branches, at most a third of the line."""
    return max(8, min(width // 3, max((f.cells(row.check.name) + len(row.branch) for row in rows), default=8)))


def strip_cells(width: int, names: int, chosen: Sequence[str]) -> tuple[int, int]:
    """The first cell of the strips and their width, in a line of so many cells."""
    start = 3 + max(1, names) + 1
    return start, max(0, width - start - sum(size for _, size in columns_at(width, chosen)))


def service_line(
    row: TreeRow, strip: Strip, width: int, look: RenderStyle, names: int, now: int = 0, chosen: Sequence[str] = (), moment: int = 0
) -> Line:
    """Line of a check: shape, name, strip with a marked ``moment``, and the figures of `columns_at`."""
    check, healthy = row.check, row.check.status is HealthStatus.HEALTHY
    style = HEALTH_STYLES[check.status]
    line = LineBuilder(width, look).gap().append(look.glyphs.health(check.status), style).gap()
    line.append(row.branch, "dim").name(check.name, "text" if healthy else "strong", max(1, names - len(row.branch))).gap()
    columns = columns_at(width, chosen)
    wide = max(0, line.room - sum(size for _, size in columns))
    append_strip(line, strip, wide, look.glyphs, moment)
    for name, size in columns:
        text, tone = _figure(name, check, style, now)
        line.append(text, tone, size, right=True)
    return line.line()


def _figure(name: str, check: CheckView, style: str, now: int) -> tuple[str, str]:
    if name == "now":
        return (f.latency(check.duration), "text") if check.status is HealthStatus.HEALTHY else (short_reason(check), style)
    if name == "since":
        return f.age(check.since, now), "dim" if check.status is HealthStatus.HEALTHY else style
    if name == "cert":
        left = check.certificate_expires
        return f.days_left(left, now), "dim" if left is None or left - now > CERTIFICATE_WARNING else "warning"
    if name.startswith("p"):
        hour = check.windows.get("1h", NO_WINDOW)
        return f.latency({"p50": hour.p50, "p95": hour.p95, "p99": hour.p99}[name]), "dim"
    up = check.windows.get(name, NO_WINDOW).uptime
    return f.uptime_percent(up), "dim" if up is None or up >= 0.999 else "warning"


def short_reason(check: CheckView) -> str:
    """Why a check is not well, in at most eight cells: the status code, a share, its latency, else a word."""
    reason = check.reason
    if check.status is HealthStatus.UNHEALTHY and (found := _STATUS.search(reason)):
        return found[1]
    if check.status is HealthStatus.DEGRADED and (share := _SHARE.search(reason)):
        return f"{float(share[0].rstrip('% ')):.0f}%"
    for word, short in (
        ("timed out", "timeout"),
        ("refused", "refused"),
        ("name server", "no DNS"),
        ("certificate", "cert"),
        ("heartbeat", "late"),
    ):
        if word in reason:
            return short
    if check.status is HealthStatus.UNKNOWN:
        return "unknown"
    return f.latency(check.duration) if check.duration is not None else "down"


def rest_line(checks: Sequence[CheckView], width: int, look: RenderStyle) -> Line:
    """The checks that have no row of their own: "+7 healthy: cache cdn-edge …"."""
    healthy = all(check.status is HealthStatus.HEALTHY for check in checks)
    text = f"+{len(checks)} {'healthy' if healthy else 'more'}: {' '.join([check.name for check in checks[:width]])}"
    return LineBuilder(width, look).gap(3).say(text, "dim").line()
