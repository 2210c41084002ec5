"""The one writer of profiles: what goes in comes back, and the files read well."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dsim.attrs import ConvAttrs
from dsim.device.add import Addition, write_profile
from dsim.device.load import load_profile
from dsim.device.profile import CHECK, MeasuredOp
from dsim.errors import FileFormatError
from dsim.graph.builder import make_op
from dsim.op import OpKind, TensorSpec

CONV = make_op(
    OpKind.CONV2D, ConvAttrs(8, (3, 3), padding=(1, 1)), (TensorSpec((1, 3, 16, 16)),), OpKind.RELU
)
ADDITION = Addition(
    name="my-board",
    title="My board",
    like=None,
    method="fine",
    donor="i7-12700h",
    networks=(
        {"network": "a", "graph": "a@224", "latency_ms": "1.5", "batch": "1"},
        {"network": "b", "graph": "b@224", "latency_ms": "2.5", "role": CHECK, "budget_ms": "3"},
    ),
    ops=(MeasuredOp(CONV, 0.25, 3, "a@224", 2, "in situ", "a log", "CC0-1.0"),),
    graphs={},
    low_px=192,
    high_px=256,
    about={
        "soc": "X1",
        "chip": "X1",
        "compute_unit": "CPU",
        "runtime": "a runtime",
        "precision": "float32",
        "layout": "NCHW",
        "batch": "1",
        "threads": "1",
        "measures": "latency",
        "group": "user",
        "pool": "my-board",
        "licence": "CC0-1.0",
        "passes": ["fold_batch_norm"],
        "reference": {"protocol": "own", "model": "Board", "stated": "a median"},
        "models": {"Board": "X1"},
        "protocols": {"own": "a median"},
        "defaults": {"lab": "user", "source": "a log", "licence": "CC0-1.0"},
    },
    contrasts=(
        {
            "choice": "activation:relu>gelu",
            "what": "one block",
            "graph_a": "a@224",
            "graph_b": "b@224",
            "a_ms": "1.5",
            "b_ms": "2.5",
            "error_ms": "0.1",
            "model": "Board",
            "protocol": "own",
            "lab": "user",
            "source": "a log",
            "table": "",
        },
    ),
)


def test_a_profile_comes_back_with_roles_budgets_batches_contrasts_and_operators(tmp_path: Path) -> None:
    read = load_profile(write_profile(tmp_path, ADDITION))
    assert [(row.batch, row.role, row.budget_ms) for row in read.networks] == [
        (1, "", None),
        (None, CHECK, 3.0),
    ]
    assert read.ops == ADDITION.ops
    (contrast,) = read.contrasts
    assert (contrast.a_ms, contrast.b_ms, contrast.low_ms) == (1.5, 2.5, None)
    assert (read.donor, read.passes, read.low_px) == ("i7-12700h", ("fold_batch_norm",), 192)


def test_columns_that_no_row_has_are_left_out_and_a_batch_stands_beside_its_time(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, ADDITION)
    assert (folder / "networks.csv").read_bytes().split(b"\n")[:2] == [
        b"network,graph,latency_ms,batch,role,budget_ms",
        b"a,a@224,1.5,1,,",
    ]
    assert (folder / "contrasts.csv").read_text().splitlines()[0].endswith(",source,table")
    assert "batch" not in pl.read_parquet(folder / "ops.parquet").columns
    batched = replace(ADDITION, ops=(replace(ADDITION.ops[0], batch=1),))
    (op,) = load_profile(write_profile(tmp_path, batched, force=True)).ops
    assert op.batch == 1


def test_what_cannot_be_read_back_does_not_replace_what_can(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, ADDITION)
    before = (folder / "networks.csv").read_bytes()
    lost = replace(ADDITION, networks=({"network": "a", "graph": "a", "latency_ms": "1"},))
    with pytest.raises(FileFormatError, match="name@resolution"):
        write_profile(tmp_path, lost, force=True)
    assert (folder / "networks.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["my-board"]
