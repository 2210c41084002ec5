"""Run a training and keep it: whatever stops it, the same call goes on from where it was."""

from __future__ import annotations

from dsim.supernet.cost import Amounts
from dsim.supernet.home import Home
from dsim.supernet.ledger import Ledger
from dsim.supernet.trainer import CURVE, SAVE_EVERY_S, Point, Trainer


def run_kept(
    trainer: Trainer,
    home: Home,
    ledger: Ledger,
    forecast_s: float | None = None,
    save_every_s: float = SAVE_EVERY_S,
) -> None:
    """Train whatever is left, and keep state, curve and ledger in a folder.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C was pressed; everything is kept.
    """
    spec = trainer.spec
    if home.state_path.exists():
        trainer.load(home.state_path, home.read_table(CURVE, Point))

    def save() -> None:
        if not trainer.processes.first:
            return
        home.write_table(
            CURVE, trainer.curve, Point
        )  # first: rows beyond the state are cut off when it is read
        trainer.save_to(home.state_path)
        done = trainer.progress
        passes = sum(trainer.passes(step) for step in range(done.step))
        ledger.spent["training"] = Amounts(
            done.step * spec.batch, passes, done.macs, 0, done.cpu_seconds, done.gpu_seconds
        )
        ledger.write(home.ledger_path)

    if trainer.done < spec.steps:
        trainer.run(save, forecast_s, save_every_s)
    trainer.processes.wait()  # until the state is there
