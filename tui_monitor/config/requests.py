"""Validators of parts of HTTP requests: headers, tokens, base addresses. Every function raises ValueError with advice.

Otherwise a fault would only appear at the first alert, as "bad request".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token of RFC 9110, 5.6.2."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = {"content-length", "transfer-encoding", "connection", "host"}
"""Headers that frame or address the message; we set them, and another value would break the exchange."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""source: docs.ntfy.sh, publish."""


def header_fields(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers as they are, where every one can be sent."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f'"{name}" is not a header\'s name: no spaces, no colon, only ASCII')
        if name.lower() in _OURS:
            raise ValueError(f"{name} is set by the program itself; leave it out")
        if _CONTROL.search(value) or value != value.strip(" \t"):
            raise ValueError(f"the value of {name} holds a line break or control character, or begins or ends with a space")
    return headers


def token(text: str) -> str:
    """A token for headers and addresses; messages never contain it."""
    if not _TOKEN.fullmatch(text):
        raise ValueError("a token is ASCII without spaces and line breaks; copy it again")
    return text


def telegram_token(text: str) -> str:
    """A bot's token; it is part of an address, so it contains none of its delimiters."""
    if re.search(r"[?#\\]|\.\.|//", token(text)):
        raise ValueError("not a bot's token; it looks like 123456:ABC-DEF, as @BotFather shows it")
    return text


def ntfy_server(url: str) -> str:
    """The address of an ntfy server, without a path: a path would be a topic, which has a key of its own."""
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment:
        name = parts.path.strip("/").partition("/")[0]
        raise ValueError(f'the address of the server alone is wanted; the topic has its own key: topic = "{name or "my-alerts"}"')
    return url


def ntfy_topic(text: str) -> str:
    """One topic: a name, not an address or a list."""
    if not _TOPIC.fullmatch(text):
        raise ValueError(f'"{text}" is not a topic: up to 64 letters, digits, - and _')
    return text


def base_address(url: str) -> str:
    """The base address of an API: without query, fragment and the API's own path."""
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError('the base address is wanted: without "?" and "#"')
    if own := re.search(r"/(api/v[12]/alerts|bot\d+:.*|send)/?$", parts.path):
        raise ValueError(f"the base address is wanted; leave /{own[1].partition(':')[0]} out")
    return url


def program_arguments(argv: list[str]) -> list[str]:
    """Program and arguments that an operating system can start."""
    if not argv[0].strip():
        raise ValueError("the first word is the program; it is empty")
    if any("\0" in word for word in argv):
        raise ValueError("a NUL character stands in an argument")
    return argv
