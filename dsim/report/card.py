"""A profile's card: what evidence it holds, from where, how well it predicts, and what it has never seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsim.device import DeviceProfile, find_profile
from dsim.device.batches import THROUGHPUT, card_batch, name_at, plain_batches, split_name
from dsim.device.card import Card as Found
from dsim.device.card import evidence_hash, read_card
from dsim.latency.networks import read_networks
from dsim.op import OpKind
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import table


@dataclass(frozen=True)
class Card:
    """What `dsim device show` tells.

    Attributes
    ----------
    profile
        The profile itself.
    networks, reference_networks, cliffs
        Distinct measured networks: all, in the reference protocol, and those that left the accelerator.
    sources
        (source, protocol, figures), the largest first.
    never_seen
        Operators that ran in no network measured here in the reference protocol.
    found
        What validation found on this evidence; None where it was not validated, or the evidence has changed since.
    """

    profile: DeviceProfile
    networks: int
    reference_networks: int
    cliffs: int
    sources: tuple[tuple[str, str, int], ...]
    never_seen: tuple[str, ...]
    found: Found | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        p = self.profile
        names = ("name", "title", "soc", "compute_unit", "runtime", "precision", "pool", "licence")
        return {
            **{name: getattr(p, name) for name in names},
            "passes": list(p.passes),
            "reference": {
                "protocol": p.reference_protocol,
                "model": p.reference_model,
                "stated": p.reference_stated,
            },
            "measures": p.measures,
            "batch": plain_batches(p),
            "batches": list(p.batches),
            "resolution_px": [p.low_px, p.high_px],
            "networks": self.networks,
            "reference_networks": self.reference_networks,
            "cliffs": self.cliffs,
            "figures": len(p.networks),
            "contrasts": len(p.contrasts),
            "sources": [
                {"source": source, "protocol": protocol, "figures": count}
                for source, protocol, count in self.sources
            ],
            "never_seen": list(self.never_seen),
            "validated": self.found is not None,
            "held_out": _held_out(self.found),
            **{name: list(getattr(self.found, name, ())) for name in _VERDICTS},
        }


_SCORES = ("networks", "families", "median_error", "within_10", "within_20", "spearman", "coverage", "width")
_VERDICTS = {
    "identified": "told apart by its own evidence",
    "inherited": "told apart by its pool's or donor's evidence",
    "cannot_tell": "not told apart",
}


def _held_out(found: Found | None) -> dict[str, float] | None:
    if found is None or math.isnan(found.median_error):
        return None
    return {name: getattr(found, name) for name in _SCORES}


def card(name: str) -> Card:
    """Make a profile's card from its files. Nothing is learned: what validation found is read.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(name)
    rows = [row for row in profile.networks if row.counts]
    counts = Counter((row.source, row.protocol) for row in profile.networks)
    found = read_card(profile.folder, card_batch(profile))
    return Card(
        profile,
        len({row.network for row in rows}),
        len({row.network for row in rows if profile.is_reference(row)}),
        len({row.network for row in rows if row.cliff}),
        tuple((source, protocol, count) for (source, protocol), count in counts.most_common()),
        never_seen(profile),
        found if found and found.content == evidence_hash(profile.folder) else None,
    )


def never_seen(profile: DeviceProfile) -> tuple[str, ...]:
    """Return the operators of no network measured in the reference protocol; what one costs comes from elsewhere or nowhere.

    Operators are counted as they run, after the device's fusion passes.
    """
    if profile.method == "operators":
        kinds = {str(one.op.kind) for one in profile.ops} | {str(one.op.activation) for one in profile.ops}
        return _others(kinds)
    usable = (row for row in profile.networks if row.counts and not row.cliff and profile.is_reference(row))
    keys = frozenset(row.graph for row in usable if row.graph)
    file = profile.folder / "graphs.parquet"  # a user's own networks
    networks = read_networks(keys, profile.passes, (file,) if file.exists() else (), profile.batch)
    return _others({label for network in networks.values() for label in network.facts.labels})


