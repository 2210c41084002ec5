"""The front door names what users may use, and opens without loading what is heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dsim

HEAVY = ("torch", "sklearn", "optuna", "scipy", "polars", "networkx", "coremltools")


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint('loaded:', *(m for m in {HEAVY!r} if m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(out.stdout.splitlines()[-1].removeprefix("loaded:").split())


def test_import_is_light() -> None:
    assert loaded_after("import dsim") == set()


def test_help_is_light() -> None:
    code = "import dsim.cli\ntry:\n    dsim.cli.main(['--help'])\nexcept SystemExit as e:\n    assert e.code == 0"
    assert loaded_after(code) == set()


def test_every_name_opens() -> None:
    for name in dsim.__all__:
        assert getattr(dsim, name) is not None
    assert set(dsim.__all__) <= set(dir(dsim))


def test_the_front_door_is_documented_and_typed() -> None:
    """Each name stands in the docstring, and type checkers see the same names as Python does."""
    assert dsim.__doc__
    assert {name for name in dsim.__all__ if f"`{name}`" not in dsim.__doc__} == set()
    tree = ast.parse(Path(dsim.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.If)
        for one in node.body
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    assert typed | {"DsimError"} == set(dsim.__all__)
    assert sorted(dsim.__all__) == sorted(set(dsim.__all__))


def test_unknown_name_lists_the_choices() -> None:
    with pytest.raises(AttributeError, match="it has: PRESETS, Arch"):
        dsim.nonsense  # noqa: B018


def test_some_verbs_are_places_too() -> None:
    assert callable(dsim.search)
    assert dsim.search.Space().resolution == 224
    assert callable(dsim.export)
    assert callable(dsim.measure)
    assert {"measure", "contrasts", "compared", "bundle"} <= set(dsim.measure.__all__)
    assert "dsim measure" in (dsim.measure.__doc__ or "")


def test_a_notebook_hears_of_no_bars_that_dsim_does_not_draw() -> None:
    """The words are those of tqdm, which Optuna loads, where ipywidgets is missing."""
    code = "import dsim, warnings\nwarnings.warn('IProgress not found. Please update jupyter and ipywidgets.')\nwarnings.warn('other')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert "IProgress" not in told
    assert "other" in told
