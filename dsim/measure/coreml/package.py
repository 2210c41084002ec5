"""A chain as a Core ML package, and the check that the converter left every copy in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import ExportError
from dsim.export.coreml_package import CoreMlPackage, write_package
from dsim.export.mil_program import WRITTEN, compare_ops, load_program, ops_of
from dsim.export.subject import prepare
from dsim.measure.coreml.chain import Chain
from dsim.measure.network import network_of
from dsim.quiet import quiet

if TYPE_CHECKING:
    from torch import nn

    from dsim.arch import Arch
    from dsim.graph import Graph


@contextmanager
def _converting() -> Iterator[None]:
    """Keep coremltools quiet, and make one line of whatever it ends in."""
    with quiet():
        try:
            yield
        except (RuntimeError, ValueError, TypeError, NotImplementedError, KeyError, AssertionError) as error:
            raise ExportError(
                f"coremltools cannot convert it: {str(error).strip().splitlines()[0][:160]}"
            ) from error


def write_chain(chain: Chain, copies: int, path: Path) -> dict[str, int]:
    """Convert a chain of a number of copies.

    Returns
    -------
    dict of str to int
        The package's ops by their names in Core ML.

    Raises
    ------
    ExportError
        The converter failed, merged copies, or put something between them.
    """
    found = write_graph(chain.graph(copies), path, f"dsim: {copies} times {chain.op.label}, {chain.form}")
    _check(chain, copies, Counter(found))
    return found


def write_graph(graph: Graph, path: Path, about: str) -> dict[str, int]:
    """Convert a graph with random weights; returns the package's ops by their names in Core ML.

    Raises
    ------
    ExportError
        The converter failed.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = _drawn(network_of(graph))
        images = tuple(torch.rand(spec.shape) for spec in graph.inputs)
    with _converting():
        write_package(module, images, path, about)
        found = Counter(op.op_type for op in ops_of(load_program(path)))
    return dict(sorted(found.items()))


def write_design(arch: Arch, path: Path) -> dict[str, int]:
    """Convert a whole design, as `dsim export --to coreml` does; its scores are not compared again.

    Raises
    ------
    ExportError
        The converter failed, or the program has other multiply-accumulates than the design.
    """
    with _converting():
        CoreMlPackage().write(prepare(arch), path)
        function = load_program(path)
    compare_ops(function, arch.to_graph())
    return dict(sorted(Counter(op.op_type for op in ops_of(function)).items()))


def _drawn(module: nn.Module) -> nn.Module:
    """Draw weights that differ from copy to copy, so that no two are one, and that keep activations near 1."""
    from torch import nn

    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5)
        elif isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm):
            for parameter in part.parameters():
                nn.init.uniform_(parameter, 0.5, 1.5)
    return module


def _check(chain: Chain, copies: int, found: Counter[str]) -> None:
    """Compare the package's ops with the chain's: every copy must be there, and nothing between them."""
    wanted = Counter(name for op in chain.graph(copies).ops for name in WRITTEN.get(op.kind, (op.label,)))
    for name in sorted(found | wanted):
        if found[name] != wanted[name]:
            raise ExportError(
                f"coremltools must leave {wanted[name]} {name} for {copies} copies, got {found[name]}"
            )
