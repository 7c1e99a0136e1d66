"""Values as people read them."""

from __future__ import annotations

import pytest

from tui_monitor.boards import unit_of, value_text


@pytest.mark.parametrize(
    ("expr", "value", "text"),
    [
        ("avg_over_time(cpu_usage_ratio[15s]) > 0.7", 0.913, "91.3 %"),
        ("check_health >= 1", 2.0, "unhealthy"),
        ("probe_duration_seconds > 0.5", 0.7042, "704 ms"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", 794_800.0, "9 d 4 h"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", -200.0, "-3 min 20 s"),
        ("disk_free_bytes / -deriv(disk_free_bytes[1h]) and disk_free_bytes > 0", 7_500.0, "2 h 5 min"),
        ("network_receive_bytes_per_second > 1e6", 3 * 2**20, "3.0 MiB/s"),
        ("orders > 10", 42.0, "42"),
        ("orders > 10", float("nan"), "nan"),
        ("orders > 10", None, ""),
    ],
)
def test_a_value_is_told_in_the_unit_of_its_expression(expr: str, value: float | None, text: str) -> None:
    """The metrics' names say the unit; a difference to time() and a quantity by its slope are durations."""
    assert value_text(value, unit_of(expr)) == text
