"""What every page is made from: the board, the readings, the language, what the reader may do."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.backend import Backend
from tui_monitor.board.values import Board
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.page.data import SPANS, PageData, PageSpan
from tui_monitor.serving.page.parts import PageContent, PagePart
from tui_monitor.serving.page.render import render
from tui_monitor.serving.page.verdict import Verdict, verdict
from tui_monitor.serving.page.words import Words, tidy

NOTICES = 5


@frozen
class PageView:
    """One page's ingredients at a moment."""

    board: Board
    data: PageData
    words: Words
    backend: Backend
    """As the reader may see it: without what is private."""
    may_act: bool = False
    span: PageSpan = SPANS["1h"]

    def html(self, template: str, **values: object) -> str:
        """A template with what all of them use."""
        return render(template, t=self.words.t, words=self.words, now=self.board.at, may_act=self.may_act, **values)

    def part(self, ident: str, template: str, **values: object) -> PagePart:
        """A template as a part."""
        return PagePart(ident, self.html(template, **values))


def notices(view: PageView) -> PagePart:
    """The monitor's own trouble."""
    board = view.board
    said = list(board.trouble[:NOTICES])
    if board.resources.error:
        said.append(board.resources.error)
    return view.part("notices", "notices.html", notices=said)


def verdict_part(view: PageView, found: Verdict) -> PagePart:
    """The verdict as a part."""
    return view.part("verdict", "verdict.html", verdict=found)


def content(view: PageView, parts: Sequence[PagePart], name: str = "", shade: str = "") -> PageContent:
    """The parts with title, icon and what a screen reader hears when the verdict changes. ``name``: of the page, "" for the overview."""
    overall = verdict(view.board, view.words)
    said = f"{overall.lead} {overall.rest}".strip()
    title = " · ".join(filter(None, (counts(view), tidy(name, 80), tidy(view.board.host, 80))))
    return PageContent(title, shade or overall.shade, view.words.clock(view.board.at), overall.lead or said, tuple(parts))


def counts(view: PageView) -> str:
    """How many services are down and degraded, for the title: "✗1 ▲2"."""
    states = [check.status for check in view.board.checks]
    down, degraded = states.count(HealthStatus.UNHEALTHY), states.count(HealthStatus.DEGRADED)
    return " ".join(f"{sign}{count}" for sign, count in (("✗", down), ("▲", degraded)) if count)
