"""The front door names what users may use, and opens without loading what is heavy."""

from __future__ import annotations

import subprocess
import sys

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


def test_unknown_name_lists_the_choices() -> None:
    with pytest.raises(AttributeError, match="it has: PRESETS, Arch"):
        dsim.nonsense  # noqa: B018


def test_search_and_export_are_verbs_and_places() -> None:
    assert callable(dsim.search)
    assert dsim.search.Space().resolution == 224
    assert callable(dsim.export)
