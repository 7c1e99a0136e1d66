"""Arithmetic and regular expressions that must follow Go's rules where Python's differ."""

from __future__ import annotations

import math
import random

import pytest

from tui_monitor.platform.regex import RegexError, compile_regex
from tui_monitor.promql import numbers
from tui_monitor.promql.calendar import CALENDAR
from tui_monitor.promql.queryable import Matcher

INF, NAN = math.inf, math.nan


def test_fast_sums_equal_the_compensated_loop() -> None:
    """Summing in C gives bit for bit what Kahan-Neumaier's loop gives."""
    draw = random.Random(4)
    for _ in range(400):
        size = 10 ** draw.randint(-3, 12)
        values = [draw.uniform(-size, size) * 10 ** draw.randint(-4, 4) for _ in range(draw.randint(1, 300))]
        running, error = numbers._kahan_loop(values)
        assert numbers.compensated_sum(values) == running + error
        assert numbers.average(values) == running / len(values) + error / len(values)


@pytest.mark.parametrize(
    ("values", "total", "mean"),
    [
        ([INF, 1.0], INF, INF),
        ([INF, -INF], NAN, NAN),
        ([NAN, 1.0], NAN, NAN),
        ([1e308, 1e308], INF, 1e308),
        ([1e308, 1e308, -1e308, -1e308], INF, 0.0),
        ([1.0, 1e100, 1.0, -1e100], 2.0, 0.5),
        ([-0.0], 0.0, -0.0),
    ],
)
def test_sums_at_the_edges(values: list[float], total: float, mean: float) -> None:
    """Infinities, NaN, overflow on the way, cancellation."""
    for got, wanted in ((numbers.compensated_sum(values), total), (numbers.average(values), mean)):
        assert got == wanted or (got != got and wanted != wanted), (values, got, wanted)


@pytest.mark.parametrize(
    ("base", "exponent", "wanted"),
    [
        (2.0, 10.0, 1024.0),
        (-2.0, 3.0, -8.0),
        (-8.0, 1 / 3, NAN),
        (0.0, -1.0, INF),
        (-0.0, -1.0, -INF),
        (-0.0, -2.0, INF),
        (10.0, 400.0, INF),
        (-10.0, 401.0, -INF),
        (10.0, -400.0, 0.0),
        (INF, 0.0, 1.0),
        (NAN, 0.0, 1.0),
        (1.0, NAN, 1.0),
        (2.0, INF, INF),
        (4.0, 0.5, 2.0),
        (4.0, -0.5, 0.5),
    ],
)
def test_power(base: float, exponent: float, wanted: float) -> None:
    """IEEE 754's table, without exceptions."""
    got = numbers.power(base, exponent)
    assert got == wanted or (got != got and wanted != wanted)


def test_other_edges() -> None:
    """Division, remainder, rounding, smallest and largest follow Go."""
    assert numbers.divide(1.0, -0.0) == -INF and math.isnan(numbers.divide(0.0, 0.0))
    assert math.isnan(numbers.modulo(INF, 2.0)) and numbers.modulo(5.0, INF) == 5.0
    assert math.copysign(1.0, numbers.ceil(-0.5)) == -1.0 and numbers.floor(INF) == INF
    assert numbers.smaller(NAN, -INF) == -INF and math.isnan(numbers.larger(NAN, 1.0))
    assert numbers.log10(1e17) == 17.0 and numbers.log2(0.125) == -3.0 and numbers.ln(0.0) == -INF
    assert numbers.parse_float("0x1p-2") == 0.25 and numbers.parse_float("+inf") == INF
    for word in ("1_0", " 1", "0x10", "x", ""):
        with pytest.raises(ValueError, match=r"\w"):
            numbers.parse_float(word)


def test_dates_of_impossible_times() -> None:
    """What Prometheus answers on amd64 for NaN and infinities."""
    assert [CALENDAR[name](NAN) for name in ("year", "month", "day_of_month", "hour", "minute")] == [292277026596.0, 12.0, 4.0, 15.0, 30.0]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a|b", "a", "ab"),
        ("a.c", "a\nc", "ac"),
        ("[[:alpha:]]+", "abc", "a1"),
        (r"[\w-~]+", "a-~_", "`"),
        ("[[:digit:]-z]+", "5-z", "y"),
        ("[+--]+", "+,-", "."),
        ("[--a]+", "-A.a", "b"),
        ("[a-c-e]+", "ab-e", "d"),
        (r"\d{2,}", "123", "1"),
        (r"\d", "7", "٧"),
        (r"[^\d]", "x", "1"),
        (r"a{,2}", "a{,2}", "aa"),
        (r"\Qa.b\E+", "a.b", "axb"),
        ("(?i)abc", "ABC", "abd"),
        ("a(?i)b|c", "aB", "ac"),
        ("x(?:a(?i)b|c)y", "xCy", "xAby"),
        ("(?P<n>a)b", "ab", "a"),
        (r"a\z", "a", "b"),
        (r"\x{1F600}", "😀", "x"),
        (r"[a\]b]+", "a]b", "c"),
        (r"\pL+", "é한", "1"),
        ("", "", "a"),
    ],
)
def test_regular_expressions(pattern: str, matching: str, other: str) -> None:
    """RE2's syntax and meaning, anchored at both ends."""
    assert Matcher("l", "=~", pattern).matches(matching)
    assert not Matcher("l", "=~", pattern).matches(other)
    assert Matcher("l", "!~", pattern).matches(other)


@pytest.mark.parametrize("pattern", ["(", ")", "[a", "(?=a)", "(?<!a)b", r"\1", "a++", "a**", "a{1001}", "*a", "\\"])
def test_regular_expressions_that_are_refused(pattern: str) -> None:
    """What RE2 has not, or what cannot be run alike, is an error and not a different answer."""
    with pytest.raises(RegexError):
        compile_regex(pattern)


def test_replacement_templates() -> None:
    """$1, ${1}, $name, $$; $1x is the group named 1x, which there is not."""
    found = compile_regex("(?P<first>a)(b)?(c)").fullmatch("ac")
    assert found is not None
    assert found.expand("$1-${3}-$first-$$-$2-$9-$1x-$") == "a-c-a-$---" + "-$"
