"""A valid design is never refused for rounding, and a wrong file never passes for it."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dsim.arch import Arch, Mixer, Norm, get_preset
from dsim.errors import ExportError
from dsim.export import export
from dsim.export.findings import compare
from dsim.export.precision import FLOAT16, FLOAT32, exact_and_held
from dsim.export.subject import Subject, prepare
from dsim.export.targets import FORMS
from tests.export.designs import THINNED, TINY, VARIANTS

PACKAGES = {"onnx": "onnxruntime", "torchexport": "torch", "coreml": "coremltools", "litert": "litert_torch"}


def with_group_norm(arch: Arch) -> Arch:
    """Every norm but attention's own becomes a group norm, which sums over a whole map."""
    stages = tuple(
        replace(
            stage,
            blocks=tuple(
                b if b.mixer is Mixer.ATTENTION else replace(b, norm=Norm.GROUP) for b in stage.blocks
            ),
        )
        for stage in arch.stages
    )
    return replace(arch, stages=stages)


def float16_of(subject: Subject) -> torch.Tensor:
    """Scores of the design with its weights rounded to float16: another network, by a little."""
    other = prepare(subject.arch).module
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.copy_(parameter.half().float())
        scores: torch.Tensor = other(subject.image)
    return scores


@pytest.mark.parametrize("name", ["efficientformer_l1", "poolformer_m48"])
def test_torch_itself_is_within_what_float32_holds(name: str) -> None:
    subject = prepare(THINNED[name])
    exact, held = exact_and_held(subject, FLOAT32)
    off, largest = float((subject.scores.double() - exact).abs().max()), float(exact.abs().max())
    assert 0.0 < off <= held < 1e-4 * largest
    assert exact_and_held(subject, FLOAT16)[1] > held


def test_rounding_that_exceeds_the_usual_bound_is_kept_and_stated() -> None:
    subject = prepare(with_group_norm(THINNED["efficientformer_l1"]))
    exact, held = exact_and_held(subject, FLOAT32)
    rounded = (exact + 0.9 * held).float()  # as an unlucky runtime has it
    found = compare(rounded, subject, 1e-9, "some runtime")
    assert found.held == "float32"
    assert found.max_abs > 1e-9 * found.largest
    assert "what float32 can hold through this depth, told by float64" in str(found)
    with pytest.raises(ExportError, match="nothing was kept"):
        compare((exact + 1.2 * held).float(), subject, 1e-9, "some runtime")


@pytest.mark.parametrize("arch", [THINNED["efficientformer_l1"], VARIANTS["c"]], ids=["l1", "c"])
def test_weights_of_another_precision_are_a_wrong_file(arch: Arch) -> None:
    subject = prepare(arch)
    with pytest.raises(ExportError, match="must give torch's scores"):
        compare(float16_of(subject), subject, 1e-4, "some runtime")


@pytest.mark.parametrize("name", ["efficientformer_l1", "poolformer_m48"])
def test_a_changed_weight_is_a_wrong_file(name: str) -> None:
    subject = prepare(with_group_norm(THINNED[name]))
    module = prepare(subject.arch).module
    for key, parameter in list(module.named_parameters())[::29]:
        if key.endswith("norm1.bias") and name == "poolformer_m48":
            continue  # pooling takes the mean away
        with torch.no_grad():
            kept = parameter.detach().clone()
            parameter.mul_(1.5)
            scores = module(subject.image)
            parameter.copy_(kept)
        with pytest.raises(ExportError, match="must give torch's scores"):
            compare(scores, subject, 1e-4, "some runtime")


class Faulty:
    """A real form whose converter gets one weight wrong."""

    def __init__(self, form: object) -> None:
        self._form = form

    def __getattr__(self, name: str) -> object:
        return getattr(self._form, name)

    def write(self, subject: Subject, path: Path) -> None:
        wrong = prepare(subject.arch)
        with torch.no_grad():
            weight = next(p for p in wrong.module.parameters() if p.ndim == 4)
            weight[0] = -weight[0]
        self._form.write(wrong, path)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(
            form,
            marks=[
                pytest.mark.skipif(importlib.util.find_spec(PACKAGES[form]) is None, reason="not installed")
            ]
            + [pytest.mark.slow] * (form in ("coreml", "litert")),
        )
        for form in FORMS
    ],
)
def test_a_converter_that_gets_a_weight_wrong_keeps_nothing(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMS, form, Faulty(FORMS[form]))  # type: ignore[arg-type]
    with pytest.raises(ExportError, match="must give torch's scores"):
        export(with_group_norm(TINY), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(
            form,
            marks=pytest.mark.skipif(
                importlib.util.find_spec(PACKAGES[form]) is None, reason="not installed"
            ),
        )
        for form in FORMS
    ],
)
def test_a_full_design_with_group_norm_goes_out_in_every_form(form: str, tmp_path: Path) -> None:
    found = export(with_group_norm(get_preset("efficientformer_l1")), tmp_path, form)
    assert found.difference is not None
    assert found.difference.max_abs <= found.difference.allowed
    assert found.difference.max_abs < (0.1 if form == "coreml" else 0.01) * found.difference.largest
