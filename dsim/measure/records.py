"""What a runtime reports: how long a network took, and how long each of its operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dsim.errors import UnavailableError

if TYPE_CHECKING:
    from torch import Tensor, nn

TOGETHER = "+"
# passes (`dsim.graph.passes`) of a runtime that prepares a network before it runs it, and of one that calls its operators
# as they are written; what a runtime fuses beyond is learned from its operators
FOLDED = ("drop_identities", "fold_batch_norm")
AS_WRITTEN = ("drop_identities",)


class RuntimeOp(NamedTuple):
    """One operator of a runtime's own graph, timed inside a network.

    Attributes
    ----------
    label
        The runtime's own name for what it is (``Conv``, ``ReorderOutput``, ``Subgraph``).
    kind
        What it computes in the terms of `dsim.measure.attribute.sign_of`; empty for what a runtime inserts. Several,
        joined by TOGETHER and the costliest first, where a runtime made one kernel of several ops.
    macs
        Multiply-accumulates, 0 where it multiplies no matrices.
    elements
        Elements that it writes.
    latency_ms
        Milliseconds of one run.
    """

    label: str
    kind: str
    macs: int
    elements: int
    latency_ms: float


@dataclass(frozen=True)
class Ready:
    """A network as backends take it: a module and an image, and the files that backends read.

    Attributes
    ----------
    build
        Makes the module, in eval mode; called once, and only where a backend takes modules.
    image
        (batch, 3, H, W): the images of one run.
    files
        By form (``onnx``, ``tflite``): paths of what was exported, for the backends that read it.
    failed
        By form: why a file could not be made.
    """

    build: Callable[[], nn.Module]
    image: Tensor
    files: Mapping[str, Path] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def file(self, form: str) -> Path:
        """Return a file by its form.

        Raises
        ------
        UnavailableError
            The network could not be converted to it.
        """
        if form in self.failed:
            raise UnavailableError(f"no .{form} file of this network: {self.failed[form]}")
        return self.files[form]

    @cached_property
    def module(self) -> nn.Module:
        """The module."""
        return self.build()


@dataclass(frozen=True)
class Session:
    """A network loaded into a runtime.

    Attributes
    ----------
    run
        Runs it once.
    ops
        Gives its operators, in the steadiest of a number of runs; None where the runtime cannot tell.
    on_cpu
        Whether a run keeps a core busy from begin to end: then time without the core was taken by something else.
    images
        How many copies of the images a run takes at once, where a backend has a batch of its own; figures are for one.
    load_ms
        From the file to the first answer, where the backend reads a file; None elsewhere.
    """

    run: Callable[[], object]
    ops: Callable[[int], tuple[RuntimeOp, ...]] | None
    on_cpu: bool = True
    images: int = 1
    load_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """What a network runs on, in words that a profile keeps.

    Attributes
    ----------
    runtime
        Name and version.
    precision, layout
        What the runtime computes in, and how it orders axes.
    unit
        Compute unit.
    chip
        Name of the chip; empty where it is the machine's processor.
    batch
        Images at once where the backend sets them itself: more than one is throughput, not latency.
    memory
        What is done with memory between runs; empty where that is left as it is.
    """

    runtime: str
    precision: str
    layout: str
    unit: str = "CPU"
    chip: str = ""
    batch: int = 1
    memory: str = ""


class Backend(Protocol):
    """A runtime that networks can be timed on."""

    @property
    def name(self) -> str:
        """The name by which the command line asks for it."""

    @property
    def reads(self) -> str:
        """The form of the file that it reads (`dsim.measure.ready.WRITERS`); empty where it runs the module itself."""

    @property
    def ahead(self) -> str:
        """What can be made on another core beforehand (`dsim.measure.ready.AHEAD`); empty where nothing but the file can."""

    @property
    def about(self) -> str:
        """What it is, in a few words."""

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes that its runtime does: FOLDED, or AS_WRITTEN."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Python packages that it needs, by the names under which they are imported."""

    @property
    def extra(self) -> str:
        """The extra of dsim that brings them; empty where dsim itself does."""

    def stack(self) -> Stack:
        """Say what it is.

        Raises
        ------
        MissingPackageError
            Its package is not installed.
        UnavailableError
            This machine cannot run it.
        """

    def open(self, ready: Ready) -> Session:
        """Load a network, for one thread."""
