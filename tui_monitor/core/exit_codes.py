"""Exit codes of every command, as in sysexits.h except for verdicts. Standard library only.

`check` and `status` answer 0 healthy, 1 degraded, 2 unhealthy, 3 unknown; so no failure of theirs may use these numbers.
"""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 64
"""The command line is wrong, or there is no terminal."""
SOFTWARE = 70
"""`check` and `status` could not come to a verdict."""
OUTPUT = 74
"""The output could not be written (a closed pipe is not an error)."""
CONFIGURATION = 78
"""The configuration or the state directory that it names cannot be used; a restart does not help."""
INTERRUPTED = 130
