"""What the decoders of push give: points, lines, spans; and what they could not take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from tui_monitor.core.frozen import frozen
from tui_monitor.core.trace import Span
from tui_monitor.core.values import Labels
from tui_monitor.promql.exposition_comment import Metadata


class BadPush(ValueError):
    """A body that cannot be read at all; the text says why. ``status``: 400, or 415 for a form that is not known."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class PushedPoint(NamedTuple):
    """A value of a series; ``added``: it is a step that this monitor adds up (a counter's increment, a delta)."""

    labels: Labels
    value: float
    added: bool = False


class PushedLine(NamedTuple):
    """A log line of a service, as JSON without a line break."""

    service: str
    level: str
    data: bytes


@frozen
class Decoded:
    """The contents of a body. ``rejected`` counts points, lines or spans that were not taken, ``reason`` says why the first was not."""

    points: tuple[PushedPoint, ...] = ()
    lines: tuple[PushedLine, ...] = ()
    spans: tuple[Span, ...] = ()
    metadata: Mapping[str, Metadata] = field(default_factory=dict)
    job: str = ""
    group: Mapping[str, str] = field(default_factory=dict)
    rejected: int = 0
    reason: str = ""


class Rejections:
    """Counts what is not taken while a body is read."""

    def __init__(self) -> None:
        self.count = 0
        self.reason = ""

    def add(self, error: object, count: int = 1) -> None:
        """Count some; the first reason is kept."""
        self.count += count
        self.reason = self.reason or str(error)
