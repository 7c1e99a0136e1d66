"""`store info | verify | compact | export`: inspect and maintain the history file."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui_monitor.board.json_shapes import store_json
from tui_monitor.cli.arguments import add_actions, add_json
from tui_monitor.cli.history_access import selector_matchers
from tui_monitor.cli.options import Refused, print_error, seconds_of, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.cli.state_access import existing_state, open_state
from tui_monitor.core.humanize import size, stamp
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.export import export
from tui_monitor.storage.history.tools import compact, info, verify
from tui_monitor.storage.state.reader import integrity_faults


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `store`."""
    store = add_actions(parser, "info|verify|compact|export")
    act = store("info", "size, rows and time spans")
    add_json(act)
    store("verify", "full integrity check")
    act = store("compact", "return unused space to the file system")
    act.add_argument("--force", action="store_true", help="run beside a running monitor, which waits until this is done")
    act = store("export", "OpenMetrics text")
    act.add_argument("selector", nargs="?", metavar="SELECTOR", help="a PromQL selector; default: all")
    act.add_argument("--since", default="1h", metavar="1h")
    act.add_argument("--out", metavar="FILE", help="default: standard output")


def run(given: Namespace) -> int:
    """Exit code: 0; 1 where a file is damaged or unusable; 64 usage."""
    acts: dict[str, Callable[[Namespace], int]] = {"info": _info, "verify": _verify, "compact": _compact, "export": _export}
    try:
        return acts[given.action](given)
    except StorageFault as error:
        print_error(f"the store cannot be used: {error}")
        return 1


def _readable(directory: StateDirectory) -> StateDirectory:
    """Raise Refused where SQLite cannot read: a file that no process has open needs write permission for its folder."""
    if not directory.writable and not directory.state_db.with_name("state.db-wal").exists():
        raise Refused(f"{directory.path} is read-only for this user and no monitor runs: do this as its owner")
    return directory


def _history(directory: StateDirectory) -> Path:
    if not directory.history_db.exists():
        raise Refused(f"there is no history yet: {directory.history_db}")
    return directory.history_db


def _info(given: Namespace) -> int:
    directory = _readable(existing_state(given))
    known = info(_history(directory))
    known["state_bytes"] = directory.state_db.stat().st_size
    if given.json:
        print_json(store_json(known))
    else:
        _print_info(known)
    return 0


def _print_info(known: Mapping[str, Any]) -> None:
    now = wall_ms()
    log = f"log {size(known['wal_bytes'])}, unused {size(known['free_bytes'])}, schema {known['schema']}"
    print_line((Data(known["path"]), "bold"), size(known["file_bytes"]), (log, "dim"))
    each = known["bytes_per_raw_sample"]
    print_line(f"{known['series']} series", f"{known['raw_samples']} raw samples", f"{each} bytes each" if each else "")
    names = {"ticks": "newest ticks", "recent": "last minutes", "raw": "every sample", "minutes": "minutes", "hours": "hours"}
    rows: list[list[Cell]] = []
    for key, name in names.items():
        entry = known["tables"][key]
        span = f"{stamp(entry['from'], now, None)} to {stamp(entry['until'], now, None)}" if "from" in entry else ""
        rows.append([name, str(entry["rows"]), size(entry["data_bytes"]), span])
    table(rows, ("KEPT", "ROWS", "BYTES", "SPAN"))


def _verify(given: Namespace) -> int:
    directory = _readable(existing_state(given))
    faults = [f"state.db: {fault}" for fault in integrity_faults(directory.state_db)]
    if directory.history_db.exists():
        faults += [f"history.db: {fault}" for fault in verify(directory.history_db)]
    if faults:
        raise Refused("\n".join(faults))
    print_line(f"{directory.path}: fine")
    return 0


def _compact(given: Namespace) -> int:
    access = open_state(given)
    if not access.directory.writable:
        raise Refused(f"read-only: {access.directory.why_read_only}")
    if access.alive and not given.force:
        raise Refused("a monitor runs and would have to wait with writing: stop it first, or say --force")
    path = _history(access.directory)
    before, after = compact(path)
    print_line(f"{path}: {size(before)} before, {size(after)} now")
    return 0


def _export(given: Namespace) -> int:
    seconds = seconds_of(given.since, "--since")
    matchers = selector_matchers(given.selector) if given.selector else ()
    path = _history(existing_state(given))
    end = wall_ms()
    start = max(0, end - round(seconds * 1000))
    if given.out is None:
        export(path, matchers, start, end, lambda text: print(text, end=""))
        return 0
    count = _into_file(Path(given.out), lambda write: export(path, matchers, start, end, write))
    print_error(f"wrote {count} samples to {given.out}")
    return 0


def _into_file(path: Path, work: Callable[[Callable[[str], None]], int]) -> int:
    """Write the whole file or none: a partial file never gets the name."""
    if path.exists() and not path.is_file():  # /dev/stdout and other devices
        with path.open("w", encoding="utf-8") as stream:
            return work(lambda text: print(text, end="", file=stream))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            count = work(lambda text: print(text, end="", file=file))
        os.chmod(name, 0o640)
        os.replace(name, path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)
    return count
