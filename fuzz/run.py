"""Fuzz every reader of the program and print the counts; exit 1 where an exception passed a stated boundary.

    python -m fuzz.run [--inputs 50000] [--seed 1] [--jobs 2] [--coverage] [TARGET ...]

Each target runs in a process of its own with 2 GiB of memory, so that a crash of a native library is an escape like any other. With
--coverage atheris, where it is installed, also makes inputs guided by what they reach.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fuzz.engine import Run
from fuzz.target import Escape, Report, Target
from fuzz.targets import all_targets

INPUTS = 50_000
MEMORY = 2 * 2**30
_NOTED = 65_536
_ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--coverage", action="store_true", help="use atheris as well")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    known = all_targets()
    if unknown := [name for name in given.targets if name not in known]:
        parser.error(f"no target {', '.join(unknown)}; known: {', '.join(known)}")
    if given.one:
        print(json.dumps(asdict(_here(known[given.targets[0]], given.inputs, given.seed, given.one))))
        return 0
    names = given.targets or list(known)
    print(f"seed {given.seed}, {given.inputs:,} inputs a target")
    print(f"{'target':<22}{'inputs':>9}{'accepted':>10}{'refused':>10}{'CPU s':>8}{'escapes':>9}", flush=True)
    with ThreadPoolExecutor(max(1, given.jobs)) as pool:
        reports = list(pool.map(lambda name: _shown(_apart(name, given.inputs, given.seed)), names))
    faults = [fault for name in names if given.coverage for fault in _covered(known[name], given.inputs, given.seed)]
    for fault in faults:
        print(fault)
    return 1 if faults or any(report.escapes for report in reports) else 0


def _shown(report: Report) -> Report:
    counts = f"{report.inputs:>9,}{report.accepted:>10,}{report.refused:>10,}{report.seconds:>8.1f}{len(report.escapes):>9}"
    lines = [f"{report.target:<22}{counts}"]
    for escape in report.escapes:
        lines += [f"  ESCAPE {escape.error} at {escape.place}", f"    {escape.input}"]
    print("\n".join(lines), flush=True)
    return report


def _here(target: Target, inputs: int, seed: int, note: Path) -> Report:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return Run(target, _noting(note)).run(inputs, seed)


def _noting(path: Path) -> Callable[[Any], None]:
    """Writes each input into a file in memory, for the parent to read where this process dies of it."""
    path.write_bytes(b"\0" * _NOTED)
    with path.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), _NOTED)

    def note(value: Any) -> None:
        data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b"(values)"
        shared[:8] = min(len(data), _NOTED - 8).to_bytes(8, "little")
        shared[8 : 8 + len(data[: _NOTED - 8])] = data[: _NOTED - 8]

    return note


def _apart(name: str, inputs: int, seed: int) -> Report:
    """One target in a process of its own; a process that dies is an escape with the input that it had last."""
    with tempfile.TemporaryDirectory() as directory:
        note = Path(directory) / "input"
        command = [sys.executable, "-m", "fuzz.run", "--one", str(note), "--inputs", str(inputs), "--seed", str(seed), name]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
        if done.returncode == 0:
            found = json.loads(done.stdout.splitlines()[-1])
            return Report(**{**found, "escapes": tuple(Escape(**escape) for escape in found["escapes"])})
        noted = note.read_bytes() if note.exists() else b""
        last = noted[8 : 8 + int.from_bytes(noted[:8], "little")]
        said = (done.stderr.strip().splitlines() or [""])[-1]
        return Report(name, 0, 0, 0, 0.0, (Escape(f"the process ended with {done.returncode}", said, repr(last)),))


def _covered(target: Target, inputs: int, seed: int) -> list[str]:
    """The findings of atheris in one target; where it is not installed, a line says so and the run passes."""
    if target.kind == "values":
        return []
    command = [sys.executable, "-m", "fuzz.coverage", target.name, str(inputs), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
    last = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or [""])[-1]
    print(f"{target.name:<22}{'by coverage' if done.returncode == 0 else 'coverage: escape'}: {last}", flush=True)
    return [f"{target.name}: {done.stderr[-4000:]}"] if done.returncode else []


if __name__ == "__main__":
    sys.exit(main())
