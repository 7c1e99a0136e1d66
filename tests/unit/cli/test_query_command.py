"""query: PromQL over a file or the history, as text, CSV and in the JSON of Prometheus' HTTP API."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_tools import Cli, make_state, now_ms
from tui_monitor.core.values import STALE_NAN, labels_of
from tui_monitor.storage.sqlite import connect

FILE = """\
# TYPE up gauge
# HELP up not read
up{job="b"} 1 0
up{job="a"} 1 60
up{job="a"} 2 120.0005
up{job="b"} StaleNaN 30
# TYPE requests counter
requests_total{code="200"} 0 0
requests_total{code="200"} 60 60
requests_total{code="200"} 120 120
requests_total{code="500"} 6 120 # {trace_id="x"} 1
odd{text="a\\"b\\nc, d"} NaN 120
odd{text="inf"} +Inf 120
# EOF
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "samples.om"
    path.write_text(FILE)
    return path


def _json(cli: Cli, *words: object) -> Any:
    said = cli("query", *words, "--json")
    assert said.code == 0 and said.err == "", said
    answer = json.loads(said.out)
    assert answer["status"] == "success"
    return answer["data"]


def test_an_instant_query_answers_at_the_files_newest_time(cli: Cli, file: Path) -> None:
    """The shape of Prometheus' HTTP API; times to the millisecond, rounded; whole seconds without a fraction."""
    assert _json(cli, "up", "--from", file) == {
        "resultType": "vector", "result": [{"metric": {"__name__": "up", "job": "a"}, "value": [120.001, "2"]}],
    }  # fmt: skip
    assert _json(cli, "up", "--from", file, "--at", "120")["result"] == [{"metric": {"__name__": "up", "job": "a"}, "value": [120, "1"]}]


@pytest.mark.parametrize(
    ("at", "stamp", "jobs"),
    [
        ("0", 0, ["b"]),
        ("29.9994", 29.999, ["b"]),
        ("29.9995", 30, []),
        ("30", 30, []),
        ("59.9999", 60, ["a"]),
        ("1970-01-01T00:01:00Z", 60, ["a"]),
        ("1970-01-01T01:01:00.0004+01:00", 60, ["a"]),
        ("6e1", 60, ["a"]),
        ("60.", 60, ["a"]),
        ("359.999", 359.999, ["a"]),
        ("420", 420, ["a"]),
        ("420.001", 420.001, []),
        ("420.0004", 420, ["a"]),
        ("253402300799", 253402300799, []),
    ],
)
def test_times_from_0_on_and_to_the_millisecond(cli: Cli, file: Path, at: str, stamp: float, jobs: list[str]) -> None:
    """Stale markers end a series; the look-back is open on the left."""
    found = _json(cli, "up", "--from", file, "--at", at)["result"]
    assert [row["metric"]["job"] for row in found] == jobs
    assert all(row["value"][0] == stamp for row in found)
    assert _json(cli, "time()", "--from", file, "--at", at)["result"][0] == stamp


def test_a_range_query_is_a_matrix_sorted_by_labels(cli: Cli, file: Path) -> None:
    """Both ends included; series in the order of their labels, whatever the expression's order."""
    data = _json(cli, "sort_desc(up)", "--from", file, "--start", 0, "--end", "1970-01-01T00:02:00Z", "--step", "1m")
    assert data == {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "up", "job": "a"}, "values": [[60, "1"], [120, "1"]]},
            {"metric": {"__name__": "up", "job": "b"}, "values": [[0, "1"]]},
        ],
    }
    assert _json(cli, "1", "--from", file, "--start", "0.0004", "--end", "1.0006", "--step", "0.5")["result"] == [
        {"metric": {}, "values": [[0, "1"], [0.5, "1"], [1, "1"]]}
    ]
    assert len(_json(cli, "1", "--from", file, "--since", "2m", "--step", 30)["result"][0]["values"]) == 5
    assert len(_json(cli, "1", "--from", file, "--since", "2m", "--step", "1e9")["result"][0]["values"]) == 1
    assert len(_json(cli, "1", "--from", file, "--since", "1d")["result"][0]["values"]) == 121
    data = _json(cli, "1", "--from", file, "--start", "0", "--end", "5")["result"][0]["values"]
    assert [at for at, _ in data] == [0, 1, 2, 3, 4, 5]


