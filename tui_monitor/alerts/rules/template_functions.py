"""Functions that templates may call, with the formats of Prometheus and Go (prometheus/template/template.go, Go's fmt)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tui_monitor.platform.regex import compile_regex
from tui_monitor.promql.durations import parse_duration


def text_of(value: object) -> str:
    """A value as Go's %v prints it: 1e+06, 0.95, true, NaN, +Inf; nothing for what is not there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{text_of(value[key])}' for key in sorted(value))}]"
    return go_float(value) if isinstance(value, float) else str(value)


def go_float(value: float) -> str:
    """The shortest text of a float, with an exponent from 1e+06 and below 1e-04 as in Go's %v."""
    if not math.isfinite(value):
        return _endless(value)
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, last = Decimal(repr(value)).normalize().as_tuple()
    exponent = len(digits) - 1 + int(last)
    if -5 < exponent < 6:
        return repr(value).removesuffix(".0")
    text = "".join(map(str, digits))
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def number(value: object) -> float:
    """A template function's argument as a number; ValueError for a text that is none."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f'"{value}" is not a number') from None


def _endless(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _four(value: float) -> str:
    """%.4g as Go prints it."""
    return f"{value:.4g}" if math.isfinite(value) else _endless(value)


def _scaled(value: float, base: float, large: Sequence[str]) -> str:
    for prefix in ("", *large):
        if abs(value) < base or prefix == large[-1]:
            return _four(value) + prefix
        value /= base
    return _four(value)


def _small(value: float) -> tuple[float, str]:
    prefixes = ("", "m", "u", "n", "p", "f", "a", "z", "y")
    for prefix in prefixes:
        if abs(value) >= 1 or prefix == prefixes[-1]:
            return value, prefix
        value *= 1000
    return value, ""


def humanize(value: object) -> str:
    """1234567 → 1.235M, 0.002 → 2m."""
    amount = number(value)
    if amount == 0 or not math.isfinite(amount):
        return _four(amount)
    if abs(amount) >= 1:
        return _scaled(amount, 1000.0, ("k", "M", "G", "T", "P", "E", "Z", "Y"))
    amount, prefix = _small(amount)
    return _four(amount) + prefix


def humanize1024(value: object) -> str:
    """1048576 → 1Mi."""
    amount = number(value)
    if abs(amount) <= 1 or not math.isfinite(amount):
        return _four(amount)
    return _scaled(amount, 1024.0, ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"))


def humanize_percentage(value: object) -> str:
    """0.1234 → 12.34%."""
    return f"{_four(number(value) * 100)}%"


def humanize_duration(value: object) -> str:
    """Seconds: 90061 → 1d 1h 1m 1s, 12.3456 → 12.35s, 0.05 → 50ms."""
    amount = number(value)
    if not math.isfinite(amount):
        return _four(amount)
    if amount == 0:
        return "0s"
    if abs(amount) < 1:
        amount, prefix = _small(amount)
        return f"{_four(amount)}{prefix}s"
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    minutes, seconds = divmod(int(amount), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_four(amount)}s"


def humanize_timestamp(value: object) -> str:
    """Unix seconds: 1435065584.128 → 2015-06-23 13:19:44.128 +0000 UTC."""
    amount = number(value)
    if not math.isfinite(amount):
        return _four(amount)
    seconds, milliseconds = divmod(math.floor(amount * 1000), 1000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{_four(amount)} is no time that can be written") from None
    fraction = f".{milliseconds:03d}".rstrip("0") if milliseconds else ""
    return f"{moment.replace(tzinfo=None).isoformat(sep=' ')}{fraction} +0000 UTC"


def title(value: object) -> str:
    """Every word's first letter large."""
    return re.sub(r"(^|[^\w'])(\w)", lambda found: found[1] + found[2].upper(), text_of(value))


_VERB = re.compile(r"%([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%])")


def printf(template: object, *values: object) -> str:
    """Go's printf for %v %s %q %d %f %e %g %t %x and %%, with flags, width and precision."""
    remaining = list(values)

    def place(found: re.Match[str]) -> str:
        flags, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if not remaining:
            return f"%!{verb}(MISSING)"
        return _verb(flags, width, precision, verb, remaining.pop(0))

    text = _VERB.sub(place, text_of(template))
    return text + (f"%!(EXTRA {', '.join(text_of(value) for value in remaining)})" if remaining else "")


