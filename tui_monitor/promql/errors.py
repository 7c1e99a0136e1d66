"""The errors of queries: one for an expression that cannot be understood, one for data that contradict it."""

from __future__ import annotations


class PromqlError(ValueError):
    """The expression is wrong or uses what is not supported.

    ``message`` says what is wrong without the place, ``position`` is the 0-based offset of ``part`` in ``text`` (None where
    it is not known), ``part`` the piece of the expression that is meant. ``str()`` says all of it in one line.
    """

    error_type = "bad_data"

    def __init__(self, message: str, position: int | None = None, part: str = "", text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.part = part
        self.text = text

    @property
    def line_and_column(self) -> tuple[int, int] | None:
        """Where the part stands, both counted from 1; None where it is not known."""
        if self.position is None:
            return None
        before = self.text[: self.position]
        return before.count("\n") + 1, self.position - (before.rfind("\n") + 1) + 1

    def __str__(self) -> str:
        place = self.line_and_column
        if place is None:
            return self.message
        near = f" at {self.part!r}" if self.part and self.part not in self.message else ""
        return f"{place[0]}:{place[1]}: {self.message}{near}"

    def pointer(self) -> str:
        """Two lines: the line of the expression, and carets under the part; "" where the place is not known."""
        place = self.line_and_column
        if place is None:
            return ""
        line = self.text.split("\n")[place[0] - 1]
        room = max(1, len(line) - place[1] + 1)
        width = min(room, max(1, len(self.part.split("\n")[0])))
        return f"{line}\n{' ' * (place[1] - 1)}{'^' * width}"


class EvaluationError(Exception):
    """A well-formed query has no answer over these samples, such as a match of many series to many.

    ``error_type`` is that of Prometheus' HTTP API: "execution", "bad_data" for impossible times, or "timeout".
    """

    def __init__(self, message: str, error_type: str = "execution") -> None:
        super().__init__(message)
        self.error_type = error_type


DUPLICATE_LABELS = "vector cannot contain metrics with the same labelset"
