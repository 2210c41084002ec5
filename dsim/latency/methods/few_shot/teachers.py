"""What each bundled device's model says of the reference networks, learned without a chip and without some families."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dsim.device.find import bundled_profile, pool_of
from dsim.device.folders import bundled_names
from dsim.device.profile import DeviceProfile
from dsim.errors import unknown_name
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.kept import kept_arrays
from dsim.latency.methods.few_shot.reference import (
    fine_vectors,
    measured_ms,
    reference,
    reference_graphs,
    seen_by,
)
from dsim.latency.methods.fine.donor import stray
from dsim.latency.methods.fine.evidence import regime_of
from dsim.latency.methods.fine.fit import fit_fine
from dsim.latency.methods.fine.rates import NOISE, family_weight, learn_rates
from dsim.latency.methods.operators.evidence import OpEvidence, gather_operators, run_graph
from dsim.latency.methods.operators.kernel import Kernel, place
from dsim.latency.methods.operators.learn import learn
from dsim.latency.methods.operators.vectors import log_ms
from dsim.latency.methods.pooled.adapted import ADAPTED, OWN
from dsim.latency.methods.pooled.ensemble import NOMINAL, Belief, Rates, fit_members, rates_of
from dsim.latency.methods.pooled.evidence import Evidence, gather
from dsim.latency.methods.pooled.fit import Fit

# phone processors start from a desktop processor's rates; where that chip is the one left out, from the other's
OTHER_START = {"i7-12700h": "i9-10940x"}


# groups that do not teach: phones with one table know too little, and runtimes on servers are no neighbours of phones
NO_DONORS = ("one-table", "measured")


@dataclass(frozen=True)
class LeftOut:
    """What no teacher may have seen: a chip, in every runtime and precision, and families of networks."""

    chip: str = ""
    families: frozenset[str] = frozenset()


@lru_cache(maxsize=1)
def donors() -> tuple[DeviceProfile, ...]:
    """Return the profiles that may teach, in order of name.

    Besides NO_DONORS, Snapdragons whose networks ran on the CPU do not: they start from phone CPUs, which teach themselves.
    """
    found = []
    for name in bundled_names():
        profile = bundled_profile(name)
        borrowed = profile.method == "adapted" and bundled_profile(profile.donor).method != "roofline"
        if profile.networks and profile.group not in NO_DONORS and not borrowed:
            found.append(profile)
    return tuple(found)


def donor_named(name: str) -> DeviceProfile:
    """Return one donor; `donors` reads them once.

    Raises
    ------
    UnknownNameError
        No bundled profile of that name teaches.
    """
    known = {profile.name: profile for profile in donors()}
    if name not in known:
        raise unknown_name("device", name, known)
    return known[name]


@dataclass(frozen=True)
class Lesson:
    """Donors that are learned together.

    Attributes
    ----------
    title
        A word for them.
    profiles
        Everything that is learned from; a donor's own start included.
    learn
        Returns log milliseconds (N,) of the reference networks by donor's name.
    """

    title: str
    profiles: tuple[DeviceProfile, ...]
    learn: Callable[[], dict[str, FloatArray]]


def teach(
    left_out: LeftOut, tick: Callable[[], None] = lambda: None, keep: bool = False
) -> dict[str, FloatArray]:
    """Ask every donor about the reference networks.

    Parameters
    ----------
    left_out
        What they must not have seen.
    tick
        Called after every donor.
    keep
        Whether answers are taken from the cache, and kept there.

    Returns
    -------
    dict
        Log milliseconds (N,) of the reference networks by donor's name.
    """
    out: dict[str, FloatArray] = {}
    for lesson in lessons(left_out):
        folders = [profile.folder for profile in lesson.profiles]
        said = kept_arrays(lesson.title, folders, reference().keys, lesson.learn) if keep else lesson.learn()
        for name, log in said.items():
            out[name] = log
            tick()
    return out


def lessons(left_out: LeftOut) -> Iterator[Lesson]:
    """Return what has to be learned for all donors, with something left out of all of them."""
    yield from _fine(left_out)
    yield from _operators(left_out)
    yield from _pooled(left_out)


def _fine(left_out: LeftOut) -> Iterator[Lesson]:
    for profile in donors():
        if profile.method != "fine" or profile.chip == left_out.chip:
            continue
        start = profile.donor
        if start and bundled_profile(start).chip == left_out.chip:
            start = OTHER_START[start]
        name, from_whom = profile.name, (bundled_profile(start),) if start else ()
        yield Lesson(
            name,
            (profile, *from_whom),
            lambda name=name, start=start: {name: _one_fine(name, start, left_out.families)},  # type: ignore[misc]
        )


@lru_cache(maxsize=512)
def _one_fine(name: str, start: str, without: frozenset[str]) -> FloatArray:
    profile = bundled_profile(name)
    phi, log, family = _rows(name, without)
    centre = None
    if start:
        theirs, their_log, their_family = _rows(start, without)
        regime = regime_of(bundled_profile(start))
        centre = fit_fine(theirs, their_log, family_weight(their_family), regime, NOISE).log_rate
    rates = learn_rates(phi, log, family, regime_of(profile), centre, stray())
    return rates.log_ms(fine_vectors(profile.passes))[0]


def _rows(
    name: str, without: frozenset[str]
) -> tuple[FloatArray, FloatArray, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    """Return vectors (M, F), log milliseconds (M,) and families (M,) of what a donor measured."""
    profile, known = bundled_profile(name), reference()
    measured, at = measured_ms(profile), known.at
    places = np.array([at[key] for key in measured if key in at and known.families[at[key]] not in without])
    log = np.log([measured[known.keys[n]] for n in places])
    return fine_vectors(profile.passes)[places], log, known.families[places]


def _operators(left_out: LeftOut) -> Iterator[Lesson]:
    for profile in sorted(donors(), key=lambda profile: profile.passes):  # one runtime after the other
        if profile.method == "operators" and profile.chip != left_out.chip:
            name = profile.name
            yield Lesson(
                name,
                (profile,),
                lambda name=name: {name: _one_operators(name, left_out.families)},  # type: ignore[misc]
            )


@lru_cache(maxsize=128)
def _one_operators(name: str, without: frozenset[str]) -> FloatArray:
    evidence, parts = _parts(name)
    hidden = sorted(without)
    learned = learn(evidence, ~np.isin(evidence.family, hidden), ~np.isin(evidence.families, hidden))
    return log_ms(learned.vectors(parts), learned.whole)[0]


@lru_cache(maxsize=1)
def _parts(name: str) -> tuple[OpEvidence, tuple[tuple[Kernel, ...], ...]]:
    profile = bundled_profile(name)
    evidence = gather_operators(profile)
    runs = _runs(profile.passes)
    return evidence, tuple(tuple(p.kernel for p in place(run, evidence.rows.links)) for run in runs)


@lru_cache(maxsize=1)  # a thousand graphs: those of one runtime at a time
def _runs(passes: tuple[str, ...]) -> tuple[Graph, ...]:
    return tuple(run_graph(graph, passes) for graph in reference_graphs())


def _pooled(left_out: LeftOut) -> Iterator[Lesson]:
    members: dict[str, list[DeviceProfile]] = defaultdict(list)
    for profile in donors():
        if profile.method in ("roofline", "adapted"):
            members[profile.pool].append(profile)
    alone = tuple(pool for pool in sorted(members) if not members[pool][0].donor)
    for pool in (*alone, *(pool for pool in sorted(members) if pool not in alone)):
        own = tuple(profile for profile in members[pool] if profile.chip != left_out.chip)
        starts = () if pool in alone else tuple(p for name in alone for p in members[name])
        first = tuple(p.name for p in starts if p.chip != left_out.chip)
        if own:
            yield Lesson(
                f"pool-{pool}",
                tuple(p for each in (own, starts[:1]) if each for p in pool_of(each[0])) + starts,
                lambda own=own, first=first: _one_pool(own, first, left_out),  # type: ignore[misc]
            )


def _one_pool(
    own: tuple[DeviceProfile, ...], first: tuple[str, ...], left_out: LeftOut
) -> dict[str, FloatArray]:
    """Learn a pool; one with a donor starts from the rates of the donor, or else of the first of others like it."""
    belief, donor = NOMINAL, own[0].donor
    if donor:
        centre = _rates(donor if donor in first else first[0], left_out, NOMINAL).theta.mean(0)
        belief = Belief(ADAPTED, lambda without: centre, OWN)
    return {
        profile.name: _rates(profile.name, left_out, belief).log_ms(seen_by(profile.passes).roofline)[0]
        for profile in own
    }


def _rates(name: str, left_out: LeftOut, belief: Belief) -> Rates:
    evidence = _gathered(donor_named(name).pool)
    rows, _ = _allowed(evidence, left_out)
    index = [profile.name for profile in evidence.profiles].index(name)
    return rates_of(evidence, _fits(donor_named(name).pool, left_out, belief), index, rows, belief)


@lru_cache(maxsize=2)
def _fits(pool: str, left_out: LeftOut, belief: Belief) -> tuple[Fit, ...]:
    evidence = _gathered(pool)
    rows, contrasts = _allowed(evidence, left_out)
    return fit_members(evidence, rows, contrasts=contrasts, belief=belief)


@lru_cache(maxsize=16)
def _gathered(pool: str) -> Evidence:
    return gather(pool_of(next(profile for profile in donors() if profile.pool == pool)))


def _allowed(
    evidence: Evidence, left_out: LeftOut
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    chips = [profile.chip for profile in evidence.profiles]
    rows = evidence.learnable & ~np.isin(evidence.family, sorted(left_out.families))
    rows &= np.array([chips[i] != left_out.chip for i, _ in evidence.rows], dtype=bool)
    contrasts = np.array(
        [
            chips[i] != left_out.chip and not families & left_out.families
            for (i, _), families in zip(evidence.contrasts, evidence.contrast_family, strict=True)
        ],
        dtype=bool,
    )
    return rows, contrasts
