"""The origin of messages: the service and environment that this machine belongs to, and the last line that says so. Pure."""

from __future__ import annotations

import re

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip

FOOTER = "{service} · {host}"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_SEPARATOR = " · "
_LONGEST = 200


@frozen
class Origin:
    """What every message says of where it comes from; ``footer`` is its last line, "" for none."""

    service: str = ""
    environment: str = ""
    footer: str = ""


NO_ORIGIN = Origin()


def origin_of(service: str, environment: str, template: str, host: str) -> Origin:
    """The origin with its footer: placeholders filled in, and parts between " · " that came out empty left out."""
    values = {"service": service, "environment": environment, "host": host}
    parts = (_PLACEHOLDER.sub(lambda found: values.get(found[1], ""), part).strip() for part in template.split(_SEPARATOR))
    return Origin(service, environment, clip(clean(_SEPARATOR.join(filter(None, parts))), _LONGEST))
