"""The commands that an advice names, so that they can be copied: advice is prose with commands in it, in English and Korean. Pure."""

from __future__ import annotations

import re

PROGRAMS = (
    "apt", "cat", "certbot", "crontab", "curl", "df", "dig", "dmesg", "docker", "du", "free", "getent", "grep", "htop", "ip", "journalctl",
    "kill", "kubectl", "less", "ls", "lsof", "mtr", "mysql", "nc", "nginx", "openssl", "ping", "podman", "ps", "psql", "redis-cli", "rm",
    "service", "smartctl", "ss", "supervisorctl", "systemctl", "tail", "timedatectl", "top", "tui-monitor", "valkey-cli", "vmstat",
)  # fmt: skip
_COMMAND = re.compile(rf"(?:^|(?<=[:;(`]))\s*((?:sudo )?(?:{'|'.join(map(re.escape, PROGRAMS))})(?= [^ ])[^;`\n]*)")
_END = re.compile(r"`|\)$|\.$|, then .*|(?: shows| tells| lists| and | on the | 로 | 으로 | 와 |, )(?=\D).*")
"""Where prose goes on after a command."""


def commands_of(advice: str) -> list[str]:
    """The commands of an advice, in their order, each once: "systemctl status postgresql", "ss -ltnp 'sport = :5432'"."""
    found = []
    for match in _COMMAND.finditer(advice):
        text = _END.sub("", match[1].strip()).strip()
        if text.count("(") != text.count(")"):
            text = text[: text.index(")")] if ")" in text else text
        if text and text not in found:
            found.append(text)
    return found