def test_other_kinds_of_answers(cli: Cli, file: Path) -> None:
    """Scalars, strings, range vectors, NaN and infinities, as Prometheus writes them."""
    at = ["--from", file, "--at", 120]
    assert _json(cli, "scalar(sum(requests_total))", *at) == {"resultType": "scalar", "result": [120, "126"]}
    assert _json(cli, '"x\ty"', *at) == {"resultType": "string", "result": [120, "x\ty"]}
    assert _json(cli, "up[2m]", *at)["result"] == [{"metric": {"__name__": "up", "job": "a"}, "values": [[60, "1"]]}]
    assert sorted(row["value"][1] for row in _json(cli, "odd", *at)["result"]) == ["+Inf", "NaN"]
    assert _json(cli, 'rate(requests_total{code="200"}[2m])', *at)["result"][0]["value"][1] == "1"
    assert _json(cli, "nothing", *at) == {"resultType": "vector", "result": []}
    assert _json(cli, "-up", *at)["result"][0]["value"][1] == "-1"
    assert _json(cli, "-1", *at)["result"][1] == "-1"


def test_people_get_columns(cli: Cli, file: Path) -> None:
    """Series and values; a matrix in blocks; nothing at all is said on standard error."""
    said = cli("query", "requests_total", "--from", file, "--at", 120)
    assert said.out == 'requests_total{code="200"}  120\nrequests_total{code="500"}  6\n'
    said = cli("query", "up[3m]", "--from", file, "--at", 60)
    assert said.out.splitlines()[0] == 'up{job="a"}' and said.out.splitlines()[1].endswith("  1")
    assert cli("query", "1 / 4", "--from", file).out == "0.25\n"
    said = cli("query", "nothing", "--from", file)
    assert (said.code, said.out, said.err) == (0, "", "no series\n")


def test_what_people_read_is_an_expression_again(cli: Cli, tmp_path: Path) -> None:
    """A printed series selects itself, also where names of metrics and labels stand in quotes."""
    path = tmp_path / "utf8.om"
    path.write_text('{"my.metric","a b"="c","é"="ü"} 1 1\n{"my.metric"} 2 1\n')
    plain, labelled = cli("query", '{__name__=~".+"}', "--from", path).out.splitlines()
    assert plain.split() == ['{"my.metric"}', "2"] and labelled == '{"my.metric", "a b"="c", "é"="ü"}  1'
    assert cli("query", labelled.removesuffix("  1"), "--from", path).out.splitlines() == [labelled]


def test_csv_has_a_column_for_each_label(cli: Cli, file: Path) -> None:
    """RFC 4180, times RFC 3339 UTC, quotes and line breaks kept."""
    said = cli("query", "requests_total or odd", "--from", file, "--at", 120, "--csv")
    assert said.out == (
        "time,value,__name__,code,text\n"
        "1970-01-01T00:02:00.000Z,120,requests_total,200,\n"
        "1970-01-01T00:02:00.000Z,6,requests_total,500,\n"
        '1970-01-01T00:02:00.000Z,NaN,odd,,"a""b\nc, d"\n'
        "1970-01-01T00:02:00.000Z,+Inf,odd,,inf\n"
    )
    said = cli("query", "up", "--from", file, "--start", 0, "--end", 60, "--step", 60, "--csv")
    assert said.out.splitlines()[1:] == ["1970-01-01T00:01:00.000Z,1,up,a", "1970-01-01T00:00:00.000Z,1,up,b"]
    assert cli("query", "2", "--from", file, "--at", 1, "--csv").out == "time,value\n1970-01-01T00:00:01.000Z,2\n"
    assert cli("query", "nothing", "--from", file, "--csv").out == "time,value\n"


