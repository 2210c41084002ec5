"""Hold predicted peak memory against what runtimes take here, and against published figures.

    python -m lab.validate.memory [RAW] [--write lab/notes/memory.md]

RAW is the folder that `lab.curate` reads; without it the published figures keep their tables. Needs timm, and Linux: the peak
of a process is read from /proc.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lab.marked import replace_block
from lab.validate.memory.here import compare_here
from lab.validate.memory.published import compare_published


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("raw", nargs="?", type=Path)
    parser.add_argument("--write", type=Path, metavar="NOTE")
    asked = parser.parse_args()
    blocks = {"published": compare_published(asked.raw)} if asked.raw else {}
    blocks["here"] = compare_here()
    for name, text in blocks.items():
        if asked.write:
            replace_block(asked.write, name, text)
        else:
            print(text)


if __name__ == "__main__":
    main()
