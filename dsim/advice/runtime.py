"""ONNX Runtime, as advice uses it: models run as they stand, without its own rewrites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.packages import need

if TYPE_CHECKING:
    from onnx import ModelProto

Array = np.ndarray[Any, Any]


def need_runtime() -> Any:
    """Import ONNX Runtime.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    return need("onnxruntime", "a rewritten file, which is run before it is kept,", "onnx")


def session_of(model: ModelProto) -> Any:
    """Return a session on one thread that runs each node as the model has it."""
    runtime = need_runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # a failure is raised
    options.intra_op_num_threads = 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def constants_of(model: ModelProto) -> list[Array]:
    """Return the outputs of a model that reads no input."""
    return [np.asarray(value) for value in session_of(model).run(None, {})]
