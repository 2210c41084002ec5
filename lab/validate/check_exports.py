"""Write every preset in every form at full size, and put how far each is from torch into a document.

    python -m lab.validate.check_exports --write lab/notes/export.md

Needs the extras onnx, coreml and litert. A form whose package is missing, and presets that are not named, keep their
cells in the document. A file that fails its check, or whose kernels differ for no reason that is known, ends the run.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from dsim.arch import PRESETS, get_preset
from dsim.errors import MissingPackageError
from dsim.export import export
from dsim.export.targets import FORMS
from lab.marked import read_block, replace_block

BLOCK = "exports"
Cells = dict[tuple[str, str], str]  # (preset, form): largest difference


def measured(names: list[str], forms: list[str]) -> tuple[Cells, dict[str, str]]:
    """Export and check; give the differences, and each preset's largest score."""
    cells: Cells = {}
    largest = {}
    for name in names:
        for form in forms:
            start = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                try:
                    found = export(get_preset(name), Path(folder) / "out", form)
                except MissingPackageError as error:
                    print(f"{form} left out: {error}", file=sys.stderr)
                    continue
                assert found.difference is not None
                size = sum(
                    path.stat().st_size for path in (Path(folder) / "out").rglob("*") if path.is_file()
                )
            cells[name, form] = f"{found.difference.max_abs:.1e}"
            largest[name] = f"{found.difference.largest:.2f}"
            line = f"{name} {form}: {found.difference}; {size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s"
            print(line, file=sys.stderr)
            odd = [check for check in found.checks if "these differ" in check or "unexpected" in check]
            if odd:
                sys.exit(f"{name} {form} has other kernels than its design: {'; '.join(odd)}")
    return cells, largest


def read_back(block: str) -> tuple[Cells, dict[str, str]]:
    """Read the cells of a table that an earlier run wrote."""
    cells: Cells = {}
    largest = {}
    for line in block.splitlines():
        parts = re.split(r" *\| *", line.strip("| "))
        if parts[0] in PRESETS and len(parts) == len(FORMS) + 2:
            name, largest[name], *values = parts
            cells |= {(name, form): value for form, value in zip(FORMS, values, strict=True) if value != "-"}
    return cells, largest


def table(cells: Cells, largest: dict[str, str]) -> str:
    """Write the table."""
    lines = [f"| preset | largest score | {' | '.join(FORMS)} |", "|---" * (len(FORMS) + 2) + "|"]
    for name in PRESETS:
        values = " | ".join(cells.get((name, form), "-") for form in FORMS)
        lines.append(f"| {name} | {largest.get(name, '-')} | {values} |")
    return "\n".join(lines)


def main() -> None:
    """Check, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help=f"put the table between the marks {BLOCK!r} of this file")
    parser.add_argument("--to", action="append", choices=list(FORMS), help="only this form (repeatable)")
    parser.add_argument("names", nargs="*", help="only these presets")
    options = parser.parse_args()
    cells, largest = read_back(read_block(options.write, BLOCK)) if options.write else ({}, {})
    found, scores = measured(options.names or list(PRESETS), options.to or list(FORMS))
    text = table(cells | found, largest | scores)
    if options.write:
        replace_block(options.write, BLOCK, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
