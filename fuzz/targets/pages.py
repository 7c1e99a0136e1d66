"""Pages of metrics in both formats: a page or a fault, the same whether its lines were known before or not."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.promql import exposition
from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_format import Format

AT = 1_790_000_000_000
_RULES = ScrapeRules({"check": "a"}, {"type": "prometheus"}, lambda name: not name.startswith("go_"), honor_timestamps=True)


def _read(reader: Exposition, pieces: Iterable[bytes], kind: Format) -> Page:
    steps = reader.read(pieces, kind, AT)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            page: Page = done.value
            return page


def _page(data: bytes) -> bool:
    accepted = False
    kinds: tuple[Format, ...] = ("text", "openmetrics")
    for kind in kinds:
        pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
        reader = Exposition(_RULES)
        cold, warm = _read(reader, pieces, kind), _read(reader, pieces, kind)
        assert _comparable(cold) == _comparable(warm), "a page that is known reads otherwise than a new one"
        assert not (refused := admit_samples(cold.samples)[1]), refused
        accepted |= not cold.fault
    return accepted


def _comparable(page: Page) -> Any:
    """With values bit by bit: NaN equals itself."""
    samples = [(sample.labels, struct.pack("<d", sample.value)) for sample in page.samples]
    stamped = [(at, sample.labels, struct.pack("<d", sample.value)) for at, sample in page.stamped]
    return sorted(samples), sorted(stamped), page.scraped, page.dropped, page.duplicates, page.fault


_WORDS = (
    "# HELP a b\n", "# TYPE a counter\n", "# TYPE a histogram\n", "# UNIT a s\n", "# EOF\n", "a_total ", "a_bucket{le=\"0.1\"} ",
    'a{b="c"} 1\n', '{"a.b", c="d"} 1\n', "a_created 1\n", " 1790000000", " 1790000000000\n", " # {trace_id=\"x\"} 1\n", "NaN\n", "+Inf\n",
    "0x1p3\n", "1_0\n", "\\n", '\\"', "\\\\", "{", "}", ",", "=", '"', "#", "\t", "\r\n", 'check="x"', 'le="NaN"', 'quantile="0.5"',
    'exported_check="y"', '__name__="z"', "go_info 1\n",
)  # fmt: skip

TARGETS = (Target(name="exposition", kind="bytes", call=_page, words=_WORDS, fence=lambda: unfenced(exposition._read_block)),)
