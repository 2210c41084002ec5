"""Bundle a machine that `dsim measure` timed: profiles of its journal, with its drift divided out.

    python -m lab.curate.measured JOURNAL --name xeon-amx --title "Intel Xeon with AMX (2 cores of a virtual machine)"

JOURNAL is NAME.jsonl as `dsim measure` keeps it in `_measured`; contrasts of blocks are read from NAME.contrasts.jsonl beside
it, where there is one. One profile is written for each backend. ``--variants FILE --design efficientformer_l1`` adds whole
networks with one thing changed: a table variant, runtime, turn, ms, whose variants are named activation-norm. Then: `python -m lab.validate.held_out NAME ...`, and `python -m lab.validate.profiles NAME ...` for the cards.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import polars as pl

from dsim.arch import get_preset
from dsim.device.add.write import write_profile
from dsim.device.variants import write_variants
from dsim.measure.contrast_evidence import SOURCE
from dsim.measure.contrast_figures import block_contrasts
from dsim.measure.contrast_journal import SUFFIX, read_visits
from dsim.measure.drift_readings import machine_drift
from dsim.measure.journal import read_journal
from dsim.measure.make_profile import make_profile
from dsim.measure.variants import PLAIN, Turn, paired_variants
from dsim.places import bundled_profiles_dir
from dsim.report.drift import drift_plot, drift_sentence


def main() -> None:
    """Write the profiles."""
    parser = argparse.ArgumentParser(description="Bundle a machine that dsim measure timed.")
    parser.add_argument("journal", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--title", required=True)
    parser.add_argument("--variants", type=Path)
    parser.add_argument("--design", default="efficientformer_l1")
    asked = parser.parse_args()
    journal = read_journal(asked.journal)
    beside = asked.journal.with_name(asked.journal.stem + SUFFIX)
    visits = read_visits(read_journal(beside)) if beside.exists() else ()
    entries = journal.entries()
    drift = machine_drift(journal.head, entries, journal.anchors())
    turns = read_turns(asked.variants, asked.design) if asked.variants else []
    variants = paired_variants(asked.design, turns, SOURCE)
    for backend, stack in journal.head.stacks.items():
        name = f"{asked.name}-{backend}"
        title = f"{asked.title}, {stack.runtime}, {stack.precision}"
        made = make_profile(
            name,
            title,
            journal.head,
            backend,
            entries,
            contrasts=block_contrasts(visits, backend),
            drift=drift,
        )
        folder = write_profile(bundled_profiles_dir(), made.addition, force=True)
        if backend in variants:
            write_variants(folder, variants[backend])
        print(folder)
    if drift is not None:
        print(drift_sentence(drift.course), *drift_plot(drift.course), sep="\n")


def read_turns(path: Path, design: str) -> list[Turn]:
    """Read turns of a table, with its variants named by what they change of a design."""
    block = get_preset(design).stages[0].blocks[0]
    plain = (str(block.activation), str(block.norm))
    turns: dict[int, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for variant, runtime, turn, ms in (
        pl.read_csv(path).select("variant", "runtime", "turn", "ms").iter_rows()
    ):
        own = tuple(variant.split("-"))
        changed = [
            f"{kind}:{a}>{b}" for kind, a, b in zip(("activation", "norm"), plain, own, strict=True) if a != b
        ]
        turns[turn][runtime]["+".join(changed) or PLAIN] = ms
    return [turns[number] for number in sorted(turns)]


if __name__ == "__main__":
    main()
