"""What the experiment asks for, as studies/fashion/study.toml says it, and where its files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dsim.files import read_text
from dsim.records import from_toml
from lab.places import STUDIES

FOLDER = STUDIES / "fashion"


@dataclass(frozen=True)
class Inputs:
    """The inputs; the comments of study.toml say what each is for.

    Attributes
    ----------
    budgets_ms
        One for each device: of the upper end of the latency interval.
    band
        Ranked designs use at least 1 - band of the first budget.
    alone_images, alone_batch, alone_learning_rate
        Of a design that is trained alone.
    converged_designs, converged_images
        The first of the ranked designs are trained for so many images too, to see how far the others are from converged.
    """

    devices: tuple[str, ...]
    budgets_ms: tuple[float, ...]
    confidence: float
    train_images: int
    px: int
    precision: str
    ranked_designs: int
    ranked_seeds: tuple[int, ...]
    band: float
    design_seed: int
    alone_images: int
    alone_batch: int
    alone_learning_rate: float
    converged_designs: int
    converged_images: int
    search_seeds: tuple[int, ...]
    supernet_images: int
    evaluations: int
    predictor_subnets: int
    regression_images: int
    halving_rungs: int
    final_seeds: tuple[int, ...]

    @property
    def budgets(self) -> dict[str, float]:
        """Budget by device."""
        return dict(zip(self.devices, self.budgets_ms, strict=True))


def read_inputs() -> Inputs:
    """Read study.toml."""
    path = FOLDER / "study.toml"
    return from_toml(Inputs, read_text(path, "bring the study's file back"), str(path))


@dataclass(frozen=True)
class Work:
    """A folder outside the repository: pictures, supernets, and who works on what."""

    root: Path

    @property
    def pictures(self) -> Path:
        """Folder of class folders that all trainings read."""
        return self.root / "fashion"

    @property
    def locks(self) -> Path:
        """One file for each job that somebody works on."""
        return self.root / "locks"

    def supernet(self, importance: str, seed: int) -> Path:
        """Return the folder of a supernet."""
        return self.root / f"{importance}-{seed}.supernet"