def _print(*values: object) -> str:
    """Go's print: a space between two operands of which neither is a string."""
    text = text_of(values[0])
    for before, value in pairwise(values):
        text += ("" if isinstance(before, str) or isinstance(value, str) else " ") + text_of(value)
    return text


def _verb(flags: str, width: str, precision: str | None, verb: str, value: object) -> str:
    if int(width or 0) > 1000 or int(precision or 0) > 1000:
        raise ValueError("a width over 1000")
    if verb in "feEgG":
        amount = number(value)
        if not math.isfinite(amount):
            return _endless(amount).rjust(int(width or 0))
        if verb in "gG" and precision is None:
            text = go_float(amount)
        else:
            return f"%{flags}{width}{'' if precision is None else '.' + precision}{verb}" % amount
    elif verb in "dx":
        return f"%{flags}{width}{verb}" % int(number(value))
    elif verb == "q":
        text = '"' + text_of(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    elif verb in "vst":
        text = text_of(value)
        text = text if precision is None or verb != "s" else text[: int(precision)]
    else:
        return f"%!{verb}({text_of(value)})"
    return text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0))


def _ordered(left: object, right: object) -> tuple[Any, Any]:
    if isinstance(left, int | float) or isinstance(right, int | float):
        return number(left), number(right)
    return text_of(left), text_of(right)


def _equal(first: object, *others: object) -> bool:
    return any(left == right for left, right in (_ordered(first, other) for other in others))


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    return lambda left, right: test(*_ordered(left, right))


def _and(*values: object) -> object:
    return next((value for value in values if not value), values[-1])


def _or(*values: object) -> object:
    return next((value for value in values if value), values[-1])


def _index(values: object, key: object) -> object:
    return values.get(text_of(key), "") if isinstance(values, Mapping) else ""


def _replace(pattern: object, replacement: object, value: object) -> str:
    """Go's Regexp.ReplaceAllString: $1, ${1}, $name; what names no group becomes empty."""
    return compile_regex(text_of(pattern)).replace(text_of(replacement), text_of(value)[:10_000])


def _strip_port(value: object) -> str:
    found = re.fullmatch(r"\[?([^\]]*?)\]?:\d+", text_of(value))
    return found[1] if found else text_of(value)


def _strip_domain(value: object) -> str:
    """web-1.example.org:9100 → web-1:9100; addresses stay."""
    host, colon, port = text_of(value).partition(":")
    plain = not colon or port.isdecimal()
    return host.split(".")[0] + colon + port if plain and not re.fullmatch(r"\d+(\.\d+){3}", host) else text_of(value)


FUNCTIONS: Mapping[str, tuple[Callable[..., object], int, int]] = {
    "humanize": (humanize, 1, 1),
    "humanize1024": (humanize1024, 1, 1),
    "humanizePercentage": (humanize_percentage, 1, 1),
    "humanizeDuration": (humanize_duration, 1, 1),
    "humanizeTimestamp": (humanize_timestamp, 1, 1),
    "title": (title, 1, 1),
    "toUpper": (lambda value: text_of(value).upper(), 1, 1),
    "toLower": (lambda value: text_of(value).lower(), 1, 1),
    "stripPort": (_strip_port, 1, 1),
    "stripDomain": (_strip_domain, 1, 1),
    "parseDuration": (lambda value: parse_duration(text_of(value)), 1, 1),
    "match": (lambda pattern, value: compile_regex(text_of(pattern)).is_in(text_of(value)[:10_000]), 2, 2),
    "reReplaceAll": (_replace, 3, 3),
    "printf": (printf, 1, 20),
    "print": (_print, 1, 20),
    "len": (lambda value: len(value) if isinstance(value, str | Mapping) else 0, 1, 1),
    "index": (_index, 2, 2),
    "not": (lambda value: not value, 1, 1),
    "and": (_and, 1, 20),
    "or": (_or, 1, 20),
    "eq": (_equal, 2, 20),
    "ne": (_compare(lambda left, right: bool(left != right)), 2, 2),
    "lt": (_compare(lambda left, right: bool(left < right)), 2, 2),
    "le": (_compare(lambda left, right: bool(left <= right)), 2, 2),
    "gt": (_compare(lambda left, right: bool(left > right)), 2, 2),
    "ge": (_compare(lambda left, right: bool(left >= right)), 2, 2),
}
"""Name → function, fewest and most arguments (a pipe's value is the last one)."""
