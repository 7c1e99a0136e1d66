"""A stand-in for smartmontools' smartctl: answers the JSON of its documentation for devices that a test describes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_SCRIPT = """\
#!{python}
import json, sys
here = json.load(open({answers!r}))
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if "--scan" in sys.argv:
    print(json.dumps({{"devices": here["devices"]}}))
    sys.exit(0)
answer = here["answers"][sys.argv[-1]]
print(answer["text"] if "text" in answer else json.dumps(answer["json"]))
sys.exit(answer["exit"])
"""


class FakeSmartctl:
    """The program's path; ``calls`` are the arguments of each run."""

    def __init__(self, directory: Path, answers: dict[str, dict[str, Any]]) -> None:
        self.path = directory / "smartctl"
        self._answers, self._log = directory / "answers.json", directory / "calls"
        self.answer(answers)
        self.path.write_text(_SCRIPT.format(python=sys.executable, answers=str(self._answers), log=str(self._log)))
        self.path.chmod(0o755)

    def answer(self, answers: dict[str, dict[str, Any]]) -> None:
        """By device: the JSON or text, and the exit status."""
        devices = [
            {"name": name, "info_name": name, "type": answer.get("type", "sat"), "protocol": "ATA"} for name, answer in answers.items()
        ]
        self._answers.write_text(json.dumps({"devices": devices, "answers": answers}))

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each run."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []


def ata(*, passed: bool = True, celsius: float = 34, exit_status: int = 0) -> dict[str, Any]:
    """A disk's answer (source: smartctl(8), option -j, with the names of its ATA output)."""
    document = {
        "json_format_version": [1, 0],
        "smartctl": {"version": [7, 3], "exit_status": exit_status},
        "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"},
        "smart_status": {"passed": passed},
        "temperature": {"current": celsius},
    }
    return {"json": document, "exit": exit_status}


def nvme(*, used: int = 3, warning: int = 0) -> dict[str, Any]:
    """An NVMe drive's answer: its health stands in another part."""
    document = {
        "smartctl": {"version": [7, 3], "exit_status": 0},
        "device": {"name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"},
        "smart_status": {"passed": True, "nvme": {"value": 0}},
        "nvme_smart_health_information_log": {
            "critical_warning": warning, "temperature": 41, "available_spare": 100, "percentage_used": used,
        },
        "temperature": {"current": 41},
    }  # fmt: skip
    return {"json": document, "exit": 0, "type": "nvme"}


def refused(message: str, exit_status: int = 2) -> dict[str, Any]:
    """A device that cannot be opened, or sleeps."""
    told = {"smartctl": {"exit_status": exit_status, "messages": [{"string": message, "severity": "error"}]}}
    return {"json": told, "exit": exit_status}
