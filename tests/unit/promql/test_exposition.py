"""Scraped pages: what is kept of each, faults with their line, limits, labels, own times, and what a reader remembers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.exposition_pages import CASES, NOW, OPENMETRICS, TEXT, PageCase, same
from tui_monitor.core.values import METRIC_NAME, Labels, labels_of
from tui_monitor.promql.exposition import BLOCK, Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import Format, UnknownFormat, format_of
from tui_monitor.promql.exposition_labels import normal_float
from tui_monitor.promql.exposition_page import PageLimits
from tui_monitor.promql.exposition_write import series_text

OURS: dict[str, Any] = {"labels": {"instance": "target"}, "defaults": {"job": "target"}}


def read(reader: Exposition, body: bytes, kind: Format = "text", size: int = 65536) -> Page:
    """The whole page at once, in pieces of this size."""
    steps = reader.read([body[start : start + size] for start in range(0, len(body), size)], kind, NOW * 1000)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            assert isinstance(done.value, Page)
            return done.value


def scrape(body: bytes | str, kind: Format = "text", **rules: Any) -> Page:
    """A page read by a reader that knows nothing."""
    return read(Exposition(ScrapeRules(**rules)), body.encode() if isinstance(body, str) else body, kind)


def shown(labels: Labels) -> str:
    """A series without the labels of the target."""
    kept = [pair for pair in labels if pair not in (("instance", "target"), ("job", "target"))]
    return series_text(tuple(sorted(kept, key=lambda pair: (pair[0] != METRIC_NAME, pair))), utf8=True)


def values(page: Page) -> dict[str, float] | None:
    """The kept series; None of a page with a fault."""
    if page.fault:
        assert not page.samples
        return None
    return {shown(sample.labels): sample.value for sample in page.samples}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_pages_are_taken_as_prometheus_takes_them(case: PageCase, warm: bool) -> None:
    """The same series and values as Prometheus, but where the table says otherwise; the second scrape is like the first."""
    wanted = case.our_kept if case.ours else case.kept
    limits = PageLimits(samples=case.limit) if case.limit else PageLimits()
    reader = Exposition(ScrapeRules(honor_labels=case.honor_labels, limits=limits, **OURS))
    try:
        kind = format_of(case.content_type, "text")
    except UnknownFormat:
        assert wanted is None
        return
    for _ in range(2 if warm else 1):
        page = read(reader, case.body, kind)
    assert same(values(page), wanted), page.fault
    assert {name: getattr(page, name) for name in case.counts} == case.counts


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_the_pieces_of_a_page_may_be_cut_anywhere(size: int) -> None:
    """Characters and lines that lie over two pieces are put together."""
    page = read(Exposition(ScrapeRules()), 'a{x="한글"} 1\nb 2\n\nc 3'.encode(), size=size)
    assert values(page) == {'a{x="한글"}': 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("a 1\n\n# x\nb x\n", "line 4: not a number: 'x': \"b x\""),
        ("a 1\n" * 100 + "\x1b[31m{}\u202e" + "x" * 99, "line 101: a metric's name is expected"),
        (b"a 1\n\xff\xfe 2\n", 'line 2: not valid UTF-8: "\ufffd\ufffd 2"'),
        ('a{x="1" 1\n', "line 1: , or } is expected at '1'"),
        ("a 1 2 3\n", "line 1: a value and perhaps a time are expected"),
        ("a 1 12.5\n", "line 1: not a timestamp in milliseconds: '12.5'"),
    ],
)
def test_a_fault_names_line_and_text(body: bytes | str, fault: str) -> None:
    """Number, reason and at most 60 harmless characters of the line; nothing of the page is kept."""
    page = scrape(body)
    assert page.fault.startswith(fault)
    assert page.fault.isprintable() and len(page.fault) < 180
    assert not page.samples


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("a 1\n", "line 2: # EOF is missing"),
        ("", "line 1: # EOF is missing"),
        ("a 1\n# EOF\n\n", "line 3: something follows # EOF"),
        ("a 1 # x\n# EOF\n", "line 1: an exemplar's labels are expected"),
        ("# TYPE a untyped\n# EOF\n", "line 1: the type 'untyped' is not known"),
        ("a 1 tomorrow\n# EOF\n", "line 1: not a timestamp in seconds"),
    ],
)
def test_faults_of_openmetrics(body: str, fault: str) -> None:
    """The end must stand where the page ends; types and exemplars are OpenMetrics' own."""
    assert scrape(body, "openmetrics").fault.startswith(fault)
    reader = Exposition(ScrapeRules())
    read(reader, b"a 1\n# EOF\n", "openmetrics")
    assert read(reader, body.encode(), "openmetrics").fault.startswith(fault)


def test_known_lines_behind_the_end_are_a_fault_too() -> None:
    """A line that the last page taught is not taken behind # EOF."""
    reader = Exposition(ScrapeRules())
    assert not read(reader, b"a 1\nb 1\n# EOF\n", "openmetrics").fault
    assert read(reader, b"a 1\n# EOF\nb 1\n", "openmetrics").fault.startswith("line 3")
    body = b"".join(b"c%d 1\n" % number for number in range(BLOCK - 1)) + b"# EOF\na 1\n"
    assert read(reader, body, "openmetrics").fault.startswith(f"line {BLOCK + 1}")