def _others(seen: set[str]) -> tuple[str, ...]:
    return tuple(str(kind) for kind in OpKind if str(kind) not in seen and kind is not OpKind.UNKNOWN)


def _teachers(profile: DeviceProfile) -> str:
    """Say what a profile is learned with."""
    if profile.method == "few-shot":
        return "its own networks and all bundled devices"
    if profile.method == "operators":
        return "its own timed kernels, its networks for the rest"
    start = f", started from {profile.donor}" if profile.donor else ""
    own = "its own networks" if profile.method == "fine" else f"the profiles of pool {profile.pool!r}"
    return own + start


def _batch(profile: DeviceProfile) -> str:
    """Say what a latency is of, and which other batches the profile holds."""
    if profile.measures == THROUGHPUT:
        return f"milliseconds are per image, measured at batch {profile.batch_stated}"
    others = [batch for batch in profile.batches if batch != profile.batch]
    plain = split_name(profile.name)[0]
    also = f"; also measured: {', '.join(name_at(plain, batch) for batch in others)}" if others else ""
    return f"{profile.batch}, and no other is priced{also}"


def _error(content: Card) -> str:
    found = content.found
    if found is None:
        name = content.profile.name
        return f"not validated on this evidence; `dsim device validate {name}` finds it, and learns for that"
    if math.isnan(found.median_error):
        return "too few networks or families to leave one out"
    what, group = ("networks", "family") if content.networks else ("operators", "shape")
    return (
        f"median {found.median_error:.1f}%, {found.within_20:.0f}% of {found.networks} {what} "
        f"within 20%, each without its {group}; {found.coverage:.0f}% of them lie inside their 90% interval"
    )


def show_card(content: Card) -> None:
    """Print a card."""
    console = result_console()
    p = content.profile
    show_line(console, p.name, p.title)
    for head, text in (
        ("Runs on:", f"{p.soc}, {p.compute_unit}; {p.runtime}, {p.precision}"),
        ("Batch:", _batch(p)),
        ("Estimates speak of:", f"{p.reference_model}; {p.reference_stated}"),
        ("Learned with:", f"{_teachers(p)}; fusion passes {', '.join(p.passes)}"),
        ("Measured between:", f"{p.low_px} and {p.high_px} px; outside, an estimate is extrapolated"),
        (
            "Evidence:",
            f"{len(p.networks)} figures of {content.networks} networks, {content.reference_networks} of them in the "
            f"reference protocol; {len(p.contrasts)} contrasts; {content.cliffs} networks that left the accelerator",
        ),
        (
            "Held-out error:",
            _error(content),
        ),
        (
            "Never seen in that protocol:",
            ", ".join(content.never_seen) or "every operator that dsim knows was",
        ),
        ("Licence:", p.licence),
    ):
        show_line(console, head, text)
    console.print()
    show_table(console, table("Protocols", ("protocol", "how it was timed"), p.protocols.items()))
    rows = [(source, protocol, str(count)) for source, protocol, count in content.sources]
    show_table(console, table("Sources", ("source", "protocol", "figures"), rows, numbers=("figures",)))
    if content.found is None:
        return
    verdicts = [
        (words, pairs) for key, words in _VERDICTS.items() if (pairs := _pairs(getattr(content.found, key)))
    ]
    if not verdicts:
        show_line(console, "What the evidence can tell apart:", "no two activations or norms")
        return
    show_table(console, table("What the evidence can tell apart", ("how", "choices"), verdicts))


def _pairs(choices: Sequence[str]) -> str:
    """Write choices (``activation:gelu>relu``) as words, each pair once whichever way round it stands."""
    found: dict[tuple[str, frozenset[str]], str] = {}
    for choice in choices:
        kind, _, pair = choice.partition(":")
        found.setdefault((kind, frozenset(pair.split(">"))), f"{kind} {pair.replace('>', ' against ')}")
    return ", ".join(found.values())
