"""Make a planned network ready to run: a module, an image, and an ONNX file where a backend reads one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dsim.export.onnx_file import INPUT, OPSET, OUTPUT
from dsim.export.quiet import quiet
from dsim.export.subject import prepare
from dsim.measure.network import network_of
from dsim.measure.planned import Planned
from dsim.measure.records import Ready

if TYPE_CHECKING:
    from torch import Tensor, nn


def module_of(planned: Planned) -> nn.Module:
    """Build a network, in eval mode: a design with weights that keep activations near 1, a stored graph with random ones."""
    return prepare(planned.arch).module if planned.arch is not None else network_of(planned.graph)


def image_for(planned: Planned) -> Tensor:
    """Give one image of normal noise, the same every time."""
    import torch

    made = torch.Generator().manual_seed(0)
    return torch.randn(planned.graph.inputs[0].shape, generator=made)


def write_onnx(planned: Planned, path: Path) -> None:
    """Export a network, with nothing printed."""
    import torch

    with quiet(), torch.no_grad():
        torch.onnx.export(
            module_of(planned),
            (image_for(planned),),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
        )


def _helper(core: int) -> None:
    """Keep a helper off the core that is timed."""
    import torch

    torch.set_num_threads(1)
    os.sched_setaffinity(0, {core})


class Kitchen:
    """Makes networks ready one ahead, on another core where there is one."""

    def __init__(self, folder: Path, reads_onnx: bool, pool: ProcessPoolExecutor | None) -> None:
        self._folder, self._reads_onnx, self._pool = folder, reads_onnx, pool
        self._started: dict[str, Future[None]] = {}

    def start(self, planned: Planned) -> None:
        """Begin with one that will be asked for."""
        if self._reads_onnx and self._pool is not None and planned.key not in self._started:
            self._started[planned.key] = self._pool.submit(write_onnx, planned, self._path(planned))

    def finish(self, planned: Planned) -> Ready:
        """Give one, waiting for it if need be."""
        path: Path | None = None
        if self._reads_onnx:
            path = self._path(planned)
            begun = self._started.pop(planned.key, None)
            if begun is not None:
                begun.result()
            else:
                write_onnx(planned, path)
        return Ready(lambda: module_of(planned), image_for(planned), path)

    def clear(self, planned: Planned) -> None:
        """Remove its file."""
        self._path(planned).unlink(missing_ok=True)

    def _path(self, planned: Planned) -> Path:
        return self._folder / f"{planned.key}.onnx"


@contextmanager
def kitchen(reads_onnx: bool, other_core: int | None) -> Iterator[Kitchen]:
    """Open a kitchen in a temporary folder."""
    with TemporaryDirectory(prefix="dsim-") as folder:
        if other_core is None or not reads_onnx:
            yield Kitchen(Path(folder), reads_onnx, None)
            return
        with ProcessPoolExecutor(1, get_context("spawn"), _helper, (other_core,)) as pool:
            yield Kitchen(Path(folder), reads_onnx, pool)
            pool.shutdown(cancel_futures=True)


__all__ = ["Kitchen", "image_for", "kitchen", "module_of", "write_onnx"]
