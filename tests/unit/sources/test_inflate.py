"""Compressed bodies: members, raw deflate, bombs, broken data, and that the event loop is served meanwhile."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from itertools import islice

import pytest

from tui_monitor.sources.http.exchange import Answer, BadAnswer, beginning, decoded
from tui_monitor.sources.http.inflate import PIECE, BadCompression, inflate

TEXT = b"".join(b"line %d\n" % number for number in range(50_000))


def raw_deflate(data: bytes) -> bytes:
    """A deflate stream without zlib's header."""
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


def answer(body: bytes, encoding: str = "gzip", *, cut: bool = False) -> Answer:
    """What an exchange gives."""
    return Answer(200, "HTTP/1.1", [("content-encoding", encoding)], body, cut, False)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "x-gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (gzip.compress(TEXT), "deflate"),
        (b"".join(gzip.compress(TEXT[start : start + 99_999]) for start in range(0, len(TEXT), 99_999)), "gzip"),
        (gzip.compress(TEXT) + b"\0" * 512, "gzip"),
        (gzip.compress(TEXT) + b"garbage", "gzip"),
    ],
    ids=["gzip", "x-gzip", "zlib", "raw", "gzip-as-deflate", "members", "padding", "garbage-behind"],
)
def test_what_servers_send_is_read(data: bytes, encoding: str) -> None:
    """Each form gives the text, in pieces of at most 64 KiB; several gzip members follow each other."""
    pieces = list(inflate(data, encoding))
    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b"hello", "gzip", "body is not valid gzip, which its header declares"),
        (b"hello", "deflate", "body is not valid deflate, which its header declares"),
        (gzip.compress(TEXT)[:-9], "gzip", "body is gzip that is cut short"),
        (gzip.compress(TEXT)[:5000], "x-gzip", "body is gzip that is cut short"),
        (gzip.compress(b"a") + gzip.compress(b"b")[:-1], "gzip", "body is gzip that is cut short"),
        (gzip.compress(TEXT)[:-8] + b"\0" * 8, "gzip", "body is not valid gzip, which its header declares"),
    ],
    ids=["text", "text-as-deflate", "no-end", "half", "second-member", "checksum"],
)
def test_broken_data_is_told(data: bytes, encoding: str, reason: str) -> None:
    """What is not compressed, ends too early or has a wrong checksum is a fault with its reason."""
    with pytest.raises(BadCompression, match=reason):
        list(inflate(data, encoding))


def test_a_bomb_is_inflated_only_as_far_as_it_is_asked_for() -> None:
    """A gigabyte in a megabyte costs one piece for each step taken."""
    part = zlib.compressobj(wbits=31)
    bomb = b"".join(part.compress(bytes(2**20)) for _ in range(64)) + part.flush()
    assert [len(piece) for piece in islice(inflate(bomb, "gzip"), 3)] == [PIECE] * 3


async def test_the_loop_is_served_while_a_body_is_inflated() -> None:
    """Another task runs many times while a bomb is inflated up to the limit."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    body, cut = await decoded(answer(gzip.compress(bytes(2**27), 1)), 2**26)
    task.cancel()
    assert (len(body), cut) == (2**26, True)
    assert turns > 3


async def test_the_limit_counts_decoded_bytes() -> None:
    """Exactly the limit is not cut; one byte more is; a body that our own limit cut may end anywhere."""
    packed = gzip.compress(TEXT)
    assert await decoded(answer(packed), len(TEXT)) == (TEXT, False)
    assert await decoded(answer(packed), len(TEXT) - 1) == (TEXT[:-1], True)
    body, cut = await decoded(answer(packed[:5000], cut=True), len(TEXT))
    assert cut and body and TEXT.startswith(body)
    with pytest.raises(BadAnswer, match="cut short"):
        await decoded(answer(packed[:5000]), len(TEXT))
    with pytest.raises(BadAnswer, match="not understood"):
        await decoded(answer(packed, "br"), 100)


def test_an_excerpt_takes_few_steps() -> None:
    """The beginning is there at once; thousands of empty members give nothing rather than hold the loop."""
    assert beginning(answer(gzip.compress(TEXT)), 100) == TEXT[:100]
    assert beginning(answer(gzip.compress(b"") * 5000 + gzip.compress(b"x")), 100) == b""
