"""Overview: what a supernet's folder says, finished or not, without loading its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from dsim.supernet.cost import Amounts
from dsim.supernet.evaluator import TABLE as EVALUATED
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.home import Header, Home
from dsim.supernet.importance import TABLE, Importance
from dsim.supernet.ledger import Ledger
from dsim.supernet.trainer import CURVE, Point

STRETCHES = 10  # of the curve


@dataclass(frozen=True, eq=False)
class Overview:
    """What there is to show.

    Attributes
    ----------
    header, ledger
        See there.
    importance
        Empty before the training has ended.
    curve
        Rows of (images seen, mean loss since the row before).
    evaluated
        Sub-networks that were evaluated.
    """

    header: Header
    ledger: Ledger
    importance: tuple[Importance, ...]
    curve: tuple[tuple[int, float], ...]
    evaluated: int

    @property
    def trained(self) -> Amounts:
        """What the training has cost so far."""
        return self.ledger.spent.get("training", Amounts())

    @property
    def finished(self) -> bool:
        """Whether all steps are done and every block is weighed."""
        return bool(self.importance)

    def maps(self) -> tuple[int, ...]:
        """Return the side of the four maps in training."""
        sides = [self.header.asked.px]
        for _ in range(5):
            sides.append(-(-sides[-1] // 2))
        return tuple(sides[2:])

    def sizes(self) -> str:
        """Return the sentence on sizes that stands beside every result."""
        deployed = self.header.asked.space.resolution
        maps = ", ".join(map(str, self.maps()))
        return (
            f"Trained on images of {self.header.asked.px} px: its maps have {maps} positions a side. "
            f"Latency is predicted for {deployed} px and {len(self.header.classes):,} classes."
        )


def read_overview(folder: str | Path) -> Overview:
    """Read what a supernet's folder says.

    Raises
    ------
    FileAccessError
        It cannot be read, or holds no supernet.
    FileFormatError
        A file in it is not what it should be.
    """
    home = Home(folder)
    header = home.read_header()
    return Overview(
        header,
        Ledger.read(home.ledger_path),
        home.read_table(TABLE, Importance),
        _stretches(home.read_table(CURVE, Point), header.asked.batch),
        len(home.read_table(EVALUATED, Evaluation)),
    )


def _stretches(curve: tuple[Point, ...], batch: int) -> tuple[tuple[int, float], ...]:
    """Return the curve in a few stretches of equal length."""
    count = len(curve)
    ends = sorted({round(count * part / STRETCHES) for part in range(1, STRETCHES + 1)} - {0})
    return tuple(
        (end * batch, fmean(point.loss for point in curve[start:end]))
        for start, end in zip([0, *ends], ends, strict=False)
    )
