"""The reason why new notifications of an alert are muted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MUTE_KINDS = ("silence", "maintenance", "depends_on", "inhibit", "waiting", "inactive")


class MuteReason(NamedTuple):
    """The reason of a mute: ``kind`` is one of MUTE_KINDS, ``name`` the silence's id, the window, check or alert.

    Its text ("silence:7f3a", "inactive") is what alerts and boards carry. "waiting": for a parent check's verdict; "inactive": outside
    the active times of the alert's routes, without a name.
    """

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def parse_mute_reason(text: str) -> MuteReason:
    """The reason that `str` wrote."""
    kind, _, name = text.partition(":")
    return MuteReason(kind, name)


def mute_word(texts: Iterable[str]) -> str:
    """ "silenced" where a person has muted, "muted" where only something else has, "" where nothing has; of the texts of reasons."""
    kinds = {parse_mute_reason(text).kind for text in texts}
    return "silenced" if "silence" in kinds else "muted" if kinds else ""
