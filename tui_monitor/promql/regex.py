r"""Regular expressions as Prometheus means them (RE2 syntax), run by Python's re: translated, anchored, refused where they differ."""

from __future__ import annotations

import re
from functools import lru_cache

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_SETS = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": r"\x00-\x08\v\x0e-\x1f!-\U0010ffff",
}
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}", re.ASCII)
_GROUP = re.compile(r"\?(?:P?<([A-Za-z_]\w*)>|([imsU-]*)(:|\)))", re.ASCII)
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")


class RegexError(ValueError):
    """The expression is not valid, or uses what Python's re cannot do alike."""


@lru_cache(maxsize=4096)
def compile_regex(pattern: str) -> re.Pattern[str]:
    """The pattern for ``fullmatch``; the dot matches line ends too. Raises RegexError."""
    try:
        return re.compile(_Translator(pattern).translate(), re.DOTALL)
    except (re.error, OverflowError, RecursionError) as reason:
        raise RegexError(f"invalid regular expression {pattern!r}: {reason}") from None
    except RegexError as reason:
        raise RegexError(f"invalid regular expression: {reason}") from None


class _Translator:
    """One pass over the pattern that writes Python's dialect."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        # per open group: the flag groups like (?i) that were opened in its midst and end with it
        self.flags: list[list[str]] = [[]]

    def translate(self) -> str:
        while self.at < len(self.pattern):
            self._step()
        if len(self.flags) > 1:
            raise RegexError(f"missing closing ) in {self.pattern!r}")
        self.out.append(")" * len(self.flags[0]))
        return "".join(self.out)

    def _step(self) -> None:
        char = self.pattern[self.at]
        self.at += 1
        if char == "\\":
            self._escape()
        elif char == "[":
            self._bracket()
        elif char == "(":
            self._open()
        elif char == ")":
            if len(self.flags) == 1:
                raise RegexError(f"unexpected ) in {self.pattern!r}")
            self.out.append(")" * (len(self.flags.pop()) + 1))
        elif char == "|":
            opened = self.flags[-1]
            self.out.append(")" * len(opened) + "|" + "".join(opened))
        elif char == "{":
            self._repeat()
        elif char in "*+?":
            self._quantifier(char)
        elif char == "$":
            self.out.append(r"\Z")
        else:
            self.out.append(char)

    def _quantifier(self, char: str) -> None:
        self.out.append(char)
        if self.pattern[self.at : self.at + 1] == "?":
            self.out.append("?")
            self.at += 1
        if self.pattern[self.at : self.at + 1] in ("*", "+", "?"):
            raise RegexError(f"invalid nested repetition in {self.pattern!r}")

    def _repeat(self) -> None:
        found = _REPEAT.match(self.pattern, self.at - 1)
        if found is None:
            self.out.append(r"\{")
            return
        if max(int(count) for count in found.groups() if count) > 1000:
            raise RegexError(f"repeat count above 1000 in {self.pattern!r}")
        self.at = found.end()
        self._quantifier(found.group())

    def _open(self) -> None:
        if self.pattern[self.at : self.at + 1] != "?":
            self.flags.append([])
            self.out.append("(")
            return
        found = _GROUP.match(self.pattern, self.at)
        if found is None:
            raise RegexError(f"look-around and the like are not supported: {self.pattern!r}")
        self.at = found.end()
        name, flags, end = found.groups()
        if name is not None:
            self.flags.append([])
            self.out.append(f"(?P<{name}>")
            return
        if "U" in flags:
            raise RegexError(f"the flag U is not supported: {self.pattern!r}")
        opening = f"(?{flags.removesuffix('-')}:"
        self.out.append(opening)
        if end == ":":
            self.flags.append([])
        else:
            self.flags[-1].append(opening)

    def _escape(self) -> None:
        if self.at >= len(self.pattern):
            raise RegexError(f"trailing backslash in {self.pattern!r}")
        char = self.pattern[self.at]
        if char == "Q":
            end = self.pattern.find("\\E", self.at)
            end = len(self.pattern) if end < 0 else end
            self.out.append(re.escape(self.pattern[self.at + 1 : end]))
            self.at = end + 2
        elif char in _SETS:
            self.at += 1
            self.out.append(f"[{_SETS[char]}]")
        elif char in "bB":
            self.at += 1
            self.out.append(f"(?a:\\{char})")
        elif char in "Az":
            self.at += 1
            self.out.append(r"\A" if char == "A" else r"\Z")
        else:
            self.out.append(self._literal_escape())

    def _literal_escape(self) -> str:
        """An escape that stands for one character, inside or outside of brackets."""
        char = self.pattern[self.at]
        found = _HEX.match(self.pattern, self.at)
        if found is not None:
            self.at = found.end()
            return re.escape(chr(int(found.group(1) or found.group(2), 16)))
        self.at += 1
        if char in "aftnrv":
            return "\\" + char
        if char == "0" or (char in "1234567" and self.pattern[self.at : self.at + 2].isdigit()):
            digits = re.compile("[0-7]{1,3}").match(self.pattern, self.at - 1)
            if digits is not None:
                self.at = digits.end()
                return re.escape(chr(int(digits.group(), 8)))
        if char.isascii() and char.isalnum():
            raise RegexError(f"the escape \\{char} is not supported: {self.pattern!r}")
        return re.escape(char)

    def _bracket(self) -> None:
        self.out.append("[")
        if self.pattern[self.at : self.at + 1] == "^":
            self.out.append("^")
            self.at += 1
        first = True
        while True:
            if self.at >= len(self.pattern):
                raise RegexError(f"missing closing ] in {self.pattern!r}")
            char = self.pattern[self.at]
            if char == "]" and not first:
                self.at += 1
                self.out.append("]")
                return
            first = False
            self._class_item()

    def _class_item(self) -> None:
        """A named set, a character or a range; a dash after a named set is a character."""
        if self.pattern.startswith("[:", self.at):
            end = self.pattern.find(":]", self.at)
            name = self.pattern[self.at + 2 : end] if end > 0 else ""
            if name not in _POSIX:
                raise RegexError(f"invalid character class in {self.pattern!r}")
            self.out.append(_POSIX[name])
            self.at = end + 2
        elif self.pattern[self.at] == "\\" and self.pattern[self.at + 1 : self.at + 2] in _SETS:
            self.out.append(_SETS[self.pattern[self.at + 1]])
            self.at += 2
        else:
            item = self._class_char()
            if self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                item += "-" + self._class_char()
            self.out.append(item)

    def _class_char(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return self._literal_escape() if char == "\\" and self.at < len(self.pattern) else re.escape(char)


def expand(template: str, found: re.Match[str]) -> str:
    """The replacement text with $1, ${1}, $name and $$ filled in; what names no group becomes empty, as in Go."""
    return _REFERENCE.sub(lambda reference: _group(reference, found), template)


_REFERENCE = re.compile(r"\$(?:(\$)|([0-9A-Za-z_]+)|\{([0-9A-Za-z_]+)\})")


def _group(reference: re.Match[str], found: re.Match[str]) -> str:
    if reference.group(1):
        return "$"
    name = reference.group(2) or reference.group(3)
    if name.isdigit():
        return found.group(int(name)) or "" if int(name) <= found.re.groups else ""
    return found.group(name) or "" if name in found.re.groupindex else ""
