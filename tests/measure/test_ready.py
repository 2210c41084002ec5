"""The helper process that makes networks ready while another one is timed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import sys, time
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


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no helper without cores to choose from")
def test_a_helper_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "measure.py"  # a spawned process imports it again, which -c does not allow
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        (helper,) = map(int, parent.stdout.readline().split())
        assert _runs(helper)
        parent.kill()
    limit = time.monotonic() + 60
    while _runs(helper):
        assert time.monotonic() < limit, "it waits for ever"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
