"""What a unit of each kind of work costs in CPU seconds, timed side by side in one run, and the budget that all arms have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from tempfile import TemporaryDirectory

import torch

from dsim.export import build_module
from dsim.files import read_text, write_atomic
from dsim.records import from_toml, to_toml
from dsim.supernet.alone import Alone
from dsim.supernet.cost import timed
from dsim.supernet.draws import draws
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.home import Home
from dsim.supernet.ledger import Ledger
from dsim.supernet.spec import TrainSpec
from dsim.supernet.trainer import Trainer
from dsim.supernet.ways import supernet_training
from lab.claims.fashion.alone import Bench
from lab.claims.fashion.inputs import FOLDER, Inputs
from lab.validate.baseline import processor

PATH = FOLDER / "costs.toml"
ROUNDS = 12  # each kind of work is timed once in a round; the first rounds are slow and are not counted
UNTIMED = 4


@dataclass(frozen=True)
class Costs:
    """CPU seconds.

    Attributes
    ----------
    ablation_image, gumbel_image
        Of one image in a step of each supernet.
    evaluation
        Of one sub-network on the search images, batch norm's statistics included.
    alone_image
        Of one image of a design that is trained alone, mean over random designs.
    processor
        Where it was timed.
    """

    ablation_image: float
    gumbel_image: float
    evaluation: float
    alone_image: float
    processor: str

    def total(self, inputs: Inputs) -> float:
        """Return what every arm may cost."""
        return inputs.supernet_images * self.ablation_image + inputs.evaluations * self.evaluation

    def supernet_images(self, inputs: Inputs, importance: str) -> int:
        """Return the images that a supernet is shown, so that ``evaluations`` are left."""
        image = self.ablation_image if importance == "ablation" else self.gumbel_image
        return int((self.total(inputs) - inputs.evaluations * self.evaluation) / image)


def measure(bench: Bench) -> Costs:
    """Time every kind of work."""
    inputs, pictures, scaling = bench.inputs, bench.images, bench.scaling
    spec = TrainSpec(images=inputs.supernet_images, px=inputs.px, precision=inputs.precision, threads=1)
    trainings = {
        name: supernet_training(replace(spec, importance=name), pictures.train, scaling, 10)
        for name in ("ablation", "gumbel")
    }
    timings: dict[str, list[float]] = {"ablation": [], "gumbel": [], "evaluation": [], "alone": []}

    def note(kind: str, work: Callable[[], object], units: int) -> None:
        with timed() as clock:
            work()
        timings[kind].append(clock.cpu / units)

    with TemporaryDirectory() as nowhere:
        evaluator = Evaluator(trainings["ablation"].net, spec, scaling, pictures, Home(nowhere), Ledger())
        for number in range(ROUNDS):
            for name, training in trainings.items():
                note(name, training.trainer.step, spec.batch)
            subnet = bench.choices.draw(draws(0, "sample", number + 1))
            note("evaluation", lambda subnet=subnet: evaluator.measure(subnet), 1)  # type: ignore[misc]
            arch, alone = bench.arch(subnet), bench.spec(inputs.alone_images, 0)
            module = build_module(arch)
            trainer = Trainer(
                alone, pictures.train, scaling, dict(module.named_parameters()), Alone(arch, module, alone)
            )
            trainer.step()  # everything is done for the first time
            note("alone", lambda trainer=trainer: [trainer.step() for _ in range(4)], 4 * alone.batch)  # type: ignore[misc]
    middle = {kind: median(values[UNTIMED:]) for kind, values in timings.items()}
    where = f"{processor()}, torch {torch.__version__}"
    return Costs(middle["ablation"], middle["gumbel"], middle["evaluation"], middle["alone"], where)


def write_costs(costs: Costs) -> None:
    """Keep them."""
    write_atomic(PATH, to_toml(costs))


def read_costs() -> Costs:
    """Read what `write_costs` kept."""
    return from_toml(Costs, read_text(PATH, "run: python -m lab.claims.fashion prepare"), str(PATH))
