"""Performance data of Nagios plugins: as the guidelines have it, and as real plugins write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.sources.command.perfdata import MAX_VALUES, read_output


def values(data: str) -> dict[str, float]:
    """The values of performance data."""
    return {value.label: value.value for value in read_output(f"OK|{data}").values}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("load1=2.510;5.000;10.000;0; load5=1.700;4.000;8.000;0;", {"load1": 2.51, "load5": 1.7}),
        ("/=26316111872B;243497277849;257024904396;0;270552530944", {"/": 26316111872}),
        ("rta=0.186000ms;100.000000;200.000000;0.000000 pl=20%;20;50;0;", {"rta": 0.000186, "pl": 0.2}),
        ("'C:\\ used %'=12.5%;80;90", {"C:\\ used %": 0.125}),
        ("'a=b'=1 'it''s'=2 ''=3", {"a=b": 1, "it's": 2}),
        ("time=6,049175s;;;0,000000", {"time": 6.049175}),
        ("a=1,b=2, c=3", {"a": 1, "b": 2, "c": 3}),
        ("a=1;b=2;c=3", {"a": 1, "b": 2, "c": 3}),
        ("a=1;5;b=2;;;0;10;c=3", {"a": 1, "b": 2, "c": 3}),
        ("a=U;1;2 b=;;; c= d=4", {"d": 4}),
        ("size=3Bytes free=2KB more=1MB most=1GB all=1TB", {"size": 3, "free": 2048, "more": 1 << 20, "most": 1 << 30, "all": 1 << 40}),
        ("a=1us b=2µs c=3ms d=4s", {"a": 1e-6, "b": 2e-6, "c": 3e-3, "d": 4}),
        ("requests=4711c", {"requests": 4711}),
        ("temp=36.6C rate=-5e-05 half=.5 plus=+3", {"temp": 36.6, "rate": -5e-05, "half": 0.5, "plus": 3}),
        ("a=1 a=2", {"a": 2}),
        ("name=Köln 온도=21", {"온도": 21}),
        ("a=@10:20;~:5", {}),
    ],
)
def test_values_come_in_base_units(data: str, expected: dict[str, float]) -> None:
    """Each pair that can be read is read, whatever its neighbours are."""
    assert values(data) == pytest.approx(expected)


def test_limits_are_kept_as_they_were_written() -> None:
    """Ranges are facts for people; a missing one is absent."""
    first, second = read_output("OK|a=5%;@10:20;~:5;0;100 b=1;;10:").values
    assert (first.text, first.unit, first.limits) == ("5%", "ratio", "warning @10:20, critical ~:5, least 0, most 100")
    assert (second.warning, second.critical, second.limits) == ("", "10:", "critical 10:")


@pytest.mark.parametrize("broken", ["x=abc", "x=1=2", "x=--5", "x=1.2.3", "x='5'", "x=1e999", "x=5;abc=", "'x=5", "x=0x1f"])
def test_a_broken_pair_costs_itself_only(broken: str) -> None:
    """The pairs on both sides are read."""
    found = values(f"before=1 {broken} after=2")
    assert found["before"] == 1 and found["after"] == 2


def test_a_broken_pair_is_told() -> None:
    """What could not be read is named as it was written; words without an equals sign are none."""
    output = read_output("OK|a=1 b=abc some words c=1.2.3")
    assert output.broken == ("b=abc", "c=1.2.3")


def test_output_of_several_lines_has_values_in_both_places() -> None:
    """The first line's text is the message; behind the first bar of the long text every line holds values."""
    output = read_output(
        "DISK OK - free | /=2643MB;5948;5958\n/ 15272 MB (77%);\n/boot 68 MB | /boot=68MB;88;93\n/home=69357MB\n'/var log'=818MB\n"
    )
    assert output.text == "DISK OK - free"
    assert output.long_text == "/ 15272 MB (77%);\n/boot 68 MB"
    assert [value.label for value in output.values] == ["/", "/boot", "/home", "/var log"]


@pytest.mark.parametrize("output", ["", "\n", "|", "only text", "a | b | c", "|||"])
def test_output_without_values(output: str) -> None:
    """Nothing, a bar alone and bars in the text are no values and no faults."""
    found = read_output(output)
    assert not found.values and not found.broken
    assert found.text == output.partition("|")[0].strip()


def test_a_bar_in_a_later_line_of_values_ends_nothing() -> None:
    """Plugins that write a text and a bar on every line: the text is passed over."""
    assert [v.label for v in read_output("OK\none | a=1\ntwo | b=2").values] == ["a", "b"]


def test_the_number_of_values_is_bounded() -> None:
    """A plugin cannot make as many series as it likes."""
    assert len(values(" ".join(f"v{n}=1" for n in range(1500)))) == MAX_VALUES


@pytest.mark.parametrize("piece", ["'", "''", "'a'' ", "a='", "=", "a=1;", "1,", ";;", "'a=", "9", "a=1e", "''''' "])
def test_hostile_output_is_read_in_a_moment(piece: str) -> None:
    """64 KiB of anything takes time in proportion to its length: a backtracking parser would take hours."""
    read_output("OK|" + piece * (65536 // len(piece)))


@given(st.text(alphabet="ab'=;,.0123456789eE%sMB| \nU~@:-", max_size=80))
def test_nothing_raises(output: str) -> None:
    """Whatever a plugin writes."""
    assert len(read_output(output).values) <= 40


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8"), min_size=1, max_size=20),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_written_by_the_guidelines_is_read_back(written: dict[str, float]) -> None:
    """Quoted labels of any letters, any finite number."""
    data = " ".join("'{}'={!r}s;1;2".format(label.replace("'", "''"), value) for label, value in written.items())
    assert values(data) == written
