"""Read any torch.nn.Module into a Graph, through torch.export.

torch.export keeps the operators as the module calls them (convolution, batch norm, attention), with the path of the
module that called each. Everything that depends on weights alone (a bias table looked up by constant indices, a
standardised weight) is folded into one constant, as a runtime does once at load time: its arithmetic costs nothing
and is not counted. What has no rule stays in the Graph by its own name.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

import torch
import torch.fx.config as fx_config
from torch.export.graph_signature import InputKind, OutputKind

from dsim.errors import InvalidValueError, UnsupportedOpError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.program import shape_of, walk
from dsim.graph.tracing import Constant, Trace, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.export import ExportedProgram

# Where torch writes down, traceback and all, what it is about to raise as well.
NOISY = ("torch.export", "torch._subclasses.fake_tensor", "torch.fx.experimental.symbolic_shapes")


Shapes = tuple[int, ...] | tuple[tuple[int, ...], ...]


def read_module(module: torch.nn.Module, input_shape: Shapes = (1, 3, 224, 224)) -> Graph:
    """Read the graph that a module runs at inference.

    Parameters
    ----------
    module
        Any module that torch.export can trace, on any device ("meta" included). It is read in eval mode and left in
        the mode it was in.
    input_shape
        Shape of its one input, batch first; a tuple of shapes for a module with several inputs.

    Returns
    -------
    Graph
        Ops in the order in which they run; scopes are module paths.

    Raises
    ------
    UnsupportedOpError
        torch.export cannot trace the module, for example because its control flow depends on data; or what the
        module gives does not depend on its input.
    """
    program = _export(module, input_shape)
    try:
        return read_program(program)
    except InvalidValueError as error:
        raise _unreadable(module, input_shape, str(error)) from error


def read_program(program: ExportedProgram) -> Graph:
    """Read the graph of a program that torch.export traced at inference.

    Raises
    ------
    InvalidValueError
        An op does not fit its inputs, or what the program gives does not depend on its input.
    """
    trace = Trace(GraphBuilder())
    arguments = _arguments(program, trace)
    results = walk(program.graph, arguments, trace)
    kinds = [spec.kind for spec in program.graph_signature.output_specs]
    outputs = [
        ref
        for ref, kind in zip(results, kinds, strict=True)
        if kind is OutputKind.USER_OUTPUT and isinstance(ref, Ref)
    ]
    if not outputs:
        raise InvalidValueError("its output does not depend on its input")
    return trace.builder.build(*outputs)


def _unreadable(module: torch.nn.Module, input_shape: Shapes, why: str) -> UnsupportedOpError:
    return UnsupportedOpError(
        f"{type(module).__name__} cannot be read at input {tuple(input_shape)}: {why}; "
        "it must run on that shape and torch.export must be able to trace it"
    )


def _export(module: torch.nn.Module, input_shape: Shapes) -> ExportedProgram:
    parameter = next(iter(module.parameters()), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    dtype = parameter.dtype if parameter is not None and parameter.is_floating_point() else torch.float32
    training = {m: m.training for m in module.modules()}
    module.eval()
    try:
        with _quiet(), torch.no_grad():
            several: Any = (
                input_shape if input_shape and isinstance(input_shape[0], tuple) else (input_shape,)
            )
            examples = tuple(torch.zeros(shape, device=device, dtype=dtype) for shape in several)
            return torch.export.export(module, examples, strict=False)
    except Exception as error:  # torch.export raises many unrelated types; the first line says what is wrong
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise _unreadable(module, input_shape, lines[0] if lines else type(error).__name__) from error
    finally:
        for m, mode in training.items():
            m.training = mode


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's own notes on tracing away from the user; errors still come through.

    Stack traces of every operator are left out as well: nobody reads them here, and they cost a quarter of the time.
    """
    levels = {logger: logger.level for logger in map(logging.getLogger, NOISY)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    no_traces = getattr(fx_config, "do_not_emit_stack_traces", False)
    fx_config.do_not_emit_stack_traces = True
    try:
        # some notes are printed, not logged
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
        fx_config.do_not_emit_stack_traces = no_traces


def _arguments(program: ExportedProgram, trace: Trace) -> list[Value]:
    """Give what stands for each placeholder: inputs of the graph, parameters, buffers."""
    nodes = [node for node in program.graph.nodes if node.op == "placeholder"]
    return [
        _argument(node.meta.get("val"), spec, trace)
        for node, spec in zip(nodes, program.graph_signature.input_specs, strict=True)
    ]


def _argument(value: Any, spec: Any, trace: Trace) -> Value:
    if spec.kind is InputKind.USER_INPUT:
        return trace.builder.input(shape_of(value)) if isinstance(value, torch.Tensor) else value
    learned = spec.kind is InputKind.PARAMETER
    return Constant(shape_of(value), {spec.target: value.numel()} if learned else {})
