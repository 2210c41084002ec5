"""A profile's card: what evidence it holds, from where, how well it predicts, and what it has never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device import DeviceProfile, find_profile
from dsim.device.batches import THROUGHPUT, name_at, plain_batches, split_name
from dsim.latency import Identified, load_model
from dsim.latency.networks import read_networks
from dsim.latency.scores import DeviceScores, device_scores
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
    identified
        What the evidence can tell apart, each pair once.
    held_out
        How far off the model is on families that it never saw; None where too little was measured.
    """

    profile: DeviceProfile
    networks: int
    reference_networks: int
    cliffs: int
    sources: tuple[tuple[str, str, int], ...]
    never_seen: tuple[str, ...]
    identified: tuple[Identified, ...]
    held_out: DeviceScores | None

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
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
            "identified": [asdict(item) for item in self.identified],
            "held_out": asdict(self.held_out) if self.held_out else None,
        }


def card(name: str) -> Card:
    """Make a profile's card.

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
    return Card(
        profile,
        len({row.network for row in rows}),
        len({row.network for row in rows if profile.is_reference(row)}),
        len({row.network for row in rows if row.cliff}),
        tuple((source, protocol, count) for (source, protocol), count in counts.most_common()),
        never_seen(profile),
        _pairs_once(load_model(name).choices),
        device_scores(name),
    )


def never_seen(profile: DeviceProfile) -> tuple[str, ...]:
    """Give the operators of no network measured in the reference protocol; what one costs comes from elsewhere or nowhere.

    Operators are counted as they run, after the device's fusion passes.
    """
    usable = (row for row in profile.networks if row.counts and not row.cliff and profile.is_reference(row))
    keys = frozenset(row.graph for row in usable if row.graph)
    file = profile.folder / "graphs.parquet"  # a user's own networks
    networks = read_networks(keys, profile.passes, (file,) if file.exists() else (), profile.batch)
    ops = {op for network in networks.values() for op in network.run.ops}
    seen = {op.kind for op in ops} | {op.activation for op in ops}
    return tuple(kind.value for kind in OpKind if kind not in seen and kind is not OpKind.UNKNOWN)


def _pairs_once(choices: Iterable[Identified]) -> tuple[Identified, ...]:
    """Leave out a pair that came before the other way round: its contrast is the same with the opposite sign."""
    out: dict[tuple[str, frozenset[str]], Identified] = {}
    for item in choices:
        kind, _, pair = item.choice.partition(":")
        out.setdefault((kind, frozenset(pair.split(">"))), item)
    return tuple(out.values())


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


def _error(found: DeviceScores | None) -> str:
    if found is None:
        return "too few networks or families to leave one out"
    clean, cover = found.clean, found.coverage
    return (
        f"median {clean.median:.1f}%, mean {clean.mean:.1f}%, {clean.within_20:.0f}% of {clean.networks} networks within "
        f"20%, each without its family (with cliffs: median {found.with_cliffs.median:.1f}%); {cover.share:.0f}% of them "
        "lie inside their 90% interval"
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
            _error(content.held_out),
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
    verdicts = [
        (
            item.choice,
            "yes" if item.identified else "no",
            f"{item.contrast_ms:+.2f} ({item.low_ms:+.2f} to {item.high_ms:+.2f})",
            item.why,
        )
        for item in content.identified
    ]
    if not verdicts:
        show_line(console, "What the evidence can tell apart:", "no two activations or norms")
        return
    columns = ("choice", "identified", "contrast ms", "why")
    show_table(
        console, table("What the evidence can tell apart", columns, verdicts, numbers=("contrast ms",))
    )
