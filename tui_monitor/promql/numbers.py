"""Floating-point arithmetic of PromQL: no exceptions, Go's rules for NaN, infinities and signed zero, Go's number texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from operator import add

NAN = math.nan
INF = math.inf


def format_float(value: float) -> str:
    """The shortest text that reads back as the value, without exponent: strconv.FormatFloat(v, 'f', -1, 64)."""
    if value != value:
        return "NaN"
    if value in (INF, -INF):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def format_sample(value: float) -> str:
    """As ``format_float``, but below 1e-6 and from 1e21 on with an exponent: how Prometheus' API writes the values of series."""
    if 1e-4 <= abs(value) < 1e16:  # nearly all; repr() has no exponent there
        return repr(value).removesuffix(".0")
    return repr(value) if value and not 1e-6 <= abs(value) < 1e21 and math.isfinite(value) else format_float(value)


def parse_float(text: str) -> float:
    """A number as Go reads it (1e3, +Inf, NaN, 0x1p-2); raises ValueError otherwise."""
    word = text.lower()
    if "0x" in word:
        if "p" not in word or "_" in word:
            raise ValueError(f"not a number: {text!r}")
        return float.fromhex(word)
    if "_" in word or word != word.strip():
        raise ValueError(f"not a number: {text!r}")
    return float(word)


def divide(left: float, right: float) -> float:
    """IEEE division: x / 0 is an infinity, 0 / 0 is NaN."""
    try:
        return left / right
    except ZeroDivisionError:
        if left == 0 or left != left:
            return NAN
        return math.copysign(INF, left) * math.copysign(1.0, right)


def modulo(left: float, right: float) -> float:
    """The remainder with the sign of ``left``; NaN by zero or of an infinity."""
    try:
        return math.fmod(left, right)
    except ValueError:
        return NAN


def power(base: float, exponent: float) -> float:
    """IEEE power: overflow is an infinity, a negative base with a broken exponent is NaN."""
    if exponent == 2:
        return base * base
    if exponent in (0.5, -0.5) and base > 0:
        return math.sqrt(base) if exponent > 0 else 1 / math.sqrt(base)
    if math.isfinite(base) and base != 0 and abs(exponent) < 2**31 and (base > 0 or exponent.is_integer()):
        return _finite_power(base, exponent)
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return INF
    except ValueError:
        if base == 0:
            odd = math.fmod(exponent, 2) in (1.0, -1.0)
            return math.copysign(INF, base) if odd else INF
        return NAN


def _finite_power(base: float, exponent: float) -> float:
    """A power by repeated squaring of the fraction, which rounds as Go does (source: go src/math/pow.go)."""
    broken, whole = math.modf(abs(exponent))
    if broken > 0.5:
        broken -= 1
        whole += 1
    result, result_exponent = math.exp(broken * ln(base)) if broken else 1.0, 0
    fraction, shift = math.frexp(base)
    rest = int(whole)
    while rest:
        if abs(shift) > 4096:
            result_exponent += shift
            break
        if rest & 1:
            result *= fraction
            result_exponent += shift
        fraction *= fraction
        shift *= 2
        if fraction < 0.5:
            fraction += fraction
            shift -= 1
        rest >>= 1
    if exponent < 0:
        result, result_exponent = 1 / result, -result_exponent
    try:
        return math.ldexp(result, result_exponent)
    except OverflowError:
        return math.copysign(INF, result)


def smaller(left: float, right: float) -> float:
    """Go's math.Min: -Inf before NaN, NaN before numbers, -0 before 0."""
    if left == -INF or right == -INF:
        return -INF
    if left != left or right != right:
        return NAN
    if left == right == 0:
        return left if math.copysign(1.0, left) < 0 else right
    return left if left < right else right


def larger(left: float, right: float) -> float:
    """Go's math.Max: +Inf before NaN, NaN before numbers, 0 before -0."""
    return -smaller(-left, -right)


def floor(value: float) -> float:
    """Round down; infinities, NaN and the sign of zero stay."""
    if not math.isfinite(value) or value == 0:
        return value
    return float(math.floor(value))


def ceil(value: float) -> float:
    """Round up; -0.5 gives -0 as in Go."""
    return -floor(-value)


def ln(value: float) -> float:
    """The natural logarithm: -Inf of 0, NaN below. Reduced and rounded as Go does it (source: FreeBSD e_log.c)."""
    if not 0 < value < INF:
        return -INF if value == 0 else value if value > 0 else NAN
    fraction, exponent = math.frexp(value)
    if fraction < _HALF_SQRT2:
        fraction *= 2
        exponent -= 1
    f = fraction - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    odd = s2 * (_L1 + s4 * (_L3 + s4 * (_L5 + s4 * _L7)))
    even = s4 * (_L2 + s4 * (_L4 + s4 * _L6))
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - ((half - (s * (half + (odd + even)) + exponent * _LN2_LOW)) - f)


