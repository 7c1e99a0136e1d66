"""The table that `make coverage` prints: which share of each room's lines the tests run, children of theirs not counted."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any


def rooms(report: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(room, lines, lines that ran) of coverage's JSON report; what lies beside the rooms is `.`, and `all` is the last."""
    lines: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for name, file in report["files"].items():
        _, *folders, _ = PurePosixPath(name.replace("\\", "/")).parts
        for room in (folders[0] if folders else ".", "all"):
            lines[room] += file["summary"]["num_statements"]
            ran[room] += file["summary"]["covered_lines"]
    return [(room, lines[room], ran[room]) for room in sorted(lines, key=lambda room: (room == "all", room))]


def main() -> None:
    """Print the table of the report that is named on the command line."""
    print(f"{'room':<12} {'lines':>6} {'run':>6} {'share':>6}")
    for room, lines, ran in rooms(json.loads(Path(sys.argv[1]).read_text())):
        print(f"{room:<12} {lines:>6} {ran:>6} {ran / max(1, lines):>6.1%}")


if __name__ == "__main__":
    main()
