"""Changes between two boards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import sample_boards
from tui_monitor.board.codec import board_to_json
from tui_monitor.sources.host.changes import apply, changes
from tui_monitor.sources.host.protocol import ProtocolFault, decode, encode

LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "b"])
ROWS = st.lists(st.fixed_dictionaries({"name": st.sampled_from("abcd"), "value": LEAVES}), max_size=4)
OBJECTS = st.dictionaries(
    st.sampled_from("uvwxyz"),
    st.recursive(LEAVES | ROWS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=3)),
    max_size=5,
)


@given(OBJECTS, OBJECTS)
def test_a_change_makes_the_new_object_of_the_old_one(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whatever the two objects are, also after the way as JSON."""
    assert apply(before, json.loads(json.dumps(changes(before, after)))) == after


def test_equal_boards_have_no_changes_and_a_new_latency_is_small() -> None:
    """A check's new figure costs its row's key, not the board."""
    board = json.loads(board_to_json(sample_boards.busy(sample_boards.AT)))
    other = json.loads(json.dumps(board))
    assert changes(board, other) == {}
    other["checks"][1]["duration"] = 0.5
    found = changes(board, other)
    assert found == {"in": {"checks": {"in": {board["checks"][1]["name"]: {"set": {"duration": 0.5}}}}}}
    assert len(encode(found)) < len(encode(board)) / 50


@pytest.mark.parametrize("change", [{"drop": ["no"]}, {"in": {"no": {}}}, {"in": {"a": {"order": ["x"]}}}, {"set": 5}, {"drop": 5}])
def test_a_change_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        apply(
            {"a": [{"name": "x"}, {"name": "y"}] if "order" in str(change) and "x" not in change else 1}, {**change, "in": {"a": {"in": 5}}}
        )


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode(line)


def test_texts_of_another_host_are_cleaned() -> None:
    """Escape sequences of a far host never reach the terminal."""
    assert decode(b'{"a":["\\u001b[31mred\\u0007",{"\\u202ek":"x\\ny"}]}') == {"a": ["red", {"k": "x\ny"}]}
