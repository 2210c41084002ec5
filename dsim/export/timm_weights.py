"""A network of timm with its published weights, its branches merged as it ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import DsimError, FileAccessError, MissingPackageError, install_line
from dsim.quiet import quiet

if TYPE_CHECKING:
    from torch import nn

MOST = 200  # characters of what timm says


def require_timm() -> Any:
    """Import timm.

    Raises
    ------
    MissingPackageError
        It is not installed, or cannot be imported.
    """
    try:
        with quiet():
            import timm
            import timm.utils.model
    except ImportError as error:
        raise MissingPackageError(
            f"weights of published networks are loaded with the package timm, which is not installed; run: {install_line('timm')}"
        ) from error
    except Exception as error:  # torchvision's compiled part does not fit every build of torch
        raise MissingPackageError(
            f"weights are loaded with a timm that can be imported, got {type(error).__name__}: {error}; reinstall timm and torchvision"
        ) from error
    return timm


def load_weights(name: str, img_size: int | None = None, file: Path | None = None) -> nn.Module:
    """Return a network of timm with its weights, in eval mode and with its branches merged.

    Parameters
    ----------
    name
        timm's name with its tag; timm downloads the weights, or takes them from its own cache.
    img_size
        Side of the image, where timm has to be told.
    file
        Weights to read in place of a download: safetensors, or a state dict without other objects.

    Raises
    ------
    MissingPackageError
        timm is missing.
    FileAccessError
        The weights cannot be had, or do not fit.
    """
    timm = require_timm()
    more: dict[str, Any] = {} if img_size is None else {"img_size": img_size}
    if file is not None:
        if not file.is_file():
            raise FileAccessError(f"{file} must be a file of weights, and is none; check the path")
        more["pretrained_cfg_overlay"] = {"file": str(file)}
    try:
        with quiet():
            module = timm.create_model(name, pretrained=True, **more)
            merged: nn.Module = timm.utils.model.reparameterize_model(module.eval())
    except DsimError:
        raise
    except Exception as error:  # a hub, a network and a stranger's file fail in many ways
        said = " ".join(str(error).split())[:MOST]
        raise FileAccessError(
            f"weights of {name} must be loadable, got {type(error).__name__}: {said}; check the connection, or give a file with --weights"
        ) from error
    return merged


def image_words(module: nn.Module) -> str:
    """Say how images are prepared for a network of timm, as its own configuration does."""
    config: Any = getattr(module, "pretrained_cfg", {})
    mean, std = (", ".join(f"{one:g}" for one in config.get(key, ())) for key in ("mean", "std"))
    return (
        f"images: RGB from 0 to 1, resized by {config.get('interpolation', 'bicubic')} and cropped to "
        f"{config.get('crop_pct', 1.0):g} of the side; minus mean ({mean}), over deviation ({std})"
    )
