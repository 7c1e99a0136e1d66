"""A message that a test expects, as each kind of receiver shows it, and the comparison without what differs from run to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.processes import until


@dataclass(frozen=True)
class Text:
    """An expected message; as each kind of receiver shows it."""

    text: str
    footer: str

    @property
    def title(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]

    @property
    def slack(self) -> str:
        """The footer is a field of its own there."""
        return f"{self._sign} {self.text}"

    @property
    def telegram(self) -> str:
        """HTML with a bold title."""
        return f"<b>{self._sign} {self.title}</b>{self.text.removeprefix(self.title)}\n{self.footer}"

    @property
    def mail(self) -> str:
        """Subject and body."""
        return f"{self.title}\n{self.text}\n{self.footer}"

    @property
    def sms(self) -> str:
        """In the characters of the carriers."""
        return f"{self.text}\n{self.footer}".replace(" · ", " - ")

    @property
    def _sign(self) -> str:
        return _SIGNS[self.title.partition(" ")[0]]


_SIGNS = {"CRITICAL": "🚨", "심각": "🚨", "WARNING": "⚠️", "경고": "⚠️", "INFO": "ℹ️", "정보": "ℹ️", "RESOLVED": "✅", "복구": "✅"}


async def told(texts: Callable[[], list[str]], expected: str) -> None:
    """As soon as a receiver has been told exactly this, in the words of ``plain``."""
    try:
        await until(lambda: expected in map(plain, texts()))
    except AssertionError:
        raise AssertionError(f"not told:\n{expected}\n--- but:\n" + "\n---\n".join(map(plain, texts()))) from None


_TIME = re.compile(r"\d\d:\d\d:\d\d UTC")
_SPAN = re.compile(r"\b\d+(\.\d+)? ?(ms|s|초|분|m)(?![a-z])")
_PORT = re.compile(r"127\.0\.0\.1:\d+")
_MOMENTARY = re.compile(r"((?:db|Was: node) is unhealthy:|(?:db|내용: node) 비정상:) .*?(?= \((?:1 affected|영향 1건)\)$|$)", re.MULTILINE)
"""Reasons of a moment: a database that is being stopped says so or is gone already; a new node is at block 0 for a second."""
_ADVICE = re.compile(r"(WHY.*\n(?:What to do|조치): ).*(?:\n  .*)*")
"""The advice follows the reason of the moment."""
_NOT_COMPARED = re.compile(
    r"^(Evidence|발생 당시 상태):\n(  .*\n)*|^(Look|열기): .*\n?|^(\S.* [\d.]+[KMG]|resolve [<\d]|query \d).*\n", re.MULTILINE
)


_REPLACED = ((_NOT_COMPARED, ""), (_TIME, "T"), (_SPAN, "D"), (_MOMENTARY, r"\1 WHY"), (_ADVICE, r"\1ADVICE"), (_PORT, "ADDR"))


def plain(text: str) -> str:
    """A message without what differs from run to run: times T, durations D, addresses ADDR; without evidence and how to look."""
    for pattern, sign in _REPLACED:
        text = pattern.sub(sign, text.replace("\r\n", "\n"))
    return text.strip()


async def mention(texts: Callable[[], list[str]], part: str) -> str:
    """The first message that holds the part, as soon as there is one."""
    return await until(lambda: next((text for text in texts() if part in text), ""), what=part)
