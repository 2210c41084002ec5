"""Write GELU, layer norm and softmax of an ONNX file in another form: one op in place of steps, or the reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsim.graph.forms import ERF, TANH, Form, form_of
from dsim.graph.onnx.facts import opset_of
from dsim.graph.onnx.network import Item
from dsim.graph.onnx.rewriting import chains
from dsim.graph.onnx.rewriting.edit import Names, put_nodes
from dsim.graph.onnx.rewriting.source import Source, understand
from dsim.op import OpKind

if TYPE_CHECKING:
    from onnx import ModelProto

GELU, LAYER_NORM, SOFTMAX = str(OpKind.GELU), str(OpKind.LAYER_NORM), str(OpKind.SOFTMAX)
# a form, the first operator set that has what it is written with, and who writes it
WRITERS: dict[Form, tuple[int, chains.Writer]] = {
    Form(GELU, ERF): (20, chains.gelu_erf_op),
    Form(GELU, TANH): (20, chains.gelu_tanh_op),
    Form(GELU, ERF, True): (9, chains.gelu_erf),
    Form(GELU, TANH, True): (9, chains.gelu_tanh),
    Form(LAYER_NORM): (17, chains.layer_norm_op),
    Form(LAYER_NORM, "", True): (18, chains.layer_norm),
    Form(SOFTMAX): (13, chains.softmax_op),
    Form(SOFTMAX, "", True): (18, chains.softmax),
}
OPSETS: dict[Form, int] = {form: opset for form, (opset, _) in WRITERS.items()}


def can_write(before: Form, after: Form) -> bool:
    """Tell whether a form can be written in place of another: both are the same function by the same formula."""
    return after in WRITERS and (before.function, before.formula) == (after.function, after.formula)


def write_form(source: Source, before: Form, after: Form) -> tuple[ModelProto, int]:
    """Return the model with one form in place of another, and at how many places.

    The operator set is raised where the new form needs a later one.

    Raises
    ------
    DsimError
        The model cannot be read after its operator set was raised.
    """
    opset, writer = WRITERS[after]
    if sites(source, before) and opset_of(source.model) < opset:
        source = understand(raised(source.model, opset), source.asked)
    names = Names(source.model)
    places, constants = {}, {}
    for item in sites(source, before):
        pen = chains.Pen(names, _dtype(source, item))
        writer(pen, item, source.network.shape(item.inputs[0]))
        places[item.outputs[0]] = pen.nodes
        constants.update(pen.constants)
    return (put_nodes(source.model, places, constants) if places else source.model), len(places)


def sites(source: Source, form: Form) -> list[Item]:
    """Return the items of a file that have a form and whose tensors the file names."""
    named = {name for node in source.model.graph.node for name in node.output}
    named |= {tensor.name for tensor in source.model.graph.initializer}
    named |= {value.name for value in source.model.graph.input}
    return [
        item
        for item in source.network.items
        if item.outputs[0] in source.refs
        and source.refs[item.outputs[0]].node >= 0
        and item.outputs[0] in named
        and all(name in named for name in item.inputs if name)
        and form_of(source.graph.nodes[source.refs[item.outputs[0]].node].op) == form
        and (not form.written_out or form.function != LAYER_NORM or "epsilon" in item.attrs)
    ]


def raised(model: ModelProto, opset: int) -> ModelProto:
    """Return a model in an operator set; itself where it has that or a later one."""
    if opset_of(model) >= opset:
        return model
    from onnx import helper, version_converter

    converted = version_converter.convert_version(model, opset)
    least = helper.find_min_ir_version_for(list(converted.opset_import), ignore_unknown=True)
    converted.ir_version = max(model.ir_version, least)
    return converted


def _dtype(source: Source, item: Item) -> object:
    """Return the type of numbers that a site computes in, as far as the file's weights tell."""
    import numpy as np
    from onnx import helper

    kinds = {value.name: value.type.tensor_type.elem_type for value in source.model.graph.value_info}
    kinds |= {value.name: value.type.tensor_type.elem_type for value in source.model.graph.input}
    kind = kinds.get(item.inputs[0])
    weights = [
        tensor.data_type for tensor in source.model.graph.initializer if tensor.data_type in (1, 10, 11)
    ]
    found = kind or (max(set(weights), key=weights.count) if weights else 1)
    return np.dtype(helper.tensor_dtype_to_np_dtype(found))
