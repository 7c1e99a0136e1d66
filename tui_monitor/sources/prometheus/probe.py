"""The Prometheus probe: scrapes a metrics page and gives all its series, ``up`` and the ``scrape_`` series each time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

from tui_monitor.core.units import format_duration
from tui_monitor.core.values import METRIC_NAME, AllSeries, HealthStatus, Labels, ProbeResult, Sample, label
from tui_monitor.platform.regex import RegexError, check_regex, matches_whole
from tui_monitor.promql.exposition import Page, ScrapeRules
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import ACCEPT
from tui_monitor.promql.exposition_labels import finished
from tui_monitor.promql.exposition_page import PageLimits
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.request import parse_url
from tui_monitor.sources.http.settings import HttpCheck, http_check
from tui_monitor.sources.net.resolve import RESOLVER, Resolver
from tui_monitor.sources.prometheus.page_reader import PageReader
from tui_monitor.sources.prometheus.settings import PrometheusCheck

_OWN = ("up", "scrape_duration_seconds", "scrape_samples_scraped")
_OF_CERTIFICATE = ("probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds")


class PrometheusProbe:
    """Scrapes one target over a kept connection.

    Whatever the target does wrong makes all its series stale at once but ``up`` (0) and the ``scrape_`` ones, as in Prometheus: nothing
    of a page with a fault is kept, and alerts on it hold. What a good page does not have any more has ended. OwnTrouble says nothing of
    the series, so they pause. The probe's own time limit is a little shorter than the check's, so that a target that is too slow is told
    the same way. Raises ValueError at construction where a setting cannot be understood (the text names the key).
    """

    def __init__(self, settings: PrometheusCheck, *, resolver: Resolver = RESOLVER) -> None:
        rules = _rules(settings)
        self._settings = settings
        self._limit = settings.timeout - min(0.1, settings.timeout / 20)
        self._reader = PageReader(rules, settings.body_limit, settings.fallback_format)
        self._http = HttpProbe(_http(settings), reader=self._reader, resolver=resolver)
        self._own = [finished({METRIC_NAME: name}, rules.labels, rules.defaults, False, {}) for name in _OWN]
        self.metadata: Mapping[str, Metadata] = {}

    @property
    def stage(self) -> str:
        """What is done now."""
        return self._http.stage

    @stage.setter
    def stage(self, stage: str) -> None:
        self._http.stage = stage

    async def probe(self) -> ProbeResult:
        """Scrape once; raises OwnTrouble where the monitor itself could not."""
        self._reader.page = None
        started = perf_counter()
        try:
            async with asyncio.timeout(self._limit):
                result = await self._http.probe()
        except TimeoutError:
            result = self._timed_out()
        took = perf_counter() - started
        page = self._reader.page or Page()
        up = result.status is not HealthStatus.UNHEALTHY
        if up:
            self.metadata = page.metadata
        return replace(
            result,
            samples=tuple(sample for sample in result.samples if label(sample.labels, METRIC_NAME) in _OF_CERTIFICATE),
            facts={**result.facts, **self._facts(page)},
            all_series=_all_series(page, self._own, up, took),
        )

    async def close(self) -> None:
        """Give back the kept connection."""
        await self._http.close()

    def _timed_out(self) -> ProbeResult:
        self._reader.page = None
        where = f" ({self.stage})" if self.stage else ""
        reason = f"timed out after {format_duration(self._settings.timeout)}{where}"
        return ProbeResult(HealthStatus.UNHEALTHY, reason, self._settings.timeout)

    def _facts(self, page: Page) -> Mapping[str, str]:
        if self._reader.page is None:
            return {}
        facts = {"samples": f"{page.scraped:,}", "format": "OpenMetrics" if self._reader.kind == "openmetrics" else "Prometheus text"}
        if self._reader.without_type:
            facts["content_type"] = f"missing: read as {facts['format']} (fallback)"
        if page.dropped:
            facts["dropped"] = f"{page.dropped:,} samples (keep, drop)"
        if page.duplicates:
            facts["duplicates"] = f"{page.duplicates:,} samples of series that stood before: the first counts"
        if page.ignored_times:
            facts["own_times"] = f"{page.ignored_times:,} samples have times of their own: ignored (honor_timestamps)"
        if page.refused_times:
            facts["refused_times"] = f"{page.refused_times:,} samples more than 10 minutes from now: left out"
        return facts


def _all_series(page: Page, own: list[Labels], up: bool, took: float) -> AllSeries:
    values = (float(up), took, float(page.scraped))
    mine = tuple(map(Sample, own, values))
    return AllSeries(page.samples + mine, page.stamped) if up else AllSeries(mine, answered=False)


def _rules(settings: PrometheusCheck) -> ScrapeRules:
    try:
        url = parse_url(settings.url)
    except ValueError as error:
        raise ValueError(f"url: {error}") from None
    host = f"[{url.host}]" if ":" in url.host else url.host
    labels = {**settings.labels, "check": settings.name, "instance": f"{host}:{url.port}", "category": settings.category}
    return ScrapeRules(
        labels={name: value for name, value in labels.items() if value},
        defaults={"job": settings.name},
        wanted=_wanted(settings),
        honor_labels=settings.honor_labels,
        honor_timestamps=settings.honor_timestamps,
        limits=PageLimits(samples=settings.sample_limit),
    )


def _wanted(settings: PrometheusCheck) -> Callable[[str], bool] | None:
    keep, drop = _matcher("keep", settings.keep), _matcher("drop", settings.drop)
    if keep is None and drop is None:
        return None
    return lambda name: (keep is None or keep(name)) and not (drop is not None and drop(name))


def _matcher(key: str, patterns: Sequence[str]) -> Callable[[str], bool] | None:
    try:
        for pattern in patterns:
            check_regex(pattern)
    except RegexError as error:
        raise ValueError(f"{key}: {error}") from None
    return (lambda name: any(matches_whole(pattern, name) for pattern in patterns)) if patterns else None


def _http(settings: PrometheusCheck) -> HttpCheck:
    """The request as an HTTP check has it; over a kept connection, as scrapes are many and test no handshake."""
    return http_check(
        settings,
        headers={"Accept": ACCEPT, "Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": f"{settings.timeout:g}"},
        max_body=settings.body_limit,
        keep_alive=True,
    )
