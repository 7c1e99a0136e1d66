"""A far host for bench/fleet.py in place of ssh: says hello, gives a recorded board and its changes each 5 s, answers pings.

python bench/farhost.py RECORD -T ... -- NAME tui-monitor stdio
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import Any

EVERY_S = 5.0


def say(message: dict[str, Any]) -> None:
    """One line to the near end."""
    os.write(1, json.dumps(message, separators=(",", ":")).encode() + b"\n")


def wall_ms() -> int:
    """Now."""
    return round(time.time() * 1000)


def serve(board: dict[str, Any], changes: list[dict[str, Any]], name: str) -> None:
    """Until the near end closes."""
    say({"hello": {"protocol": 1, "version": "0.1.0", "host": name, "user": "bench", "from": "127.0.0.1", "may": ["read", "act"]}})
    say({"board": {**board, "at": wall_ms(), "host": name}})
    number, due = 0, time.monotonic() + EVERY_S
    while True:
        ready, _, _ = select.select([0], [], [], max(0.0, due - time.monotonic()))
        if ready:
            given = os.read(0, 65536)
            if not given:
                return
            for line in given.splitlines():
                if b'"ping"' in line:
                    say({"id": json.loads(line)["id"], "ok": ""})
        if time.monotonic() >= due:
            due += EVERY_S
            change = changes[number % len(changes)]
            number += 1
            say({"changes": {**change, "set": {**change.get("set", {}), "at": wall_ms()}}})
            say({"beat": wall_ms()})


def main() -> None:
    record, *arguments = sys.argv[1:]
    if "-G" in arguments:
        return
    with open(record, encoding="utf-8") as stream:
        recorded = json.load(stream)
    serve(recorded["board"], recorded["changes"], arguments[arguments.index("--") + 1])


if __name__ == "__main__":
    main()
