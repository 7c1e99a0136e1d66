"""Reads an HTTP answer as JSON-RPC replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from tui_monitor.core.units import format_size
from tui_monitor.sources.http.charset import decode_body
from tui_monitor.sources.http.exchange import Answer, BadAnswer, decoded
from tui_monitor.sources.http.expectations import status_text
from tui_monitor.sources.jsonrpc.envelope import Call, NoBatch, Reply, error_text, replies

LONG_BODY = 65_536
"""Bytes from which on a body is read in a thread, so that the loop never stands still for more than a millisecond."""


class RpcReader:
    """An ``AnswerReader``; the first call decides. ``replies`` are those of the last answer, none where it was no JSON-RPC.

    ``no_batch``: the last answer was that of a server which takes single calls only.
    """

    def __init__(self, calls: Sequence[Call], max_body: int) -> None:
        self.replies: Mapping[str, Reply] = {}
        self.no_batch = False
        self._calls = calls
        self._max_body = max_body

    def names(self, status: int) -> bool:
        """No redirect is an answer."""
        return False

    async def fault(self, answer: Answer) -> str:
        """What is wrong with the answer to the first call, "" for nothing."""
        self.replies, self.no_batch = {}, False
        try:
            body, cut = await decoded(answer, self._max_body)
        except BadAnswer as error:
            return str(error)
        if cut:
            return f"answer is larger than max_body = {format_size(self._max_body)}: not read; raise it"
        if len(body) > LONG_BODY:
            return await asyncio.to_thread(self._fault, answer, body)
        return self._fault(answer, body)

    def _fault(self, answer: Answer, body: bytes) -> str:
        text = decode_body(body, answer.header("content-type") or "")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            self.no_batch = len(self._calls) > 1 and not 200 <= answer.status <= 299
            return _status_fault(answer) or _not_json(text)
        try:
            found = replies(self._calls, document)
        except NoBatch:
            self.no_batch = True
            return _status_fault(answer) or error_text(document) or "the answer to a batch is no list"
        if bad := _status_fault(answer):
            return f"{bad}: {said}" if (said := found[self._calls[0].method].fault) else bad
        self.replies = found
        return found[self._calls[0].method].fault


def _status_fault(answer: Answer) -> str:
    return "" if 200 <= answer.status <= 299 else status_text(answer.status)


def _not_json(text: str) -> str:
    if text.lstrip()[:1] == "<":
        return "answer is a web page, not JSON-RPC: is this the node's address?"
    return "answer is not JSON" if text.strip() else "answer is empty, not JSON"
