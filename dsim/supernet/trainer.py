"""Trainer: the steps of one training, from wherever it stands to its end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn

from dsim.progress import working
from dsim.supernet.augment import Scaling
from dsim.supernet.cost import TRAINING_FACTOR
from dsim.supernet.feed import Feed
from dsim.supernet.images import Part
from dsim.supernet.paper import settings
from dsim.supernet.paper.clipping import clip
from dsim.supernet.processes import Processes, collecting
from dsim.supernet.schedule import learning_rate
from dsim.supernet.spec import PAPER, PLAIN, TrainSpec
from dsim.supernet.state import Progress, read_state, write_state
from dsim.supernet.teacher import Teacher
from dsim.supernet.way import Targets, Way, backward

SAVE_EVERY_S = 60.0
Feeding = Callable[[int, int], tuple[Tensor, Tensor]]  # from step and shard to pictures and what they are
RATES = {PLAIN: learning_rate, PAPER: settings.learning_rate}
CURVE = "curve"
OWN_RATE = 10.0  # what a way learns beside the weights moves so many times as fast where the loss depends on it strongly,
OWN_SCALE = 0.01  # half as fast where by so many nats, and less below: Adam by itself moves as far where nothing depends on it


@dataclass(frozen=True)
class Point:
    """One step of the curve: the loss on the labels (and on a teacher's decisions, where there is one), and the learning rate."""

    step: int
    loss: float
    learning_rate: float


class Trainer:
    """Weights, optimiser and the place in the schedule.

    Parameters
    ----------
    spec
        What is trained.
    part
        The pictures.
    scaling
        How they become numbers.
    weights
        What is trained, by name.
    way
        How.
    processes
        Which train together; the way then runs through them.
    teacher
        Decides beside the labels.
    feed
        Gives what each step sees; by default pictures in memory.
    """

    def __init__(
        self,
        spec: TrainSpec,
        part: Part,
        scaling: Scaling,
        weights: Mapping[str, nn.Parameter],
        way: Way,
        processes: Processes = Processes(),  # noqa: B008  (frozen)
        teacher: Teacher | None = None,
        feed: Feeding | None = None,
    ) -> None:
        self.spec, self.way, self.processes, self.teacher = spec, way, processes, teacher
        self.weights = {**weights, **way.parameters}
        self.optimiser = _optimiser(list(weights.values()), list(way.parameters.values()), spec)
        self.feed = feed or Feed(part, spec.batch, scaling, spec.flip, spec.seed, spec.device, spec.shards)
        self.shards = processes.shards(spec.shards)
        way.run = processes.together(way.run, self.weights.values(), way.all_used)
        self.progress = Progress()
        self.curve: list[Point] = []

    @property
    def done(self) -> int:
        """Steps that are done."""
        return self.progress.step

    def step(self) -> None:
        """Change the weights once."""
        cpu, wall = time.process_time(), time.perf_counter()
        rate = RATES[self.spec.recipe](self.done, self.spec.steps, self.spec.learning_rate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["times"]
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._gradients()
        if self.spec.recipe == PAPER:
            clip(self.weights.values(), settings.CLIP)
        self.optimiser.step()
        if self.spec.device != "cpu":
            torch.cuda.synchronize()  # the clock is read next
        self.curve.append(Point(self.done, loss, rate))
        before, everyone = self.progress, self.processes
        gpu = 0.0 if self.spec.device == "cpu" else time.perf_counter() - wall
        self.progress = Progress(
            before.step + 1,
            before.macs + self.macs(before.step),
            before.cpu_seconds + everyone.total(time.process_time() - cpu, self.spec.device),
            before.gpu_seconds + gpu * everyone.count,
        )

    def _gradients(self) -> float:
        """Add the gradients of one step to all weights; return the loss on the targets, the mean over shards."""
        passes = self.way.passes(self.done)
        firsts: list[Tensor] = []
        for shard in self.shards:
            images, labels = self.feed(self.done, shard)
            targets = Targets(labels, self.teacher(images) if self.teacher is not None else None)
            losses = self.way.losses(self.done, images, targets)
            for number in range(passes):
                with collecting(self.way.run, last=shard == self.shards[-1] and number == passes - 1):
                    loss = next(losses)
                    backward(loss / (passes * len(self.shards)))  # processes take the mean of theirs
                if number == 0:
                    firsts.append(loss.detach())
        mean = sum(map(float, firsts)) / len(firsts)
        return self.processes.total(mean, self.spec.device) / self.processes.count

    def passes(self, step: int) -> int:
        """Return how many networks one step runs, a teacher counted."""
        return self.way.passes(step) + (self.teacher is not None)

    def macs(self, step: int) -> int:
        """Return the multiply-accumulates of one step: all its pictures, forwards and, but for a teacher, backwards."""
        taught = self.teacher.macs if self.teacher is not None else 0
        return self.spec.batch * (TRAINING_FACTOR * self.way.macs(step) + taught)

    def load(self, state: Path, curve: Iterable[Point]) -> None:
        """Go on from where `save_to` was called.

        Raises
        ------
        FileFormatError
            The file is no state of this training.
        """
        self.progress = read_state(state, self.weights, self.optimiser)
        self.curve = [point for point in curve if point.step < self.done]

    def save_to(self, state: Path) -> None:
        """Keep everything that a step changes, in one file."""
        write_state(state, self.progress, self.weights, self.optimiser)

    def run(
        self, save: Callable[[], None], forecast_s: float | None = None, every_s: float = SAVE_EVERY_S
    ) -> None:
        """Run the steps that are left; ``save`` is called now and then, at the end, and when Ctrl-C is pressed.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C was pressed; the step was finished and kept.
        """
        spec = self.spec
        saved = time.monotonic()
        with (
            working(self.way.what, total=spec.images, unit="images", seconds=forecast_s) as work,
            postponed_interrupt() as pressed,
        ):
            while self.done < spec.steps:
                self.step()
                work.step(self.done * spec.batch, f"loss {self.curve[-1].loss:.3f}")
                if self.processes.total(pressed(), spec.device):  # all stop behind the same step
                    save()
                    stop = KeyboardInterrupt()
                    stop.add_note(
                        f"Step {self.done:,} of {spec.steps:,} is kept; the same command continues from there."
                    )
                    raise stop
                if time.monotonic() - saved >= every_s and self.done < spec.steps:
                    save()
                    saved = time.monotonic()
            save()


def _optimiser(weights: list[nn.Parameter], own: list[nn.Parameter], spec: TrainSpec) -> torch.optim.AdamW:
    """Make AdamW; norms, biases, scales and what a way learns do not decay."""
    groups = [
        {"params": [one for one in weights if one.ndim > 1], "weight_decay": spec.weight_decay, "times": 1.0},
        {"params": [one for one in weights if one.ndim <= 1], "weight_decay": 0.0, "times": 1.0},
    ]
    if own:
        groups.append({"params": own, "weight_decay": 0.0, "times": OWN_RATE, "eps": OWN_SCALE})
    return torch.optim.AdamW(groups, lr=spec.learning_rate, fused=True)


@contextmanager
def postponed_interrupt() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C set a mark instead of breaking a step in two; a second one breaks at once.

    Only the main thread hears signals; elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = False
    before = signal.getsignal(signal.SIGINT)

    def mark(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    signal.signal(signal.SIGINT, mark)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
