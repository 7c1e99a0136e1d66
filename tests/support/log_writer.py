"""A program that writes numbered lines fast, about 15,000 a second, and opens its file anew some time after SIGHUP.

python log_writer.py LOG COUNT LATE_SECONDS
"""

from __future__ import annotations

import signal
import sys
import time


def main(log: str, count: int, late: float) -> None:
    due = 0.0

    def hang_up(*_: object) -> None:
        nonlocal due
        due = time.monotonic() + late

    signal.signal(signal.SIGHUP, hang_up)
    file = open(log, "ab", buffering=0)  # noqa: SIM115  it is opened anew below
    print("ready", flush=True)
    for number in range(count):
        if due and time.monotonic() >= due:
            due = 0.0
            file.close()
            file = open(log, "ab", buffering=0)  # noqa: SIM115
        file.write(b"%d of the lines that were written, each with a number of its own\n" % number)
        if number % 150 == 149:
            time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
