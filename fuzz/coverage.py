"""One target under atheris (libFuzzer): inputs guided by the lines that they reach. Started by run.py --coverage.

python -m fuzz.coverage TARGET INPUTS SEED
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Run one target; a process that an escape ends has printed it with its input."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed (pip install atheris): skipped")
        return 0
    name, inputs, seed = sys.argv[1:4]
    with atheris.instrument_imports(include=["tui_monitor"]):
        from fuzz.targets import all_targets

        target = all_targets()[name]

    def one(data: bytes) -> None:
        target.call(data if target.kind == "bytes" else data.decode("utf-8", "replace"))

    with tempfile.TemporaryDirectory() as directory:
        for number, each in enumerate(target.corpus()):
            (Path(directory) / f"seed{number}").write_bytes(each)
        options = [f"-runs={inputs}", f"-seed={seed}", "-timeout=10", "-max_len=4096", "-verbosity=0", f"-artifact_prefix={directory}/"]
        atheris.Setup([sys.argv[0], *options, directory], one)
        print(f"{inputs} inputs", flush=True)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
