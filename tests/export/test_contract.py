"""What every form promises: it reloads, it computes what torch computes, it has the design's ops, its README runs.

Presets are tested thinned (the same structure at an eighth of the width), in ONNX the smallest as it is;
`lab/validate/check_exports.py` writes and checks every preset at full size in every form.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dsim.arch import PRESETS, Activation, Arch, Downsample, Mixer, Norm, Stem, get_preset
from dsim.export import build_module, export
from dsim.export.subject import prepare
from dsim.export.targets import FORMS
from tests.export.designs import SMALLEST, STRUCTURES, THINNED, TINY, VARIANTS, structure
from tests.export.oracles import ORACLES
from tests.thorough import cases

PACKAGES = {"onnx": "onnxruntime", "torchexport": "torch", "coreml": "coremltools", "litert": "litert_torch"}
FEW = ("efficientformer_l1",)  # 4D and 3D blocks


def _case(form: str, *values: object, slow: bool = False) -> object:
    missing = importlib.util.find_spec(PACKAGES[form]) is None
    marks = pytest.mark.skipif(
        missing, reason=f"{PACKAGES[form]} is not installed: pip install 'dsim[{form}]'"
    )
    return pytest.param(form, *values, marks=[marks] + [pytest.mark.slow] * slow)


forms = pytest.mark.parametrize("form", [_case(form) for form in FORMS])


def _designs() -> list[object]:
    """ONNX is quick enough for every preset; the others see each structure once, Core ML and LiteRT most of them when thorough."""
    found = []
    for form in FORMS:
        thinned = THINNED if form == "onnx" else STRUCTURES
        designs = {**thinned, **VARIANTS}
        if form in ("coreml", "litert"):  # which convert a design in 6 and in 20 seconds
            designs = cases({name: designs[name] for name in FEW}, designs)
        # the other forms' quick case is the tiny design of the tests below
        found += [_case(form, name, arch, slow=form != "onnx") for name, arch in designs.items()]
    return [*found, _case("onnx", f"{SMALLEST} as it is", get_preset(SMALLEST), slow=True)]


@pytest.mark.parametrize(("form", "name", "arch"), _designs())
def test_a_design_is_written_and_verified(form: str, name: str, arch: Arch, tmp_path: Path) -> None:
    found = export(arch, tmp_path, form)
    assert [path.name for path in found.files] == [FORMS[form].file, "arch.json", "README.md"]
    assert Arch.from_json(found.files[1].read_text()) == arch
    readme = found.files[2].read_text()
    assert all(f"- {line}\n" in readme for line in found.checks)
    assert "weights: drawn at random" in found.checks[-1]
    if form != "torchexport" or arch in VARIANTS.values():  # loading a program twice is slow
        ORACLES[form](arch, found)


def test_the_designs_hold_every_choice_and_every_preset() -> None:
    blocks = [block for arch in VARIANTS.values() for stage in arch.stages for block in stage.blocks]
    assert {block.mixer for block in blocks} == set(Mixer)
    assert {(block.norm, block.activation) for block in blocks} == {(n, a) for n in Norm for a in Activation}
    assert {arch.stem for arch in VARIANTS.values()} == set(Stem)
    assert {stage.downsample for arch in VARIANTS.values() for stage in arch.stages} == set(Downsample)
    assert {arch.head.norm for arch in VARIANTS.values()} == set(Norm)
    assert set(THINNED) == set(PRESETS)
    for arch in THINNED.values():
        assert any(structure(arch) <= structure(other) for other in STRUCTURES.values())


@forms
def test_the_callers_weights_go_in_and_its_readme_runs(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(3)
    module = build_module(TINY)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.3, 0.3)
    found = export(TINY, tmp_path, form, name="mine", notes=("1.4 ms on some phone",), module=module)
    assert capfd.readouterr() == ("", "")  # converters are talkative
    assert found.checks[-1] == "weights: those of the module that was given"
    ORACLES[form](TINY, found, module.eval())
    readme = found.files[2].read_text()
    assert readme.startswith("# mine\n")
    assert "- 1.4 ms on some phone\n" in readme
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    if form == "coreml":
        compile(code, "README.md", "exec")  # it needs a Mac
        return
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert tuple(names["scores"].shape) in {(1, 10), (10,)}  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("form", [_case("coreml")])  # whose float16 has few digits left there
def test_a_module_that_was_never_trained_can_go_out(form: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = build_module(
        STRUCTURES["efficientformerv2_s0"]
    )  # its scores are about 1e-5, its attention biases 0
    found = export(STRUCTURES["efficientformerv2_s0"], tmp_path, form, module=module)
    assert found.difference is not None
    assert found.difference.max_abs < 1e-6
    assert "unexpected" not in " ".join(found.checks)


@pytest.mark.parametrize("resolution", [32, 64, 96])
@pytest.mark.parametrize("name", STRUCTURES)
def test_drawn_weights_give_scores_that_float16_can_hold(name: str, resolution: int) -> None:
    scores = prepare(replace(THINNED[name], resolution=resolution)).scores
    assert 0.3 < float(scores.abs().max()) < 30


@pytest.mark.parametrize("name", ["efficientformer_l1", "poolformer_m48"])
def test_every_parameter_moves_the_scores(name: str) -> None:
    """What is compared would show any tensor of weights that went wrong (but V2's, some of whose biases cancel)."""
    subject = prepare(THINNED[name])
    for key, parameter in subject.module.named_parameters():
        if key.endswith("norm1.bias") and name == "poolformer_m48":
            continue  # pooling takes the mean away
        kept = parameter.detach().clone()
        with torch.no_grad():
            parameter.mul_(1.5)
            moved = float((subject.module(subject.image) - subject.scores).abs().max())
            parameter.copy_(kept)
        assert moved > 3e-4 * float(subject.scores.abs().max()), key
