"""Aligo: SMS in Korea. Texts are counted in the carriers' EUC-KR bytes; the result code decides, not HTTP 200.

Source: https://smartsms.aligo.in/admin/api/spec.html.
"""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from urllib.parse import urlencode

from tui_monitor.config.fields import SecretText
from tui_monitor.config.notifier_fields import BaseAddress, PhoneNumber
from tui_monitor.config.receivers import phone_number
from tui_monitor.config.section import key as setting
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import RateLimit, SendError
from tui_monitor.notifiers.http import USER_AGENT, ApiAnswer, HttpClient, HttpNotifierSettings
from tui_monitor.notifiers.layout import headline, lines_of
from tui_monitor.notifiers.receivers import failure_of, receivers_of

SMS_BYTES = 90
LMS_BYTES = 1900
"""The service takes 2,000; the margin is for line breaks that it may count as two or more."""
TITLE_BYTES = 44
_PLAIN = {
    "→": "->", "←": "<-", "⇒": "=>", "–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "-", "·": "-", "×": "x",
    "≥": ">=", "≤": "<=", "≠": "!=", "°": " ", "\u00a0": " ", "✓": "v", "✔": "v",
}  # fmt: skip


@frozen
class Sms:
    """A text message as sent; ``title`` for LMS only."""

    kind: str
    text: str
    title: str = ""


def carrier_text(text: str) -> str:
    """The text in characters that Korean phones display: composed, common symbols replaced, others left out."""
    composed = unicodedata.normalize("NFC", text)
    replaced = "".join(_PLAIN.get(character, character) for character in composed)
    return "".join(character for character in replaced if character == "\n" or _width(character))


def carrier_bytes(text: str) -> int:
    """Bytes in CP949: Hangul 2, ASCII 1, a line break 2 (it may travel as CR LF)."""
    return sum(2 if character == "\n" else _width(character) for character in text)


def cut(text: str, limit: int) -> str:
    """The longest prefix within ``limit`` bytes, in whole characters."""
    used = 0
    for place, character in enumerate(text):
        used += carrier_bytes(character)
        if used > limit:
            return text[:place].rstrip()
    return text


def sms_of(message: Message, note: str = "", possible_repeat: bool = False) -> Sms:
    """SMS if title and note are all and fit into 90 bytes, else LMS with a title.

    The footer is left out where it alone would turn the SMS into an LMS, which costs more.
    """
    lines = [carrier_text(line.text).strip() for line in lines_of(message, note, possible_repeat, footer=False)]
    whole, footer = "\n".join(filter(None, lines)), carrier_text(message.footer).strip()
    signed = f"{whole}\n{footer}" if footer else whole
    if carrier_bytes(whole) <= SMS_BYTES:
        return Sms("SMS", signed if carrier_bytes(signed) <= SMS_BYTES else whole)
    if carrier_bytes(signed) > LMS_BYTES:
        signed = "\n".join(filter(None, (cut(whole, LMS_BYTES - carrier_bytes(f"\n{footer}")), footer)))
    return Sms("LMS", signed, cut(carrier_text(headline(message, False)), TITLE_BYTES))


class AligoNotifier(HttpNotifierSettings):
    """SMS through Aligo (Korea)."""

    key: SecretText = setting(doc="API key", min_length=1, example="${ALIGO_KEY}")
    user_id: str = setting(doc="account", min_length=1, example="account")
    sender: PhoneNumber = setting(doc="registered sender number", example="021234567")
    receivers: list[PhoneNumber] = setting(doc="phone numbers, one an entry", min_length=1, max_length=1000, example=["01012345678"])
    allowed_addresses: list[str] = setting(
        default=[], doc="further numbers to which messages by hand may go (POST /api/notify), as patterns", example=["0101234*"]
    )
    api_url: BaseAddress = setting(default="https://apis.aligo.in", doc="base address of the API")
    test_mode: bool = setting(default=False, doc="accepted but not sent")
    low_balance: int = setting(default=0, doc="warn when fewer SMS remain; 0: do not query the balance")

    @property
    def address_kind(self) -> str:
        """The kind of its receivers' addresses."""
        return "phone"

    @property
    def addresses(self) -> list[str]:
        """The configured receivers."""
        return self.receivers

    def sent_to(self, address: str) -> AligoNotifier:
        """The settings with another number. Raises ValueError for an invalid Korean phone number."""
        return replace(self, receivers=[phone_number(address)])


