"""Pages that a target may serve, with what Prometheus 2.42 did with each (run, not read) and where this reader differs on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import time

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NOW = int(time())


@dataclass(frozen=True)
class PageCase:
    """``kept``: the series and values of a page that is taken, None where the scrape fails.

    ``ours`` says what this program does otherwise, "" nothing; ``our_kept`` is then its result. ``limit``, ``honor_labels``: settings.
    """

    name: str
    body: bytes
    kept: dict[str, float] | None
    content_type: str | None = TEXT
    ours: str = ""
    our_kept: dict[str, float] | None = None
    limit: int = 0
    honor_labels: bool = False
    counts: dict[str, int] = field(default_factory=dict)


def _om(body: str) -> bytes:
    return f"{body}# EOF\n".encode()


CASES = (
    PageCase("a bad line in the middle", b"a 1\nb{x=1} 2\nc 3\n", None),
    PageCase("the same series twice", b"a 1\na 2\n", {"a": 1}, counts={"duplicates": 1}),
    PageCase("the same series in two spellings", b'a{x="1",y="2"} 1\na{y="2",x="1",} 2\n', {'a{x="1",y="2"}': 1}, counts={"duplicates": 1}),
    PageCase("CRLF line ends", b"a 1\r\nb 2\r\n", None),
    PageCase("no final newline", b"a 1\nb 2", {"a": 1, "b": 2}),
    PageCase("leading spaces", b"  a 1\n", None),
    PageCase("leading spaces before a comment", b"  # TYPE a gauge\n  # hello\n  \na 1\n", {"a": 1}),
    PageCase("leading spaces before an unknown TYPE", b"  # TYPE a speed\na 1\n", None),
    PageCase("spaces within the labels", b'a { x = "1" } 1\n', {'a{x="1"}': 1}),
    PageCase("a comma behind the last label", b'a{x="1",} 1\n', {'a{x="1"}': 1}),
    PageCase("an empty label value", b'a{x="",y="1"} 1\n', {'a{y="1"}': 1}),
    PageCase("the same label twice", b'a{x="1",x="2"} 1\n', None),
    PageCase("a hexadecimal number", b"a 0x10\n", None),
    PageCase("a number with underscores", b"a 1_000\n", None),
    PageCase("a number out of range", b"a 1e400\n", None),
    PageCase("NaN and infinities", b"a NaN\nb +Inf\nc -Inf\n", {"a": float("nan"), "b": float("inf"), "c": float("-inf")}),
    PageCase("UTF-8 in a value", 'a{x="한글 é"} 1\n'.encode(), {'a{x="한글 é"}': 1}),
    PageCase("NUL in a value", b'a{x="1\x002"} 1\n', {'a{x="1\x002"}': 1}),
    PageCase("escapes in a value", rb'a{x="q\"b\\n\n"} 1' + b"\n", {'a{x="q\\"b\\\\n\\n"}': 1}),
    PageCase("invalid UTF-8", b'a{x="\xff"} 1\n', None),
    PageCase("names in quotes", b'{"a.b",x="1"} 1\n', None, ours="as Prometheus 3", our_kept={'{"a.b",x="1"}': 1}),
    PageCase("an unknown TYPE", b"# TYPE a speed\na 1\n", None),
    PageCase("HTML", b"<html><body>ok</body></html>\n", None, "text/html"),
    PageCase("HTML called text", b"<html><body>ok</body></html>\n", None),
    PageCase("JSON", b'{"status": "ok"}\n', None, "application/json"),
    PageCase("an empty body", b"", {}),
    PageCase("no Content-Type", b"a 1\n", {"a": 1}, None),
    PageCase("OpenMetrics called text", _om("# TYPE a unknown\n# UNIT a \na 1 1700000000.5\n"), None),
    PageCase(
        "OpenMetrics", _om('# TYPE a counter\n# HELP a x\na_total{x="}"} 1 # {t="# }"} 0.5 1.5\n'), {'a_total{x="}"}': 1}, OPENMETRICS
    ),
    PageCase("OpenMetrics without its end", b"# TYPE a gauge\na 1\n", None, OPENMETRICS),
    PageCase("text behind the end of OpenMetrics", b"a 1\n# EOF\nb 2\n", None, OPENMETRICS),
    PageCase("an empty line in OpenMetrics", b"a 1\n\n# EOF\n", None, OPENMETRICS),
    PageCase("a free comment in OpenMetrics", b"# hello\na 1\n# EOF\n", None, OPENMETRICS),
    PageCase("a unit that is not the name's end", _om("# TYPE a_bytes gauge\n# UNIT a_bytes seconds\na_bytes 1\n"), None, OPENMETRICS),
    PageCase("an own time, now", f"a 1 {NOW * 1000}\n".encode(), {"a": 1}, counts={"ignored_times": 1}),
    PageCase("an own time, 1970", b"a 1 1000\nb 2\n", {"b": 2}, ours="own times are ignored unless asked for", our_kept={"a": 1, "b": 2}),
    PageCase(
        "an own time in an hour",
        f"a 1 {NOW * 1000 + 3_600_000}\nb 2\n".encode(),
        {"b": 2},
        ours="own times are ignored unless asked for",
        our_kept={"a": 1, "b": 2},
    ),
    PageCase("a time with a fraction in text", b"a 1 1.5\n", None),
    PageCase(
        "labels job and instance on the page",
        b'a{job="j",instance="i"} 1\n',
        {'a{exported_instance="i",exported_job="j"}': 1},
        ours="job stays the page's",
        our_kept={'a{exported_instance="i",job="j"}': 1},
    ),
    PageCase("the same with honor_labels", b'a{job="j",instance="i"} 1\n', {'a{instance="i",job="j"}': 1}, honor_labels=True),
    PageCase("300 samples, limit 100", b"".join(b'a{x="%d"} 1\n' % n for n in range(300)), None, limit=100, counts={"scraped": 300}),
    PageCase(
        "bounds of a histogram",
        b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\n',
        {'h_bucket{le="1"}': 1, 'h_bucket{le="+Inf"}': 2},
        ours="bounds in one spelling, as Prometheus 3",
        our_kept={'h_bucket{le="1.0"}': 1, 'h_bucket{le="+Inf"}': 2},
    ),
    PageCase("tabs between the words", b"a\t1\nb \t 2\t\n", {"a": 1, "b": 2}),
    PageCase("no space behind the labels", b'a{x="1"}1\n', {'a{x="1"}': 1}),
    PageCase("an exemplar in text", b'a 1 # {x="1"} 1\n', None),
    PageCase("a free comment", b"# hello\n#x\n\n\na 1\n", {"a": 1}),
    PageCase("TYPE twice and after the samples", b"# TYPE a gauge\na 1\n# TYPE a counter\n", {"a": 1}),
    PageCase("three words", b"a 1 1 1\n", None),
    PageCase("no value", b"a\n", None),
    PageCase("empty braces", b"a{} 1\n", {"a": 1}),
    PageCase("a comma alone", b"a{,} 1\n", None),
    PageCase("two commas", b'a{x="1",,} 1\n', None),
    PageCase("a label name with a dash", b'a{x-y="1"} 1\n', None),
    PageCase("a label called __name__", b'a{__name__="b"} 1\n', None),
    PageCase("-NaN", b"a -NaN\n", None),
    PageCase("an escape that is none", rb'a{x="\d"} 1' + b"\n", {'a{x="\\\\d"}': 1}),
)


def same(found: dict[str, float] | None, wanted: dict[str, float] | None) -> bool:
    """Whether two results are alike; NaN is NaN."""
    return repr(sorted(found.items()) if found is not None else None) == repr(
        sorted((name, float(value)) for name, value in wanted.items()) if wanted is not None else None
    )