def test_openmetrics_created_exemplars_info_and_stateset() -> None:
    """_created of a known family goes, exemplars are cut, info and stateset stay as gauges, seconds of time become milliseconds."""
    body = """# TYPE c counter
# UNIT c_seconds seconds
c_total 5 # {trace="} # {"} 1 1.5
c_created 1.5e9
# TYPE b info
b_info{version="1"} 1
# TYPE s stateset
s{s="on"} 1
lonely_created 1
# EOF
"""
    page = scrape(body, "openmetrics")
    assert values(page) == {"c_total": 5, 'b_info{version="1"}': 1, 's{s="on"}': 1, "lonely_created": 1}
    assert (page.scraped, page.dropped) == (5, 1)
    assert page.metadata["c"] == Metadata("counter") and page.metadata["c_seconds"] == Metadata(unit="seconds")
    stamped = scrape(f"a 1 {NOW}.25\n# EOF\n", "openmetrics", honor_timestamps=True).stamped
    assert [(at, sample.value) for at, sample in stamped] == [(NOW * 1000 + 250, 1.0)]


def test_metadata_is_kept() -> None:
    """TYPE and HELP by metric, escapes resolved; the last of several counts, wherever it stands."""
    reader = Exposition(ScrapeRules())
    body = rb"""# HELP a_total one\ntwo \\ three
# TYPE a_total counter
a_total 1
# TYPE a_total gauge
# HELP "b.c" quoted
"""
    first, second = read(reader, body), read(reader, body)
    assert first.metadata == {"a_total": Metadata("gauge", "one\ntwo \\ three"), "b.c": Metadata("", "quoted")}
    assert second.metadata is first.metadata


def test_names_are_chosen_before_labels_are_read() -> None:
    """What is not wanted is counted and takes no place in the limit; its lines are checked all the same."""
    wanted: Callable[[str], bool] = lambda name: not name.startswith("go_")  # noqa: E731
    reader = Exposition(ScrapeRules(wanted=wanted, limits=PageLimits(samples=2)))
    body = b'go_a 1\na 1\ngo_b{x="1"} 2\nb 2\n'
    for _ in range(2):
        page = read(reader, body)
        assert (values(page), page.scraped, page.dropped) == ({"a": 1, "b": 2}, 4, 2)
    assert read(reader, b"go_a x\n").fault.startswith("line 1: not a number")


def test_labels_of_the_target() -> None:
    """The page's own of the target's labels move aside, however often; defaults are for series without them."""
    rules: dict[str, Any] = {"labels": {"check": "n", "instance": "h:1"}, "defaults": {"job": "n"}}
    body = 'a{check="x",exported_check="y",job="j"} 1\nb{job=""} 1\n'
    page = scrape(body, **rules)
    assert page.samples[0].labels == labels_of("a", check="n", exported_check="y", exported_exported_check="x", instance="h:1", job="j")
    assert page.samples[1].labels == labels_of("b", check="n", instance="h:1", job="n")
    honoured = scrape(body, **rules, honor_labels=True)
    assert honoured.samples[0].labels == labels_of("a", check="x", exported_check="y", instance="h:1", job="j")


def test_own_times() -> None:
    """Ignored with a count; or kept within ten minutes of now, apart from the others, and refused beyond."""
    body = f"a 1 {NOW * 1000 - 5000}\nb 2\nc 3 {NOW * 1000 + 700_000}\nd 4 -5\n".encode()
    ignoring = scrape(body)
    assert values(ignoring) == {"a": 1, "b": 2, "c": 3, "d": 4} and ignoring.ignored_times == 3
    reader = Exposition(ScrapeRules(honor_timestamps=True))
    for _ in range(2):
        page = read(reader, body)
        assert values(page) == {"b": 2}
        assert [(at, shown(sample.labels)) for at, sample in page.stamped] == [(NOW * 1000 - 5000, "a")]
        assert page.refused_times == 2


@pytest.mark.parametrize(
    ("limits", "body", "fault"),
    [
        (PageLimits(samples=2), "a 1\nb 1\nc 1\n", "3 samples, more than sample_limit = 2; raise it"),
        (PageLimits(samples=1), "a 1\n" + "b 1\n" * 2 * BLOCK + "# x\nz 1\n", ""),
        (PageLimits(labels=1), 'a{b="1"} 1\na{b="1",c="2"} 1\n', "line 2: 2 labels, more than 1"),
        (PageLimits(name=4), 'abcde{b="1"} 1\n', "line 1: a name longer than 4"),
        (PageLimits(name=4), 'a{bcdef="1"} 1\n', "line 1: a name longer than 4"),
        (PageLimits(value=4), 'a{b="12345"} 1\n', "line 1: the label 'b' is longer than 4"),
        (PageLimits(line=2048), "a 1\n" + "b" * 70_000, "line 2: longer than 2KiB"),
    ],
)
def test_limits(limits: PageLimits, body: str, fault: str) -> None:
    """Each names itself and how many there were."""
    page = scrape(body, limits=limits)
    assert page.fault.startswith(fault) if fault else page.fault.startswith(f"{2 * BLOCK + 2} samples"), page.fault


