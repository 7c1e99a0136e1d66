"""The believable past of the example checks: latencies that jitter, few short troubles, whole outages since they began."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tui_monitor.board.strip import SlotSamples, Strip, strip
from tui_monitor.board.values import Board, CheckView, Window
from tui_monitor.core.values import HealthStatus

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DOWN, SLOW = 2.0, 1.0
EPISODES = {
    "payments": ((14.0, 12.4, DOWN), (1010.0, 1003.0, DOWN)),
    "search": ((47.0, 39.0, SLOW),),
    "reports": ((54.0, 49.5, SLOW), (1493.0, 1470.0, SLOW)),
    "inventory": ((31.0, 28.6, SLOW),),
    "db": ((412.0, 409.0, DOWN),),
    "api": ((412.0, 408.0, SLOW), (2890.0, 2881.0, DOWN)),
    "login": ((7200.0, 7188.0, DOWN),),
    "cdn": ((633.0, 601.0, SLOW),),
    "orders": ((25.0, 22.0, SLOW),),
}
"""By check: when trouble began and ended (minutes before now), and its check_health."""
NEW = {"orders": 9, "webhooks-in": 21}
"""Checks that are only so many days old."""
JITTER, SPIKES, SLOWER = 0.3, 0.03, 6.0
"""Latencies differ by this share; as often one is nearly twice the usual; in an episode they are so many times the usual."""


def noise(*parts: int) -> float:
    """A number of 0 to 1 that looks random, the same for the same parts."""
    found = 0x9E3779B9
    for part in parts:
        found = ((found ^ part) * 0x85EBCA6B + (found >> 13)) & 0xFFFFFFFF
        found ^= found >> 16
    return found / 0x100000000


def seed_of(name: str) -> int:
    """A number for a name."""
    return sum(ord(letter) * (31 + place) for place, letter in enumerate(name))


def latency(name: str, usual: float, at: int, every: int = 10_000) -> float:
    """The latency of a check (s) at a moment (UTC ms), which changes ``every`` so many ms."""
    number, seed = at // every, seed_of(name)
    spike = 0.9 if noise(seed, number, 3) < SPIKES else 0.0
    return usual * (1 - JITTER / 2 + JITTER * noise(seed, number, 1) + spike)


def windows(name: str, status: HealthStatus, seconds: float, since: int, now: int) -> dict[str, Window]:
    """The windows 5m, 1h and 24h of a check: uptimes that fit its past."""
    lost = sum(begin - end for begin, end, health in EPISODES.get(name, ()) if health == DOWN and begin < 1440)
    ill = (now - since) / MINUTE if status is HealthStatus.UNHEALTHY else 0.0
    tail = 2.2 + noise(seed_of(name), 5)

    def window(minutes: float) -> Window:
        down = min(minutes, ill) + (lost if minutes > 1000 else 0.0)
        return Window(seconds * 0.96, seconds * (1.3 + noise(seed_of(name), 4) / 2), seconds * tail, max(0.0, 1 - down / minutes))

    return {"5m": window(5), "1h": window(60), "24h": window(1440)}


def sample_strip(board: Board, name: str, bounds: Sequence[int], level: bool = False) -> Strip:
    """The strip of a check of an example board."""
    check = next((one for one in board.checks if one.name == name), None)
    samples = [_slot(check, board.at, begin, end) for begin, end in pairwise(bounds)]
    return strip(bounds, samples, level=level)


def _slot(check: CheckView | None, now: int, begin: int, end: int) -> SlotSamples:
    if check is None or check.status is HealthStatus.UNKNOWN or begin < now - NEW.get(check.name, 86) * DAY:
        return SlotSamples()
    ill = check.status is not HealthStatus.HEALTHY and end > check.since
    health = float(check.status.exit_code) if ill else past_health(check.name, now, begin, end)
    part = max(0.0, 1 - 3 * MINUTE / (end - begin)) if end - begin > 3 * MINUTE else 0.0
    usual = check.duration
    seconds = (
        None
        if usual is None
        else latency(check.name, usual, begin, end - begin) * (SLOWER if health == SLOW and not ill else 2.6 if ill else 1.0)
    )
    return SlotSamples(health, part if health == DOWN else 1.0, seconds)


def past_health(name: str, now: int, begin: int, end: int) -> float:
    """The worst check_health of a check between two moments before ``now`` (UTC ms)."""
    ago, until = (now - begin) / MINUTE, (now - end) / MINUTE
    found = [health for since, over, health in EPISODES.get(name, ()) if since > until and over < ago]
    return max(found, default=0.0)
