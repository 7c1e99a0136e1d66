"""Names that become equal are kept apart, wherever a source makes labels of foreign names."""

from __future__ import annotations

from tui_monitor.core.values import label
from tui_monitor.sources.command.outputs import read_json, read_nagios
from tui_monitor.sources.distinct import kept_apart
from tui_monitor.sources.query_rows import label_names


def test_a_taken_name_gets_a_number() -> None:
    """The first keeps its name, also before one that looks like a numbered one; no name takes another's place."""
    assert kept_apart(["a", "b", "a", "a"]) == ["a", "b", "a_2", "a_3"]
    assert kept_apart(["a", "a_2", "a"]) == ["a", "a_2", "a_3"]
    assert kept_apart(["a", "a", "a_2"]) == ["a", "a_2", "a_2_2"]
    assert kept_apart(["", "x", ""]) == ["", "x", ""]


def test_columns_plugins_and_json() -> None:
    """Columns, performance data and keys whose names become equal once they are valid and short all have their series."""
    assert label_names(["a-b", "a b", "value", "type", "exported_type"]) == ["a_b", "a_b_2", "", "exported_type", "exported_type_2"]
    plugin = read_nagios("OK | used=1 'a  b'=3 'a b'=4")
    assert [(label(s.labels, "label"), s.value) for s in plugin.samples] == [("used", 1), ("a b", 3), ("a b_2", 4)]
    long = "x" * 150
    found = read_json(f'{{"{long}1": 1, "{long}2": 2}}').samples
    assert len({sample.labels for sample in found}) == 2


def test_json_of_a_command_may_begin_with_a_byte_order_mark() -> None:
    """Programs of Windows write one."""
    assert [sample.value for sample in read_json('\ufeff{"a": 1}').samples] == [1.0]
