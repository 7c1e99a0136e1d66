"""Expressions that are wrong or unsupported are refused when compiled, and the error points at the place."""

from __future__ import annotations

import pytest

from tui_monitor.promql.engine import PromqlError, compile_expr
from tui_monitor.promql.openmetrics import read_text

REFUSED = [
    ("mad_over_time(foo[5m])", 0, "mad_over_time", "experimental"),
    ("a + double_exponential_smoothing(foo[5m], 0.5, 0.5)", 4, "double_exponential_smoothing", "experimental"),
    ("holt_winters(foo[5m], 0.5, 0.5)", 0, "holt_winters", "unknown function"),
    ("sum(histogram_avg(foo))", 4, "histogram_avg", "native histograms"),
    ("limitk(1, foo)", 0, "limitk", "experimental"),
    ("sort_by_label(foo, 'a')", 0, "sort_by_label", "experimental"),
    ("info(foo)", 0, "info", "experimental"),
    ("a + fill(0) b", 2, "+", "fill"),
    ('a{b="c" or d="e"}', 0, "a", "or"),
    ("rate(foo)", 0, "rate", "expected type matrix"),
    ("rate(foo[1m]) + rate(bar)", 16, "rate", "expected type matrix"),
    ("sum(a) + nofunc(b)", 9, "nofunc", "unknown function"),
    ("sum(a) + rat(b[5m])", 9, "rat", '; did you mean "rate"?'),
    ('up + a{b=~"(?!x)"}', 10, '"(?!x)"', "RE2 has no look-around"),
    ("a b", 2, "b", "unexpected"),
    ("sum(a b)", 6, "b", "unexpected"),
    ("1 +", 3, "", "operand is missing"),
    ("-a + * b", 5, "*", "operand is missing"),
    ("sum(foo", 3, "(", "unclosed"),
    ("foo)", 3, ")", "unexpected"),
    ("foo[5m", 3, "[", "unclosed"),
    ("foo[5x]", 0, "foo[5x", "5x"),
    ('foo{a="b}', 6, '"b}', "unterminated"),
    ("a $ b", 2, "$", "unexpected character"),
    ('a{x=~"("}', 5, '"("', "regular expression"),
    ("a + (1 > 2)", 5, "1 > 2", "BOOL"),
    ("label_replace(a, '', 'b', 'c', 'd')", 0, "label_replace", "destination label"),
    ("label_replace(a, 'b', 'c', 'd', '(')", 0, "label_replace", "regular expression"),
    ("{}", None, None, "at least one non-empty matcher"),
    ("", 0, "", "no expression"),
    ("a offset 1e100", 9, "1e100", "out of range"),
    ("a offset -Inf", 10, "Inf", "out of range"),
    ("a[1000y]", 2, "1000y", "out of range"),
    ("a[5m:0.0001]", 5, "0.0001", "greater than 0"),
    ("1 and foo", None, None, "set operator"),
    ("a + group_left b", 4, "group_left", "unexpected"),
    ("a + on(x) group_left(y) group_right b", 24, "group_right", "unexpected"),
    ("sum(a b) +", 6, "b", "unexpected"),
    ("a unless on b", 12, "b", "unexpected"),
    ("by (a) sum", 3, "(", "unexpected"),
    ("a = 1", 2, "=", "unexpected"),
    ("1_000 + a[5m * 0]", 10, "5m * 0", "greater than 0"),
    ("a[1_0 * 2] b", 11, "b", "unexpected"),
    ("a[5m * 2] + sum(1_000 b)", 22, "b", "unexpected"),
    ("a[5m / 0s]", 2, "5m / 0s", "infinite"),
    ("a[9 ^ 99]", 2, "9 ^ 99", "out of range"),
    ("a[2 * ]", 4, "*", "unexpected character"),
    ("1_000s", 0, "1_000", "1_"),
    ("9" * 400, 0, "9" * 400, "out of range"),
    (f"a[{'9' * 400}y]", 2, "9" * 400 + "y", "out of range"),
    (f"a offset {'9' * 5000}d", 9, "9" * 5000 + "d", "out of range"),
    ("0" + "7" * 400, 0, "0" + "7" * 400, "out of range"),
    ("a @ 0x" + "f" * 400, 4, "0x" + "f" * 400, "out of range"),
    ("sum(up) + up{a=}", 15, "}", "unexpected"),
    ('sum(up) + up{a=="b"}', 14, "==", "expected string"),
    ("sum(up) + up{,}", 13, ",", "expected identifier"),
    ("sum(up) + up @", 14, "", "expected timestamp"),
    ('sum(up) + up{a="b" c="d"}', 19, "c", "unexpected"),
    ("1 + rate(up[5m] offset)", 22, ")", "unexpected"),
    ("1 + up @ foo", 9, "foo", "unexpected"),
    ("1 + sum by (1) (up)", 12, "1", "unexpected"),
    ("sum(up) by (a) by (b)", 15, "by", "unexpected"),
    ("1_000 + sum by (a)", 18, "", "unexpected end"),
    ("sum by (x) (foo[5m])", None, None, "expected type vector"),
]


@pytest.mark.parametrize(("text", "position", "part", "said"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refusal_names_reason_and_place(text: str, position: int | None, part: str | None, said: str) -> None:
    """The error says why, and where in the expression."""
    with pytest.raises(PromqlError) as failure:
        compile_expr(text)
    assert said in str(failure.value)
    if part is not None:
        assert (failure.value.position, failure.value.part) == (position, part)


def test_pointer_marks_the_line_and_the_part() -> None:
    """In an expression of several lines the caret stands under the part, and line and column count from one."""
    with pytest.raises(PromqlError) as failure:
        compile_expr("sum(a)\n  + nofunc(b)")
    assert failure.value.pointer() == "  + nofunc(b)\n    ^^^^^^"
    assert str(failure.value).startswith("2:5: ")


@pytest.mark.parametrize("text", ["(" * 5000 + "1" + ")" * 5000, "1" + "+1" * 5000, "-" * 5000 + "a", "a" * 200_000])
def test_monstrous_expressions_are_refused(text: str) -> None:
    """Nesting that would end the process in the parser is refused before."""
    with pytest.raises(PromqlError):
        compile_expr(text)


def test_long_chains_run() -> None:
    """Three hundred operators are no trouble."""
    assert compile_expr("1" + "+1" * 300).instant(read_text(""), 0) == 301.0
    assert compile_expr("a" + " or a" * 300).instant(read_text("a 1 0"), 0) == [((("__name__", "a"),), 1.0)]


def test_a_query_says_what_it_reads() -> None:
    """Metrics, matchers and how far back, for callers that plan evaluation."""
    query = compile_expr('rate(a[10m] offset 5m) / on() b{x=~"y"}')
    assert query.metrics == {"a", "b"}
    assert query.longest_window_ms == 900_000
    assert [[str(matcher) for matcher in matchers] for matchers in query.matchers] == [['__name__="a"'], ['__name__="b"', 'x=~"y"']]
    assert query.text == 'rate(a[10m] offset 5m) / on() b{x=~"y"}'
    assert compile_expr("a > 1").longest_window_ms == 300_000
    assert compile_expr("max_over_time(rate(a[5m])[1h:] offset 1d)").longest_window_ms == 90_300_000
    assert compile_expr("a offset -1h").longest_window_ms == 0
    assert compile_expr("a @ 5").longest_window_ms > 10**12
    assert compile_expr('{job="x"}').metrics is None
    assert compile_expr("1 + 1").metrics == set()
    assert [compile_expr(text).kind for text in ("a", "1", "'x'", "a[5m]")] == ["vector", "scalar", "string", "matrix"]
