"""What the configuration keeps from all but administrators: private series and logs, for the HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.config.operation import RedactSettings
from tui_monitor.core.values import Labels
from tui_monitor.dispatch.matchers import matches_all, parse_selectors
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, Queryable, Series


class Privacy:
    """The private selectors. A log is judged by labels such as ``check``, ``service`` and ``level``."""

    def __init__(self, selectors: Sequence[tuple[Matcher, ...]] = ()) -> None:
        self._selectors = tuple(selectors)

    @classmethod
    def of(cls, settings: RedactSettings) -> Privacy:
        """Of a configuration. Raises ValueError for what `config check` names."""
        return cls(parse_selectors(settings.private))

    @property
    def active(self) -> bool:
        """Whether anything is private."""
        return bool(self._selectors)

    def hides(self, labels: Labels | Mapping[str, str]) -> bool:
        """Whether something with these labels is for administrators only."""
        if not self._selectors:
            return False
        known = labels if isinstance(labels, Mapping) else dict(labels)
        return any(matches_all(selector, known) for selector in self._selectors)

    def visible(self, storage: Queryable) -> Queryable:
        """The storage without private series: an expression over it cannot sum them up either."""
        return VisibleSeries(storage, self) if self._selectors else storage


class VisibleSeries:
    """A storage without its private series."""

    def __init__(self, storage: Queryable, privacy: Privacy) -> None:
        self._storage = storage
        self._privacy = privacy
        self.max_lookback_ms: int = getattr(storage, "max_lookback_ms", DEFAULT_LOOKBACK_MS)

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Sequence[Series]:
        """As promql.queryable.Queryable."""
        return [series for series in self._storage.select(matchers, after_ms, until_ms) if not self._privacy.hides(series.labels)]
