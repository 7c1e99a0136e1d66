"""Numbers with underscores and arithmetic of durations, as Prometheus 3 documents them."""

from __future__ import annotations

import pytest

from tests.support.vectors import vector_of
from tui_monitor.core.values import labels_of
from tui_monitor.promql.chart_queries import plain_selector
from tui_monitor.promql.engine import EvaluationError, PromqlError, compile_expr
from tui_monitor.promql.openmetrics import FileStorage, read_text


@pytest.fixture(scope="module")
def ramp() -> FileStorage:
    """One sample a second: its own time."""
    return read_text("\n".join(f"m {second} {second}" for second in range(1001)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000_000", 1e6),
        (".123_456_789", 0.123456789),
        ("0x_53_AB_F3_82", 1403777922.0),
        ("1_0.5_0e1_0", 10.5e10),
        ("0_10", 8.0),
        ("0s + 5m", 300.0),
    ],
)
def test_numbers_may_be_grouped(ramp: FileStorage, text: str, value: float) -> None:
    """Underscores between digits only help the eye."""
    assert compile_expr(text).instant(ramp, 0) == value


@pytest.mark.parametrize(
    ("window", "seconds"),
    [
        ("5m * 2", 600),
        ("(5+2) * 1m", 420),
        ("10m - 1m", 540),
        ("1h / 6", 600),
        ("4h % 3h - 55m", 300),
        ("(2 ^ 3) * 1m", 480),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2 + 10", 6),
        ("24s+((1.5*2s)+2)", 29),
        ("min_of(5m, 1_00)", 100),
        ("max_of(step(), 5s)", 5),
    ],
)
def test_durations_may_be_worked_out(ramp: FileStorage, window: str, seconds: float) -> None:
    """Windows and offsets take arithmetic with the usual precedence."""
    assert compile_expr(f"count_over_time(m[{window}])").instant(ramp, 1_000_000) == [((), float(seconds))]
    assert compile_expr(f"m offset ({window})").instant(ramp, 1_000_000) == [(labels_of("m"), 1000.0 - seconds)]
    assert compile_expr(f"count_over_time(m[{window}:2s * 0.5])").instant(ramp, 1_000_000) == [((), float(seconds))]


def test_offsets_may_be_nothing_or_negative(ramp: FileStorage) -> None:
    """Without brackets an offset is one literal, a sign, or a function; what follows is arithmetic of the values."""
    for text, value in {
        "m offset 0s": 500.0, "m offset -(1m)": 560.0, "m offset 5s * 2": 990.0, "m offset -min_of(1m, 2m) + 1": 561.0,
    }.items():  # fmt: skip
        answer = compile_expr(text).instant(ramp, 500_000)
        assert isinstance(answer, list) and answer[0][1] == value, text


def test_step_and_range_are_those_of_the_query(ramp: FileStorage) -> None:
    """step() and range() are what the range query says; of an instant query they are nothing, which no window can be."""
    query = compile_expr("count_over_time(m[step()]) + 0 * count_over_time(m[range()] @ end())")
    assert query.range(ramp, 100_000, 120_000, 10_000) == [((), [100_000, 110_000, 120_000], [10.0] * 3)]
    assert query.range(ramp, 100_000, 120_000, 20_000) == [((), [100_000, 120_000], [20.0] * 2)]
    with pytest.raises(EvaluationError, match=r"1:19: duration must be greater than 0"):
        query.instant(ramp, 100_000)
    assert compile_expr("m offset range()").instant(ramp, 100_000) == [(labels_of("m"), 100.0)]


def test_strings_and_names_are_left_alone(ramp: FileStorage) -> None:
    """What looks like a number or an offset within a string, a name or a label is none."""
    assert compile_expr('"1_000 offset (5m * 2)"').instant(ramp, 0) == "1_000 offset (5m * 2)"
    for text in ('m{a_1_0="1_0"}', "step_1_0", "offset{step='[5m * 2]'}"):
        assert compile_expr(text).instant(ramp, 0) == []
    assert plain_selector("m offset 0s") is not None and plain_selector("m offset (2s)") is None


def test_strings_in_backticks_have_no_escapes() -> None:
    """Every character stands for itself, in matchers, names and arguments; errors keep their place."""
    storage = read_text('{"m","a\\\\d"="1\\\\n2\\"3"} 1 0')
    for text in (r'm{`a\d`=`1\n2"3`}', r"m{`a\d`=~`\d\\n\d.\d`}", r'm{"a\\d"=~"\\d\\\\n.+"}'):
        assert compile_expr(text).instant(storage, 0) == [((("__name__", "m"), ("a\\d", '1\\n2"3')), 1.0)], text
    assert compile_expr('`\\d\\\\ \n "`').instant(storage, 0) == '\\d\\\\ \n "'
    with pytest.raises(PromqlError, match="1:14: unknown function"):
        compile_expr(r"m{a=~`\d`} + nope(m)")


def test_bytes_of_strings_make_characters(ramp: FileStorage) -> None:
    r"""\x and octal escapes are bytes as in Go: together they are characters, and what is no UTF-8 is refused with its place."""
    for text, value in {r'"\xc3\xa9\303\251\x41"': "ééA", r'"\\xff\u00e9"': r"\xffé", r"`\xff`": r"\xff"}.items():
        assert compile_expr(text).instant(ramp, 0) == value
    labels = labels_of("m", **{"é": "x"})
    assert compile_expr(r'label_replace(m{a!="\xe4\xb8\x96"}, "\xc3\xa9", "x", "", "")').instant(ramp, 0) == [(labels, 0.0)]
    with pytest.raises(PromqlError, match="1:5: the string is not valid UTF-8") as failure:
        compile_expr(r'm{a="\xff", b="\xc3\xa9"}')
    assert failure.value.part == r'"\xff"'
    with pytest.raises(PromqlError, match="1:32: invalid regular expression"):
        compile_expr(r'm{a="\xc3\xa9"} + 1_000 + m{b=~"("}')


@pytest.mark.parametrize(
    ("regex", "matches"),
    [
        (r'"web[\\w-.]+:\\d-1"', True), (r"`web[\w-.]+:\d-1`", True), (r"'[\\w-]+.[\\w.-]+:5[\\d-z]1'", True), (r"`web[\d-z]{3}.*`", False),
        (r"`[\\d-w]+-.*`", False), (r'"[\\\\a-w]+-.*"', True), (r"`web\-1.+`", True),
    ],
)  # fmt: skip
def test_a_dash_after_a_set_is_itself(regex: str, matches: bool) -> None:
    """As in RE2, in matchers and in label_replace alike."""
    storage = read_text('m{a="web-1.x:5-1"} 1 0')
    assert bool(compile_expr(f"m{{a=~{regex}}}").instant(storage, 0)) is matches
    (replaced,) = vector_of(compile_expr(f'label_replace(m, "b", "yes", "a", {regex})').instant(storage, 0))
    assert (("b", "yes") in replaced[0]) is matches
