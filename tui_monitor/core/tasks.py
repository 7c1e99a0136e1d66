"""Background tasks of which one that ends or breaks leaves its siblings alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

log = logging.getLogger(__name__)


async def quietly(work: Awaitable[None]) -> None:
    """A loop that is cancelled alone (reload), or that breaks, must not end its siblings."""
    try:
        await work
    except asyncio.CancelledError:
        return
    except Exception:
        log.exception("a background task broke")