def test_an_error_names_its_place(cli: Cli, file: Path) -> None:
    """The expression with carets under the part; with --json an error object on standard output; exit 1."""
    said = cli("query", "sum(rate(up))", "--from", file)
    assert said.code == 1 and said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith("tui-monitor: 1:5: ") and lines[1:] == ["  sum(rate(up))", "      ^^^^"]
    said = cli("query", "sum(rate(up))", "--from", file, "--json")
    answer = json.loads(said.out)
    assert (said.code, said.err, answer["status"], answer["errorType"]) == (1, "", "error", "bad_data") and "1:5" in answer["error"]
    said = cli("query", "up + on() requests_total", "--from", file, "--at", 120, "--json")
    assert said.code == 1 and json.loads(said.out)["errorType"] == "execution"
    said = cli("query", 'x{a="서버"} + \x1b[31m ??', "--from", file)
    assert said.code == 1 and "\x1b" not in said.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--at", "soon"], "is not a time"),
        (["--at", "-1"], "before 1970"),
        (["--at", "1e300"], "after the year 9999"),
        (["--at", "nan"], "not a time"),
        (["--at", "24:00"], "not a time of day"),
        (["--at", "1969-12-31T23:59:59Z"], "before 1970"),
        (["--at", "1", "--step", "1"], "--at is for one"),
        (["--end", "1"], "set its start"),
        (["--step", "1"], "set its start"),
        (["--start", "1", "--since", "1"], "both set the start"),
        (["--start", "2", "--end", "1"], "before --start"),
        (["--since", "1h", "--step", "0"], "more than 0"),
        (["--since", "1h", "--step", "-5"], "not a duration"),
        (["--since", "1 hour"], "not a duration"),
        (["--since", "9" * 400], "out of range"),
        (["--since", "1h", "--step", "9" * 5000 + "y"], "out of range"),
        (["--start", "0", "--end", "20000", "--step", "1s"], "11,000"),
    ],
)
def test_impossible_times_are_usage_errors(cli: Cli, file: Path, words: list[str], reason: str) -> None:
    """Exit 64, the option and what is wanted; as an error object with --json."""
    said = cli("query", "up", "--from", file, *words)
    assert said.code == 64 and reason in said.err and said.out == ""
    said = cli("query", "up", "--from", file, *words, "--json")
    assert said.code == 64 and reason in json.loads(said.out)["error"] and json.loads(said.out)["status"] == "error"


def test_files_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    """The file and the line are named; exit 1."""
    bad = tmp_path / "bad.om"
    bad.write_text("up 1 1\nup one 2\n")
    said = cli("query", "up", "--from", bad)
    assert said.code == 1 and f"{bad}, line 2" in said.err
    said = cli("query", "up", "--from", tmp_path / "none.om", "--json")
    assert said.code == 1 and "No such file" in json.loads(said.out)["error"]
    assert cli("query", "up", "--from", tmp_path).code == 1
    bad.write_bytes(b"up 1 1\n\xff 1 1\n")
    assert "UTF-8" in cli("query", "up", "--from", bad).err


def test_an_empty_file_and_late_samples(cli: Cli, tmp_path: Path) -> None:
    """No samples: no series; a time beyond what a calendar has is printed as seconds."""
    path = tmp_path / "e.om"
    path.write_text("# EOF\n")
    assert _json(cli, "up", "--from", path)["result"] == []
    path.write_text("up 1 1e14\n")
    assert _json(cli, "up", "--from", path)["result"][0]["value"] == [100000000000000, "1"]
    assert "100000000000000.000" in cli("query", "up[1m]", "--from", path).out
    assert "100000000000000.000,1,up" in cli("query", "up", "--from", path, "--csv").out


