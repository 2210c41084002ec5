"""Files of networks that dsim does not read: what each kind is, and what to give in its place."""

from __future__ import annotations

from pathlib import Path

_PYTORCH = (
    "holds weights alone, or code that dsim does not run; name model.py:FUNCTION that builds the network, or save it as .pt2: "
    "torch.export.save(torch.export.export(module, (image,)), 'net.pt2')"
)
_TENSORFLOW = "is of TensorFlow; convert it with tf.lite.TFLiteConverter, and name the .tflite file"
_COMPILED = "was made for one runtime; name the .onnx, .tflite, .mlpackage or .pt2 file that it was made from"

KINDS: dict[str, str] = {
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".pkl"), _PYTORCH),
    **dict.fromkeys((".h5", ".hdf5", ".keras", ".pb"), _TENSORFLOW),
    **dict.fromkeys(
        (".mlmodelc", ".ort", ".xml", ".engine", ".plan", ".trt", ".param", ".mnn", ".rknn", ".dlc", ".hef"),
        _COMPILED,
    ),
    ".lite": "is named unlike a TFLite file; if it is one, let its name end in .tflite",
}


def said_of_foreign(name: str | Path) -> str:
    """Return what a file of another kind is and what to name instead, as the rest of a sentence; "" of all others.

    Examples
    --------
    >>> said_of_foreign("net.keras")
    'is of TensorFlow; convert it with tf.lite.TFLiteConverter, and name the .tflite file'
    >>> said_of_foreign("net.onnx")
    ''
    """
    path = Path(name)
    if (path / "saved_model.pb").is_file():
        return _TENSORFLOW
    suffix = path.suffix.lower()
    if path.is_dir() and suffix != ".mlmodelc":  # the folder of a study may have any name
        return ""
    return KINDS.get(suffix, "")
