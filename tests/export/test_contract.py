"""What every form promises: it reloads, it computes what torch computes, it has the design's kernels, it is tidy.

Presets are tested thinned (the same structure at an eighth of the width), the smallest of each family as they are;
`scripts/check_exports.py` does all of them at full size.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from dsim.arch import Activation, Arch, Downsample, Mixer, Norm, Stem, get_preset
from dsim.export import Exported, build_module, export
from dsim.export.targets import FORMS
from tests.export.designs import EVERYTHING, SMALL, VARIANTS
from tests.export.oracles import ORACLES

PACKAGES = {"onnx": "onnxruntime", "torchexport": "torch", "coreml": "coremltools", "litert": "litert_torch"}


def _form(name: str) -> object:
    missing = importlib.util.find_spec(PACKAGES[name]) is None
    marks = pytest.mark.skipif(missing, reason=f"{PACKAGES[name]} is not installed")
    return pytest.param(name, marks=marks)


forms = pytest.mark.parametrize("form", [_form(name) for name in FORMS])


def _verified(form: str, arch: Arch, folder: Path) -> Exported:
    """Export, and verify by means of the test's own."""
    found = export(arch, folder, form)
    assert [path.name for path in found.files] == [FORMS[form].file, "arch.json", "README.md"]
    assert Arch.from_json(found.files[1].read_text()) == arch
    readme = found.files[2].read_text()
    assert all(line in readme for line in found.checks)
    ORACLES[form](arch, found)
    return found


@forms
@pytest.mark.parametrize("name", EVERYTHING)
def test_every_design(form: str, name: str, tmp_path: Path) -> None:
    _verified(form, EVERYTHING[name], tmp_path)


@forms
@pytest.mark.parametrize("name", SMALL)
def test_small_presets_as_they_are(form: str, name: str, tmp_path: Path) -> None:
    found = _verified(form, get_preset(name), tmp_path)
    assert "weights: drawn at random" in found.checks[-1]


def test_the_designs_hold_every_choice() -> None:
    blocks = [block for arch in VARIANTS.values() for stage in arch.stages for block in stage.blocks]
    assert {block.mixer for block in blocks} == set(Mixer)
    assert {(block.norm, block.activation) for block in blocks} == {(n, a) for n in Norm for a in Activation}
    assert {arch.stem for arch in VARIANTS.values()} == set(Stem)
    assert {stage.downsample for arch in VARIANTS.values() for stage in arch.stages} == set(Downsample)
    assert {arch.head.norm for arch in VARIANTS.values()} == set(Norm)


@forms
def test_the_callers_weights_go_in(form: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    arch = VARIANTS["batch"]
    module = build_module(arch)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.3, 0.3)
    found = export(arch, tmp_path, form, module=module)
    assert found.checks[-1] == "weights: those of the module that was given"
    ORACLES[form](arch, found, module.eval())
