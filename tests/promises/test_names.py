"""Names and words of the program: each class name once, module docstrings, no words from outside the field."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

SOURCE = ROOT / "tui_monitor"
REPEATED: dict[str, str] = {}
"""Class names that may occur more than once, with the reason."""
WORDS = ("house", "household", "curtain", "farewell", "stranger", "strangers", "goodbye", "whoever")
"""Metaphors and riddles: a reader whose English is technical stumbles over them."""
_FORBIDDEN = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)


def _modules() -> Iterator[tuple[Path, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE), path.read_text(encoding="utf-8")


def test_a_class_name_occurs_once() -> None:
    """A search for a class finds one definition."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, text in _modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.name not in REPEATED:
                places[node.name].append(f"{path}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_a_module_says_what_it_is() -> None:
    """Each module with code begins with a docstring whose first sentence ends on its first lines."""
    silent = []
    for path, text in _modules():
        tree = ast.parse(text)
        said = ast.get_docstring(tree) or ""
        if tree.body and not re.search(r"[.:](\s|$)", said.split("\n\n")[0]):
            silent.append(str(path))
    assert silent == []


def test_texts_use_words_of_the_field() -> None:
    """Docstrings, comments and messages of the program, benches, fuzzer and test helpers are free of metaphors from outside the field."""
    found = []
    roots = [SOURCE, ROOT / "bench", ROOT / "fuzz", ROOT / "tests" / "support"]
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT) and (hit := _FORBIDDEN.search(token.string)):
                found.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {hit.group(1)}")
    assert found == []
