"""draw: a design's stages, or where its time goes on a device, as one SVG. What `dsim.draw` runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given
from dsim.graph.read import HasGraph
from dsim.network import predict
from dsim.report.draw_ops import draw_ops
from dsim.report.draw_stages import draw_stages
from dsim.report.names import device_words
from dsim.report.svg import Drawing

if TYPE_CHECKING:
    import torch


def draw(
    network: Graph | HasGraph | torch.nn.Module | str | Path,
    out: str | Path | None = None,
    *,
    device: str | None = None,
    input_shape: Given = None,
) -> Drawing:
    """Draw a design, or where a network's time goes on a device.

    Parameters
    ----------
    network
        A design: a preset's name, the path of an arch.json or of a study's folder, or the design itself. With ``device`` any
        network that `dsim.predict` takes.
    out
        A file to write, which must end in .svg; None for none.
    device
        A device profile: draws each operator with its share of the time there, cumulative, in place of the stages.
    input_shape
        What the network is read with, see `dsim.predict`.

    Returns
    -------
    Drawing
        ``svg``, and ``write(path)``; a notebook shows it.

    Raises
    ------
    DsimError
        There is no such design or device, or the file cannot be written.
    """
    name = called(network)
    if device is None:
        design = network if isinstance(network, Arch) else read_design(network)  # type: ignore[arg-type]
        drawing = draw_stages(design, name)
    else:
        answer = predict(network, device, input_shape)
        drawing = draw_ops(answer, name, device_words(device).title)
    if out is not None:
        drawing.write(out)
    return drawing


def called(network: object) -> str:
    """Return what a drawing calls a network: the last part of its name."""
    return Path(str(network)).name if isinstance(network, str | Path) else "A design"
