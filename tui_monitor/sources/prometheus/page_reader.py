"""Reader of a scrape's answer as a page of metrics, in slices."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from tui_monitor.core.units import format_size
from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_format import Format, UnknownFormat, format_of
from tui_monitor.sources.http.exchange import Answer, BadAnswer, body_pieces
from tui_monitor.sources.http.expectations import status_text
from tui_monitor.sources.net.slices import in_slices


class _TooLarge(Exception):
    """The page exceeds the size limit."""


class PageReader:
    """An ``AnswerReader`` for scrapes; ``page`` is the last answer's, even an invalid one, None without a page."""

    def __init__(self, rules: ScrapeRules, body_limit: int, fallback: Format | None) -> None:
        self.page: Page | None = None
        self.kind: Format = "text"
        self.without_type = False
        self._exposition = Exposition(rules)
        self._body_limit = body_limit
        self._fallback = fallback

    def names(self, status: int) -> bool:
        """False: a redirect is never the answer."""
        return False

    async def fault(self, answer: Answer) -> str:
        """The fault of the answer or its page, "" without one."""
        if answer.status != 200:
            return status_text(answer.status)
        content_type = answer.header("content-type")
        self.without_type = not (content_type or "").strip()
        try:
            self.kind = format_of(content_type, self._fallback)
            if answer.cut:
                raise _TooLarge
            self.page = await in_slices(self._reading(answer))
        except (UnknownFormat, BadAnswer) as error:
            return str(error)
        except _TooLarge:
            return f"page is larger than body_limit = {format_size(self._body_limit)}; raise it"
        return self.page.fault

    def _reading(self, answer: Answer) -> Generator[None, None, Page]:
        return self._exposition.read(self._pieces(answer), self.kind, time.time_ns() // 1_000_000)

    def _pieces(self, answer: Answer) -> Iterator[bytes]:
        size = 0
        for piece in body_pieces(answer):
            size += len(piece)
            if size > self._body_limit:
                raise _TooLarge
            yield piece
