"""Put what blocks cost into profiles that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.device.add.contrasts import put_contrasts
from dsim.device.card import write_card
from dsim.device.load import load_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import UnavailableError
from dsim.graph import Graph
from dsim.graph.store import load_graphs
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.latency.summary import summarise
from dsim.measure.contrast_evidence import contrast_graphs, contrast_rows, plain_row
from dsim.measure.contrast_figures import block_contrasts
from dsim.measure.contrast_journal import Visit
from dsim.measure.records import Stack
from dsim.places import user_profiles_dir

MORE_TIME = "something else had the core, or there was no time; stop what else runs, or give it more time"


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


def stack_differs(folder: Path, stack: Stack, processor: str) -> str:
    """Say why what was timed here does not belong into a profile: there is none, or it is of another stack; else empty."""
    if not (folder / "profile.toml").is_file():
        return f"there is no such profile in {folder.parent}; measure it, then give the same command"
    profile = load_profile(folder)
    chip = stack.chip or processor
    if (profile.chip, profile.runtime, profile.precision) != (chip, stack.runtime, stack.precision):
        return (
            f"must be of {chip}, {stack.runtime}, {stack.precision}, got {profile.chip}, {profile.runtime}, "
            f"{profile.precision}; measure this one under another --name, then give the same command with that name"
        )
    return ""


def existing(names: Sequence[str]) -> str:
    """Return the first name of a profile that the user has; the first one where there is none."""
    return next((name for name in names if (user_profiles_dir() / name).is_dir()), names[0])


def check_fills(names: Mapping[str, Sequence[str]], stacks: Mapping[str, Stack], processor: str) -> None:
    """Refuse to time what no profile can take: that is told before the work, not after.

    Parameters
    ----------
    names
        What each backend's profile may be called.
    stacks, processor
        Runtimes by backend, and this machine's chip.

    Raises
    ------
    UnavailableError
        There is no profile of any backend, or each is of another chip or runtime.
    """
    found = {backend: existing(own) for backend, own in names.items()}
    why = {
        name: stack_differs(user_profiles_dir() / name, stacks[backend], processor)
        for backend, name in found.items()
    }
    if all(why.values()):
        raise UnavailableError("; ".join(f"{name}: {text}" for name, text in why.items()))


def fill_profiles(
    names: Mapping[str, str], stacks: Mapping[str, Stack], processor: str, visits: Sequence[Visit]
) -> tuple[tuple[DeviceProfile, ...], tuple[str, ...]]:
    """Put what was timed into profiles that exist, and write their cards anew.

    Parameters
    ----------
    names, stacks
        Profiles and runtimes, by backend.
    processor
        Of this machine: the chip of a runtime that names none.
    visits
        What was timed.

    Returns
    -------
    tuple
        The profiles, as they are now, and a line for each that was left out, with the reason.
    """
    done, left = [], []
    for backend, stack in stacks.items():
        name = names[backend]
        folder = user_profiles_dir() / name
        found = block_contrasts(visits, backend)
        why = next((visit.failed[backend] for visit in visits if backend in visit.failed), MORE_TIME)
        if not found:
            left.append(f"{name}: no block was timed with both options: {why}")
            continue
        differs = stack_differs(folder, stack, processor)
        if differs:
            left.append(f"{name}: {differs}")
            continue
        profile = load_profile(folder)
        put_contrasts(
            folder,
            contrast_rows(found, profile.reference_model, profile.reference_protocol),
            contrast_graphs(found),
        )
        write_card(folder, summarise(name).card)
        done.append(load_profile(folder))
    return tuple(done), tuple(left)
