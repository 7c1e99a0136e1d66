"""Reading of the configuration in a short-lived child process: pydantic would cost the long-running caller 13 MiB and 0.2 s.

Both ends are this program. Settings come back through a pipe, so that no secret stands in arguments or in a file.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tui_monitor.config.faults import Configuration, ConfigurationError, Fault
from tui_monitor.core.sanitize import clean, clip

LIMIT_S = 10.0
"""Seconds after which the child is ended, for example because the file's drive hangs."""
_CODE = "import sys; sys.path[:] = {path!r}; from tui_monitor.config.child import main; main()"
_SAID = 300


def load_in_child(path: Path | None, environ: Mapping[str, str] = os.environ, limit: float = LIMIT_S) -> Configuration:
    """As `load.load`, blocking for about 0.5 s. Raises ConfigurationError, also where the child ends without an answer in ``limit`` s."""
    code = _CODE.format(path=[entry or str(Path.cwd()) for entry in sys.path])
    words = [sys.executable, "-P", "-c", code, *([str(path)] if path is not None else [])]  # -P: no import from the working directory
    try:
        done = subprocess.run(words, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise _failed(path, f"it was not read within {limit:g}s; does its drive answer?") from None
    except OSError as error:
        raise _failed(path, f"the process that reads it cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        raise _failed(path, f"the process that reads it {_end_of(done)}")
    try:
        answer = pickle.loads(done.stdout)  # from our own child; the record of a plug-in's kind is imported here
    except Exception as error:  # noqa: BLE001  the boundary: what a plug-in does when it is imported
        raise _failed(
            path, f"its settings cannot be passed on by the process that reads it: {type(error).__name__}: {clip(clean(str(error)), _SAID)}"
        ) from None
    if isinstance(answer, ConfigurationError):
        raise answer
    assert isinstance(answer, Configuration)
    return answer


def _failed(path: Path | None, text: str) -> ConfigurationError:
    return ConfigurationError([Fault(text=text, file=str(path or "the configuration"))])


def _end_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """The exit of the child and the last line of its output."""
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    how = f"was ended by {signal.Signals(-done.returncode).name}" if done.returncode < 0 else f"ended with {done.returncode}"
    return f"{how}{f': {clip(clean(said), _SAID)}' if said else ''}"


def main() -> None:
    """The child: read the file that the first argument names (none: the defaults), answer on standard output."""
    from tui_monitor.config.load import load

    answers = os.dup(1)
    os.dup2(2, 1)  # output of plug-ins must not mix with the answer
    answer: Configuration | ConfigurationError
    try:
        answer = load(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except ConfigurationError as error:
        answer = error
    with os.fdopen(answers, "wb") as out:
        pickle.dump(answer, out)
