"""Many small questions to the engine side by side, over a few connections and within a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from tui_monitor.sources.docker.engine import Engine
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.net.slices import Pause


async def ask_each(
    make: Callable[[], Engine],
    questions: Sequence[tuple[str, str]],
    take: Callable[[str, Answer], None],
    *,
    workers: int,
    max_body: int,
    limit: float,
) -> bool:
    """Ask (key, target) after another and hand each answer to ``take(key, answer)``; whether all were asked in ``limit`` seconds.

    Raises Failure or OwnTrouble of the first that fails. A worker has a connection of its own, closed at the end.
    """
    waiting = iter(questions)
    try:
        async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
            for _ in range(min(workers, len(questions))):
                group.create_task(_work(make(), waiting, take, max_body))
    except TimeoutError:
        return False
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return True


async def _work(engine: Engine, waiting: Iterator[tuple[str, str]], take: Callable[[str, Answer], None], max_body: int) -> None:
    pause = Pause()
    try:
        for key, target in waiting:
            take(key, await engine.get(target, max_body))
            await pause.when_due()
    finally:
        engine.close()
