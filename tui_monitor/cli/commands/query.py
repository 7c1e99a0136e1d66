"""`query`: PromQL over the stored history, or over an OpenMetrics file without any configuration or state."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from tui_monitor.board.json_shapes import query_refused_json
from tui_monitor.cli.options import Refused, print_error, state_path, time_of, wall_ms
from tui_monitor.cli.output import to_text
from tui_monitor.cli.query_output import pointer, print_csv, print_people
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.durations import parse_duration
from tui_monitor.promql.engine import MAX_STEPS, compile_expr
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.http_json import error_to_json, to_json
from tui_monitor.promql.openmetrics import FileError, read_file
from tui_monitor.promql.queryable import Queryable
from tui_monitor.promql.values import Value

POINTS = 250
"""How many steps a range has where no --step is given, as promtool has it."""


@frozen
class When:
    """Evaluation time (``step`` 0) or range from start to end, UTC ms."""

    start: int
    end: int
    step: int = 0


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `query`."""
    parser.add_argument("expr", metavar="EXPR", help='"-": read expressions from standard input, a line each')
    parser.add_argument("--from", dest="from_", metavar="FILE", help="an OpenMetrics text file with timestamps instead of the store")
    parser.add_argument("--at", dest="when", metavar="T", help="RFC 3339, Unix seconds, HH:MM or yesterday HH:MM")
    parser.add_argument("--start", metavar="T")
    parser.add_argument("--end", metavar="T")
    parser.add_argument("--since", metavar="D", help="start of the range as a duration before its end")
    parser.add_argument("--step", metavar="D")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the shape of Prometheus' HTTP API")
    form.add_argument("--csv", action="store_true")


def run(given: Namespace) -> int:
    """Exit code: 0, 1 where the query fails, 64 for invalid arguments.

    `query -` answers each line of standard input with a line of JSON, errors too, and ends with 0 once all lines are answered.
    """
    given.expr = (
        given.expr.removeprefix(" ") if given.expr.startswith(" -") else given.expr
    )  # _shield (cli/main.py) put a space before a leading minus
    try:
        _check_arguments(given)
        with _storage(given) as (storage, newest):
            when = _when(given, newest)
            if given.expr == "-":
                return _answer_lines(storage, when)
            return _answer_one(given, storage, when())
    except Refused as refused:
        if given.json or given.expr == "-":
            print(to_text(query_refused_json(str(refused), bad_arguments=refused.code == USAGE)))
        else:
            print_error(str(refused))
        return refused.code


def _answer_one(given: Namespace, storage: Queryable, when: When) -> int:
    try:
        value = _evaluate(given.expr, storage, when)
    except (PromqlError, EvaluationError) as error:
        if given.json:
            print(to_text(error_to_json(error)))
        else:
            print_error(str(error))
            print(pointer(error), end="", file=sys.stderr)
        return 1
    if given.json:
        print(to_text(to_json(value, when.end)))
    elif given.csv:
        print_csv(value, when.end)
    else:
        print_people(value)
        if given.from_ is None and not isinstance(value, float | int | str) and not value:
            _suggest(given.expr, storage)
    return 0


def _suggest(text: str, storage: Queryable) -> None:
    """Say which metrics of an expression without an answer nobody has, and what was probably meant."""
    from tui_monitor.cli.history_access import StoredHistory
    from tui_monitor.core.values import METRIC_NAME, label
    from tui_monitor.promql.suggestions import unknown_metrics

    if isinstance(storage, StoredHistory):
        names = {label(series, METRIC_NAME) for series in storage.query(lambda reader: reader.series())}
        for sentence in unknown_metrics(text, names):
            print_error(sentence)


def _answer_lines(storage: Queryable, when: Callable[[], When]) -> int:
    for line in sys.stdin.buffer:
        print(to_text(_answer(line, storage, when())), flush=True)
    return 0


def _answer(line: bytes, storage: Queryable, when: When) -> dict[str, Any]:
    try:
        return to_json(_evaluate(line.decode().strip("\r\n"), storage, when), when.end)
    except UnicodeDecodeError:
        return error_to_json(PromqlError("the line is not UTF-8"))
    except (PromqlError, EvaluationError) as error:
        return error_to_json(error)
    except Refused as refused:
        return query_refused_json(str(refused), bad_arguments=refused.code == USAGE)


def _evaluate(text: str, storage: Queryable, when: When) -> Value:
    """Raises PromqlError, EvaluationError and Refused."""
    query = compile_expr(text)
    try:
        return query.range(storage, when.start, when.end, when.step) if when.step else query.instant(storage, when.end)
    except MemoryError:
        raise Refused("the answer does not fit into memory") from None


# --- where from -----------------------------------------------------------------------------------------------------------


@contextmanager
def _storage(given: Namespace) -> Iterator[tuple[Queryable, Callable[[], int]]]:
    """The storage to query and the time that counts as "now" in it."""
    if given.from_ is not None:
        yield _file(given.from_)
        return
    from tui_monitor.cli.history_access import StoredHistory  # sqlite3: not for --from

    with closing(StoredHistory(state_path(given))) as history:
        yield history, wall_ms


def _file(path: str) -> tuple[Queryable, Callable[[], int]]:
    try:
        storage = read_file(path)
    except FileError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    times = storage.times()
    return storage, (lambda: times[1]) if times else wall_ms


# --- when -----------------------------------------------------------------------------------------------------------------


def _check_arguments(given: Namespace) -> None:
    options = [f"--{name}" for name in ("start", "end", "since", "step") if getattr(given, name) is not None]
    if given.when is not None and options:
        raise Refused(f"--at is for one moment, {options[0]} for a range: give one of them", USAGE)
    if given.start is not None and given.since is not None:
        raise Refused("--start and --since both set the start: give one of them", USAGE)
    if options and given.start is None and given.since is None:
        raise Refused(f"{options[0]} needs a range: set its start with --start or --since", USAGE)
    if given.expr == "-" and given.csv:
        raise Refused("query - answers in lines of JSON, not in CSV", USAGE)


def _when(given: Namespace, newest: Callable[[], int]) -> Callable[[], When]:
    """The requested evaluation times; by default the newest time at each call."""
    now = wall_ms()
    if given.when is not None:
        at = time_of(given.when, "--at", now)
        return lambda: When(at, at)
    if given.start is None and given.since is None:
        return lambda: When(newest(), newest())
    end = newest() if given.end is None else time_of(given.end, "--end", now)
    start = time_of(given.start, "--start", now) if given.start is not None else max(0, end - _duration("--since", given.since))
    if end < start:
        raise Refused("--end is before --start", USAGE)
    step = max(1000, (end - start) // POINTS) if given.step is None else _duration("--step", given.step)
    if step == 0:
        raise Refused("--step: it must be more than 0", USAGE)
    if (end - start) // step > MAX_STEPS:
        raise Refused(f"--step: more than {MAX_STEPS:,} steps; make it longer", USAGE)
    return lambda: When(start, end, step)


def _duration(option: str, text: str) -> int:
    try:
        return round(parse_duration(text) * 1000)
    except ValueError as error:
        raise Refused(f"{option}: {error}", USAGE) from None
