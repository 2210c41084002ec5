"""Predict the top-1 of every family of networks from the others, and show how far off that is (about five minutes).

python -m lab.validate.accuracy [--write lab/notes/accuracy.md]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.markdown import Markdown

from dsim.files import write_atomic
from dsim.report.console import result_console
from dsim.report.progress import shown
from lab.validate.accuracy.page import accuracy_document
from lab.validate.accuracy.validate import validate


def main() -> None:
    """Print the document, and write it where asked."""
    parser = argparse.ArgumentParser(description="Validate the accuracy model.")
    parser.add_argument("--write", type=Path, help="Markdown file to write")
    wanted = parser.parse_args().write
    with shown():
        document = accuracy_document(validate())
    if wanted:
        write_atomic(wanted, document)
    result_console().print(Markdown(document))


if __name__ == "__main__":
    main()
