"""The section [[hosts]]: other machines, each with a tui-monitor of its own (docs/hosts.md)."""

from __future__ import annotations

import re
from typing import Annotated

from tui_monitor.config.fields import Interval, Name, Text
from tui_monitor.config.section import Section, key

SSH_NAME = re.compile(r"(?!-)[A-Za-z0-9._@:%-]+")
"""What may stand after `ssh`: nothing of it can become an option or reach a shell."""


def check_ssh_name(text: str) -> str:
    """The destination, as one types it after `ssh`. Raises ValueError with advice."""
    if not SSH_NAME.fullmatch(text):
        raise ValueError('not a destination of ssh; write what stands after `ssh`: "kim@web-1", or a Host of ~/.ssh/config')
    return text


SshName = Annotated[str, Text(check_ssh_name)]


class HostSettings(Section):
    """Another host with a tui-monitor of its own: a row of `tui-monitor --hosts`, and here a check of type host."""

    name: Name = key(doc="the host's name, unique, also among the checks", min_length=1, example="web-2")
    ssh: SshName = key(default="", doc="what one types after `ssh`", shown="the name", example="kim@web-2")
    interval: Interval = key(default=10.0, doc="how often its state is judged", gt=0)
    labels: dict[str, str] = key(default={}, doc="labels of its series and alerts; hosts are grouped by them", example={"team": "shop"})

    @classmethod
    def prepared(cls, given: dict[str, object]) -> dict[str, object]:
        """Take the name where `ssh` is not given."""
        return {"ssh": given.get("name", ""), **given}
