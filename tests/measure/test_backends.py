"""One contract for every runtime: what it says of itself, what it computes, and whether its operators add up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dsim.errors import DsimError, UnavailableError, UnknownNameError
from dsim.graph.read import as_graph
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.attribute import attribute
from dsim.measure.backends import BACKENDS, find_backend
from dsim.measure.backends.torch_cuda import TorchCuda
from dsim.measure.observe import observation_of, observe
from dsim.measure.planned import Planned
from dsim.measure.ready import AHEAD, WRITERS, image_for, module_of
from dsim.measure.records import Backend, Ready, Stack
from dsim.measure.timing import Timing
from dsim.op import OpKind
from dsim.quiet import quiet

CLOSE = 2e-2  # of the largest score: bfloat16 has eight bits


@pytest.fixture(scope="module")
def planned() -> Planned:
    """A small network, for compiling takes about a second for three ops."""
    network = nn.Sequential(
        nn.Conv2d(3, 32, 4, 4), nn.BatchNorm2d(32), nn.GELU(),
        nn.Conv2d(32, 32, 7, padding=3, groups=32), nn.BatchNorm2d(32), nn.Conv2d(32, 64, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    return Planned("small@64", read=as_graph(network.eval(), input_shape=(1, 3, 64, 64)))


# compiling takes half a minute
@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.slow] * ("compile" in name)) for name in BACKENDS]
)
def backend(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    try:
        BACKENDS[name].stack()
    except DsimError as error:
        pytest.skip(f"not on this machine: {error}")
    return name


def _ready(planned: Planned, form: str, folder: Path) -> Ready:
    files = {form: folder / f"network.{form}"} if form else {}
    for path in files.values():
        WRITERS[form](planned, path)
    return Ready(lambda: module_of(planned), image_for(planned), files)


@pytest.mark.parametrize("name", list(BACKENDS))
def test_it_says_what_it_is_or_why_not(name: str) -> None:
    backend = find_backend(name)
    assert backend.name == name
    assert backend.reads in {"", *WRITERS}
    assert backend.ahead in {"", *AHEAD}
    said = _stack_or_reason(backend)
    if isinstance(said, str):
        assert "\n" not in said
        assert name in said
    else:
        assert said.runtime
        assert said.precision
        assert said.batch >= 1


def _stack_or_reason(backend: Backend) -> Stack | str:
    try:
        return backend.stack()
    except DsimError as error:
        return str(error)


def test_it_computes_the_network_and_its_operators_are_those_of_the_graph(
    backend: str, planned: Planned, tmp_path: Path
) -> None:
    one = find_backend(backend)
    ready = _ready(planned, one.reads, tmp_path)
    with torch.no_grad():
        wanted = module_of(planned)(ready.image).numpy()
    with quiet():
        session = one.open(ready)
        out = session.run()
    one_out = next(iter(out.values())) if isinstance(out, Mapping) else out
    scores = np.asarray(one_out[0] if isinstance(one_out, list | tuple) else one_out).reshape(wanted.shape)
    assert np.abs(scores - wanted).max() < CLOSE * np.abs(wanted).max()
    if session.ops is None:
        return
    with quiet():
        ops = session.ops(4)
    graph = run_graph(planned.graph, one.passes)
    found = attribute(graph, ops)
    assert sum(op.latency_ms for op in ops) == pytest.approx(found.total_ms), "nothing of the time is dropped"
    assert sum(found.inserted_ms.values()) < 0.5 * found.total_ms
    told = sum(graph.nodes[n].op.macs for n in found.latency_ms)
    assert told == planned.graph.macs, "every op that multiplies has a time of its own"
    norms = {n for n, node in enumerate(graph.nodes) if node.op.kind is OpKind.BATCH_NORM}
    assert norms <= set(found.latency_ms), "a batch norm that the runtime is said to run is timed"
    assert not [label for label in found.inserted_ms if "norm" in label.lower()], "and no other one is"


def test_a_network_that_cannot_be_converted_fails_on_its_backend_alone(planned: Planned) -> None:
    ready = Ready(lambda: module_of(planned), image_for(planned), {}, {"onnx": "ValueError: no such op"})
    [seen] = observe([ready], [find_backend("onnxruntime"), find_backend("torch")], 0.1, plain=(0,))
    assert "no such op" in seen.failed["onnxruntime"]
    assert set(seen.seen) == {"torch"}
    assert seen.seen["torch"].ops == ()


def test_an_unknown_backend_names_those_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match="onnxruntime"):
        find_backend("onnx-runtime")


class FakeGpu:
    """Moves nothing, and counts how often a run waited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits = 0
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "made-up GPU")
        monkeypatch.setattr(torch.cuda, "synchronize", self._wait)
        monkeypatch.setattr(torch.nn.Module, "cuda", lambda module: module)
        monkeypatch.setattr(torch.Tensor, "cuda", lambda tensor: tensor)

    def _wait(self) -> None:
        self.waits += 1


def test_a_gpu_is_waited_for_and_a_batch_is_counted_by_the_image(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = FakeGpu(monkeypatch)
    assert TorchCuda(False, 64).name == "cuda-64"
    stack = TorchCuda(False, 4).stack()
    assert (stack.chip, stack.batch, stack.unit, stack.precision) == ("made-up GPU", 4, "GPU", "float16")
    session = TorchCuda(False, 4).open(_ready(planned, "", Path()))
    before = gpu.waits
    out = session.run()
    assert gpu.waits == before + 1
    assert isinstance(out, torch.Tensor)
    assert (len(out), out.dtype, session.images, session.on_cpu) == (4, torch.float16, 4, False)


def test_milliseconds_are_for_one_image_not_for_the_batch() -> None:
    seen = observation_of(Timing((20.0,) * 50), 4, ())  # a batch of four took 20 ms
    assert seen.latency_ms == pytest.approx(5.0)
    assert seen.median_ms == pytest.approx(5.0)


def test_without_a_gpu_it_says_so() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(UnavailableError, match="GPU"):
        TorchCuda(True).stack()
