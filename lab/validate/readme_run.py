"""Run the main job afresh, as a newcomer does: its output goes into README.md, and all that it found into docs/search.md.

    python -m lab.validate.readme_run [--docs-only]

Both are marked blocks named ``run``. The picture of its Pareto front goes into docs/front.svg.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dsim.report.write_page import write_page
from lab.marked import replace_block
from lab.places import DOCS, ROOT

COMMAND = ("study", "--device", "iphone12", "--budget", "2ms")
DETAILS = "--details"
COLUMNS = "80"


def printed(words: tuple[str, ...], folder: Path) -> str:
    """Run dsim of this checkout in a folder, and return what it prints, as a console shows it."""
    code = "from dsim.cli import main; main()"
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": paths, "COLUMNS": COLUMNS}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    lines = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    return f"```console\n$ dsim {' '.join(words)}\n{lines}\n```"


def main() -> None:
    """Run the study, show it again with details, draw its front, and keep what came out."""
    with tempfile.TemporaryDirectory() as empty:
        short = printed(COMMAND, Path(empty))
        full = printed((*COMMAND, DETAILS), Path(empty))
        (study,) = (Path(empty) / "studies").iterdir()
        write_page([study], out=None, svg=Path(empty) / "figures")
        (DOCS / "front.svg").write_bytes((Path(empty) / "figures" / "front.svg").read_bytes())
    if "--docs-only" not in sys.argv[1:]:
        answer = short.partition("\nNext:")[0].rstrip()  # README says itself what comes next
        replace_block(ROOT / "README.md", "run", f"{answer}\n...\n```")
    replace_block(DOCS / "search.md", "run", full)


if __name__ == "__main__":
    main()
