"""JSON-RPC 2.0 calls and answers as JSON documents: single and in batches. Pure.

Source: the JSON-RPC 2.0 specification; errors of version 1.0 servers (Bitcoin Core) have the same form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.json.values import number_of, shown
from tui_monitor.sources.net.excerpt import clean

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


@frozen
class Call:
    """One call; ``id`` is its number in a batch."""

    id: int
    method: str
    params: Any

    def to_json(self) -> dict[str, Any]:
        """The request object."""
        return {"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params}


@frozen
class Reply:
    """What was answered to a call: a result, which may be None, or the fault in words."""

    result: Any = None
    fault: str = ""


class NoBatch(Exception):
    """The server answers a batch with something else than a list: it takes single calls only."""


def request_body(calls: Sequence[Call]) -> str:
    """One call as an object, several as a batch. Raises ValueError where a parameter is no JSON."""
    try:
        documents = [call.to_json() for call in calls]
        return json.dumps(documents[0] if len(calls) == 1 else documents, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"params: {error}") from None


def replies(calls: Sequence[Call], document: object) -> dict[str, Reply]:
    """The reply to each call by its method. Raises NoBatch where several calls got one answer."""
    if len(calls) == 1:
        return {calls[0].method: _reply(calls[0], document)}
    if not isinstance(document, list):
        raise NoBatch
    by_id = {answer.get("id"): answer for answer in document[: 2 * len(calls)] if isinstance(answer, dict) and _is_id(answer.get("id"))}
    missing = Reply(fault="the batch has no answer to it")
    return {call.method: _reply(call, by_id[call.id]) if call.id in by_id else missing for call in calls}


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _reply(call: Call, answer: object) -> Reply:
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        return Reply(fault="the answer is JSON, but not JSON-RPC")
    if said := error_text(answer):
        return Reply(fault=said)
    if answer.get("id") != call.id:
        return Reply(fault=f"answers another call (id {shown(answer.get('id'))})")
    return Reply(answer.get("result"))


def error_text(document: object) -> str:
    """ "error -32601: method not found" of an answer with an error, "" of any other document."""
    error = document.get("error") if isinstance(document, dict) else None
    if not error:
        return ""
    if not isinstance(error, dict):
        return f"error: {shown(error)}"
    code, message = error.get("code"), error.get("message")
    told = clean(message, 120) if isinstance(message, str) else shown(error)
    return f"error {code}: {told}" if isinstance(code, int) and abs(code) < 10**9 else f"error: {told}"


def quantity(value: object) -> int | None:
    """A whole number as nodes write it, "0x1f" or 31; None where it is none, is negative or needs more than 256 bits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 2**256 else None
    return int(value, 16) if isinstance(value, str) and _QUANTITY.fullmatch(value) else None


def rpc_number(value: object, words: Mapping[str, float]) -> float:
    """``number_of``, and of "0x1f" 31.0. Raises ValueFault where it is no number."""
    found = quantity(value) if isinstance(value, str) and value not in words else None
    return float(found) if found is not None else number_of(value, words)
