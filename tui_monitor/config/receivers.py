"""Parsers of receivers: mailboxes, phone numbers, Telegram chats. One entry of a list is one receiver.

Standard library only, apart from `idna` for a domain that is not ASCII. Every function raises ValueError with what to change.
"""

from __future__ import annotations

import re

from tui_monitor.core.frozen import frozen

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|\"(?:[ !#-\[\]-~]|\\[ -~])*\"")
"""RFC 5321, 4.1.2: Dot-string or Quoted-string."""
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 253
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_SEVERAL = re.compile(r"[,;]")


@frozen
class Mailbox:
    """One mail receiver or sender; ``address`` is ASCII (the domain IDNA-encoded), ``name`` is shown beside it, often ""."""

    name: str
    address: str


def mailbox(text: str) -> Mailbox:
    """Read "ops@example.com" or "Müller, Jörg <ops@bücher.example>"."""
    if _CONTROL.search(text):
        raise ValueError("a control character or a line break stands in the address")
    named = _NAMED.fullmatch(text.strip())
    name, address = (named["name"].strip().strip('"').strip(), named["address"].strip()) if named else ("", text.strip())
    if not address:
        raise ValueError("an address is wanted, for example ops@example.com")
    if "@" in name or text.count("<") > 1 or (_SEVERAL.search(address) and address.count("@") > 1):
        raise ValueError(f'"{text}" is several addresses; write each as an entry of its own: ["a@example.com", "b@example.com"]')
    local, _, domain = address.rpartition("@")
    if not local:
        raise ValueError(f'"{address}" has no domain; write for example {address}@localhost')
    if not local.isascii():
        raise ValueError(f'"{address}": before the @ only ASCII is possible (another one needs SMTPUTF8, which many servers lack)')
    if len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError(f'"{address}" is not a mail address')
    return Mailbox(name, f"{local}@{ascii_domain(domain)}")


def ascii_domain(domain: str) -> str:
    """The domain as DNS and SMTP require it: "bücher.example" is "xn--bcher-kva.example" (IDNA 2008); an address literal stays."""
    if _LITERAL.fullmatch(domain):
        return domain
    encoded = domain
    if not domain.isascii():
        import idna  # loaded late (15 ms): only names beyond ASCII need it

        try:
            encoded = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as error:
            raise ValueError(f'"{domain}" is not a domain: {error}') from None
    if len(encoded) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(encoded):
        raise ValueError(f'"{domain}" is not a domain')
    return encoded


def phone_number(text: str) -> str:
    """The digits of one Korean number: "010-1234-5678" and "+82 10 1234 5678" are "01012345678"."""
    if _SEVERAL.search(text):
        raise ValueError(f'"{text}" is several numbers; write each as an entry of its own: ["01012345678", "01087654321"]')
    digits = re.sub(r"[\s().-]", "", text)
    if digits.startswith("+82"):
        digits = f"0{digits[3:].removeprefix('0')}"
    if not re.fullmatch(r"[0-9]{8,12}", digits):
        raise ValueError(f'"{text}" is not a Korean phone number; write for example 01012345678')
    return digits


def chat_id(value: str | int) -> str | int:
    """One Telegram chat as the Bot API takes it: a number, or @name of a public channel or group."""
    if isinstance(value, int):
        return value
    if not _CHAT.fullmatch(value):
        several = "several chats; make a notifier for each" if _SEVERAL.search(value) else "neither a chat's number nor @name"
        raise ValueError(f'"{value}" is {several}')
    return value
