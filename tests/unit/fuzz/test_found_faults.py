"""What the fuzzer found, each as a test of its own: the input that broke the reader, and the right value."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fuzz.targets.configuration import loaded
from tests.support.fake_machine import Machine
from tests.support.sample_boards import quiet
from tui_monitor.alerts.rules.templates import TemplateError, check_template, render
from tui_monitor.board.codec import board_from_json, board_to_json
from tui_monitor.checks.fence import admit_result, admit_samples
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.load import load
from tui_monitor.core.sanitize import nearest
from tui_monitor.core.units import format_duration, parse_duration, parse_size
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, Sample
from tui_monitor.notifiers.http import ApiAnswer, retry_after
from tui_monitor.platform.zones import parse_zone
from tui_monitor.promql.engine import PromqlError, compile_expr
from tui_monitor.serving.routes.heartbeats import address_of_ping
from tui_monitor.sources.log.formats import FieldNames, JsonLines, Plain
from tui_monitor.sources.log.journal_entry import parse_entry
from tui_monitor.sources.log.levels import level_of_word
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions
from tui_monitor.sources.postgres.dsn import parse_dsn
from tui_monitor.sources.redis.url import parse_url

UP = ((METRIC_NAME, "up"),)


class Raising:
    """A value that raises wherever it is touched."""

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("touched")


class OddFloat(float):
    """A float of another class whose own conversion fails."""

    def __float__(self) -> float:
        raise RuntimeError("touched")


class OddText(str):
    """A text of another class whose methods fail."""

    def replace(self, *_: object) -> str:
        raise RuntimeError("touched")


def test_a_source_that_breaks_off_keeps_what_it_gave() -> None:
    """An iterator that raises costs only the samples behind that place, and the reason says so."""

    def source() -> Iterator[Sample]:
        yield Sample(UP, 1.0)
        raise RuntimeError("broke off")

    assert admit_samples(source()) == ((Sample(UP, 1.0),), "the source failed: RuntimeError")


@pytest.mark.parametrize("hostile", [Raising(), Sample(UP, OddFloat(1.0))])
def test_a_sample_that_raises_costs_itself_only(hostile: Any) -> None:
    """What raises where it is touched is refused with a reason; its neighbours are taken."""
    samples, refused = admit_samples([hostile, Sample(UP, 2.0)])
    assert samples == (Sample(UP, 2.0),) and refused


def test_a_reason_of_another_class_is_plain_text() -> None:
    """A text whose own methods fail is shown as the text that it is."""
    assert admit_result(ProbeResult(HealthStatus.UNHEALTHY, OddText("\x1b[31mdown"))).reason == "down"


@pytest.mark.parametrize(
    ("read", "text"),
    [(parse_duration, 10**400), (parse_duration, "9" * 20_000), (parse_size, "9" * 400), (parse_size, 2**70), (parse_size, "9EB")],
)
def test_numbers_that_no_float_holds_are_refused(read: Callable[[object], object], text: object) -> None:
    """Durations and sizes beyond any use are a ValueError, at once."""
    with pytest.raises(ValueError, match=r"wanted|not a size"):
        read(text)


def test_a_duration_beyond_any_calendar_is_written_in_seconds() -> None:
    """A server may report a lag of 1e308 seconds, which in milliseconds is no number any more."""
    assert format_duration(1e308) == "1e+308s"


@pytest.mark.parametrize("dsn", ["postgres://%2F,", "postgres://a,,b/x", "postgres:///x?host=a,"])
def test_a_host_that_is_missing_in_a_list_is_refused(dsn: str) -> None:
    """The driver raises an IndexError for it."""
    with pytest.raises(ValueError, match="a host is missing"):
        parse_dsn(dsn)


def test_a_duration_of_a_thousand_signs_is_refused() -> None:
    """Each sign was read within the one before, until Python gave up."""
    with pytest.raises(PromqlError):
        compile_expr(f"up[step() * {'+ ' * 2000}1m]")


def test_long_words_are_not_compared() -> None:
    """The advice for a name that is not known costs nothing where the name is no name."""
    assert nearest("x" * 100_000, ["rate", "increase"]) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "9" * 5000, "a number is too long"),
        ("[[checks]]\nname = 'a'\ntype = 'tcp'\nhost = 'h'\nport = 1\nlog_file = '~nosuchuser/x'", "cannot be expanded"),
        (f"[[checks]]\nname = 'a'\ntype = 'tcp'\nhost = 'h'\nport = 1\ninterval = {'9' * 400}", "1000 years"),
    ],
)
def test_a_configuration_with_it_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Each is a fault of the file with its reason, never a traceback."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load(path, {})


def test_a_zone_with_many_slashes_is_refused() -> None:
    """zoneinfo imports a package for each part of a name: 900 of them end in a RecursionError."""
    with pytest.raises(ValueError, match="is not a time zone"):
        parse_zone("Europe" + "/Berlin" * 900)


def test_a_template_with_an_odd_quote_is_refused_at_once() -> None:
    """Each quote doubled the time: 30 of them took minutes. A comment may hold any."""
    began = time.process_time()
    with pytest.raises(TemplateError, match="not closed"):
        check_template("{{ " + '"ae ' * 200)
    assert time.process_time() - began < 1
    assert render('a{{/* say "x */}}b {{ "}}" }}', {}, None) == "ab }}"


@pytest.mark.parametrize("text", ["{{ if gt $value -1e400 }}a{{ end }}", "{{ " + "9" * 5000 + " }}"])
def test_a_template_with_a_number_that_no_float_holds_is_refused(text: str) -> None:
    """Infinity is a word that the template engine does not know; a text that fails at rendering is shown raw all the same."""
    with pytest.raises(TemplateError, match="too large a number"):
        check_template(text)
    assert render(text, {}, 1.0).startswith(text)


def test_digits_that_are_no_numbers_are_no_numbers() -> None:
    """ "²" is a digit for str.isdigit and no number for int."""
    assert level_of_word("²") == ""
    assert parse_entry(json.dumps({"__CURSOR": "c", "__REALTIME_TIMESTAMP": "²"}).encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"time": ' + b"9" * 400 + b', "msg": "x"}',
        b'{"2"level":00}',
        b'{"level":"a\tb","msg":"x"}',
        b'{"method":"GET","status":200,"duration":' + b"9" * 400 + b"}",
    ],
)
def test_a_log_line_of_any_kind_is_counted(line: bytes) -> None:
    """Numbers of 400 digits, with zeros before them, control characters within strings: each is a line, perhaps without a level."""
    pipeline = Pipeline(PipelineOptions())
    pipeline.feed("a.log", [line, b'{"level":"info"}', b'{"level":"info"}'], 1.0, 1_790_000_000_000)
    assert sum(sample.value for sample in pipeline.samples() if sample.labels[0] == (METRIC_NAME, "log_lines_total")) == 3
    formats = JsonLines(FieldNames()), Plain(FieldNames())
    for each in formats:
        each.parse(line.decode(), 1_790_000_000_000)
        each.level(line)
        each.request(line)


def test_a_socket_url_without_a_path_is_refused() -> None:
    """The driver raises a TypeError for it, which would look like a broken probe."""
    with pytest.raises(ValueError, match="path is missing"):
        parse_url("unix://")


def test_keys_of_tls_are_refused_without_tls() -> None:
    """The driver's plain connection raises a TypeError for them: nobody learns what to change."""
    with pytest.raises(ValueError, match="rediss://"):
        parse_url("redis://h?ssl_cert_reqs=none")
    assert parse_url("valkeys://h?ssl_cert_reqs=none").text == "rediss://h?ssl_cert_reqs=none"


