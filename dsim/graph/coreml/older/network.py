"""From an older network's specification to a Graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dsim.errors import DsimError, FileFormatError, UnsupportedOpError
from dsim.graph.coreml.older.table import TRANSLATIONS
from dsim.graph.coreml.older.walk import Walk, unknown
from dsim.graph.facts import FileFacts
from dsim.graph.graph import Graph
from dsim.graph.onnx.made import Made
from dsim.graph.onnx.reader import model_graph
from dsim.graph.tracing import Shape

FORMAT = "Core ML (older neural network)"
COMPUTES = "float16"  # the file does not say; a neural engine and a GPU compute an older network so
MAX_LAYERS = 20_000
EXACT = 1  # of NeuralNetworkMultiArrayShapeMapping
GRAYSCALE = (10, 40)  # of ImageFeatureType.ColorSpace: 8 bits, and 16-bit floats


def older_graph(network: Any, inputs: Mapping[str, Shape], outputs: Sequence[str]) -> Graph:
    """Return the graph of an older network.

    Parameters
    ----------
    network
        The layers (NeuralNetwork, NeuralNetworkClassifier or NeuralNetworkRegressor).
    inputs
        Shapes by name, see `input_shapes`.
    outputs
        Names that the model states; those that no layer writes, such as a class label, are left out.

    Raises
    ------
    FileFormatError
        The network breaks a rule.
    UnsupportedOpError
        A layer is of a kind that dsim does not read.
    """
    if not network.layers:
        raise FileFormatError("a network must have layers, got none; save the model again")
    if len(network.layers) > MAX_LAYERS:
        raise FileFormatError(f"a network must have at most {MAX_LAYERS} layers, got more; split the network")
    walk = Walk(Made("coreml"), network.layers, network.arrayInputShapeMapping == EXACT)
    shapes = {}
    for number, (blob, shape) in enumerate(inputs.items()):
        walk.start(blob, f"input{number}", shape)
        shapes[f"input{number}"] = shape
    for layer in network.layers:
        if not walk.is_written(layer):
            _write(walk, layer)
    names = [walk.name(blob) for blob in outputs if walk.has(blob)]
    names = names or [walk.name(blob) for blob in network.layers[-1].output]
    graph = model_graph(walk.made.model(names), shapes, splits=True)
    weights = walk.stored.most_common(1)[0][0] if walk.stored else ""
    return replace(graph, file=FileFacts(FORMAT, weights or COMPUTES, COMPUTES))


def _write(walk: Walk, layer: Any) -> None:
    kind = layer.WhichOneof("layer") or "no layer"
    translate = TRANSLATIONS.get(kind)
    if translate is None:
        raise unknown(layer, kind)
    try:
        names = translate(walk, layer, getattr(layer, kind))
        walk.put(layer, [names] if isinstance(names, str) else names)
    except DsimError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise unknown(layer, f"{kind} in a form that it does not") from error


def input_shapes(model: Any) -> dict[str, Shape]:
    """Return the shape of each input of a model that holds an older network: of images as batch, channels, height, width.

    Raises
    ------
    UnsupportedOpError
        A size is flexible, or an input is no image and no array.
    """
    exact = getattr(model, model.WhichOneof("Type")).arrayInputShapeMapping == EXACT
    return {one.name: _input_shape(one.type, exact) for one in model.description.input}


def _input_shape(stated: Any, exact: bool) -> Shape:
    """Return the shape of an input: of images as batch, channels, height, width."""
    kind = stated.WhichOneof("Type")
    if kind == "imageType":
        image = stated.imageType
        if image.WhichOneof("SizeFlexibility") == "imageSizeRange":
            raise UnsupportedOpError(
                "sizes must be fixed, got a flexible image; convert the network for one size of image"
            )
        return (1, 1 if image.colorSpace in GRAYSCALE else 3, int(image.height), int(image.width))
    if kind != "multiArrayType":
        raise UnsupportedOpError(
            f"an input must be an image or an array, got {kind}; save the network by itself"
        )
    array = stated.multiArrayType
    if array.WhichOneof("ShapeFlexibility") == "shapeRange":
        raise UnsupportedOpError(
            "sizes must be fixed, got a flexible shape; convert the network for one size of image"
        )
    sizes = tuple(int(size) for size in array.shape)
    if exact or len(sizes) not in (1, 3):
        return sizes
    return (1, *sizes)