def test_lines_of_standard_input_get_a_line_each(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers and errors in order, also for empty lines and bytes that are no text; exit 0."""
    lines = b'up\nbad(\n\nsum(up)\r\n\xff\nup + on() requests_total\n"last"'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    said = cli("query", "-", "--from", file, "--at", 60)
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert said.code == 0 and said.err == ""
    assert [answer["status"] for answer in answers] == ["success", "error", "error", "success", "error", "success", "success"]
    assert answers[3]["data"]["result"] == [{"metric": {}, "value": [60, "1"]}]
    assert answers[6]["data"] == {"resultType": "string", "result": [60, "last"]}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"up\n")))
    said = cli("query", "-", "--from", file, "--start", 0, "--end", 60, "--step", 30)
    assert json.loads(said.out)["data"]["resultType"] == "matrix"
    assert cli("query", "-", "--from", file, "--csv").code == 64
    said = cli("query", "-", "--from", "/nowhere")
    assert said.code == 1 and json.loads(said.out)["status"] == "error"


def test_the_history_is_asked_where_no_file_is_named(cli: Cli, tmp_path: Path) -> None:
    """Now by default; no configuration is read, stale markers end series, and HH:MM is today's or yesterday's."""
    now = now_ms()
    series = {
        labels_of("cpu_usage_ratio"): [(now - 2000, 0.5), (now - 1000, 0.75)],
        labels_of("check_health", check="api"): [(now - 2000, 2.0), (now - 1000, STALE_NAN)],
    }
    state = make_state(tmp_path / "s", samples=series)
    config = tmp_path / "broken.toml"
    config.write_text("[[[")
    where = ["--state", state, "--config", config]
    data = _json(cli, "cpu_usage_ratio", *where)
    assert data["result"][0]["value"][1] == "0.75" and abs(data["result"][0]["value"][0] * 1000 - now) < 10_000
    assert _json(cli, "check_health", *where)["result"] == []
    assert _json(cli, "check_health", *where, "--at", (now - 1500) / 1000)["result"][0]["value"][1] == "2"
    assert [value for _, value in _json(cli, "cpu_usage_ratio", *where, "--since", "10s", "--step", "1s")["result"][0]["values"]][
        -1
    ] == "0.75"
    assert _json(cli, "time()", *where, "--at", "00:00")["result"][0] <= now / 1000


def test_a_history_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    """Exit 1 with a sentence; nothing is made; a newer one asks for an upgrade."""
    said = cli("query", "up", "--state", tmp_path / "none")
    assert said.code == 1 and "no monitor has run here" in said.err and not (tmp_path / "none").exists()
    state = make_state(tmp_path / "s")
    db = connect(state / "history.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    said = cli("query", "up", "--state", state, "--json")
    assert said.code == 1 and "please upgrade" in json.loads(said.out)["error"]


def test_a_query_of_a_file_loads_only_what_it_needs(file: Path) -> None:
    """No configuration models, no database, no event loop: a script may ask a thousand times. The real program, as a process."""
    code = (
        "import sys; from tui_monitor.cli.main import main; main(sys.argv[1:]);"
        "print([name for name in ('pydantic', 'sqlite3', 'asyncio', 'textual', 'httpx', 'tui_monitor.config.settings')"
        " if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, "query", "sum(up)", "--from", str(file), "--json"]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=30, env={**os.environ, "TUI_MONITOR_CONFIG": "/nowhere"}, check=True
    )
    answer, loaded = done.stdout.splitlines()
    assert json.loads(answer)["data"]["result"][0]["value"][1] == "2" and loaded == "[]"


def test_answers_come_while_questions_are_still_asked(file: Path) -> None:
    """`query -` can be used as a partner process: each answer is out before the next line is read."""
    words = [sys.executable, "-m", "tui_monitor", "query", "-", "--from", str(file), "--at", "60"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        for expected in ("1", "2", "3"):
            process.stdin.write(f"{expected}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["data"]["result"] == [60, expected]
        process.stdin.close()
        assert process.wait(10) == 0