_HALF_SQRT2 = math.sqrt(2) / 2
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_L1, _L2, _L3, _L4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
_L5, _L6, _L7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01


def log2(value: float) -> float:
    """The binary logarithm, exact for powers of two."""
    if not 0 < value < INF:
        return ln(value)
    fraction, exponent = math.frexp(value)
    return float(exponent - 1) if fraction == 0.5 else ln(fraction) * 1.4426950408889634 + exponent


def log10(value: float) -> float:
    """The decimal logarithm by way of the natural one, as Go computes it."""
    return ln(value) * 0.43429448190325182765


def exp(value: float) -> float:
    """e to the power of the value; overflow is +Inf."""
    try:
        return math.exp(value)
    except OverflowError:
        return INF


def sqrt(value: float) -> float:
    """The square root, NaN below zero."""
    return math.sqrt(value) if not value < 0 else NAN


def total(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function made total: outside its domain NaN, on overflow an infinity of the argument's sign."""

    def answer(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return NAN
        except OverflowError:
            return math.copysign(INF, value)

    return answer


def cosh(value: float) -> float:
    """The hyperbolic cosine; overflow is +Inf."""
    return abs(total(math.cosh)(value))


def atanh(value: float) -> float:
    """The inverse hyperbolic tangent: infinities at -1 and 1, NaN outside."""
    if value in (1.0, -1.0):
        return math.copysign(INF, value)
    return total(math.atanh)(value)


def kahan(increment: float, running: float, error: float) -> tuple[float, float]:
    """One step of Kahan-Neumaier summation: the new sum and the new sum of rounding errors."""
    new = running + increment
    if new in (INF, -INF):
        return new, 0.0
    if abs(running) >= abs(increment):
        return new, error + ((running - new) + increment)
    return new, error + ((increment - new) + running)


def kahan_sum(values: Sequence[float]) -> tuple[float, float]:
    """The plain sum and the sum of its rounding errors; at least one value.

    The fast way adds in C and takes all errors at once: they are what the exact sum differs by.
    """
    running = reduce(add, values)
    if math.isfinite(running):
        try:
            return running, math.fsum((*values, -running))
        except OverflowError:
            pass
    return _kahan_loop(values)


def _kahan_loop(values: Sequence[float]) -> tuple[float, float]:
    running, error = values[0], 0.0
    for value in values[1:]:
        running, error = kahan(value, running, error)
    return running, error


def compensated_sum(values: Sequence[float]) -> float:
    """The sum of at least one value as sum() and sum_over_time() give it."""
    try:
        answer = math.fsum(values)
    except (OverflowError, ValueError):
        answer = NAN
    if math.isfinite(answer):
        return answer + 0.0
    running, error = _kahan_loop(values)
    return running if running in (INF, -INF) else running + error


def average(values: Sequence[float]) -> float:
    """The mean of at least one value; goes on incrementally where the sum would overflow."""
    count = len(values)
    running, error = kahan_sum(values)
    if math.isfinite(running):
        return running / count + error / count
    return _average_loop(values)


def _average_loop(values: Sequence[float]) -> float:
    running, error, mean, incremental = values[0], 0.0, 0.0, False
    for count, value in enumerate(values[1:], 2):
        if not incremental:
            new, new_error = kahan(value, running, error)
            if new not in (INF, -INF):
                running, error = new, new_error
                continue
            incremental = True
            mean = running / (count - 1)
            error /= count - 1
        share = (count - 1) / count
        mean, error = kahan(value / count, share * mean, share * error)
    if incremental:
        return mean + error
    return running / len(values) + error / len(values)


def quantile(q: float, values: Sequence[float]) -> float:
    """The q-quantile with linear interpolation; -Inf below 0, +Inf above 1, NaN of nothing. NaN counts as smallest."""
    if not values or q != q:
        return NAN
    if q < 0:
        return -INF
    if q > 1:
        return INF
    ordered = sorted(value for value in values if value == value)
    if len(ordered) < len(values):
        ordered = [NAN] * (len(values) - len(ordered)) + ordered
    rank = q * (len(ordered) - 1)
    lower = math.floor(rank)
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - lower
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def sign(value: float) -> float:
    """1 or -1 with the value's sign; a zero and NaN as they are."""
    return -1.0 if value < 0 else 1.0 if value > 0 else value
