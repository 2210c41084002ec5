"""What published networks cost on a device, by its model: their vectors, made once for a device and kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.cache import kept
from dsim.device.profile import DeviceProfile
from dsim.errors import BatchError
from dsim.latency import load_model
from dsim.latency.content import content_hash
from dsim.latency.features import FloatArray
from dsim.latency.grouped import guessed_keys
from dsim.latency.learners import rests_on
from dsim.latency.model import DeviceModel
from dsim.latency.networks import Network, read_networks
from dsim.latency.question import Question
from dsim.latency.records import Basis
from dsim.latency.seen import SeenInNetworks
from dsim.progress import working
from dsim.records import from_npz, to_npz

FORMAT = 1  # raised where the same evidence gives other vectors
UNPRICED = "hold an operator that has no price there"
GUESSED = "hold grouped convolutions of a kind that was never measured there"


@dataclass(frozen=True)
class Vectors:
    """What a model asks of networks.

    Attributes
    ----------
    keys
        Of the networks (N).
    phi
        Vectors (N, F).
    questions
        What the interval of each answers.
    why_not
        Why a network is not priced; empty where it is.
    """

    keys: tuple[str, ...]
    phi: FloatArray
    questions: tuple[str, ...]
    why_not: tuple[str, ...]


@dataclass(frozen=True)
class Prices:
    """Predicted latency of networks; arrays (N,) in the order of ``keys``, see `dsim.latency.records.LatencyArrays`."""

    keys: tuple[str, ...]
    latency_ms: FloatArray
    low_ms: FloatArray
    high_ms: FloatArray
    needs_ms: FloatArray
    p_fits: FloatArray
    p_cliff: FloatArray
    questions: tuple[Question, ...]
    why_not: tuple[str, ...]


def prices(profile: DeviceProfile, keys: Collection[str], budget_ms: float, confidence: float) -> Prices:
    """Price networks on a device.

    Parameters
    ----------
    profile
        The device.
    keys
        Of networks that come with dsim.
    budget_ms, confidence
        The budget, and the chance with which a new measurement must be within it; also the level of the intervals.
    """
    model, found = load_model(profile.name), vectors(profile, keys)
    asked = [Question(one) for one in found.questions]
    out = np.empty((6, len(asked)))
    for question in set(asked):
        rows = np.array([n for n, one in enumerate(asked) if one is question])
        phi = found.phi[rows]
        ms = model.price(phi, confidence, question=question)
        out[:4, rows] = ms.latency_ms, ms.low_ms, ms.high_ms, ms.needs_ms
        out[4, rows] = model.p_fits(phi, budget_ms, question)
        out[5, rows] = model.p_cliff(phi)
    latency, low, high, needs, fits, cliff = out
    return Prices(found.keys, latency, low, high, needs, fits, cliff, tuple(asked), found.why_not)


def vectors(profile: DeviceProfile, keys: Collection[str]) -> Vectors:
    """Return the vectors of networks on a device, from the cache where nothing that they rest on has changed."""
    names = tuple(sorted(keys))
    digest = hashlib.sha256(f"{FORMAT} {content_hash(rests_on(profile))} {' '.join(names)}".encode())
    found: Vectors = kept(
        "shelf",
        profile.name,
        digest.hexdigest(),
        lambda: _made(profile, names),
        to_npz,
        lambda content: from_npz(Vectors, content),
    )
    return found


def _made(profile: DeviceProfile, keys: tuple[str, ...]) -> Vectors:
    model = load_model(profile.name)
    with working(f"pricing {len(keys)} published networks for {profile.name}", once=True):
        networks = _read(profile, keys)
        names = tuple(networks)
        phi = model.pricing.network_vectors(list(networks.values()))
        questions = tuple(str(model.strata.question_of(one.facts)) for one in networks.values())
        guessed = guessed_keys(profile, names)
        why_not = tuple(
            GUESSED if key in guessed else "" if _is_priced(model, one) else UNPRICED
            for key, one in networks.items()
        )
    return Vectors(names, phi, questions, why_not)


def _read(profile: DeviceProfile, keys: tuple[str, ...]) -> dict[str, Network]:
    """Read networks at a profile's batch; those that cannot be had at it are left out."""
    try:
        return read_networks(frozenset(keys), profile.passes, (), profile.batch)
    except BatchError:
        found: dict[str, Network] = {}
        for key in keys:
            try:
                found |= read_networks(frozenset((key,)), profile.passes, (), profile.batch)
            except BatchError:
                continue
        return found


def _is_priced(model: DeviceModel, network: Network) -> bool:
    """Tell whether every kernel of a network has a price; from what is known of it already where that is enough."""
    if isinstance(model.seen, SeenInNetworks):
        known = _covered(model.seen, network)
        if known is not None:
            return known
    kernels = {placed.kernel for placed in model.pricing.kernels(network.graph, model.passes)}
    return all(model.seen.of(kernel) is not Basis.UNSUPPORTED for kernel in kernels)


def _covered(seen: SeenInNetworks, network: Network) -> bool | None:
    """Tell from a network's marks and kinds whether all of it is covered; None where its kernels have to be asked."""
    marks, kinds = network.facts.kinds
    if _all_in(marks, seen.marks):
        return True
    if any(seen.unknown_kind(name) for name, _, _ in kinds):
        return False
    return None if network.facts.outside else True


def _all_in(marks: Collection[int], known: NDArray[np.int64]) -> bool:
    return bool(np.isin(np.fromiter(marks, dtype=np.int64, count=len(marks)), known).all())
