"""State: all that a step changes, in one file of safetensors, so that a kill between two files cannot part them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dsim.errors import FileFormatError
from dsim.files import first_line, read_bytes, write_atomic
from dsim.packages import need

MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW keeps for a weight
_REMEDY = "remove the folder and train again"


def require_safetensors() -> None:
    """Refuse early where safetensors is missing.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    need("safetensors.torch", "keeping a supernet", "supernet")


@dataclass(frozen=True)
class Progress:
    """How far a training is, and what that has cost.

    Attributes
    ----------
    step
        Steps that are done.
    macs
        Multiply-accumulates of those steps.
    cpu_seconds, gpu_seconds
        As in `dsim.supernet.cost.Amounts`, of all processes that trained.
    """

    step: int = 0
    macs: int = 0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0


def write_state(
    path: Path, progress: Progress, weights: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer
) -> None:
    """Keep weights, moments and the place in the schedule.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    from safetensors.torch import save  # deferred: only supernets need it

    tensors: dict[str, Tensor] = {}
    for name, weight in weights.items():
        tensors[f"weights/{name}"] = weight.detach().cpu().contiguous()
        for moment, value in optimiser.state.get(weight, {}).items():
            tensors[f"{moment}/{name}"] = value.detach().cpu().contiguous()
    write_atomic(path, save(tensors, metadata={name: str(value) for name, value in asdict(progress).items()}))


def read_state(
    path: Path, weights: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer | None = None
) -> Progress:
    """Load weights, and the optimiser's moments where one is given; return how far they are.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It holds other weights.
    """
    from safetensors import SafetensorError, safe_open  # deferred: only supernets need it

    read_bytes_head(path)
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            wanted = {f"weights/{name}": tuple(weight.shape) for name, weight in weights.items()}
            for key, shape in wanted.items():
                if key not in names or tuple(file.get_slice(key).get_shape()) != shape:
                    raise FileFormatError(f"{path} must hold {key} of shape {shape}, and does not; {_REMEDY}")
            with torch.no_grad():
                for name, weight in weights.items():
                    weight.copy_(file.get_tensor(f"weights/{name}"))
            if optimiser is not None:
                for name, weight in weights.items():
                    kept = {m: file.get_tensor(f"{m}/{name}") for m in MOMENTS if f"{m}/{name}" in names}
                    if kept:
                        optimiser.state[weight] = {m: v.to(weight.device) for m, v in kept.items()}
            found = file.metadata() or {}
            return Progress(
                int(found["step"]),
                int(found["macs"]),
                float(found["cpu_seconds"]),
                float(found["gpu_seconds"]),
            )
    except (SafetensorError, KeyError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            f"{path} must be a state of training, and is not ({first_line(error)}); {_REMEDY}"
        ) from error


def read_bytes_head(path: Path) -> None:
    """Refuse a file that is not there with the words of `dsim.files`."""
    if not path.is_file():
        read_bytes(path, _REMEDY)
