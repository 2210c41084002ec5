"""The formula of GELU in an export: what is written, what reads back, and what is said about the difference."""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from dsim.arch import Activation, Arch
from dsim.cli.export import FORMULAS
from dsim.errors import InvalidValueError, UnknownNameError
from dsim.export import build_module, export
from dsim.export.gelu import Gelu, gap, with_gelu
from dsim.graph.forms import Form, form_of
from dsim.graph.onnx import read_onnx
from dsim.op import OpKind
from tests.export.designs import TINY


def of(activation: Activation) -> Arch:
    stages = tuple(
        replace(stage, blocks=tuple(replace(block, activation=activation) for block in stage.blocks))
        for stage in TINY.stages
    )
    return replace(TINY, stages=stages)


WITH, WITHOUT = of(Activation.GELU), of(Activation.RELU)


@pytest.mark.parametrize("gelu", ["erf", "tanh"])
def test_an_onnx_file_reads_back_with_its_formula(gelu: str, tmp_path: Path) -> None:
    exported = export(WITH, tmp_path, "onnx", gelu=gelu)
    found, wanted = read_onnx(tmp_path / "model.onnx"), WITH.to_graph()
    gelus = sum(op.kind is OpKind.GELU for op in wanted.ops)
    assert Counter(form_of(op) for op in found.ops if op.kind is OpKind.GELU) == {
        Form("gelu", gelu, written_out=True): gelus
    }
    assert found.macs == wanted.macs
    # batch norms were folded into convolutions, which gives each of these a bias: compare what is no norm
    assert _weights(found) == _weights(wanted)
    (line,) = [check for check in exported.checks if check.startswith(f"GELU by {gelu}")]
    assert "random normal numbers" in line
    assert "the design's own scores, for one image of noise with random weights" in line
    assert line in (tmp_path / "README.md").read_text()


def _weights(graph: object) -> int:
    ops = graph.ops  # type: ignore[attr-defined]
    return sum(
        op.attrs.out_channels * op.inputs[0].shape[1] // op.attrs.groups * math.prod(op.attrs.kernel)
        if op.kind is OpKind.CONV2D
        else op.attrs.out_features * op.inputs[0].shape[-1]
        for op in ops
        if op.kind in (OpKind.CONV2D, OpKind.LINEAR)
    )


def test_the_said_difference_of_the_scores_is_the_difference(tmp_path: Path) -> None:
    from dsim.export.subject import prepare

    exported = export(WITH, tmp_path, "torchexport", gelu="tanh")
    subject = prepare(WITH)  # the same weights and image
    with torch.no_grad():
        by_tanh = with_gelu(subject.module, Gelu.TANH)(subject.image)
    apart = float((by_tanh - subject.scores).abs().max())
    said = re.search(r"noise with random weights: at most (\S+) from erf", "\n".join(exported.checks))
    assert said is not None
    assert float(said.group(1)) == pytest.approx(apart, rel=0.1)
    assert apart > 0


def test_the_two_formulas_are_apart_as_their_definitions_are() -> None:
    def apart(x: float) -> float:
        erf = 0.5 * x * (1 + math.erf(x / math.sqrt(2)))
        return abs(erf - 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))

    most, at = gap()
    assert most == pytest.approx(max(apart(0.001 * i) for i in range(6000)), rel=1e-3)
    assert most == pytest.approx(apart(at), rel=1e-6)


def test_a_given_module_stays_as_it_is() -> None:
    module = build_module(WITH)
    changed = with_gelu(module, Gelu.TANH)
    assert {part.approximate for part in module.modules() if isinstance(part, nn.GELU)} == {"none"}
    assert {part.approximate for part in changed.modules() if isinstance(part, nn.GELU)} == {"tanh"}


def test_python_source_computes_by_tanh(tmp_path: Path) -> None:
    written = export(WITH, tmp_path, gelu="tanh")
    spec = importlib.util.spec_from_file_location("tanh_model", tmp_path / "model.py")
    assert spec is not None
    assert spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    found = [part for part in source.create_model().modules() if isinstance(part, nn.GELU)]
    assert found
    assert {part.approximate for part in found} == {"tanh"}
    assert written.checks[0].startswith("GELU by tanh: on 1,000,000 random normal numbers")


def test_the_command_offers_every_formula() -> None:
    assert tuple(Gelu) == FORMULAS


def test_what_does_not_fit_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="needs a design that uses GELU, got tanh and relu"):
        export(WITHOUT, tmp_path, "onnx", gelu="tanh")
    with pytest.raises(InvalidValueError, match="needs a design that uses GELU"):
        export(WITHOUT, tmp_path, gelu="erf")
    with pytest.raises(UnknownNameError, match="formula of GELU"):
        export(WITH, tmp_path, "onnx", gelu="fast")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("form", "package"), [("coreml", "coremltools"), ("litert", "litert_torch")])
def test_other_files_take_either_formula(form: str, package: str, tmp_path: Path) -> None:
    pytest.importorskip(package)
    for gelu in ("erf", "tanh"):
        exported = export(WITH, tmp_path / gelu, form, gelu=gelu)  # its scores are compared with torch's
        assert any(check.startswith(f"GELU by {gelu}") for check in exported.checks)
