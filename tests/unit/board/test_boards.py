"""Values as people read them."""

from __future__ import annotations

import pytest

from tui_monitor.board.build import evidence_lines, unit_of, value_text


@pytest.mark.parametrize(
    ("expr", "value", "text"),
    [
        ("avg_over_time(cpu_usage_ratio[15s]) > 0.7", 0.913, "91.3%"),
        ("check_health >= 1", 2.0, "unhealthy"),
        ("probe_duration_seconds > 0.5", 0.7042, "704ms"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", 794_800.0, "9d 4h"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", -200.0, "-3m"),
        ("disk_free_bytes / -deriv(disk_free_bytes[1h]) and disk_free_bytes > 0", 7_500.0, "2h 05m"),
        ("network_receive_bytes_per_second > 1e6", 3 * 2**20, "3.0M/s"),
        ("orders > 10", 42.0, "42"),
        ("orders > 10", float("nan"), "nan"),
        ("orders > 10", None, ""),
    ],
)
def test_a_value_is_told_in_the_unit_of_its_expression(expr: str, value: float | None, text: str) -> None:
    """The metrics' names say the unit; a difference to time() and a quantity by its slope are durations."""
    assert value_text(value, unit_of(expr)) == text


def test_evidence_is_told_in_the_units_of_the_screen() -> None:
    """Columns stay aligned where a share is not known yet."""
    rows = [{"pid": 7, "cpu": None, "memory": 3 << 20, "name": "new"}, {"pid": 41, "cpu": 0.312, "memory": 1 << 30, "name": "postgres"}]
    found = evidence_lines({"phases": {"connect": 0.0124}, "processes": rows})
    assert found["Phases"] == ("connect        12.4ms",)
    assert found["Busiest processes"] == ("      7      -    3.0M  new", "     41  31.2%    1.0G  postgres")
