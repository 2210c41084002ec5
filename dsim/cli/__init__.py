"""The command line: a thin skin over the library, one verb per file."""

from dsim.cli.main import main

__all__ = ["main"]
