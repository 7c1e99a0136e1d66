"""Background tasks whose end or failure does not end the others of their TaskGroup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

log = logging.getLogger(__name__)


async def isolated(work: Awaitable[None]) -> None:
    """Run a task of a group so that its own cancellation (by a reload) ends only itself, and its failure is only logged."""
    try:
        await work
    except asyncio.CancelledError:
        return
    except Exception:
        log.exception("a background task failed")
