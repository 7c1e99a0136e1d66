"""Bodies of requests, bounded before and after they are inflated."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from tui_monitor.serving.answers import ApiError

MOST_BODY = 4 * 2**20
MOST_FIELDS = 1000
DISCARD_S = 2.0
_STEP = 64 * 1024


async def body_of(request: Request, limit: int = MOST_BODY) -> bytes:
    """The whole body, inflated where it is gzip or deflate. Raises ApiError 413, 415, 400."""
    if int(request.headers.get("content-length") or 0) > limit:
        await _discard(request)
        raise _too_large(limit)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "deflate"):
        raise ApiError(415, f'the content encoding "{coding[:40]}" is not known; gzip, deflate or none')
    inflate = zlib.decompressobj(wbits=47) if coding in ("gzip", "deflate") else None  # 47: gzip or zlib, as its head says
    whole = bytearray()
    try:
        async for piece in request.stream():
            if inflate is None:
                whole += piece
            while inflate is not None and piece:
                whole += inflate.decompress(piece, _STEP)
                piece = inflate.unconsumed_tail
                if len(whole) > limit:
                    break
            if len(whole) > limit:
                await _discard(request)
                raise _too_large(limit)
    except zlib.error:
        raise ApiError(400, f"the body is not {coding}") from None
    except ClientDisconnect:
        raise ApiError(400, "the body ended early") from None
    if inflate is not None and not inflate.eof:
        raise ApiError(400, f"the body's {coding} is cut short")
    return bytes(whole)


async def _discard(request: Request) -> None:
    """Read what a sender has on its way, a moment long: closed before, the system would reset the connection and the answer be lost."""
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(DISCARD_S):
            async for _ in request.stream():
                pass


def _too_large(limit: int) -> ApiError:
    return ApiError(413, f"the body is larger than {limit} bytes", headers={"connection": "close"})


async def json_of(request: Request, limit: int = MOST_BODY) -> Any:
    """The body as JSON. Raises ApiError."""
    return parsed_json(await body_of(request, limit))


def parsed_json(raw: bytes) -> Any:
    """JSON. Raises ApiError 400."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ApiError(400, "the body is not JSON") from None


def pairs_of(text: str) -> list[tuple[str, str]]:
    """The fields of a query string or form. Raises ApiError."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise ApiError(400, f"the parameters are not UTF-8, or more than {MOST_FIELDS}") from None


async def parameters_of(request: Request) -> list[tuple[str, str]]:
    """The parameters of the address and, of a POST, of the form in its body. Raises ApiError."""
    pairs = pairs_of(request.url.query)
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        raw = await body_of(request)
        if raw and kind != "application/x-www-form-urlencoded":
            raise ApiError(415, "a form (application/x-www-form-urlencoded) is wanted")
        try:
            pairs += pairs_of(raw.decode())
        except UnicodeDecodeError:
            raise ApiError(400, "the form is not UTF-8") from None
    return pairs
