"""OpenMetrics text files with timestamps are read as they are, and faults name their line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tui_monitor.core.values import is_stale, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.openmetrics import FileError, FileStorage, read_file, read_text

TEXT = r"""# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{path="/a b",note="say \"hi\" \\ \n # no comment"} 10 1.5 # {trace="x"} 0.3 1.5
requests_total{path="/a b",note="say \"hi\" \\ \n # no comment",} 20 3.0004
plain 1e3 0
plain NaN 2
plain -Inf 1
plain +Inf 3
gone 1 1
gone StaleNaN 2
{"my.metric","a.b"="c"} 5 1
twice 1 1
twice 2 1
# EOF
"""


def only(storage: FileStorage, name: str) -> list[tuple[int, float]]:
    """The samples of the only series of a metric."""
    (series,) = [one for one in storage.series if dict(one.labels)["__name__"] == name]
    return list(zip(series.times, series.values, strict=True))


def test_samples_come_sorted_and_rounded() -> None:
    """Any order in the file, times rounded to the millisecond, exemplars and comments left out."""
    storage = read_text(TEXT)
    assert only(storage, "requests_total") == [(1500, 10.0), (3000, 20.0)]
    assert [time for time, _ in only(storage, "plain")] == [0, 1000, 2000, 3000]
    assert only(storage, "plain")[0] == (0, 1000.0)
    assert [value for _, value in only(storage, "plain")][1::2] == [-math.inf, math.inf]
    assert math.isnan(only(storage, "plain")[2][1]) and not is_stale(only(storage, "plain")[2][1])
    assert storage.times() == (0, 3000)


def test_labels_are_unescaped() -> None:
    """Backslash, quote and line end in values; names in quotes."""
    labels = [one.labels for one in read_text(TEXT).series]
    assert labels_of("requests_total", path="/a b", note='say "hi" \\ \n # no comment') in labels
    assert (("__name__", "my.metric"), ("a.b", "c")) in labels


def test_stale_nan_ends_a_series() -> None:
    """The marker is no sample: the series has no value from its time on."""
    storage = read_text(TEXT)
    assert is_stale(only(storage, "gone")[1][1])
    assert compile_expr("gone").instant(storage, 1999) == [(labels_of("gone"), 1.0)]
    assert compile_expr("gone").instant(storage, 2000) == []


def test_the_last_of_several_values_for_one_time_counts() -> None:
    """A second line for the same labels and time replaces the first."""
    assert only(read_text(TEXT), "twice") == [(1000, 2.0)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a 1", "no timestamp"),
        ("a", "a space is expected"),
        ("a x 1", "not a number: 'x'"),
        ("a 1 yesterday", "not a timestamp"),
        ("a 1 NaN", "not a timestamp"),
        ("a 1 2 3", "a value and a timestamp"),
        ('a{b="c} 1 1', "needs a value in quotes"),
        ('a{b="c"', "} is missing"),
        ("a{b=c} 1 1", "needs a value in quotes"),
        ('a{b="1",b="2"} 1 1', "stands twice"),
        ('a{b-c="1"} 1 1', "= is expected"),
        ('{b="1"} 1 1', "no name"),
        ("1a 1 1", "name is expected"),
    ],
)
def test_faults_name_their_line(line: str, said: str) -> None:
    """The message says file, line and what is wrong."""
    with pytest.raises(FileError) as failure:
        read_text(f"# TYPE a gauge\n{line}\n", "x.om")
    assert "x.om, line 2: " in str(failure.value)
    assert said in str(failure.value)


def test_nothing_may_follow_the_end(tmp_path: Path) -> None:
    """After # EOF only empty lines; bytes that are no UTF-8 name their line."""
    with pytest.raises(FileError, match="line 2"):
        read_text("# EOF\na 1 1\n")
    (tmp_path / "bad.om").write_bytes(b'a 1 1\na{b="\xff"} 1 1\n')
    with pytest.raises(FileError, match="line 2: not valid UTF-8"):
        read_file(tmp_path / "bad.om")
    (tmp_path / "good.om").write_text("a 1 1\n# EOF\n\n")
    assert only(read_file(tmp_path / "good.om"), "a") == [(1000, 1.0)]


def test_lines_that_begin_alike_are_told_apart() -> None:
    """A name with its labels is read once; what follows it is read on every line, exemplars and faults too."""
    text = 'm{a="}"} 1 1\nm{a="}"} 2 2 # {t="x"} 1\nm{a="}"} 3 3\nm{ a="}"} 4 4\nm 5 5\nm{a="} # {"} 6 6\n'
    found = {one.labels: list(zip(one.times, one.values, strict=True)) for one in read_text(text).series}
    assert found == {
        labels_of("m"): [(5000, 5.0)],
        labels_of("m", a="}"): [(1000, 1.0), (2000, 2.0), (3000, 3.0), (4000, 4.0)],
        labels_of("m", a="} # {"): [(6000, 6.0)],
    }
    for wrong in ("x", "1 2 3", "1", "", "1 # {"):
        with pytest.raises(FileError, match="line 2"):
            read_text(f'm{{a="1"}} 1 1\nm{{a="1"}} {wrong}\n')
