"""Where an optional package is missing, the one line of the error says how to install it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.errors import MissingPackageError, install_line
from dsim.export import export
from dsim.graph.coreml import read_coreml
from dsim.graph.onnx.load import load_model
from dsim.graph.tflite import read_tflite
from dsim.network.own_code import make_timm
from dsim.packages import need
from dsim.report.packages import need_page_packages
from dsim.search.storage import open_storage
from dsim.supernet.pictures import require_pillow

ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "tests" / "graph" / "files"
L1 = get_preset("efficientformer_l1")
NEEDS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "altair": ("'dsim[report]'", lambda _: need_page_packages()),
    "jinja2": ("'dsim[report]'", lambda _: need_page_packages()),
    "vl_convert": ("'dsim[report]'", lambda _: need_page_packages()),
    "onnx": ("'dsim[onnx]'", lambda folder: load_model(folder / "net.onnx")),
    "tflite": ("'dsim[files]'", lambda _: read_tflite(FILES / "tiny.tflite")),
    "openvino": ("'dsim[openvino]'", lambda _: need("openvino", "backend openvino", "openvino")),
    "PIL": ("'dsim[supernet]'", lambda _: require_pillow()),
    "coremltools": ("'dsim[coreml]'", lambda folder: export(L1, folder / "app", to="coreml")),
    "litert_torch": ("'dsim[litert]'", lambda folder: export(L1, folder / "app", to="litert")),
    "timm": ("timm", lambda _: make_timm("resnet18")),
    "grpc": ("'dsim[grpc]'", lambda _: open_storage("grpc://localhost:1", "a")),
    "psycopg": ("'dsim[postgres]'", lambda _: open_storage("postgresql+psycopg://a:b@localhost/x", "a")),
}


@pytest.mark.parametrize("package", NEEDS)
def test_what_is_missing_is_named_with_how_to_install_it(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, use = NEEDS[package]
    (tmp_path / "net.onnx").write_bytes(b"any")
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(MissingPackageError) as error:
        use(tmp_path)
    said = str(error.value)
    assert "\n" not in said
    assert f"pip install {installed}" in said


def test_a_core_ml_file_needs_coremltools_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'dsim\[files\]'"):
        read_coreml(FILES / "tiny.mlpackage")


def test_every_extra_that_an_error_names_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    named = {what[6:-2] for what, _ in NEEDS.values() if what.startswith("'dsim[")}
    assert named <= set(extras)
    assert install_line("PIL.Image") == "pip install pillow"
    assert install_line("timm.models") == "pip install timm"
