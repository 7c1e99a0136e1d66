"""`logs`: search the lines stored by log checks, newest last, or follow them."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from tui_monitor.cli.arguments import add_json, count
from tui_monitor.cli.options import Refused, print_error, seconds_of, suggestion, wall_ms
from tui_monitor.cli.output import Data, coloured, print_json, print_line, to_text
from tui_monitor.cli.state_access import existing_state
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.sanitize import near
from tui_monitor.core.units import rfc3339
from tui_monitor.runtime.log_search import Found, matching_lines
from tui_monitor.sources.log.levels import LEVELS, level_of_word
from tui_monitor.sources.log.ring import KeptLine, LineQuery
from tui_monitor.storage.faults import NothingStored, StorageFault, StoreTooNew
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import FoundBlock, LogStream

LOOK_EVERY = 0.5
NOTHING = "no log lines are kept here: configure a check of type log, or [push] and send lines to /logs"


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `logs`."""
    parser.add_argument("check", nargs="?", metavar="CHECK", help="default: all")
    parser.add_argument("--level", metavar="L", help="lines of at least this level")
    parser.add_argument("--grep", metavar="TEXT", help="lines with this text, in any case")
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE", help="lines whose field has this value; repeatable")
    parser.add_argument("--since", metavar="D", help="lines that came in the last 10m, 2h, 1d")
    parser.add_argument("--service", metavar="S", help="lines that this service has sent")
    parser.add_argument("--limit", type=count, metavar="N", default=100, help="the newest N lines; default 100")
    parser.add_argument("--follow", action="store_true", help="print lines as they come, until interrupted")
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0 (also without matches), 1 without a state or for an unknown check, 64 for a wrong option."""
    query = _query(given)
    path = existing_state(given).telemetry_db
    return _follow(path, given, query) if given.follow else _search(path, given, query)


def _query(given: Namespace) -> LineQuery:
    since = wall_ms() - round(1000 * seconds_of(given.since, "--since")) if given.since else 0
    return LineQuery(given.grep or "", _level(given.level), since, tuple(map(_condition, given.where)), given.limit)


def _level(text: str | None) -> str:
    level = level_of_word(text) if text else ""
    if text and not level:
        meant = near(text, LEVELS)
        advice = f"did you mean {meant}?" if meant else f"there are {', '.join(LEVELS)}"
        raise Refused(f'--level: "{text}" is not a level; {advice}', USAGE)
    return level


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Refused(f'--where: "{text}" is not field=value; write for example --where user.id=42', USAGE)
    return name, value


def _search(path: Path, given: Namespace, query: LineQuery) -> int:
    reader = open_telemetry(path)
    found: list[Found] = []
    if reader is not None:
        with closing(reader):
            _refuse_unknown(reader, given.check)
            found = _asked(
                lambda: [*islice(matching_lines(reader.newest_first(given.check or "", given.service or ""), query), query.limit)]
            )
    if given.json:
        print_json([_json(stream, line) for stream, line in reversed(found)])
        return 0
    if reader is None:
        print_error(NOTHING)
    for stream, line in reversed(found):
        _print(stream, line)
    return 0


def _follow(path: Path, given: Namespace, query: LineQuery) -> int:
    """Print new lines until interrupted."""
    reader, last = open_telemetry(path), 0
    if reader is not None:
        _refuse_unknown(reader, given.check)
        last = _asked(reader.newest_id)
    try:
        while True:
            if reader is None:
                reader = open_telemetry(path)
            if reader is not None:
                blocks = _asked(lambda reader=reader, last=last: reader.after(last, given.check or "", given.service or ""))
                last = blocks[-1].id if blocks else last
                for block in blocks:
                    for stream, line in reversed([*matching_lines([block], query)]):
                        print(to_text(_json(stream, line)), flush=True) if given.json else _print(stream, line)
                if blocks:
                    continue
            time.sleep(LOOK_EVERY)
    finally:
        if reader is not None:
            reader.close()


def open_telemetry(path: Path) -> TelemetryReader | None:
    """The kept lines and traces; None where nothing is kept yet. Raises Refused."""
    try:
        return TelemetryReader(path)
    except StoreTooNew as error:
        raise Refused(str(error)) from None
    except StorageFault as error:
        if isinstance(error, NothingStored) or isinstance(error.__cause__, FileNotFoundError):
            return None
        raise Refused(f"the kept lines cannot be read: {error}") from None


def _asked(question: Any) -> Any:
    try:
        return question()
    except StorageFault as error:
        raise Refused(f"the kept lines cannot be read: {error}") from None


def _refuse_unknown(reader: TelemetryReader, name: str | None) -> None:
    known = [stream.name for stream in _asked(reader.streams)]
    if name and name not in known:
        raise Refused(f'no lines are kept of a check "{name}"{suggestion(name, known)}')


def lines_of_blocks(blocks: Iterable[FoundBlock], query: LineQuery) -> Iterator[dict[str, Any]]:
    """The matching lines in the shape of `logs --json`, newest first."""
    return (_json(stream, line) for stream, line in matching_lines(blocks, query))


def _json(stream: LogStream, line: KeptLine) -> dict[str, Any]:
    return {**line.to_json(stream.name, stream.service), "at": rfc3339(line.at)}


def _print(stream: LogStream, line: KeptLine) -> None:
    first, *rest = line.message.splitlines() or [""]
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.at / 1000))
    print_line((stamp, "dim"), (Data(f"{line.level or '-':<8}"), line.level), (Data(stream.name or stream.service), "dim"), Data(first))
    for text in rest:
        print("    " + coloured(text, ""))
