"""Runs one target: hypothesis first, whose failures shrink best, then mutated seeds; counts, and the smallest failing input."""

from __future__ import annotations

import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from fuzz.mutation import BYTES, NUMBERS, WORDS, Mutator
from fuzz.target import Escape, Report, Target

TIME_BOUND = 2.0
"""CPU seconds of one input: more is a failure."""
BY_HYPOTHESIS = 0.1
"""The share of hypothesis where mutation does the rest: it makes 500 to 2,000 inputs a second, mutation 10 times as many."""
_BATCH = 1000
_MOST_ESCAPES = 5
_SHRINK_STEPS, _SLOW_STEPS = 400, 8
_SHOWN = 400
_PROGRAM = Path(__file__).parents[1] / "tui_monitor"


class TooSlow(BaseException):
    """One input took more CPU than the bound; no ``except Exception`` can swallow it."""


class _Escaped(Exception):
    """Raised for hypothesis where an input failed."""


class Run:
    """One run of one target. ``note`` is called with every input before it is tried, for a crash of the whole process."""

    def __init__(self, target: Target, note: Callable[[Any], None] = lambda _: None) -> None:
        self._target = target
        self._note = note
        self._inputs = self._accepted = self._refused = 0
        self._escapes: dict[tuple[str, str], Escape] = {}

    def run(self, inputs: int, number: int) -> Report:
        """Try so many inputs; ``number`` seeds all randomness."""
        began = time.process_time()
        with _time_bound():
            self._by_hypothesis(inputs if self._target.kind == "values" else int(inputs * BY_HYPOTHESIS), number)
            if self._target.kind != "values":
                self._by_mutation(inputs, number)
        spent = round(time.process_time() - began, 1)
        return Report(self._target.name, self._inputs, self._accepted, self._refused, spent, tuple(self._escapes.values()))

    def _by_mutation(self, inputs: int, number: int) -> None:
        corpus = self._target.corpus()
        texts: list[Any] = [seed if self._target.kind == "bytes" else seed.decode("utf-8", "replace") for seed in corpus]
        mutator = Mutator(random.Random(number), corpus, self._target)
        for count in range(max(0, inputs - self._inputs)):
            value = texts[count] if count < len(texts) else mutator.next()
            if (found := self._try(value)) is not None:
                self._record(found, value)

    def _by_hypothesis(self, inputs: int, number: int) -> None:
        """Run hypothesis in batches with their own seeds: a failure ends a batch, and one batch of 50,000 would store all inputs."""
        strategy = self._target.strategy() if self._target.strategy else _tokens(self._target)
        batch = 0
        while self._inputs < inputs and len(self._escapes) < _MOST_ESCAPES:
            batch += 1
            before = self._inputs
            failed = self._batch(strategy, min(_BATCH, inputs - self._inputs), 1000 * number + batch)
            if failed:
                self._record(*failed[-1])  # the last one is the smallest
            elif self._inputs == before:
                raise RuntimeError(f"{self._target.name}: hypothesis makes no inputs")

    def _batch(self, strategy: SearchStrategy[Any], inputs: int, number: int) -> list[tuple[BaseException, Any]]:
        """The inputs of one batch that failed in a new way, in the order in which hypothesis tried them."""
        failed: list[tuple[BaseException, Any]] = []

        def one(value: Any) -> None:
            found = self._try(value)
            if isinstance(found, TooSlow):  # shrinking would take as long for every step
                self._record(found, value)
            elif found is not None and _key(found) not in self._escapes and (not failed or _key(found) == _key(failed[0][0])):
                failed.append((found, value))
                raise _Escaped

        settled = settings(
            database=None, max_examples=inputs, deadline=None, phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False, verbosity=Verbosity.quiet,
        )  # fmt: skip
        with suppress(_Escaped, Flaky):
            seed(number)(settled(given(strategy)(one)))()
        return failed

    def _try(self, value: Any) -> BaseException | None:
        self._note(value)
        self._inputs += 1
        error = attempt(self._target, value)
        if isinstance(error, BaseException):
            return error
        self._accepted += error
        self._refused += not error
        return None

    def _record(self, error: BaseException, value: Any) -> None:
        key = _key(error)
        if key in self._escapes or len(self._escapes) >= _MOST_ESCAPES:
            return
        smallest = value if self._target.kind == "values" else self._shrunk(value, key)
        self._escapes[key] = Escape(key[0], key[1], repr(smallest)[:_SHOWN])

    def _shrunk(self, value: Any, key: tuple[str, str]) -> Any:
        """The input with every part taken away that is not needed, halves first; at most 400 attempts, 8 where each takes seconds."""
        steps, size = 0, max(1, len(value) // 2)
        most = _SLOW_STEPS if key[0] == TooSlow.__name__ else _SHRINK_STEPS
        while size and steps < most:
            at = 0
            while at < len(value) and steps < most:
                shorter = value[:at] + value[at + size :]
                steps += 1
                found = attempt(self._target, shorter)
                if isinstance(found, BaseException) and _key(found) == key:
                    value = shorter
                else:
                    at += size
            size //= 2
        return value


def attempt(target: Target, value: Any) -> bool | BaseException:
    """Whether the input was accepted, or what escaped. Ctrl-C goes through."""
    signal.setitimer(signal.ITIMER_PROF, TIME_BOUND)
    try:
        return bool(target.call(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the boundary: a panic of a native library is no Exception
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def _time_bound() -> Iterator[None]:
    def too_slow(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, too_slow)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _key(error: BaseException) -> tuple[str, str]:
    """The kind of error and the program's innermost line that it passed; of what is too slow the outermost, as the innermost varies."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(_PROGRAM))]
    if not frames:
        return type(error).__name__, str(error)[:200]
    frame = frames[0] if isinstance(error, TooSlow | RecursionError | MemoryError) else frames[-1]
    return type(error).__name__, f"{Path(frame.filename).relative_to(_PROGRAM.parent)}:{frame.lineno} {frame.name}"


def _tokens(target: Target) -> SearchStrategy[Any]:
    """Runs of the format's own words, hostile ones, and any characters."""
    words = [*target.words, *target.words, *WORDS, *NUMBERS]
    if target.kind == "bytes":
        parts = [word.encode("utf-8", "surrogatepass") for word in words] + list(BYTES)
        return st.lists(st.sampled_from(parts) | st.binary(max_size=8), max_size=12).map(b"".join)
    return st.lists(st.sampled_from(words) | st.text(max_size=6), max_size=12).map("".join)