class Aligo:
    """Sender to a list of receivers; the id is Aligo's message id."""

    def __init__(self, settings: AligoNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self.low_balance = settings.low_balance
        self.receivers = tuple(dict.fromkeys(settings.receivers))
        self._settings = settings
        self._clock = clock
        self._key = settings.key.reveal()
        self._http = HttpClient(settings.timeout, [self._key], settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Send one SMS or LMS per receiver; returns the ids of accepted ones.

        One request for all receivers would return how many failed, not which. Raises SendError, and PartlySent where results
        differ; receivers beyond the time limit are left for the next try.
        """
        receivers = receivers_of(message, self.receivers, self._settings.allowed_addresses)
        sms = sms_of(message, note, possible_repeat)
        deadline = asyncio.get_running_loop().time() + self.timeout
        taken: dict[str, str] = {}
        failures: dict[str, SendError] = {}
        for place, receiver in enumerate(receivers):
            try:
                taken[receiver] = await self._send_one(sms, receiver, deadline - asyncio.get_running_loop().time())
            except SendError as error:
                failures[receiver] = error
                if not error.answered:  # no answer for one receiver: the others are not tried either
                    failures |= dict.fromkeys(receivers[place + 1 :], SendError(error.reason))
                    break
        if failures:
            raise failure_of(taken, failures)
        return " ".join(dict.fromkeys(taken.values()))

    async def _send_one(self, sms: Sms, receiver: str, remaining: float) -> str:
        if remaining <= 0:
            raise SendError(f"not tried in {self.timeout:g}s")
        form = {"sender": self._settings.sender, "receiver": receiver, "msg": sms.text, "msg_type": sms.kind}
        if sms.title:
            form["title"] = sms.title
        if self._settings.test_mode:
            form["testmode_yn"] = "Y"
        result = self._result(await self._post("/send/", form, remaining))
        ident = str(result.get("msg_id", ""))
        if (_number(result.get("error_cnt")) or 0) > 0:
            raise self._http.error(f"the carrier did not accept it (msg_id {ident})", permanent=True, answered=True)
        return ident

    async def balance(self) -> int:
        """Number of SMS left. Raises SendError."""
        result = self._result(
            await self._post("/remain/", {"userid": self._settings.user_id})
        )  # older documentation spells user_id this way
        count = _number(result.get("SMS_CNT"))
        if count is None:
            raise self._http.error("the answer has no SMS_CNT")
        return count

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _post(self, path: str, form: dict[str, str], time_limit: float | None = None) -> ApiAnswer:
        content = urlencode({"key": self._key, "user_id": self._settings.user_id, **form}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": USER_AGENT}
        return await self._http.post(self._settings.api_url.rstrip("/") + path, content=content, headers=headers, time_limit=time_limit)

    def _result(self, answer: ApiAnswer) -> dict[str, object]:
        self._http.judge(answer, self._clock.wall_ms() / 1000)
        result = answer.json()
        code = _number((result or {}).get("result_code"))
        if result is None or code is None:
            reason = f"not Aligo's answer: {answer.text}" if answer.complete else "the answer was cut off"
            raise self._http.error(reason, maybe_delivered=True)
        if code < 1:
            raise self._http.error(f"Aligo refused: {result.get('message') or 'no reason given'} ({code})", permanent=True, answered=True)
        return result


def _width(character: str) -> int:
    """Bytes of a character in CP949; 0 for characters it lacks (they would arrive as "?")."""
    try:
        return len(character.encode("cp949"))
    except UnicodeEncodeError:
        return 0


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
