"""Secret texts: passwords, tokens, addresses that contain them. Standard library only."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A text that appears in no message, log line or repr; `reveal` returns it to the code that sends it."""

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"a secret cannot be changed ({name})")

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('***')" if self._text else "Secret('')"

    def __str__(self) -> str:
        return "***" if self._text else ""

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (self._text,)
