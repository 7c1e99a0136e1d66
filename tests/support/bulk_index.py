"""A server that answers as Elasticsearch's _bulk is documented: an outcome for each document, created once by its id."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.receivers import Reply, Request

Document = dict[str, Any]


class BulkIndex:
    """The documents by id, in order of arrival. ``outcome`` gives the status of a new document, 201 where it is None."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.doubles = 0
        self.outcome: Callable[[Document], int] = lambda document: 201

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        assert request.headers["content-type"] == "application/x-ndjson"
        *lines, end = request.body.decode().split("\n")
        assert not end and "filter_path=" in request.path
        pairs = zip(map(json.loads, lines[::2]), map(json.loads, lines[1::2]), strict=True)
        items = [{"create": self._create(action["create"]["_id"], document)} for action, document in pairs]
        return Reply(200, json.dumps({"errors": any(item["create"]["status"] >= 300 for item in items), "items": items}))

    def _create(self, ident: str, document: Document) -> Document:
        if ident in self.documents:
            self.doubles += 1
            return {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "document already exists"}}
        status = self.outcome(document)
        if status >= 300:
            return {"status": status, "error": {"type": "some_exception", "reason": "so it is"}}
        self.documents[ident] = document
        return {"status": status}

    def of(self, dataset: str) -> list[Document]:
        """The documents of one dataset, without its prefix."""
        return [one for one in self.documents.values() if one["event"]["dataset"] == f"tuimonitor.{dataset}"]
