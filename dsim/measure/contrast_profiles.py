"""``dsim measure --contrasts only``: put what blocks cost into profiles that exist, and show it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsim.cli.options import print_json
from dsim.device.add.contrasts import put_contrasts
from dsim.device.card import write_card
from dsim.device.load import load_profile
from dsim.errors import UnavailableError
from dsim.graph import Graph
from dsim.graph.store import load_graphs
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.latency.summary import summarise
from dsim.measure.contrast_evidence import contrast_graphs, contrast_rows, plain_row
from dsim.measure.contrast_figures import block_contrasts
from dsim.measure.contrast_journal import read_visits
from dsim.measure.records import Stack
from dsim.places import user_profiles_dir
from dsim.report.console import result_console, show_table
from dsim.report.contrasts import contrast_table

if TYPE_CHECKING:
    from dsim.cli.measurement import Begun

MORE_TIME = "something else had the core, or there was no time; stop what else runs, or give it more --time"


def kept_contrasts(
    folder: Path, stack: Stack
) -> tuple[tuple[dict[str, str], ...], Mapping[str, Graph]] | None:
    """Return the timed blocks of a profile that is about to be written anew; None where it has none of this runtime."""
    if not (folder / "contrasts.csv").exists():
        return None
    profile = load_profile(folder)
    rows = timed_blocks(profile)
    if not rows or profile.runtime != stack.runtime:
        return None
    keys = {key for one in rows for key in (one.graph_a, one.graph_b)}
    return tuple(plain_row(one) for one in rows), load_graphs(folder / "graphs.parquet", keys)


def show_contrasts(begun: Begun, as_json: bool) -> None:
    """Put what was timed into the profiles of its backends, write their cards anew, and show it.

    Raises
    ------
    UnavailableError
        No profile of the backends exists among the user's own, or each is of another chip or runtime.
    """
    visits = read_visits(begun.journal)
    done, left = [], []
    for backend, stack in begun.found.stacks.items():
        name = begun.request.profile_name(backend)
        folder = user_profiles_dir() / name
        found = block_contrasts(visits, backend)
        why = next((visit.failed[backend] for visit in visits if backend in visit.failed), MORE_TIME)
        if not found:
            left.append(f"{name}: no block was timed with both options: {why}")
            continue
        if not (folder / "profile.toml").is_file():
            left.append(
                f"{name}: there is no such profile in {user_profiles_dir()}; measure it, then give the same command"
            )
            continue
        profile = load_profile(folder)
        chip = stack.chip or begun.journal.head.machine.processor
        if (profile.chip, profile.runtime, profile.precision) != (chip, stack.runtime, stack.precision):
            left.append(
                f"{name}: must be of {chip}, {stack.runtime}, {stack.precision}, got {profile.chip}, {profile.runtime}, "
                f"{profile.precision}; choose another --name"
            )
            continue
        put_contrasts(
            folder,
            contrast_rows(found, profile.reference_model, profile.reference_protocol),
            contrast_graphs(found),
        )
        write_card(folder, summarise(name).card)
        done.append(load_profile(folder))
    for line in left:
        click.echo(f"Left out: {line}", err=True)
    if not done:
        raise UnavailableError(
            f"no profile got contrasts; what was timed is kept in {begun.journal.path}: {left[0]}"
        )
    if as_json:
        print_json(
            {
                profile.name: [
                    {
                        "choice": c.choice,
                        "block": c.graph_a,
                        "a_ms": c.a_ms,
                        "b_ms": c.b_ms,
                        "low_ms": c.low_ms,
                        "high_ms": c.high_ms,
                    }
                    for c in timed_blocks(profile)
                ]
                for profile in done
            }
        )
        return
    show_table(result_console(), contrast_table(done))
    for profile in done:
        click.echo(f"{profile.name} in {profile.folder} has {len(timed_blocks(profile))} contrasts.")
