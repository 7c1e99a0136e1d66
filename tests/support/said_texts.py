"""The texts that the program's source says to people, with samples for their values, for the test that each has its Korean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from pathlib import Path

import tui_monitor

ROOT = Path(tui_monitor.__file__).parent
SAMPLE = "7"
_FIELD = re.compile(r"\{\w+\}")
NOT_PEOPLE = (
    "serving/", "sources/push/", "client.py", "board/wire.py", "board/codec.py", "storage/", "core/frozen.py", "core/secret.py",
    "core/command_codec.py", "core/catalogue/", "config/child.py", "config/kinds.py", "cli/demo/", "config/reader.py",
)  # fmt: skip
"""Files whose faults answer programs (HTTP, the wire), or tell of faults of ours in logs and tracebacks."""
SAID = {
    "Refused": 0, "NoStateYet": 0, "print_error": 0, "print_line": 0, "ArgumentTypeError": 0, "CommandRefused": 0, "CommandResult": 1,
    "OwnTrouble": 0, "Failure": 0, "ProbeResult": 1, "inform": 0, "StateUnusable": 0, "SendError": 0,
}  # fmt: skip
"""Which argument of a call is said to people."""
INTERNAL = frozenset({"TypeError", "AssertionError", "NotImplementedError", "KeyError", "AttributeError", "CodecFault", "MalformedMessage"})
"""Exceptions that tell of a fault of ours, or are told in other words where they are caught."""
ADVICE = frozenset({"suggestion", "_nearest", "nearest"})
"""Functions that return "; did you mean X?"."""


NO_TEXTS = ("sources/http/charset.py", "sources/log/levels.py", "sources/metric_help.py", "sources/net/starttls.py")
"""Tables of words, and a dialogue."""
NO_REASONS = (
    "key",
    "warning",
    "debug",
    "info",
    "error",
    "exception",
    "execute",
    "executemany",
    "compile",
    "removeprefix",
    "startswith",
    "get",
)
"""Calls in sources whose texts are no reasons."""


def said_texts() -> Iterator[tuple[str, Sequence[str]]]:
    """The place of each text of more than one word, and its variants by its values; one of them with values of usual shape is enough."""
    for path in sorted(ROOT.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        if not place.startswith(NOT_PEOPLE):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for said in _said(node):
                    yield from ((f"{place}:{said.lineno}", found) for found in _alternatives(said))


def _said(node: ast.AST) -> Iterator[ast.expr]:
    """What a call says to people: the text of a raised fault, the text argument of a function of `SAID`."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc) not in {*INTERNAL, *SAID}:
        yield from node.exc.args[:1]
    if isinstance(node, ast.Call) and _name(node) in SAID:
        yield from node.args[SAID[_name(node)] :][:1]


def reasons() -> Iterator[tuple[str, Sequence[str]]]:
    """`said_texts`, of all literals in the kinds of checks and what runs them: a reason may be put together anywhere there."""
    for path in sorted((*(ROOT / "sources").rglob("*.py"), *(ROOT / "checks").rglob("*.py"))):
        place = str(path.relative_to(ROOT))
        if not place.startswith((*NOT_PEOPLE, *NO_TEXTS)):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            passed = {id(part) for node in ast.walk(tree) for part in _passed_over(node)}
            literals = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in passed)
            yield from ((f"{place}:{node.lineno}", _variants(node)) for node in literals if isinstance(_variants(node)[0], str))


def _passed_over(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, the parts of f-strings, and what stands in calls that say nothing to people."""
    if isinstance(node, ast.Expr):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for value in node.values for part in ast.walk(value))
    elif isinstance(node, ast.Call) and _name(node) in {*NO_REASONS, *INTERNAL}:
        yield from (part for value in (*node.args, *node.keywords) for part in ast.walk(value))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _alternatives(said: ast.expr) -> Iterator[Sequence[str]]:
    """The texts of an expression: each branch of a condition is a text of its own."""
    if isinstance(said, ast.IfExp):
        yield from (*_alternatives(said.body), *_alternatives(said.orelse))
    elif isinstance(said, ast.BinOp) and isinstance(said.op, ast.Add):
        yield [left + right for left, right in product(_variants(said.left), _variants(said.right))]
    elif isinstance(said, ast.Constant | ast.JoinedStr) and any(" " in text.strip() for text in _variants(said)):
        yield _variants(said)


def _variants(part: ast.expr) -> Sequence[str]:
    """An expression's possible texts: an f-string's with a sample for each value, at most 64."""
    if isinstance(part, ast.Constant):
        return [_FIELD.sub(SAMPLE, str(part.value))]
    if isinstance(part, ast.JoinedStr):
        return ["".join(parts) for parts in islice(product(*(_variants(value) for value in part.values)), 64)]
    if isinstance(part, ast.FormattedValue):
        return _variants(part.value)
    if isinstance(part, ast.IfExp):
        return [*_variants(part.body), *_variants(part.orelse)]
    if isinstance(part, ast.Call) and _name(part) in ADVICE:
        return [f"; did you mean {SAMPLE}?"]
    return [SAMPLE, ""]
