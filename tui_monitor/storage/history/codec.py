"""The codec of stamps and values: few bytes, and lossless (stale markers and NaN too)."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, chain, repeat
from math import lcm
from operator import sub, truediv

CONSTANT, RATIONAL, DICTIONARY, XOR, COMPLEMENT = range(5)
LARGEST_DENOMINATOR = 1 << 26
LARGEST_COMMON = 1 << 40
LARGEST_NUMERATOR = 1 << 53
MOST_ITEMS = 3_600_000
WIDTHS = ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
TYPE_OF_WIDTH = dict(WIDTHS)


class CodecFault(Exception):
    """The bytes were not written by this codec, or are damaged."""


BROKEN = (IndexError, KeyError, ValueError, ArithmeticError)
"""The exceptions of decoding damaged bytes; they become a CodecFault."""


def varint(number: int) -> bytes:
    """An integer >= 0 in seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The integer that begins at ``at`` and the place after it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def zigzag(number: int) -> int:
    """A signed integer as one >= 0; small magnitudes stay small."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unzigzag(number: int) -> int:
    """The signed integer of ``zigzag``."""
    return number >> 1 if not number & 1 else -(number + 1 >> 1)


def deflate(data: bytes, level: int) -> bytes:
    """Raw deflate: zlib without its header and checksum (the file has its own checks)."""
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush()


def inflate(data: bytes) -> bytes:
    """The bytes that ``deflate`` compressed. Raises CodecFault."""
    try:
        return zlib.decompress(data, -15)
    except zlib.error as error:
        raise CodecFault(str(error)) from error


def planes(raw: bytes, width: int) -> bytes:
    """All first bytes of the items, then all second bytes, and so on; similar bytes side by side compress better."""
    return raw if width == 1 else b"".join(raw[place::width] for place in range(width))


def unplanes(data: bytes, width: int) -> bytes:
    """The inverse of ``planes``."""
    if width == 1:
        return data
    count = len(data) // width
    out = bytearray(len(data))
    for place in range(width):
        out[place::width] = data[place * count : (place + 1) * count]
    return bytes(out)


def encode_ints(ints: Sequence[int], level: int = 6) -> bytes:
    """Integers (at least one, each below 2**62 in size) as the first one and deltas above the least delta."""
    deltas = list(map(sub, ints[1:], ints))
    base = min(deltas, default=0)
    head = varint(zigzag(ints[0])) + varint(zigzag(base))
    spread = max(deltas, default=0) - base
    if spread == 0:
        return head + b"\0"
    width, code = next(pair for pair in WIDTHS if spread < 1 << 8 * pair[0])
    above = array(code, [delta - base for delta in deltas])
    return head + bytes((width,)) + deflate(planes(above.tobytes(), width), level)


def decode_ints(data: bytes, count: int, more: int = 0) -> list[int]:
    """The ``count`` integers of ``encode_ints``, each ``more`` greater. Raises CodecFault."""
    _check_count(count)
    try:
        first, at = read_varint(data, 0)
        base, at = read_varint(data, at)
        width = data[at]
        least = unzigzag(base)
        start = unzigzag(first) + more
        if width == 0:
            return list(range(start, start + count * least, least)) if least else [start] * count
        above = array(TYPE_OF_WIDTH[width])
        above.frombytes(unplanes(inflate(data[at + 1 :]), width))
    except BROKEN as error:
        raise CodecFault(f"integers: {error}") from error
    if len(above) != count - 1:
        raise CodecFault(f"{len(above) + 1} integers where {count} should be")
    deltas = map(least.__add__, above) if least else above
    return list(accumulate(chain((start,), deltas)))


def _check_count(count: int) -> None:
    """Refuse a count above the milliseconds of an hour; a damaged one must not allocate gigabytes."""
    if not 0 < count <= MOST_ITEMS:
        raise CodecFault(f"{count} items")


def encode_values(values: array[float], *, thorough: bool = True) -> bytes:
    """Doubles (at least one), without any rounding.

    Five ways, the shortest is kept: one constant; whole numerators over one common denominator (integers, decimals such as 12.3,
    shares of a fixed total such as memory); one minus such a share; a dictionary of few distinct values (quotients of small
    counts, such as CPU ratios); each value XORed with the one before, by byte planes (anything). ``thorough`` False tries only
    the quick ways, for rows that are replaced within the hour.
    """
    raw = values.tobytes()
    if raw == raw[:8] * len(values):
        return bytes((CONSTANT,)) + raw[:8]
    level = 6 if thorough else 1
    rational = _rational(values, raw, level, thorough)
    if not thorough:
        return rational or bytes((XOR,)) + _xor(raw, level)
    choices = [rational or _complement(values, raw, level), _dictionary(raw, level), bytes((XOR,)) + _xor(raw, level)]
    return min(filter(None, choices), key=len)


def decode_values(data: bytes, count: int) -> array[float]:
    """The ``count`` doubles of ``encode_values``. Raises CodecFault."""
    _check_count(count)
    values = array("d")
    try:
        mode = data[0]
        if mode == CONSTANT:
            values.frombytes(data[1:9] * count)
        elif mode == RATIONAL:
            denominator, at = read_varint(data, 1)
            numerators = decode_ints(data[at:], count)
            values = array("d", numerators if denominator == 1 else map(truediv, numerators, repeat(denominator)))
        elif mode == COMPLEMENT:
            if data[1] != RATIONAL:
                raise CodecFault("one minus what is no share")
            values = array("d", [1.0 - share for share in decode_values(data[1:], count)])
        elif mode == DICTIONARY:
            values.frombytes(_undictionary(data))
        elif mode == XOR:
            values.frombytes(_unxor(inflate(data[1:])))
        else:
            raise CodecFault(f"unknown encoding {mode}")
    except BROKEN as error:
        raise CodecFault(f"values: {error}") from error
    if len(values) != count:
        raise CodecFault(f"{len(values)} values where {count} should be")
    return values


def _rational(values: array[float], raw: bytes, level: int, thorough: bool) -> bytes | None:
    if not all(-LARGEST_NUMERATOR < value < LARGEST_NUMERATOR for value in (values[0], values[-1], min(values), max(values))):
        return None
    denominator = _common_denominator(values) if thorough else _decimal(values)
    if denominator is None:
        return None
    try:
        numerators = [round(value * denominator) for value in values]
    except (ValueError, OverflowError):  # NaN, infinity
        return None
    if max(numerators) >= LARGEST_NUMERATOR or min(numerators) <= -LARGEST_NUMERATOR:
        return None
    if array("d", [number / denominator for number in numerators]).tobytes() != raw:
        return None
    return bytes((RATIONAL,)) + varint(denominator) + encode_ints(numerators, level)


def _complement(values: array[float], raw: bytes, level: int) -> bytes | None:
    if not (min(values) >= 0.0 and max(values) <= 1.0):
        return None
    denominator = _common_denominator(array("d", [1.0 - value for value in values[:: max(1, len(values) // 8)]]))
    if denominator is None:
        return None
    shares = array("d", [round((1.0 - value) * denominator) / denominator if value == value else 0.0 for value in values])
    if array("d", [1.0 - share for share in shares]).tobytes() != raw:
        return None
    whole = _rational(shares, shares.tobytes(), level, True)
    return whole and bytes((COMPLEMENT,)) + whole


def _common_denominator(values: array[float]) -> int | None:
    """A candidate for a common denominator, from a few values; the caller verifies it."""
    common = 1
    for value in dict.fromkeys(values[:: max(1, len(values) // 8)]):
        if value != value:
            return None
        guess = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if guess.numerator / guess.denominator != value:
            return None
        common = lcm(common, guess.denominator)
        if common > LARGEST_COMMON:
            return None
    return common


def _decimal(values: array[float]) -> int | None:
    """1, 10, 100 or 1000 where that makes the first and the last value whole."""
    for denominator in (1, 10, 100, 1000):
        if all(round(value * denominator) / denominator == value for value in (values[0], values[-1])):
            return denominator
    return None


def _dictionary(raw: bytes, level: int) -> bytes | None:
    bits = array("Q", raw)
    words = sorted(set(bits))
    if len(words) * 2 > len(bits):
        return None
    place = {word: number for number, word in enumerate(words)}
    width, code = (1, "B") if len(words) <= 256 else (4, "I")
    table = planes(array("Q", words).tobytes(), 8)
    indices = planes(array(code, [place[word] for word in bits]).tobytes(), width)
    return bytes((DICTIONARY,)) + varint(len(words)) + deflate(table + indices, level)


def _undictionary(data: bytes) -> bytes:
    count, at = read_varint(data, 1)
    plain = inflate(data[at:])
    words = array("Q", unplanes(plain[: 8 * count], 8))
    width, code = (1, "B") if count <= 256 else (4, "I")
    places = array(code, unplanes(plain[8 * count :], width))
    return array("Q", [words[place] for place in places]).tobytes()


def _xor(raw: bytes, level: int) -> bytes:
    whole = int.from_bytes(raw, "little")
    mixed = (whole ^ whole << 64).to_bytes(len(raw) + 8, "little")[: len(raw)]
    return deflate(planes(mixed, 8), level)


def _unxor(plain: bytes) -> bytes:
    whole = int.from_bytes(unplanes(plain, 8), "little")
    bits = 8 * len(plain)
    mask = (1 << bits) - 1
    shift = 64
    while shift < bits:
        whole ^= whole << shift & mask
        shift *= 2
    return whole.to_bytes(len(plain), "little")


def join_parts(parts: Iterable[bytes]) -> bytes:
    """Byte strings one after another, each with its length before it."""
    return b"".join(chain.from_iterable((varint(len(part)), part) for part in parts))


def split_parts(data: bytes) -> list[bytes]:
    """The byte strings of ``join_parts``. Raises CodecFault."""
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        try:
            size, at = read_varint(data, at)
        except IndexError as error:
            raise CodecFault("a length is cut off") from error
        if at + size > len(data):
            raise CodecFault("a part is cut off")
        parts.append(data[at : at + size])
        at += size
    return parts
