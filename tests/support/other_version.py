"""A far end of another version: the messages of a real one with keys less (older) or more (newer), from standard input to output."""

from __future__ import annotations

import json
import sys
from typing import Any

LATER = {"later": {"deep": [1, {"x": None}]}, "another_list": [{"id": "a"}]}
GONE = {"sparks", "limits", "read_only", "service", "environment", "requests", "uptime"}
"""Keys of a board that an older version has not."""
GONE_FROM_ALERTS = {"due_at", "category", "actions", "deliveries", "flaps"}


def older(message: dict[str, Any]) -> dict[str, Any]:
    """As a version before this one would have sent it."""
    if "hello" in message:
        message["hello"] = {"protocol": 1, "version": "0.0.1", "may": message["hello"]["may"]}
    if "board" in message:
        board = {key: value for key, value in message["board"].items() if key not in GONE}
        board["alerts"] = [{key: value for key, value in one.items() if key not in GONE_FROM_ALERTS} for one in board["alerts"]]
        message["board"] = board
    if "changes" in message:
        return {"changes": {"set": {}, "drop": ["nothing"]}}  # does not fit: the near end asks for the whole board
    return message


def newer(message: dict[str, Any]) -> dict[str, Any]:
    """As a version after this one might send it."""
    if "hello" in message:
        message["hello"] |= {"version": "9.9.9", "features": ["streams"], **LATER}
    if "board" in message:
        message["board"] |= LATER
        message["board"]["resources"] |= LATER
        message["board"]["leader"] |= {"epoch": 7}
        for row in (*message["board"]["alerts"], *message["board"]["checks"]):
            row |= LATER
    return {**message, "trailer": 1}


def main() -> None:
    """Line by line."""
    change = {"older": older, "newer": newer}[sys.argv[1]]
    for line in sys.stdin:
        print(json.dumps({"news": 1}), json.dumps(change(json.loads(line))), sep="\n", flush=True)


if __name__ == "__main__":
    main()
