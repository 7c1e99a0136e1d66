"""1,000 ICMP checks each 10 s, three echo requests each, against loopback addresses: CPU of the daemon; prints JSON.

    python bench/icmp.py [--hosts 1000] [--seconds 40]

Needs the right to send echo requests: root, or a ping_group_range that has this group.
"""

from __future__ import annotations

import argparse
import time

from harness import compile_program, figure, finish, headless, origins, others_busy, rss_mib

SETTLE = 25.0
"""Seconds until every check has run twice."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    compile_program()
    checks = "".join(
        f'[[checks]]\nname = "host-{number:04d}"\ntype = "icmp"\nhost = "{address}"\ninterval = "10s"\n'
        for number, address in enumerate(origins(options.hosts))
    )
    with headless("default_rules = false\n" + checks) as process:
        time.sleep(SETTLE)
        used, others = others_busy(process, options.seconds)
        finish(
            {
                "cpu": figure(100 * used / options.seconds, "% of a core", 5.0, hosts=options.hosts, others_pct=round(others, 1)),
                "rss": figure(rss_mib(process), "MiB"),
            }
        )


if __name__ == "__main__":
    main()
