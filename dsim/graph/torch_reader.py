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
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

import torch
import torch.fx.config as fx_config
from torch.export.graph_signature import InputKind, InputSpec, OutputKind, OutputSpec

from dsim.errors import InvalidValueError, UnsupportedOpError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.inputs import IMAGE, Given, Inputs, as_inputs, write_shape
from dsim.graph.program import shape_of, walk
from dsim.graph.torch_call import call_of
from dsim.graph.torch_obstacles import obstacle
from dsim.graph.torch_outputs import is_foreign_output, with_plain_outputs
from dsim.graph.torch_twin import float_twin, with_sizes
from dsim.graph.tracing import Constant, Trace, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch.export import ExportedProgram

# Where torch writes down, traceback and all, what it is about to raise as well.
NOISY = (
    "torch.export",
    "torch._export",
    "torch._subclasses.fake_tensor",
    "torch.fx.experimental.symbolic_shapes",
)


def read_module(module: torch.nn.Module, input_shape: Given = None) -> Graph:
    """Read the graph that a module runs at inference.

    Parameters
    ----------
    module
        Any module that torch.export can trace, on any device ("meta" included), or TorchScript. It is read in eval
        mode and left in the mode it was in. Quantised layers are read as the float layers of their sizes.
    input_shape
        Shape of its one input, batch first; several in order or by name, see `dsim.graph.inputs.as_inputs`. None for
        one image, (1, 3, 224, 224).

    Returns
    -------
    Graph
        Ops in the order in which they run; scopes are module paths.

    Raises
    ------
    UnsupportedOpError
        torch.export cannot trace the module, for example because its control flow depends on data; or what the
        module gives does not depend on its input. The message says what stands in the way and what to pass instead.
    InvalidValueError
        The inputs are not those that the module takes.
    """
    asked = as_inputs(input_shape)
    try:
        return read_exported(_export(module, asked))
    except Exception as error:  # torch.export raises many unrelated types
        raise _unreadable(module, asked, obstacle(module, error)) from error


def read_exported(program: ExportedProgram) -> Graph:
    """Read the graph of a program that torch.export traced at inference, in this process.

    Raises
    ------
    InvalidValueError
        As `read_program`.
    """
    signature = program.graph_signature
    return read_program(program.graph, signature.input_specs, signature.output_specs)


def read_program(
    nodes: torch.fx.Graph, input_specs: Sequence[InputSpec], output_specs: Sequence[OutputSpec]
) -> Graph:
    """Read the graph of a program from its nodes and what its inputs and outputs are.

    Raises
    ------
    InvalidValueError
        An op does not fit its inputs, or what the program gives does not depend on its input.
    """
    trace = Trace(GraphBuilder())
    arguments = _arguments(nodes, input_specs, trace)
    results = walk(nodes, arguments, trace)
    kinds = [spec.kind for spec in output_specs]
    outputs = [
        ref
        for ref, kind in zip(results, kinds, strict=True)
        if kind is OutputKind.USER_OUTPUT and isinstance(ref, Ref)
    ]
    if not outputs:
        raise InvalidValueError("its output does not depend on its input")
    return trace.builder.build(*outputs)


def _unreadable(module: torch.nn.Module, asked: Inputs | None, why: str) -> UnsupportedOpError:
    given = write_shape(IMAGE) if asked is None else str(asked)
    return UnsupportedOpError(f"{type(module).__name__} cannot be read at input {given}: {why}")


def _export(module: torch.nn.Module, asked: Inputs | None) -> ExportedProgram:
    if not hasattr(module, "training"):
        raise InvalidValueError(
            "it is frozen TorchScript, whose parameters are constants; pass the module that it was made from"
        )
    training = {m: m.training for m in module.modules()}
    module.eval()
    try:
        with _quiet(), torch.no_grad():
            args, kwargs = call_of(module, asked)
            plain: torch.nn.Module
            if isinstance(module, torch.jit.ScriptModule):
                # torch's own way from TorchScript, which has no public name; it leaves sizes open, the second pass does not
                from torch._export.converter import TS2EPConverter

                plain = TS2EPConverter(module, args, kwargs).convert().module()
            else:
                plain = with_sizes(float_twin(module), args, kwargs)
            try:
                return torch.export.export(plain, args, kwargs, strict=False)
            except Exception as error:
                if not is_foreign_output(error):
                    raise
            return torch.export.export(with_plain_outputs(plain), args, kwargs, strict=False)
    finally:
        for m, mode in training.items():
            m.training = mode


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's own notes on tracing, and what a module prints as it runs, away from the user; errors still come through.

    Stack traces of every operator are left out as well: nobody reads them here, and they cost a quarter of the time.
    """
    levels = {logger: logger.level for logger in map(logging.getLogger, NOISY)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    no_traces = getattr(fx_config, "do_not_emit_stack_traces", False)
    fx_config.do_not_emit_stack_traces = True
    try:
        # some notes are printed, not logged
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
        fx_config.do_not_emit_stack_traces = no_traces


def _arguments(nodes: torch.fx.Graph, specs: Sequence[InputSpec], trace: Trace) -> list[Value]:
    """Return what stands for each placeholder: inputs of the graph, parameters, buffers."""
    found = [node for node in nodes.nodes if node.op == "placeholder"]
    return [_argument(node.meta.get("val"), spec, trace) for node, spec in zip(found, specs, strict=True)]


def _argument(value: Any, spec: Any, trace: Trace) -> Value:
    if spec.kind is InputKind.USER_INPUT:
        return trace.builder.input(shape_of(value)) if isinstance(value, torch.Tensor) else value
    learned = spec.kind is InputKind.PARAMETER
    return Constant(shape_of(value), {spec.target: value.numel()} if learned else {})
