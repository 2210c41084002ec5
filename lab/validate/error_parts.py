"""Take the error on iPhones and Snapdragons apart: figures, form of the model, network, family, laboratory; and state the floor.

Usage: python -m lab.validate.error_parts (rewrites the block ``parts`` of lab/notes/intervals.md)

One set of figures (reference protocol, no cliffs, inside the resolutions) is predicted again and again while less and less is known
of it. What an error grows by from one step to the next is due to what was taken away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dsim.device import bundled_names, find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.apart import kept_of
from dsim.latency.evidence import ALL
from dsim.latency.hold_out import hold_out_once
from dsim.latency.learners import learner_of, rests_on
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.question import Question
from dsim.report.table import table
from lab.marked import replace_block
from lab.validate.groups import GROUPS
from lab.validate.intervals import NOTE

TITLES = ("iPhones, without cliffs", "Snapdragon NPU, float")
Errors = NDArray[np.float64]


def differences(evidence: PooledEvidence, own: NDArray[np.bool_], same_protocol: bool) -> Errors:
    """Return by how much two figures of one network on one phone differ, over the root of 2: the error of one of them.

    Of two laboratories with one protocol; or of two protocols, the median difference of that pair of protocols taken off.
    """
    by_network: dict[tuple[int, str], list[tuple[str, str, float]]] = defaultdict(list)
    for n, (owner, row) in enumerate(evidence.rows):
        if own[n] and not row.cliff:
            by_network[owner, row.graph].append((row.lab, row.protocol, float(evidence.log_ms[n])))
    pairs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for figures in by_network.values():
        for one, other in combinations(sorted(figures), 2):
            if (one[1] == other[1]) is same_protocol and (one[0] != other[0] or not same_protocol):
                first, second = sorted((one, other), key=lambda figure: figure[1])
                pairs[first[1], second[1]].append(first[2] - second[2])
    found = [
        value - (0.0 if same_protocol else float(np.median(values)))
        for values in pairs.values()
        if same_protocol or len(values) > 2
        for value in values
    ]
    return np.asarray(np.array(found) / np.sqrt(2.0))


def parts_of(profile: DeviceProfile) -> dict[str, Errors]:
    """Return errors by what was known of a figure when it was predicted."""
    learner = learner_of(profile)
    evidence = learner.gather(profile)
    assert isinstance(evidence, PooledEvidence)
    figures, kept = evidence.figures, kept_of(evidence, rests_on(profile))
    own = figures.owner == evidence.index
    use = own & figures.judged & figures.complete & np.array([not one for one in figures.cliff])
    known = evidence.predict(learner.learn(evidence, ALL), np.arange(len(own)))
    held = hold_out_once(learner, evidence)

    def off(log_ms: Errors) -> Errors:
        return np.asarray((figures.log_ms - log_ms)[use & np.isfinite(log_ms)])

    out = {
        "two laboratories, one protocol": differences(evidence, own, same_protocol=True),
        "two protocols, their usual ratio known": differences(evidence, own, same_protocol=False),
        "learned from, its laboratory's effect known": off(known.log_ms + known.protocol),
        "learned from": off(known.log_ms),
    }
    for question, words in ((Question.VARIANT, "network held out"), (Question.FOREIGN, "family held out"), (Question.KNOWN, "family and laboratory held out")):  # fmt: skip
        logs = kept.get(question)
        if question is Question.FOREIGN:
            out[words] = off(held.log_ms)
        elif logs is not None:
            out[words] = off(logs[0])
    return out


def spread(errors: Errors) -> str:
    """Return the median error in percent, and of how many figures it is."""
    if len(errors) < 3:
        return "-"
    return f"{np.median(np.abs(np.expm1(errors))) * 100:.1f} ({len(errors)})"


def rows(titled: Iterable[tuple[str, list[DeviceProfile]]]) -> list[tuple[str, ...]]:
    """Return one row for each thing known, and a column for each title."""
    columns = []
    for _, profiles in titled:
        found: dict[str, list[Errors]] = defaultdict(list)
        for profile in profiles:
            for words, errors in parts_of(profile).items():
                found[words].append(errors)
        columns.append({words: np.concatenate(errors) for words, errors in found.items()})
    none = np.array([])
    return [(words, *(spread(column.get(words, none)) for column in columns)) for words in columns[0]]


def main() -> None:
    """Rewrite the table."""
    profiles = [find_profile(name) for name in bundled_names()]
    phones, snapdragons = (
        [one for one in profiles if group.holds(one)]
        for title in TITLES
        for group in GROUPS
        if group.title == title
    )
    many = f"{len(snapdragons)} Snapdragon profiles, float"
    titled = [*((one.name, [one]) for one in phones), (many, snapdragons)]
    made = table(
        "Median error in percent (figures) by what is known of a figure",
        ("known", *(title for title, _ in titled)),
        rows(titled),
        [title for title, _ in titled],
        "The first two rows hold figures against each other and no model: half of the variance of their difference is one figure's.",
    )
    print(made.markdown())
    replace_block(NOTE, "parts", made.markdown())


if __name__ == "__main__":
    main()
