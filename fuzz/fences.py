"""Switching off of a guard, so that a test proves that the fuzzer finds the faults behind it."""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any


@contextmanager
def unfenced(function: Callable[..., Any]) -> Iterator[None]:
    """The function without its ``except`` clauses: its code is exchanged, so that all importers call the changed one."""
    original = inspect.unwrap(function)
    before: CodeType = original.__code__
    _forget(function)
    original.__code__ = _without_handlers(original)
    try:
        yield
    finally:
        original.__code__ = before
        _forget(function)


def _forget(function: Callable[..., Any]) -> None:
    """Empty the cache of a cached function."""
    if clear := getattr(function, "cache_clear", None):
        clear()


def _without_handlers(function: Callable[..., Any]) -> CodeType:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef), function
    definition.decorator_list = []
    changed = _Unfenced()
    changed.visit(tree)
    assert changed.removed, f"{function.__qualname__} has no except clause (any more): name another fence"
    ast.fix_missing_locations(tree)
    namespace: dict[str, Any] = dict(function.__globals__)
    flags = __future__.annotations.compiler_flag
    exec(compile(tree, inspect.getsourcefile(function) or "?", "exec", flags, dont_inherit=True), namespace)
    code: CodeType = namespace[definition.name].__code__
    return code


class _Unfenced(ast.NodeTransformer):
    removed = 0

    def visit_Try(self, node: ast.Try) -> Any:
        self.generic_visit(node)
        if not node.handlers:
            return node
        self.removed += 1
        if not node.finalbody:
            return [*node.body, *node.orelse]
        node.body, node.orelse, node.handlers = [*node.body, *node.orelse], [], []
        return node


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """An attribute exchanged: for guards that are no ``except`` clause."""
    own, before = name in vars(owner), getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:  # it was a parent's
            delattr(owner, name)
