"""A profile names the passes that its runtime does: uncompiled PyTorch runs a batch norm as an operator of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.device.add.write import write_profile
from dsim.device.load import load_profile
from dsim.device.profile import CHECK, LEARN
from dsim.graph.passes import PASSES
from dsim.latency.checked import checked_networks
from dsim.latency.fit import load_model
from dsim.measure.backends import BACKENDS
from dsim.measure.make_profile import make_profile
from dsim.measure.records import AS_WRITTEN, FOLDED, Stack
from dsim.op import Op, OpKind
from tests.measure.test_batches import designs, kernel_ms, timed
from tests.measure.test_journal import HEAD


def test_only_what_runs_a_network_as_it_is_written_folds_no_batch_norm() -> None:
    assert all(set(backend.passes) <= set(PASSES) for backend in BACKENDS.values())
    unfolded = {name for name, backend in BACKENDS.items() if "fold_batch_norm" not in backend.passes}
    assert unfolded == {"torch", "cuda", "cuda-64"}


@pytest.mark.parametrize(("backend", "passes"), [("onnxruntime", FOLDED), ("torch", AS_WRITTEN)])
def test_a_batch_norm_is_priced_where_it_runs(
    backend: str, passes: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    head = replace(HEAD, stacks={backend: Stack("Made up 1", "float32", "NCHW")})
    learned = designs(8, LEARN, "learn")
    entries = [timed(one, backend) for one in (*learned, *designs(5, CHECK, "check"))]
    made = make_profile(f"made-up-{backend}", "made up", head, backend, entries)
    assert not made.inserted, "every operator has a node of its own"
    profile = load_profile(write_profile(tmp_path, made.addition))
    assert profile.passes == passes
    norms = [row for row in profile.ops if row.op.kind is OpKind.BATCH_NORM]
    written = sum(_norms(one.graph.ops) for one in learned)
    # a batch norm behind no layer that could take it over stays one anywhere
    assert len(norms) == written if backend == "torch" else len(norms) < written / 4
    assert [row.latency_ms for row in norms] == pytest.approx([kernel_ms(row.op) for row in norms], rel=1e-4)
    assert max(abs(one.error) for one in checked_networks(profile.name, CHECK)) < 0.1

    graph = get_preset("efficientformer_l1").to_graph()
    kernels = [placed.kernel.op for placed in load_model(profile.name).kernels(graph)]
    assert _norms(kernels) == (_norms(graph.ops) if backend == "torch" else 0)


def _norms(ops: Iterable[Op]) -> int:
    return sum(op.kind is OpKind.BATCH_NORM for op in ops)
