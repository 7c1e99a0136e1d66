"""One entry is one receiver: what people write is understood, or refused with what to write instead."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.config.receivers import Mailbox, chat_id, mailbox, phone_number


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ops@example.com", "", "ops@example.com"),
        ("  Ops <ops@example.com> ", "Ops", "ops@example.com"),
        ("Müller, Jörg <b@example.com>", "Müller, Jörg", "b@example.com"),
        ('"Kim, Minsu" <kim@example.com>', "Kim, Minsu", "kim@example.com"),
        ("ops@bücher.example", "", "ops@xn--bcher-kva.example"),
        ("당직 <a@한글.한국>", "당직", "a@xn--bj0bj06e.xn--3e0b707e"),
        ("root@localhost", "", "root@localhost"),
        ("x@[192.0.2.1]", "", "x@[192.0.2.1]"),
        ('"a,b"@example.com', "", '"a,b"@example.com'),
    ],
)
def test_mail_addresses_are_understood(text: str, name: str, address: str) -> None:
    """Names may hold commas and any letter; domains are IDNA-encoded."""
    assert mailbox(text) == Mailbox(name, address)


@pytest.mark.parametrize(
    ("read", "value", "advice"),
    [
        (mailbox, "a@example.com, b@example.com", "as an entry of its own"),
        (mailbox, "a@example.com; b@example.com", "as an entry of its own"),
        (mailbox, "A <a@example.com>, B <b@example.com>", "as an entry of its own"),
        (mailbox, ";", "has no domain"),
        (mailbox, "", "an address is wanted"),
        (mailbox, "root", "root@localhost"),
        (mailbox, "jörg@example.com", "SMTPUTF8"),
        (mailbox, "a@ex ample.com", "not a domain"),
        (mailbox, "a b@example.com", "not a mail address"),
        (mailbox, "a@example.com\r\nBcc: b@example.com", "line break"),
        (phone_number, "01012345678,01087654321", "as an entry of its own"),
        (phone_number, "", "01012345678"),
        (phone_number, "+1 555 123 4567", "not a Korean phone number"),
        (chat_id, "-100123,-100456", "a notifier for each"),
        (chat_id, "", "neither"),
        (chat_id, "team", "neither"),
    ],
)
def test_what_is_no_single_receiver_is_refused(read: Callable[[Any], object], value: str, advice: str) -> None:
    """Today's fault: the first of several got the message, the others nothing, and it was called sent."""
    with pytest.raises(ValueError, match=advice):
        read(value)


def test_phone_numbers_and_chats_in_every_usual_spelling() -> None:
    """Hyphens, spaces and the country's prefix are read; chats are numbers or @names."""
    assert {phone_number(text) for text in ("010-1234-5678", "+82 10-1234-5678", "01012345678", "(010) 1234 5678")} == {"01012345678"}
    assert [chat_id(value) for value in (-100123, "-100123", "@ops_team")] == [-100123, "-100123", "@ops_team"]


@given(st.text(max_size=40))
def test_an_accepted_mailbox_is_one_line_of_ascii(text: str) -> None:
    """Whatever comes in, nothing but ValueError comes out, and an address that is taken can be sent in RCPT TO."""
    with contextlib.suppress(ValueError):
        address = mailbox(text).address
        assert address.isascii() and address.isprintable() and "@" in address
