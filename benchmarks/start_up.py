"""Time ``dsim --help`` and ``import dsim`` in fresh processes; asked: help in under 0.5 s.

Usage: python benchmarks/start_up.py [repeats]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

CASES = {
    "python -c pass": "pass",
    "import dsim": "import dsim",
    "dsim --help": "import sys; sys.argv = ['dsim', '--help']; from dsim.cli import main; main()",
}


def seconds(code: str) -> float:
    """Time one fresh interpreter, wall clock in seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print median and largest of the repeats for each case."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for name, code in CASES.items():
        times = [seconds(code) for _ in range(repeats)]
        print(f"{name:16s} median {statistics.median(times):.3f} s, largest {max(times):.3f} s, of {repeats}")


if __name__ == "__main__":
    main()
