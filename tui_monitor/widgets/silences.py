"""The lines of silences. Pure."""

from __future__ import annotations

from tui_monitor.board.values import SilenceView
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle


def silence_line(one: SilenceView, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    """One silence: id, time left or start, matchers, author, comment."""
    row = LineBuilder(width, look).gap(1).append(one.id, "dim", 8).gap()
    when = f"{f.span((one.ends_at - now) / 1000)} left" if one.starts_at <= now else f"from {f.stamp(one.starts_at, now, look.zone)}"
    when = "till resolved" if one.until_resolved and one.starts_at <= now else when
    author = clean(f"{one.by} {one.comment}".strip())
    row.say(when, "text", 14 if look.words.language == "en" else 16).gap()
    row.name(one.matchers, "strong", max(10, row.room - min(f.cells(author), row.room // 3) - 3)).gap(2)
    return row.name(author, "dim", row.room - 1, right=True).line()


def silence_in_full(one: SilenceView, now: int, look: RenderStyle) -> str:
    """The full text of a silence, with start and end."""
    author = f"{one.by}: {one.comment}" if one.comment else one.by
    span = look.words.say(f"{f.stamp(one.starts_at, now, look.zone)} to {f.stamp(one.ends_at, now, look.zone)}")
    until = look.words.exact(" or until resolved") if one.until_resolved else ""
    return f"{one.matchers}   {span}{until}   {author}".rstrip()
