"""The notebook in docs/ holds README's Python, line by line, and runs from its first cell to its last."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.places import DOCS, ROOT

NOTEBOOK = json.loads((DOCS / "start.ipynb").read_text(encoding="utf-8"))
CELLS = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_it_is_a_notebook_without_stored_results() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    for cell in NOTEBOOK["cells"]:
        assert cell["cell_type"] in ("markdown", "code")
        assert not cell.get("outputs"), "results of another day are no results: clear them"


def test_every_line_of_the_readmes_python_is_in_it_in_order() -> None:
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    wanted = [line for line in code.splitlines() if line]
    lines = iter([line for cell in CELLS for line in cell.splitlines()])
    assert [
        line for line in wanted if line not in lines
    ] == []  # `in` an iterator goes on from where it stands


def show(value: Any) -> str:
    """Return what a notebook shows of a cell's value."""
    for name in ("_repr_svg_", "_repr_html_", "_repr_mimebundle_"):
        if hasattr(value, name):
            shown = getattr(value, name)()
            return str(shown)
    return repr(value)


@pytest.mark.slow
def test_its_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("altair")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "notebook"}
    for number, cell in enumerate(CELLS):
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {number}", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
            if value is not None:
                assert show(value).strip(), cell
    assert (tmp_path / "time.svg").read_text(encoding="utf-8").startswith("<svg ")
    assert (tmp_path / "my_model" / "model.py").exists()
