"""What works for a command ends with it, also if that command was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MEASURE = """
import time
from dsim.arch import get_preset
from dsim.measure.planned import planned_design
from dsim.measure.ready import kitchen

if __name__ == "__main__":
    with kitchen(frozenset({"onnx"}), 0) as one:
        planned = planned_design(get_preset("efficientformer_l1"))
        one.start(planned)
        one.finish(planned)
        print(*one._pool._processes, flush=True)
        time.sleep(600)
"""
COMPARE = """
import os, time
from dsim.shift.processes import in_processes

def work(number):
    print(os.getpid(), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    list(in_processes(2, work, [(0,), (0,)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="dsim measure has a helper on Linux alone")
@pytest.mark.parametrize("script", [MEASURE, COMPARE], ids=["measure", "compare"])
def test_helpers_end_when_their_parent_is_killed(script: str, tmp_path: Path) -> None:
    path = tmp_path / "parent.py"  # the helpers import it again, which -c does not allow
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        assert _runs(helper)
        parent.kill()
        limit = time.monotonic() + 60
        while _runs(helper):
            assert time.monotonic() < limit, "it goes on"
            time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
