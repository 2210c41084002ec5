"""Supernet: one that was trained, loaded from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.arch import Arch
from dsim.errors import FileFormatError, InvalidValueError
from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from dsim.supernet.evaluator import Evaluation, Evaluator
from dsim.supernet.home import Header, Home
from dsim.supernet.images import Images, read_images
from dsim.supernet.importance import TABLE, Importance
from dsim.supernet.ledger import Ledger
from dsim.supernet.moves import Move, single_moves
from dsim.supernet.state import read_state, require_safetensors
from dsim.supernet.subnet import Subnet
from dsim.supernet.ways import WAYS

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Supernet:
    """A trained supernet; made by `train` and `load_supernet`.

    Attributes
    ----------
    home
        Its folder.
    header
        What was asked for, and of what pictures.
    net
        Its weights.
    own
        What its way of training learned beside them: the alphas of ``gumbel``.
    data
        Folder of the pictures.
    """

    home: Home
    header: Header
    net: Elastic
    own: dict[str, Tensor]
    data: Path
    _read: Images | None = field(default=None, repr=False)

    @property
    def choices(self) -> Choices:
        """Which sub-networks it holds."""
        return self.net.choices

    @cached_property
    def images(self) -> Images:
        """Its pictures, read when they are first needed.

        Raises
        ------
        DsimError
            They cannot be read, or are others than those that it was trained on.
        """
        found = self._read or read_images(self.data, self.header.asked.px, self.header.asked.seed)
        if not self.header.fits(found):
            raise InvalidValueError(
                f"{self.data} must hold the pictures that {self.home.folder} was trained on, and holds others; name their "
                "folder with --data"
            )
        return found

    @cached_property
    def evaluator(self) -> Evaluator:
        """What evaluates its sub-networks."""
        ledger = Ledger.read(self.home.ledger_path)
        return Evaluator(self.net, self.header.spec, self.header.scaling, self.images, self.home, ledger)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from writing into the folder meanwhile, and know what they have written before.

        Raises
        ------
        UnavailableError
            Another process writes there.
        """
        read = vars(self).get("evaluator")  # making one reads the pictures
        with read.alone() if read is not None else self.home.alone():
            yield

    def subnet(self, design: Subnet | Arch) -> Subnet:
        """Return the sub-network that a design stands for.

        Raises
        ------
        InvalidValueError
            The design does not lie in its space.
        """
        return self.choices.place(design) if isinstance(design, Arch) else design

    def arch(self, subnet: Subnet, resolution: int | None = None) -> Arch:
        """Return a sub-network as a design, by default at the size that is deployed."""
        return self.net.arch(subnet, resolution or self.choices.space.resolution)

    def module(self, design: Subnet | Arch) -> nn.Module:
        """Return a design as the exporter's module with its weights cut out, and batch norms of its own."""
        return self.evaluator.module(self.subnet(design))

    def evaluate(self, designs: Iterable[Subnet | Arch]) -> Iterator[Evaluation]:
        """Yield loss and accuracy of designs on the search pictures; what is known is not evaluated again."""
        return self.evaluator(map(self.subnet, designs))

    def moves(self, design: Subnet | Arch) -> Iterator[Move]:
        """Yield every single way to make a design cheaper."""
        return single_moves(self.choices, self.subnet(design))

    @property
    def importance(self) -> tuple[Importance, ...]:
        """What each slot is worth, as the training left it."""
        return self.home.read_table(TABLE, Importance)


def load_supernet(
    folder: str | Path, data: str | Path | None = None, images: Images | None = None
) -> Supernet:
    """Load a supernet that was trained to its end.

    Parameters
    ----------
    data
        Folder of its pictures, where they have moved.
    images
        The pictures, where they are read already.

    Raises
    ------
    FileAccessError
        The folder or a file in it cannot be read.
    FileFormatError
        It is not a supernet, or its training has not ended.
    """
    require_safetensors()
    home = Home(folder)
    header = home.read_header()
    spec = header.spec
    net = Elastic(Choices(spec.space), spec.px, len(header.classes), spec.seed)
    own = WAYS[spec.importance](net, spec, spec.steps).parameters
    progress = read_state(home.state_path, {**net.weights, **own})
    if progress.step < spec.steps:
        raise FileFormatError(
            f"{folder} must be trained to its end, and is at step {progress.step:,} of {spec.steps:,}; run the same "
            "`dsim supernet train` again"
        )
    for weight in net.weights.values():
        weight.data = weight.data.to(spec.device)
    return Supernet(home, header, net, dict(own), Path(data or header.data), images)
