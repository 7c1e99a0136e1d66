"""Hostile changes to seeds: of bytes, of text, and of JSON value by value. All by one seeded random generator."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any

from fuzz.target import Target

_MOST_OPERATIONS = 4
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
NUMBERS = (
    "0", "-1", "1", "00", "007", "1e400", "-1e400", "1e-400", "nan", "NaN", "inf", "-Infinity", "0x10", "1_000", "2147483648", "4294967296",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "1.7976931348623157e308", "9" * 25,
    "9" * 400, "1" + "0" * 5000, "٣", "²", "½", "१२", "1.5", ".5", "5.", "+1", "1e5", "99999999999999", "253402300800", "-62135596801",
)  # fmt: skip
CHARACTERS = (
    "\0\a\b\t\n\v\f\r\x1b\x7f\x85\xa0\xad\u200b\u200e\u202e\u2028\u2029\ufeff\ufffd\ud800\udfffİıſK"
    "ßﬁ한글①²٣😀\"'`\\/|{}[]()<>$%&*+,-.:;=?@^_~#! "
)
WORDS = (
    "", " ", "\n", "\r\n", "\0", "null", "true", "false", "{}", "[]", '""', "''", "\\", "\\u0000", "\\ud800", "\x1b[31m", "\ufeff", "%00",
    "%ff", "%", "{{", "}}", "${", "$(", "../", "é", "e\u0301", "a" * 300, "(" * 500, "[" * 500, "{" * 500, "-" * 200, "," * 100, "\\" * 99,
    '"' * 99,
)  # fmt: skip
BYTES = (
    b"\0",
    b"\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\x80",
    b"\x1f\x8b",
    b"\r\n",
    b"\0" * 64,
    b"\xff" * 64,
)


class Mutator:
    """Makes inputs of one target from its seeds; equal seeds give equal inputs."""

    def __init__(self, generator: random.Random, corpus: Sequence[bytes], target: Target) -> None:
        self._random = generator
        self._kind, self._longest = target.kind, target.longest
        self._raw = list(corpus) or [b""]
        self._texts = [seed.decode("utf-8", "replace") for seed in self._raw]
        self._words = (*target.words, *target.words, *WORDS, *NUMBERS)
        self._values = [json.loads(text) for text in self._texts] if target.kind == "json" else []

    def next(self) -> bytes | str:
        """The next input: of half of the JSON targets' a change of values, else one of characters."""
        if self._values and self._random.random() < 0.6:
            return self._changed_value()
        text = self._random.choice(self._texts)
        for _ in range(self._random.randint(1, _MOST_OPERATIONS)):
            text = self._changed(text)[: self._longest]
        if self._kind != "bytes":
            return text
        return self._changed_bytes(text)

    # --- text ---------------------------------------------------------------------------------------------------------

    def _changed(self, text: str) -> str:
        rng = self._random
        begin, end = self._slice(text)
        match rng.randrange(10):
            case 0:
                return text[:begin] + text[end:]
            case 1:
                return text[:end] + text[begin:end] * rng.choice((1, 2, 50, 2000)) + text[end:]
            case 2 | 3:
                return text[:begin] + rng.choice(self._words) + text[begin:]
            case 4:
                return text[:begin] + rng.choice(self._words) + text[end:]
            case 5:
                return text[:begin] + rng.choice(CHARACTERS) + text[begin + 1 :]
            case 6:
                other = rng.choice(self._texts)
                return text[:begin] + other[slice(*self._slice(other))] + text[end:]
            case 7:
                return text[:begin]
            case 8:
                return self._changed_number(text)
            case _:
                other = rng.choice(self._texts)
                return text + rng.choice(("", "\n", ",", " ")) + other

    def _slice(self, text: str) -> tuple[int, int]:
        """A place and an end of it, near more often than far."""
        begin = self._random.randint(0, len(text))
        length = self._random.choice((0, 1, 1, 2, 4, 8, 30, len(text)))
        return begin, min(len(text), begin + length)

    def _changed_number(self, text: str) -> str:
        found = list(_NUMBER.finditer(text))
        if not found:
            return text
        place = self._random.choice(found)
        return text[: place.start()] + self._random.choice(NUMBERS) + text[place.end() :]

    def _changed_bytes(self, text: str) -> bytes:
        rng = self._random
        if rng.random() < 0.5:
            data = bytearray(rng.choice(self._raw))
            for _ in range(rng.randint(1, _MOST_OPERATIONS)):
                at = rng.randint(0, len(data))
                match rng.randrange(4):
                    case 0:
                        data[at : at + 1] = bytes((rng.randrange(256),))
                    case 1:
                        data[at:at] = rng.choice(BYTES)
                    case 2:
                        del data[at : at + rng.choice((1, 2, 8, 64))]
                    case _:
                        data[at:at] = data[at : at + rng.choice((1, 4, 32))] * rng.choice((1, 3, 100))
            return bytes(data[: self._longest])
        return text.encode("utf-8", "surrogatepass")

    # --- JSON ---------------------------------------------------------------------------------------------------------

    def _changed_value(self) -> str:
        value = json.loads(json.dumps(self._random.choice(self._values)))
        for _ in range(self._random.randint(1, _MOST_OPERATIONS)):
            value = self._with_change(value, self._random.randint(1, 8))
        return json.dumps(value, ensure_ascii=self._random.random() < 0.5)

    def _with_change(self, value: Any, depth: int) -> Any:
        """The value with one place in it changed: another value there, one more, one less."""
        rng = self._random
        if not value or not isinstance(value, dict | list) or depth == 0:
            return self._any_value()
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        match rng.randrange(8):
            case 0:
                del value[key]
            case 1 if isinstance(value, dict):
                value[rng.choice((*self._words[:40], *map(str, keys)))] = self._any_value()
            case 1 if isinstance(value, list):
                value.append(value[key])
            case _:
                value[key] = self._with_change(value[key], depth - 1)
        return value

    def _any_value(self) -> Any:
        rng = self._random
        match rng.randrange(9):
            case 0:
                return None
            case 1:
                return rng.choice((True, False))
            case 2:
                return rng.choice((0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**25, 10**400))
            case 3:
                return rng.choice((0.5, -0.0, 1e308, float("nan"), float("inf"), 5e-324))
            case 4:
                return rng.choice(CHARACTERS) * rng.choice((1, 3))
            case 5:
                return rng.choice(([], {}, [[]], [{}], {"": ""}, {"a": {"b": []}}, [None], ["x"], [1, "x", None]))
            case _:
                return rng.choice(self._words)
