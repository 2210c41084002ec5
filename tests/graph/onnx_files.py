"""ONNX files for the tests: exports of modules with weights that all differ, and nodes put together by hand."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper
from torch import nn


def scattered(module: nn.Module) -> nn.Module:
    """Set every weight to values of its own, as training does: the exporter stores equal ones once."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.5)
    return module.eval()


def exported(module: nn.Module, shape: tuple[int, ...], path: Path, opset: int = 17, **options: Any) -> Path:
    """Export a module with torch's exporter that needs no further package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            scattered(module), (torch.zeros(shape),), path, dynamo=False, opset_version=opset, **options
        )
    return path


def handmade(
    path: Path,
    nodes: list[Any],
    inputs: dict[str, list[Any]],
    outputs: list[str],
    constants: dict[str, Any] | None = None,
    opset: int = 17,
    domains: tuple[str, ...] = (),
) -> Path:
    """Save a graph of nodes; output shapes are left to be inferred."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), path)
    return path
