"""The fuzzer itself: a small run of every target finds nothing, and with a guard switched off it finds what the guard had stopped."""

from __future__ import annotations

import random

import pytest

from fuzz.engine import Run, TooSlow, attempt
from fuzz.fences import unfenced
from fuzz.mutation import Mutator
from fuzz.target import Target
from fuzz.targets import all_targets

TARGETS = all_targets()
SMOKE = 200
ROUNDS = 12
"""Small runs within which every planted fault is found; most take one."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_small_run_finds_nothing(name: str) -> None:
    """200 inputs of each target stay within the reader's stated boundary."""
    report = Run(TARGETS[name]).run(SMOKE, 1)
    assert not report.escapes
    assert report.inputs >= SMOKE and report.accepted + report.refused == report.inputs


@pytest.mark.parametrize("name", TARGETS)
def test_a_fault_is_found_where_a_fence_is_switched_off(name: str) -> None:
    """Without one of the reader's guards the run reports an escape with its place and an input."""
    target = TARGETS[name]
    with target.fence():
        reports = (Run(target).run(SMOKE, seed) for seed in range(1, ROUNDS))
        found = next((report.escapes for report in reports if report.escapes), ())
    assert found and found[0].place and found[0].input


def _guarded(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def test_the_smallest_failing_input_is_told() -> None:
    """Of a long input that fails, only what makes it fail is left."""
    target = Target(
        name="none", kind="text", call=lambda text: 1 // (0 if "x" in text else 1) > 0, fence=lambda: unfenced(_guarded), words=("axb" * 9,)
    )
    report = Run(target).run(300, 1)
    assert [escape.input for escape in report.escapes] == ["'x'"]


def test_equal_seeds_give_equal_inputs() -> None:
    """A run can be repeated: all randomness comes from the seed that is printed."""
    target = TARGETS["stored-board"]
    first, second = (Mutator(random.Random(7), target.corpus(), target) for _ in range(2))
    assert [first.next() for _ in range(50)] == [second.next() for _ in range(50)]


def test_an_input_that_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is CPU time, and no guard of the reader can swallow it."""
    monkeypatch.setattr("fuzz.engine.TIME_BOUND", 0.05)

    def endless(_: str) -> bool:
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: BLE001  such as a reader might have
                continue

    report = Run(Target(name="none", kind="text", call=endless, fence=lambda: unfenced(_guarded))).run(1, 1)
    assert [escape.error for escape in report.escapes] == [TooSlow.__name__]


def test_a_fence_is_back_after_the_block() -> None:
    """Code without its except clause is exchanged for the time of the block only."""
    with unfenced(_guarded), pytest.raises(ValueError, match="invalid literal"):
        _guarded("x")
    assert _guarded("x") == 0


def test_an_attempt_answers_with_what_escaped() -> None:
    """Any exception, also one that is no Exception, is an answer and ends nothing."""

    class Panic(BaseException):
        pass

    def panics(_: str) -> bool:
        raise Panic

    target = Target(name="none", kind="text", call=panics, fence=lambda: unfenced(_guarded))
    assert isinstance(attempt(target, ""), Panic)
