"""Which statements may be run: those that only read. The session is read-only too; that does not stop KILL, SET GLOBAL or FLUSH."""

from __future__ import annotations

import re

_SPACE = r"(?:\s|--[ \t][^\n]*\n|\#[^\n]*\n|/\*(?!M?!).*?\*/)*"
"""White space and comments; what stands in /*! or /*M! is no comment for the server."""
_READS = re.compile(rf"{_SPACE}(?:\({_SPACE})*(?:SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE | re.DOTALL)


def problem_of(sql: str) -> str:
    """Why a query is refused, "" where it may run."""
    return "" if _READS.match(sql) else "a statement that begins with SELECT, WITH, VALUES or TABLE is wanted"
