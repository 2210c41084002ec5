"""Teacher: a trained model whose decisions a network learns beside the labels.

Hard distillation, as in DeiT (https://arxiv.org/abs/2012.12877, section 4) and EfficientFormer: half of the loss is on the
labels, half on the class that the teacher finds most likely. Of two classifiers, the first learns the labels, the second
the teacher's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dsim.arch.named import read_design
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import first_line, read_bytes
from dsim.supernet.cost import macs
from dsim.supernet.images import Images
from dsim.supernet.paper.published_teacher import TIMM, check_classes, checked
from dsim.supernet.pieces import bare_module
from dsim.supernet.spec import TrainSpec
from dsim.supernet.start import mark_of, weights_file
from dsim.supernet.trained_model import MADE, read_trained
from dsim.supernet.way import precise


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained model that decides.

    Attributes
    ----------
    module
        In eval mode, on the device of the training.
    spec
        Of the training that it teaches: device and precision.
    macs
        Of one picture.
    words
        What it is, and what it reaches, for people.
    """

    module: nn.Module
    spec: TrainSpec
    macs: int
    words: str

    def __call__(self, images: Tensor) -> Tensor:
        """Return the most likely class (N,) of each picture."""
        with torch.no_grad(), precise(self.spec):
            classes: Tensor = self.module(images).argmax(dim=1)
        return classes


def teacher_mark(folder: str | Path) -> str:
    """Return what tells two teachers apart: a hash of the weights, or timm's name.

    Raises
    ------
    FileAccessError
        They cannot be read.
    """
    return str(folder) if str(folder).startswith(TIMM) else mark_of(weights_file(folder))


def load_teacher(folder: str | Path, spec: TrainSpec, images: Images) -> Teacher:
    """Load a model that `train_design` made, or one of timm by the name behind ``timm:``, as a teacher on pictures.

    Raises
    ------
    FileAccessError
        The folder cannot be read.
    FileFormatError
        It does not hold such a model.
    InvalidValueError
        It was trained for other classes, on pictures of another size or scaling, or on what is kept for the test here.
    MissingPackageError
        timm is needed, and not installed.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load  # deferred: only training needs it

    if str(folder).startswith(TIMM):
        from dsim.export.timm_weights import load_weights  # few need timm

        check_classes(str(folder), spec, images)
        name = str(folder).removeprefix(TIMM)
        published, cost = checked(str(folder), load_weights(name), images.px)
        return Teacher(published.to(spec.device), spec, cost, f"timm's {name}")
    header, result = read_trained(folder)
    if result.classes != images.classes:
        raise InvalidValueError(
            f"a teacher must know the classes that are trained, {len(images.classes)} from {images.classes[0]}, and {folder} "
            f"knows {len(result.classes)} from {result.classes[0]}; train one on these images"
        )
    if result.px != images.px:
        raise InvalidValueError(
            f"a teacher must be trained on images of the same size, got {result.px} px and {images.px} px; use --px {result.px}"
        )
    if header.fingerprint != images.fingerprint:
        raise InvalidValueError(
            f"a teacher must be trained on the same images with the same split, and {folder} may have seen test images; train "
            "it on this folder with the same --seed"
        )
    arch = replace(read_design(folder), num_classes=len(result.classes))
    path = weights_file(folder)
    try:
        module = bare_module(arch)
        module.load_state_dict(load(read_bytes(path, MADE)), strict=True, assign=True)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise FileFormatError(
            f"{path} must hold the weights of the design beside it, and does not ({first_line(error)}); {MADE}"
        ) from error
    words = f"{Path(folder).name}, {result.accuracy:.1f}% on the test images"
    return Teacher(module.eval().to(spec.device), spec, macs(arch), words)
