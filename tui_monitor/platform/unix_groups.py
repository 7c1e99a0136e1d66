"""The Unix groups of the person who runs this process."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Mapping


def own_groups(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Names of the groups of the user, under sudo of the one who called it; those without a name are left out."""
    try:
        user = pwd.getpwnam(environ["SUDO_USER"]) if environ.get("SUDO_USER") else pwd.getpwuid(os.getuid())
        numbers = os.getgrouplist(user.pw_name, user.pw_gid)
    except (KeyError, OSError):  # no passwd entry (a container)
        numbers = [*os.getgroups(), os.getgid()]
    return frozenset(filter(None, map(_name, numbers)))


def _name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except (KeyError, OSError):
        return ""
