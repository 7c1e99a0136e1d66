"""The stored history as PromQL storage for commands; every fault of the file becomes one sentence (Refused)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tui_monitor.cli.options import Refused
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.promql.queryable import Matcher, Series
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.reader import HistoryReader

T = TypeVar("T")


def selector_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of a typed selector. Raises Refused (64)."""
    from tui_monitor.promql.chart_queries import plain_selector
    from tui_monitor.promql.errors import PromqlError

    try:
        found = plain_selector(text)
    except PromqlError as error:
        raise Refused(f"SELECTOR: {error}", USAGE) from None
    if found is None:
        raise Refused(f'"{text}" is not a plain selector; write for example cpu_usage_ratio or {{check="api"}}', USAGE)
    return found


class StoredHistory:
    """history.db of a state directory as a promql.queryable.Queryable, to be closed. Raises Refused for an unreadable file."""

    def __init__(self, state: Path) -> None:
        path = state / "history.db"
        try:
            self._reader = HistoryReader(path)
        except StorageFault as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise Refused(f"no monitor has run here: there is no {path}") from None
            raise Refused(f"the history cannot be read: {error}") from None

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def query(self, question: Callable[[HistoryQueries], T]) -> T:
        """Run one query on the reader. Raises Refused."""
        try:
            return question(self._reader)
        except StorageFault as error:
            raise Refused(f"the history cannot be read: {error}") from None

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Sequence[Series]:
        """Implements promql.queryable.Queryable."""
        return self.query(lambda reader: reader.select(matchers, after_ms, until_ms))

    @cached_property
    def max_lookback_ms(self) -> int:
        """Implements promql.queryable.Queryable; read once."""
        return self.query(lambda reader: reader.max_lookback_ms)