def test_bounds_have_one_spelling() -> None:
    """le of buckets and quantile as OpenMetrics writes them, whatever the TYPE says; le elsewhere stays."""
    body = 'h_bucket{le="1"} 1\ns{quantile="0.50"} 1\ns{quantile="most"} 1\ng{le="1"} 1\n'
    assert values(scrape(body)) == {'h_bucket{le="1.0"}': 1, 's{quantile="0.5"}': 1, 's{quantile="most"}': 1, 'g{le="1"}': 1}
    cases = {
        "5": "5.0",
        "0.1": "0.1",
        "1e-5": "1e-05",
        "1000000": "1e+06",
        "123456": "123456.0",
        "1234567.5": "1.2345675e+06",
        "-1": "-1.0",
        "0": "0.0",
    }
    assert {text: normal_float(text) for text in cases} == cases
    assert [normal_float(text) for text in ("inf", "+Inf", "-Inf", "NaN", "many")] == ["+Inf", "+Inf", "-Inf", "NaN", "many"]


def test_a_type_that_changes_is_learnt_anew() -> None:
    """Whether _created belongs to a counter is asked again when the types change; nothing is doubled meanwhile."""
    reader = Exposition(ScrapeRules())
    counter, gauge = b"# TYPE c counter\nc_created 1\n# EOF\n", b"# TYPE c gauge\nc_created 1\n# EOF\n"
    assert values(read(reader, counter, "openmetrics")) == {}
    read(reader, counter, "openmetrics")
    assert read(reader, gauge, "openmetrics").scraped == 1
    assert values(read(reader, gauge, "openmetrics")) == {"c_created": 1}


def test_what_is_remembered_is_bounded_by_the_last_page() -> None:
    """Vanished series go, a page with a fault leaves nothing, and equal series are the same object from scrape to scrape."""
    reader = Exposition(ScrapeRules())
    first = read(reader, b'a{x="1"} 1\nb 1\n')
    for number in range(50):
        again = read(reader, b'a{x="1"} 2\nc%d 1\n' % number)
    assert any(sample.labels is first.samples[0].labels for sample in again.samples)
    assert len(reader._before.heads) == len(reader._before.spelled) == 2
    respelled = read(reader, b'a{ x="1"} 3\n')
    assert respelled.samples[0].labels is first.samples[0].labels
    assert len(reader._before.heads) == len(reader._before.spelled) == 1
    assert read(reader, b"d 1\ne x\n").fault
    assert not reader._before.heads and not reader._before.spelled


def test_a_reading_that_is_given_up_leaves_nothing() -> None:
    """A scrape that is cancelled half-way (time limit) does not spoil the next."""
    reader = Exposition(ScrapeRules())
    body = b"".join(b"a%d 1\n" % number for number in range(5 * BLOCK))
    steps = reader.read([body], "text", 0)
    next(steps)
    steps.close()
    assert len(read(reader, body).samples) == 5 * BLOCK


def test_the_steps_are_small() -> None:
    """A page is read in at least as many steps as it has blocks, so that the event loop can be served between them."""
    body = b"".join(b"a%d 1\n" % number for number in range(10 * BLOCK))
    assert len(list(Exposition(ScrapeRules()).read([body], "text", 0))) >= 10


def test_values_that_need_a_second_look() -> None:
    """Infinities, NaN and long numbers on lines that are known."""
    reader = Exposition(ScrapeRules())
    read(reader, b"a 1\nb 1\nc 1\nd 1\n")
    found = values(read(reader, b"a +Inf\nb NaN\nc -1.5e-300\nd " + b"9" * 60 + b"\n"))
    assert found is not None
    assert (found["a"], found["c"], found["d"]) == (math.inf, -1.5e-300, 1e60) and math.isnan(found["b"])
    assert read(reader, b"a 1e999\n").fault and read(reader, "a ١\n".encode()).fault


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        (TEXT, "text"),
        ("text/plain", "text"),
        ("Text/Plain; version=1.0.0; escaping=allow-utf-8", "text"),
        (OPENMETRICS, "openmetrics"),
        ('application/openmetrics-text; version="0.0.1"', "openmetrics"),
        ("application/openmetrics-text", "openmetrics"),
        (None, "openmetrics"),
        ("  ", "openmetrics"),
    ],
)
def test_the_content_type_decides(content_type: str | None, kind: str) -> None:
    """By the answer's own words; a blank one by the fallback."""
    assert format_of(content_type, "openmetrics") == kind


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "application/json", "application/vnd.google.protobuf; proto=x", "application/openmetrics-text; version=2.0.0"],
)
def test_other_content_types_are_named(content_type: str) -> None:
    """The reason holds the type; a blank one without a fallback is refused too."""
    with pytest.raises(UnknownFormat, match=content_type[:20]):
        format_of(content_type + "\x1b[31m", "text")
    with pytest.raises(UnknownFormat, match="no Content-Type"):
        format_of(None, None)
