"""Run the main job afresh and put its output into docs/search.md, and its beginning into README.md (blocks ``run``).

Usage: python -m lab.validate.readme_run
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from lab.marked import replace_block
from lab.places import ROOT

COMMAND = ("study", "--device", "iphone12", "--budget", "2ms")


def main() -> None:
    """Run ``dsim study`` in an empty folder, as a newcomer does, and keep what it prints."""
    with tempfile.TemporaryDirectory() as empty:
        code = "from dsim.cli import main; main()"
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        env = {**os.environ, "PYTHONPATH": paths, "COLUMNS": "110"}
        run = [sys.executable, "-c", code, *COMMAND]
        done = subprocess.run(run, cwd=empty, env=env, capture_output=True, text=True, check=True)
    lines = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    replace_block(ROOT / "docs" / "search.md", "run", _console(lines))
    beginning = lines.partition("\nPareto front")[0].rstrip()
    replace_block(ROOT / "README.md", "run", _console(f"{beginning}\n..."))


def _console(lines: str) -> str:
    return f"```console\n$ dsim {' '.join(COMMAND)}\n{lines}\n```"


if __name__ == "__main__":
    main()
