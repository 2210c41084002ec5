"""torch on an NVIDIA GPU, half precision: module by module or compiled, one image or a batch at a time.

Operators are not timed one by one: what a clock around each would wait for is not there in a plain run, where launches
overlap. A profile of a GPU is learned from whole networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsim.errors import UnavailableError
from dsim.measure.records import AS_WRITTEN, FOLDED, Ready, Session, Stack
from dsim.packages import need

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TorchCuda:
    """``cuda`` or ``cuda-compile``, with the batch behind the name where it is not 1.

    Attributes
    ----------
    compiled
        Whether Inductor compiles the network.
    batch
        Images in a run; the profile holds milliseconds for one of them.
    """

    compiled: bool
    batch: int = 1
    packages: tuple[str, ...] = ("torch",)
    extra: str = ""

    @property
    def about(self) -> str:
        """What it is, in a few words."""
        compiled = ", compiled" if self.compiled else ""
        return f"PyTorch on an NVIDIA GPU{compiled}{f', {self.batch} images a run' if self.batch > 1 else ''}"

    @property
    def name(self) -> str:
        """As the command line asks for it: ``cuda-compile-64``."""
        return f"cuda{'-compile' if self.compiled else ''}{f'-{self.batch}' if self.batch > 1 else ''}"

    @property
    def reads(self) -> str:
        """It runs the module itself."""
        return ""

    @property
    def ahead(self) -> str:
        """Nothing: Inductor's kernels for a GPU are compiled by this process."""
        return ""

    @property
    def passes(self) -> tuple[str, ...]:
        """Uncompiled, a batch norm is an operator of its own."""
        return FOLDED if self.compiled else AS_WRITTEN

    def stack(self) -> Stack:
        """Say which version on which GPU."""
        torch = need("torch", f"backend {self.name}", "test")
        if not torch.cuda.is_available():
            raise UnavailableError(
                f"{self.name} needs an NVIDIA GPU, and torch {torch.__version__} sees none; choose another backend"
            )
        how = "torch.compile, Inductor" if self.compiled else "eager"
        return Stack(
            f"PyTorch {torch.__version__}, {how}",
            "float16",
            "by Inductor" if self.compiled else "NCHW",
            "GPU",
            torch.cuda.get_device_name(),
            self.batch,
        )

    def open(self, ready: Ready) -> Session:
        """Load a network onto the GPU, compiling it where asked to."""
        import torch

        module: Callable[[Tensor], Any] = ready.module.requires_grad_(False).half().cuda()
        images = ready.image.half().repeat(self.batch, 1, 1, 1).cuda()
        if self.compiled:
            torch._dynamo.reset()  # networks of one class would be in each other's way
            module = torch.compile(module, fullgraph=True, dynamic=False)

        def run() -> Any:
            with torch.inference_mode():
                out = module(images)
            torch.cuda.synchronize()  # a run is over when the GPU is done, not when all is launched
            return out

        run()
        return Session(run, None, on_cpu=False, images=self.batch)
