"""Repeat the numeric tests under the matrix kernels of other processors, each with a fresh cache.

    python -m lab.validate.kernels [--kernel NAME ...] [--slow] [FOLDER ...]

OpenBLAS, which numpy and scipy carry, chooses its kernels by processor and can be told to take another's; numpy's own loops
can be told to leave instructions unused. Kernels sum in different orders, so what hangs on rounding fails under one of them.
Which kernel really ran is asked of threadpoolctl, and one that this processor cannot run is said and passed over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from lab.places import ROOT

FOLDERS = ("tests/accuracy", "tests/latency", "tests/search", "tests/shift", "tests/test_rounding.py")
# x86, oldest first, and on Arm; with the instructions that numpy may use beside them
KERNELS = {
    "Nehalem": ("SSE",),
    "Sandybridge": ("SSE",),
    "Haswell": ("SSE", "AVX2", "FMA"),
    "Zen": ("SSE", "AVX2", "FMA"),
    "SkylakeX": ("SSE", "AVX2", "FMA", "AVX512"),
    "ARMV8": ("NEON", "ASIMD"),
    "NEOVERSEN1": ("NEON", "ASIMD"),
}
ALIKE = {"Zen": "Haswell"}  # OpenBLAS gives Zen the kernels of Haswell, and says so
ASK = """
import json, threadpoolctl, numpy, scipy.linalg
from numpy._core import _multiarray_umath as core
found = [one.get("architecture", "") for one in threadpoolctl.threadpool_info() if one["internal_api"] == "openblas"]
here = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
print(json.dumps([found, here]))
"""


def ask(environment: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the kernels that a fresh process uses, and the instructions that numpy's loops may use there."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [], []
    kernels, instructions = json.loads(done.stdout.splitlines()[-1])
    return kernels, instructions


def unused(instructions: list[str], kernel: str) -> list[str]:
    """Return what numpy must leave unused to be as old as a kernel."""
    new = {"AVX2", "FMA", "AVX512"} - set(KERNELS[kernel])
    levels = {"X86_V3": "AVX2", "X86_V4": "AVX512"}  # as later numpy names whole generations
    return [name for name in instructions if any(levels.get(name, name).startswith(one) for one in new)]


def environment_of(kernel: str, cache: str) -> dict[str, str]:
    """Return the environment of a run under one kernel."""
    plain = {
        k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")
    }
    made = {**plain, "OPENBLAS_CORETYPE": kernel, "DSIM_CACHE": cache, "DSIM_TEST_CACHE": cache}
    made |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    left = unused(ask(made)[1], kernel)
    return {**made, "NPY_DISABLE_CPU_FEATURES": " ".join(left)} if left else made


def run(kernel: str, folders: list[str], slow: bool) -> bool | None:
    """Run the tests under a kernel; None where this processor cannot."""
    with tempfile.TemporaryDirectory(prefix="dsim-kernels-") as cache:
        environment = environment_of(kernel, cache)
        found, instructions = ask(environment)
        if not found or set(found) != {ALIKE.get(kernel, kernel)}:
            print(f"{kernel}: cannot run here, OpenBLAS takes {', '.join(sorted(set(found))) or 'none'}")
            return None
        said = f"{kernel}: OpenBLAS takes {found[0]}, numpy {' '.join(instructions) or 'its base'}"
        print(said, flush=True)
        start = time.monotonic()
        chosen = [] if slow else ["-m", "not slow"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, *folders]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        print(
            f"{kernel}: {'passed' if not code else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True
        )
        return code == 0


def main() -> None:
    """Run every kernel that was asked for; end in 1 where one failed or none could run."""
    parser = argparse.ArgumentParser(description="Repeat the numeric tests under other matrix kernels.")
    parser.add_argument(
        "--kernel", action="append", choices=list(KERNELS), help="May be repeated; default all."
    )
    parser.add_argument("--slow", action="store_true", help="With the slow tests too.")
    parser.add_argument("folders", nargs="*", default=list(FOLDERS))
    asked = parser.parse_args()
    results = [run(kernel, asked.folders, asked.slow) for kernel in asked.kernel or KERNELS]
    ran = [result for result in results if result is not None]
    print(f"{sum(ran)} of {len(ran)} kernels passed; {len(results) - len(ran)} cannot run here")
    sys.exit(0 if ran and all(ran) else 1)


if __name__ == "__main__":
    main()
