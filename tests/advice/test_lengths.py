"""Advice on lengths and constants: the evidence with the work of added rows, what is written when, and what a user may name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime
import pytest
from click.testing import CliRunner

import dsim
from dsim.advice import Rewrite, Verdict, Way
from dsim.advice.advise import KINDS
from dsim.advice.evidence import length_gain
from dsim.cli.advise import advise as verb
from dsim.cli.main import dsim as command
from dsim.device import find_profile
from dsim.device.graded import Grade, packs
from dsim.device.tells import contrasts_on
from dsim.errors import UnknownNameError
from tests.graph.onnx_files import exported
from tests.graph.tiny_vit import TinyVit

GALAXY, CPU = "galaxy-s26-npu-litert", "epyc-zen4-onnxruntime"
SIDE, TOKENS, LONGER = 46, 530, 640  # 23 x 23 patches and a class token


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vit") / "vit.onnx"
    return exported(TinyVit(side=SIDE, depth=1), (1, 3, SIDE, SIDE), path)


def of(way: Way, rewrites: tuple[Rewrite, ...]) -> Rewrite:
    return next(one for one in rewrites if one.way is way)


def test_added_rows_are_counted_beside_what_was_timed() -> None:
    seen = contrasts_on(find_profile(GALAXY))
    exact = length_gain(seen, 1500, 1536)
    assert exact is not None
    # 36.3 to 14.29 ms was timed of these very lengths; 1025 to 1024 added no row, 1500 to 1536 adds them here
    assert exact.changes[-1] == pytest.approx(9.359 / 12.29 * (1536 / 1500 * 1025 / 1024) ** 2 - 1, abs=1e-3)
    assert any(change == pytest.approx(14.29 / 36.3 - 1, abs=1e-3) for change in exact.changes)
    far = length_gain(seen, 1025, 1152)
    assert far is not None
    assert far.grade is Grade.B
    assert far.changes[-1] == pytest.approx(9.359 / 12.29 * (1152 / 1025 * 1025 / 1024) ** 2 - 1, abs=1e-3)
    assert length_gain(seen, 511, 512) is None  # the shortest length in a contrast is 1024


def test_a_length_is_written_where_this_stack_pays_for_it(vit: Path, tmp_path: Path) -> None:
    pack = [one for one in packs() if one.kind == "alignment"]
    shorter = [replace(one, before="512 tokens", after="513 tokens") for one in pack]
    advice = dsim.advise(vit, GALAXY, among=shorter, write=tmp_path / "a.onnx")
    found = of(Way.LENGTHS, advice.proposed)
    assert found.what == f"attention over {LONGER} tokens in place of {TOKENS}"
    assert "but no mask: none was timed" in found.says
    assert advice.written is not None
    assert advice.written.done == (f"attention over {LONGER} tokens in place of {TOKENS}, 1 softmax",)
    assert advice.written.largest_difference <= advice.written.allowed
    assert [node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node].count("Pad") == 1
    again = dsim.advise(tmp_path / "a.onnx", GALAXY, among=shorter)
    assert not [one for one in again.rewrites if one.way is Way.LENGTHS]


def test_rows_are_more_work_and_are_added_unasked_only_where_they_pay(vit: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.onnx"
    written = dsim.advise(vit, "iphone12", write=target, untimed=True).written
    assert written is not None
    assert not [done for done in written.done if done.startswith("attention")]
    for only in ("lengths", ["lengths", "constants"]):
        found = dsim.advise(vit, "iphone12", write=target, only=only).written
        assert found is not None
        assert found.done[-1] == f"attention over {LONGER} tokens in place of {TOKENS}, 1 softmax"
    assert found.done[0].startswith("constants folded")


def test_a_pattern_that_is_not_written_says_why(tmp_path: Path) -> None:
    network = TinyVit(lambda x: x.cumsum(1), side=SIDE)
    path = exported(network, (1, 3, SIDE, SIDE), tmp_path / "a.onnx")
    (found,) = (one for one in dsim.advise(path, "iphone12").rewrites if one.tokens)
    assert found.way is Way.BY_HAND
    assert "dsim does not write this one: more rows would change what CumSum" in found.says
    (plain,) = (one for one in dsim.advise("efficientformer_l1", "iphone12").rewrites if one.tokens)
    assert "given an .onnx file, dsim may write it" in plain.says


def test_lengths_below_those_that_were_timed_are_not_proposed(vit: Path) -> None:
    (found,) = (one for one in dsim.advise(vit, GALAXY).rewrites if one.tokens)
    assert found.verdict is Verdict.UNKNOWN
    assert "nothing is known of so few: the shortest that was timed here has 1024" in found.says


def loaded(path: Path, folder: Path) -> Counter[str]:
    """Return the operators of a file as ONNX Runtime has them after it loaded it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "loaded.onnx")
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "loaded.onnx").graph.node)


def test_folded_constants_are_no_news_to_onnx_runtime(vit: Path, tmp_path: Path) -> None:
    advice = dsim.advise(vit, CPU, write=tmp_path / "a.onnx", only=["constants"])
    assert advice.stack == f"{find_profile(CPU).runtime}, float32"  # which names its unit, CPU
    found = of(Way.CONSTANTS, advice.rewrites)
    assert (found.verdict, found.gain) == (Verdict.NO_GAIN, None)
    assert "ONNX Runtime folds them itself when it loads a file" in found.says
    assert advice.written is not None
    assert advice.written.done == (f"{found.what}, {found.places} nodes",)
    assert "Shape" not in {node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node}
    assert loaded(vit, tmp_path) == loaded(tmp_path / "a.onnx", tmp_path)
    again = dsim.advise(tmp_path / "a.onnx", CPU, write=tmp_path / "b.onnx", only=["constants"])
    assert again.written is None
    assert "there is no rewrite of the kind constants that dsim can write here" in again.notes[-1]
    elsewhere = of(Way.CONSTANTS, dsim.advise(vit, "iphone12").rewrites)
    assert elsewhere.verdict is Verdict.UNKNOWN
    assert "write it (--only constants --write FILE)" in elsewhere.says


def test_what_is_named_must_be_a_kind_of_rewrite(vit: Path, tmp_path: Path) -> None:
    (option,) = (one for one in verb.params if one.name == "only")
    assert tuple(option.to_info_dict()["type"]["choices"]) == KINDS
    with pytest.raises(
        UnknownNameError, match=r"unknown kind of rewrite 'length'; known: .*closest: lengths"
    ):
        dsim.advise(vit, CPU, write=tmp_path / "a.onnx", only=["length"])
    done = CliRunner().invoke(command, ["advise", str(vit), "--device", CPU, "--only", "lengths"])
    assert done.exit_code == 2
    assert "--only needs --write FILE" in done.output
    options = {"--only": "by hand", "--write": str(tmp_path / "a.onnx")}
    words = [word for pair in options.items() for word in pair]
    done = CliRunner().invoke(command, ["advise", str(vit), "--device", CPU, *words])
    assert done.exit_code == 2
    assert "'branches', 'opset', 'constants', 'lengths'" in done.output
