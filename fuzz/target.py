"""A fuzz target: a reader of the program, its seeds, and the guard that a test switches off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One reader.

    ``call`` reads one input and returns whether it was accepted; it catches only the errors that the reader declares, so any other is an
    escape. ``kind`` says what inputs are: bytes, text, json (text that is also changed value by value), or values (made by ``strategy``
    alone). ``words`` are the format's own tokens. ``fence``: a context in which one guard of the reader is gone; the run must notice.
    """

    name: str
    kind: str
    call: Callable[[Any], bool]
    fence: Callable[[], AbstractContextManager[None]]
    words: Sequence[str] = ()
    longest: int = 20_000
    """Characters or bytes of an input: fewer where a long one takes tenths of a second."""
    strategy: Callable[[], SearchStrategy[Any]] | None = None
    seeds: Callable[[], Sequence[bytes]] = tuple
    """Seeds that are made, beside the files in corpus/NAME."""

    def corpus(self) -> list[bytes]:
        """All seeds, in the order of their names."""
        files = sorted((CORPUS / self.name).glob("*"))
        return [file.read_bytes() for file in files] + list(self.seeds())


@dataclass(frozen=True)
class Escape:
    """An exception past the boundary: its kind, where it was raised, and the smallest input found that raises it."""

    error: str
    place: str
    input: str


@dataclass(frozen=True)
class Report:
    """The counts of one target's run; ``seconds`` are CPU seconds."""

    target: str
    inputs: int
    accepted: int
    refused: int
    seconds: float
    escapes: tuple[Escape, ...]
