"""Templates in Prometheus' spelling: parsed here, rendered by Jinja's sandbox, which is loaded at the first rendering.

`{{ $value | humanize }}`, `{{ $labels.x }}`, `{{ $labels["x"] }}`, `{{ printf "%.2f" $value }}`,
`{{ if gt $value 1.0 }}…{{ else }}…{{ end }}`, `{{ with $labels.x }} on {{ . }}{{ end }}`; `$reason` is ours: why a check fails. The
dollar may be left out. What Jinja gets is made here from what was understood: literal text is passed as string constants, and values of
labels are data that nothing evaluates. There are no external labels and there is no external URL: both are empty, as in a bare Prometheus.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from tui_monitor.alerts.rules.template_functions import FUNCTIONS, text_of
from tui_monitor.core.sanitize import clip, nearest
from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.platform.regex import RegexError, check_regex

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

MAX_LENGTH = 20_000
_ACTION = re.compile(
    r"\{\{(-\s)?(\s*/\*(?:(?!\*/).)*\*/\s*?|(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|(?!\}\})[^\"`])*?)(\s-)?\}\}",
    re.DOTALL,
)
"""A quote can only begin a string: were it a character too, each would double the time that a text without the last quote takes."""
_TOKEN = re.compile(
    r"""\s+
      | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<label>(?:\$|\.)?(?:[lL]abels|[eE]xternalLabels)(?:\.[A-Za-z_]\w*|\s*\[\s*(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')\s*\]))
      | (?P<field>(?:\$?[A-Za-z_]\w*|\.[A-Z]\w*)(?=\.[A-Za-z_]|\s*\[))
      | (?P<name>\$?[A-Za-z_]\w*|\.[A-Z]\w*)
      | (?P<dot>\.)
      | (?P<mark>[()|])""",
    re.VERBOSE,
)
_VARIABLES = {
    "$value": "value",
    "value": "value",
    ".Value": "value",
    "$labels": "labels",
    "labels": "labels",
    ".Labels": "labels",
    "$reason": "reason",
    "reason": "reason",
    "$externalLabels": "{}",
    ".ExternalLabels": "{}",
    "$externalURL": '""',
    ".ExternalURL": '""',
    "true": "true",
    "false": "false",
}
_UNKNOWN_BLOCKS = frozenset({"range", "template", "block", "define", "break", "continue"})


_OF_REGEX = frozenset({"match", "reReplaceAll"})
"""The functions whose first argument is a regular expression."""


class TemplateError(ValueError):
    """The error of a template that cannot be parsed; the message names the part."""


_FAILURES = (
    TemplateError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError, MemoryError, SyntaxError, OSError,
)  # fmt: skip
"""What a rendering may meet; SyntaxError: more blocks or parentheses within another than Python takes."""


def is_template(text: str) -> bool:
    """Whether the text has an action to fill in."""
    return "{{" in text


def check_template(text: str) -> None:
    """Raise TemplateError for a text that cannot be rendered. Does not load Jinja."""
    if is_template(text):
        try:
            _translate(text)
        except RecursionError:
            raise TemplateError("nested too deep") from None


def render(text: str, labels: Mapping[str, str], value: float | None, reason: str = "") -> str:
    """The text with its values; a text that fails comes back raw, with the reason behind it, and raises nothing.

    OSError: Jinja is loaded by the first text, which may come when there is no descriptor left.
    """
    if not is_template(text):
        return text
    try:
        return _program(text)({"labels": labels, "value": value, "reason": reason})
    except _FAILURES as error:
        return f"{text} (the template failed: {error})"


@lru_cache(maxsize=2000)
def _program(text: str) -> Callable[[Mapping[str, object]], str]:
    return _environment().from_string(_translate(text)).render


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    trim_imports("jinja2")
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(autoescape=False, finalize=text_of, keep_trailing_newline=True)
    environment.globals.clear()
    environment.globals.update({f"f_{name}": function for name, (function, _, _) in FUNCTIONS.items()})
    environment.globals["label"] = lambda labels, name: labels.get(name, "")
    return environment


def _translate(text: str) -> str:
    """The Jinja source of a template in Prometheus' spelling."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"longer than {MAX_LENGTH} characters")
    pieces: list[str] = []
    opened: list[str] = []
    done = 0
    trim_next = False
    while (begin := text.find("{{", done)) >= 0:
        found = _ACTION.match(text, begin)
        if found is None:
            raise TemplateError(f'"{text[begin:][:40]}" is not closed with }}}}')
        literal = text[done:begin]
        literal = literal.lstrip() if trim_next else literal
        pieces.append(_literal(literal.rstrip() if found[1] else literal))
        pieces.append(_action(found[2].strip(), opened))
        done, trim_next = found.end(), found[3] is not None
    rest = text[done:].lstrip() if trim_next else text[done:]
    if opened:
        raise TemplateError(f"an {{{{ {opened[-1].split()[0]} }}}} has no {{{{ end }}}}")
    return "".join(pieces) + _literal(rest)


def _literal(text: str) -> str:
    if not text:
        return ""
    if "{{" in text:
        raise TemplateError(f'"{text[text.index("{{") :][:40]}" is not closed with }}}}')
    return "{{ " + _quoted(text) + " }}"


def _quoted(text: str) -> str:
    """A string constant that Jinja reads as exactly this text (it takes Python's escapes)."""
    return json.dumps(text, ensure_ascii=False).replace("{", "\\u007b").replace("}", "\\u007d").replace("%", "\\u0025")


def _action(body: str, opened: list[str]) -> str:
    """The Jinja source of what stands in braces; ``opened`` are the blocks around it: if, with, each with " else" once that was seen."""
    if body.startswith("/*") and body.endswith("*/"):
        return ""
    word, _, rest = body.partition(" ")
    within = any(block.startswith("with") for block in opened)
    if word == "if":
        opened.append("if")
        return "{% if " + _pipeline(rest, within) + " %}"
    if word == "with":
        opened.append("with")
        return "{% with dot = " + _pipeline(rest, within) + " %}{% if dot %}"
    if word == "else":
        if not opened or opened[-1].endswith("else"):
            raise TemplateError("an {{ else }} without {{ if }}")
        if rest.strip().startswith("if ") and opened[-1] == "if":
            return "{% elif " + _pipeline(rest.strip()[3:], within) + " %}"
        if rest.strip():
            raise TemplateError(f'"{rest.strip()}" is not understood after else')
        opened[-1] += " else"
        return "{% else %}"
    if body == "end":
        if not opened:
            raise TemplateError("an {{ end }} without {{ if }}")
        return "{% endif %}{% endwith %}" if opened.pop().startswith("with") else "{% endif %}"
    if word in _UNKNOWN_BLOCKS:
        raise TemplateError(f'"{word}" is not supported')
    return "{{ " + _pipeline(body, within) + " }}"


def _pipeline(body: str, within: bool) -> str:
    """The Jinja source of a pipeline; ``within`` a block of with, the dot is its value."""
    words = _words(body)
    if not within and any(kind == "dot" for kind, _ in words):
        raise TemplateError('"." is not known outside {{ with }}')
    source = _pipe(words)
    if words:
        raise TemplateError(f'"{words[0][1]}" is not understood in "{body.strip()}"')
    return source


def _words(body: str) -> list[tuple[str, str]]:
    words: list[tuple[str, str]] = []
    at = 0
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            raise TemplateError(f'"{body[at:].strip()[:40]}" is not understood')
        if found["field"]:
            raise TemplateError(_no_fields(found["field"]))
        if found.lastgroup:
            words.append((found.lastgroup, found.group()))
        at = found.end()
    return words


def _no_fields(name: str) -> str:
    """The fault of a name that has a field behind it and is not that of labels."""
    if name in _VARIABLES:
        return f'"{name}" has no fields; a label is $labels.NAME'
    return f'"{name}" is not known{nearest(name, ("$labels", ".Labels", "$externalLabels", ".ExternalLabels"))}'


def _pipe(words: list[tuple[str, str]]) -> str:
    source = _command(words, None)
    while words and words[0][1] == "|":
        words.pop(0)
        source = _command(words, source)
    return source


def _command(words: list[tuple[str, str]], piped: str | None) -> str:
    """One function with its arguments, or one operand; takes its words off the list."""
    if not words:
        raise TemplateError("an empty expression")
    name = words[0][1]
    if words[0][0] != "name" or name in _VARIABLES:
        operand = _operand(words)
        if piped is not None:
            raise TemplateError(f'"{name}" is not a function')
        return operand
    words.pop(0)
    if name not in FUNCTIONS:
        raise TemplateError(
            f'the {"variable" if name[0] in "$." else "function"} "{name}" is not known{nearest(name, (*FUNCTIONS, *_VARIABLES))}'
        )
    if name in _OF_REGEX and words and words[0][0] == "string":
        _check_regex(words[0][1])
    arguments: list[str] = []
    while words and words[0][1] not in ("|", ")"):
        arguments.append(_operand(words))
    if piped is not None:
        arguments.append(piped)
    _, fewest, most = FUNCTIONS[name]
    if not fewest <= len(arguments) <= most:
        raise TemplateError(f'"{name}" takes {fewest} value{"" if fewest == 1 else "s"}, not {len(arguments)}')
    return f"f_{name}({', '.join(arguments)})"


def _check_regex(literal: str) -> None:
    try:
        check_regex(_unquoted(literal))
    except RegexError as error:
        raise TemplateError(str(error)) from None


def _operand(words: list[tuple[str, str]]) -> str:
    kind, text = words.pop(0)
    if kind == "string":
        return _quoted(_unquoted(text))
    if kind == "number":
        return _number(text)
    if kind == "label":
        name = text[text.index("[") + 1 : -1].strip() if "[" in text else text.rsplit(".", 1)[1]
        return f"label({'{}' if 'xternal' in text[:9] else 'labels'}, {_quoted(_unquoted(name) if name[0] in chr(34) + chr(39) else name)})"
    if kind == "dot":
        return "dot"
    if text == "(":
        source = _pipe(words)
        if not words or words.pop(0)[1] != ")":
            raise TemplateError("a parenthesis is not closed")
        return f"({source})"
    if kind == "name" and text in _VARIABLES:
        return _VARIABLES[text]
    if kind == "name" and text in FUNCTIONS:
        raise TemplateError(f'"{text}" with values must stand in parentheses')
    raise TemplateError(f'"{text}" is not known' if kind == "name" else f'"{text}" is not understood')


def _number(text: str) -> str:
    """The number as Jinja reads it; one that no float holds is refused, as Go's parser does."""
    value = float(text)
    if not math.isfinite(value):
        raise TemplateError(f'"{clip(text, 40)}" is too large a number')
    return f"({value!r})" if re.search(r"[.eE]", text) else f"({int(text)})"


def _unquoted(text: str) -> str:
    if text[0] != '"':
        return text[1:-1]
    try:
        return str(json.loads(text))
    except ValueError:
        raise TemplateError(f"{text} is not a string") from None
