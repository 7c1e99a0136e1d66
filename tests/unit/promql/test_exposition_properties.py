"""Any page: a reader that knows earlier pages gives what a new one gives, wherever the pieces are cut, and never raises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.promql.test_exposition import read
from tui_monitor.core.sanitize import clean
from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.exposition_page import PageLimits

HEADS = (
    "a",
    "b",
    'a{x="1"}',
    'a{ x="1"}',
    'a{x="1",}',
    'h_bucket{le="1"}',
    'h_bucket{le="1.0"}',
    's{quantile="0.50"}',
    '{"q.r"}',
    'a{x="} 1"}',
    "drop_me",
)
SPACES = (" ", "  ", "\t", "")
VALUES = ("1", "2.5", "NaN", "+Inf", "0x1", "1_0", "x", "", "1\r", "\u00a01", "1 5", "1 5.5", '1 # {t="} # {"} 1', "1 # x", "1 2 3")
COMMENTS = (
    "# TYPE h histogram",
    "# TYPE h gauge",
    "# TYPE s summary",
    "# TYPE c counter",
    "# HELP a x",
    "# UNIT h_s s",
    "# x",
    "",
    " ",
    "# EOF",
    "# TYPE a nothing",
)
LINES = st.one_of(
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(("", "", "", " ")),
        st.sampled_from(HEADS),
        st.sampled_from(SPACES),
        st.sampled_from(VALUES),
    ),
    st.sampled_from(HEADS).map(lambda head: f"{head} 1"),
    st.sampled_from(COMMENTS),
)
PAGES = st.lists(LINES, max_size=8).map("\n".join)
RULES = ScrapeRules(
    labels={"check": "n"}, defaults={"job": "n"}, wanted=lambda name: name != "drop_me", honor_timestamps=True, limits=PageLimits(samples=5)
)


def shown(page: Page) -> str:
    """A page's content whatever the order of its samples; the counts of a page with a fault depend on where it was given up."""
    if page.fault:
        return page.fault
    counts = (page.scraped, page.dropped, page.duplicates, page.refused_times)
    return repr((sorted(map(repr, page.samples)), sorted(map(repr, page.stamped)), dict(page.metadata), *counts))


@settings(max_examples=400, deadline=None)
@given(st.lists(PAGES, min_size=1, max_size=3), PAGES, st.sampled_from(("text", "openmetrics")), st.integers(1, 40))
def test_what_was_read_before_changes_nothing(earlier: list[str], text: str, kind: Format, size: int) -> None:
    """The quick way and the slow way agree, with faults, counts and metadata."""
    reader = Exposition(RULES)
    ending = "\n# EOF\n" if kind == "openmetrics" else "\n"
    for page in (*earlier, text):
        read(reader, (page + ending).encode(), kind)
    body = (text + ending).encode()
    assert shown(read(reader, body, kind, size)) == shown(read(Exposition(RULES), body, kind))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(("text", "openmetrics")))
def test_any_bytes_are_a_page_or_a_fault(body: bytes, kind: Format) -> None:
    """Nothing raises; a fault holds nothing that harms a terminal."""
    page = read(Exposition(ScrapeRules()), body, kind)
    assert page.fault == clean(page.fault)