def test_a_board_of_another_shape_is_refused() -> None:
    """A stored board with a list in place of a table, or nested without end, is a ValueError: the first tick replaces it."""
    stored = json.loads(board_to_json(quiet()))
    raw: Any
    for raw in (
        {**stored, "sparks": []},
        {**stored, "checks": [1]},
        [],
        None,
    ):
        with pytest.raises(ValueError, match="not a board"):
            board_from_json(json.dumps(raw).encode())
    with pytest.raises(ValueError, match="not a board"):
        board_from_json(b"[" * 100_000)


def test_an_answer_nested_too_deep_is_no_answer() -> None:
    """A proxy's page of brackets is not JSON; a whole number of 5,000 digits is a number."""
    assert ApiAnswer(200, {}, b"[" * 100_000, True).json() is None
    assert ApiAnswer(200, {}, b'{"retry_after": ' + b"9" * 5000 + b"}", True).json() == {"retry_after": float("inf")}


@pytest.mark.parametrize("value", ["Fri, 31 Dec 9999 23:59:59 -2359", " 1 Oct 6 4294967298:0", "Wed, 99 Oct 99999 07:28:00 +9999"])
def test_a_date_that_no_calendar_has_is_no_wait(value: str) -> None:
    """Retry-After with such a date is ignored, or at most a day."""
    found = retry_after(value, 1_790_000_000)
    assert found is None or 0 <= found <= 86_400


def test_a_faked_counter_of_400_digits_costs_its_figure_only(tmp_path: Path) -> None:
    """lxcfs and the like write what they want into /proc: the fault is named, everything else is there."""
    machine = Machine(tmp_path)
    machine.write({"proc/meminfo": f"MemTotal: {'9' * 400} kB\nMemFree: 1 kB\n", "proc/self/stat": f"1 (x) S {'9' * 400 + ' '}" * 30})
    reading = machine.system().read(1000, 1.0)
    assert reading.memory is None and reading.load and any("memory" in fault for fault in reading.faults)


def test_an_exit_status_of_more_than_three_digits_names_no_check() -> None:
    """/ping/backup/002233 is not found; it was answered by an internal error, as its first four digits are small enough."""
    found = loaded('[[checks]]\nname = "backup"\ntype = "heartbeat"\nevery = "1h"\n')
    assert found is not None
    assert [address_of_ping(f"backup/{word}", found.settings) is None for word in ("002233", "²", "256", "017", "7")] == [
        True, True, True, False, False,
    ]  # fmt: skip
