"""PyTorch on the CPU: as it is (eager), and compiled by Inductor with frozen weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsim.measure.backends.kept_memory import keep_memory, kept_in_words
from dsim.measure.records import AS_WRITTEN, FOLDED, Ready, Session, Stack
from dsim.packages import need

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TorchCpu:
    """Module by module (``torch``), or `torch.compile` with Inductor (``torch-compile``); one thread, inference mode."""

    compiled: bool
    packages: tuple[str, ...] = ("torch",)
    extra: str = ""

    @property
    def about(self) -> str:
        """What it is, in a few words."""
        return "PyTorch on the processor" + (", compiled; needs a C++ compiler" if self.compiled else "")

    @property
    def name(self) -> str:
        """``torch`` or ``torch-compile``."""
        return "torch-compile" if self.compiled else "torch"

    @property
    def reads(self) -> str:
        """It runs the module itself."""
        return ""

    @property
    def ahead(self) -> str:
        """Inductor's kernels are compiled beforehand."""
        return "inductor" if self.compiled else ""

    @property
    def passes(self) -> tuple[str, ...]:
        """Uncompiled, a batch norm is an operator of its own."""
        return FOLDED if self.compiled else AS_WRITTEN

    def stack(self) -> Stack:
        """Say which version; the compiled one needs a C++ compiler."""
        torch = need("torch", f"backend {self.name}", "test")
        how = "eager"
        if self.compiled:
            # imports Inductor, which takes seconds
            from dsim.measure.backends.inductor import require_compiler

            require_compiler()
            how = "torch.compile, Inductor, frozen weights"
        return Stack(
            f"PyTorch {torch.__version__}, CPU, {how}",
            "float32",
            "by Inductor: channels last around convolutions" if self.compiled else "NCHW",
            memory=kept_in_words(),
        )

    def open(self, ready: Ready) -> Session:
        """Load a network, compiling it where asked to; from then on this process keeps the memory of its runs."""
        import torch

        torch.set_num_threads(1)
        keep_memory()
        module = ready.module.requires_grad_(False)
        return _compiled(ready) if self.compiled else _session(module, ready.image)


def _session(module: Callable[[Tensor], Tensor], image: Tensor) -> Session:
    import torch

    from dsim.measure.backends.torch_watch import Record, Watch, steady_ops

    def watched(record: Record) -> None:
        with torch.inference_mode(), Watch(record):
            module(image)

    return Session(_quick(module, image), lambda runs: steady_ops(watched, runs))


def _compiled(ready: Ready) -> Session:
    from dsim.measure.backends.inductor import compile_frozen, watch_kernels
    from dsim.measure.backends.torch_watch import steady_ops

    image = ready.image
    compiled, generated = compile_frozen(ready.module, image)
    run = _quick(compiled, image)
    if generated is None:
        return Session(run, None)
    return Session(run, lambda runs: steady_ops(lambda record: watch_kernels(generated, image, record), runs))


def _quick(module: Callable[[Tensor], Tensor], image: Tensor) -> Callable[[], Tensor]:
    import torch

    def run() -> Tensor:
        with torch.inference_mode():
            return module(image)

    return run
