"""A marked block of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsim.errors import FileAccessError, FileFormatError
from lab.marked import read_block, replace_block


def test_block_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("above\n<!-- begin: x -->\nold\n<!-- end: x -->\nbelow\n")
    assert read_block(path, "x") == "old"
    replace_block(path, "x", "new")
    assert path.read_text() == "above\n<!-- begin: x -->\nnew\n<!-- end: x -->\nbelow\n"
    with pytest.raises(FileFormatError, match="once each"):
        replace_block(path, "y", "new")
    with pytest.raises(FileAccessError, match="cannot be read"):
        replace_block(tmp_path / "none.md", "x", "new")
