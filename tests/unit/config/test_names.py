"""Names that refer to each other are checked in one place, each fault with its key and the nearest valid name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.config.names import name_faults
from tui_monitor.config.settings import Settings

NOTIFIERS = [{"name": name, "type": "webhook", "url": "http://127.0.0.1:1/"} for name in ("chat", "mail")]
CHECK = {"name": "a", "type": "tcp", "host": "h", "port": 1}


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"routes": [{"notifiers": ["chatt"]}]}, 'routes[1].notifiers: there is no notifier "chatt"; did you mean "chat"?'),
        (
            {"routes": [{"routes": [{"notifiers": ["xyzw"]}]}]},
            'routes[1].routes[1].notifiers: there is no notifier "xyzw"; there are: chat, mail',
        ),
        (
            {"routes": [{"escalate": [{"after": "5m", "notifiers": ["xyzw"]}]}]},
            'routes[1].escalate[1].notifiers: there is no notifier "xyzw"; there are: chat, mail',
        ),
        ({"routing": {"info": ["male"]}}, 'routing.info: there is no notifier "male"; did you mean "mail"?'),
        ({"routing": {"info": ["x"]}, "notifiers": []}, 'routing.info: there is no notifier "x"; no notifier is configured'),
        ({"recipients": {"ops": ["nobody"]}}, 'recipients.ops: there is no notifier "nobody"; there are: chat, mail, ops'),
        ({"recipients": {"chat": ["mail"]}}, "recipients.chat: a notifier has this name too"),
        ({"checks": [{**CHECK, "depends_on": ["b"]}]}, 'checks[1].depends_on: there is no check "b"; there are: a'),
        ({"checks": [CHECK, CHECK]}, 'checks[2].name: the name "a" is used twice'),
    ],
)
def test_a_name_that_points_nowhere_or_stands_twice_is_a_fault(parts: dict[str, Any], fault: str) -> None:
    """Every list of names is looked at: routes within routes and escalations too."""
    assert [str(found) for found in name_faults(made(Settings, {"notifiers": NOTIFIERS, **parts}))] == [fault]


def test_groups_may_stand_where_notifiers_do() -> None:
    """A recipient group is as good a receiver as a notifier."""
    parts = {"recipients": {"ops": ["chat", "mail"]}, "routing": {"warning": ["ops"]}, "notifiers": NOTIFIERS}
    assert list(name_faults(made(Settings, parts))) == []
