"""Prepare a planned network: its module, an image, and the files that backends read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dsim.errors import UnavailableError
from dsim.export.onnx_file import INPUT, OPSET, OUTPUT
from dsim.export.subject import prepare
from dsim.measure.network import network_of
from dsim.measure.planned import Planned
from dsim.measure.records import Ready
from dsim.parents import end_with_parent
from dsim.quiet import quiet

if TYPE_CHECKING:
    from torch import Tensor, nn


def module_of(planned: Planned) -> nn.Module:
    """Build a network, in eval mode: a design with weights that keep activations near 1, a stored graph with random ones."""
    return prepare(planned.arch).module if planned.arch is not None else network_of(planned.graph)


def image_for(planned: Planned) -> Tensor:
    """Return the images of a run, (batch, 3, H, W): normal noise, the same every time."""
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


def write_tflite(planned: Planned, path: Path) -> None:
    """Convert a network for LiteRT, with nothing printed."""
    # imports nothing heavy itself; here, for backends import this package
    from dsim.measure.backends.litert_convert import convert

    with quiet():
        convert(lambda: module_of(planned), image_for(planned), path)


def compile_ahead(planned: Planned, path: Path) -> None:
    """Compile a network with Inductor, so that the process which times it finds the kernels in Inductor's own cache."""
    # imports Inductor, which takes seconds
    from dsim.measure.backends.inductor import compile_frozen

    with quiet():
        compile_frozen(module_of(planned).requires_grad_(False), image_for(planned))
    path.touch()  # it is done once, for anchors too


# forms of files that backends read, and what writes one
WRITERS: dict[str, Callable[[Planned, Path], None]] = {"onnx": write_onnx, "tflite": write_tflite}
# what only saves time: the file is an empty mark, and what another core has not begun is not waited for
AHEAD: dict[str, Callable[[Planned, Path], None]] = {"inductor": compile_ahead}


def _helper(core: int) -> None:
    """Keep a helper process off the core that is timed."""
    end_with_parent()
    import torch

    torch.set_num_threads(1)
    os.sched_setaffinity(0, {core})


class Kitchen:
    """Prepares the next network while one is timed, on another core where there is one.

    Parameters
    ----------
    folder
        For the files.
    forms
        Keys of WRITERS: the files that each network needs; and of AHEAD.
    pool
        Writes them; None where there is no other core.
    """

    def __init__(self, folder: Path, forms: frozenset[str], pool: Executor | None) -> None:
        self._folder, self._forms, self._pool = folder, sorted(forms), pool
        self._started: dict[Path, Future[None]] = {}

    def start(self, planned: Planned) -> None:
        """Begin to prepare a network that will be asked for."""
        for form, path in self._paths(planned).items():
            if self._pool is not None and path not in self._started and not path.exists():
                self._started[path] = self._pool.submit((WRITERS | AHEAD)[form], planned, path)

    def finish(self, planned: Planned) -> Ready:
        """Return the model files of one planned network, waiting until they are written."""
        paths, failed = self._paths(planned), {}
        for form, path in paths.items():
            begun = self._started.pop(path, None)
            if form in AHEAD and (begun is None or begun.cancel()):
                continue
            try:
                if begun is not None:
                    begun.result()
                elif not path.exists():
                    WRITERS[form](planned, path)
            except BrokenExecutor as error:
                raise UnavailableError(
                    "the process that converts networks was ended, perhaps because memory ran out; the same command continues"
                ) from error
            except Exception as error:  # whatever a converter raises on a network that it does not know
                path.unlink(missing_ok=True)
                failed[form] = f"{type(error).__name__}: {error}".splitlines()[0]
        return Ready(lambda: module_of(planned), image_for(planned), paths, failed)

    def clear(self, planned: Planned) -> None:
        """Remove its files."""
        for path in self._paths(planned).values():
            path.unlink(missing_ok=True)

    def _paths(self, planned: Planned) -> dict[str, Path]:
        return {form: self._folder / f"{planned.key}-{planned.batch}.{form}" for form in self._forms}


@contextmanager
def kitchen(forms: frozenset[str], other_core: int | None) -> Iterator[Kitchen]:
    """Yield a kitchen in a temporary folder, for the forms of files that backends read."""
    with TemporaryDirectory(prefix="dsim-") as folder:
        if other_core is None or not forms:
            yield Kitchen(Path(folder), forms, None)
            return
        with ProcessPoolExecutor(1, get_context("spawn"), _helper, (other_core,)) as pool:
            yield Kitchen(Path(folder), forms, pool)
            pool.shutdown(cancel_futures=True)


__all__ = ["WRITERS", "Kitchen", "image_for", "kitchen", "module_of", "write_onnx"]
