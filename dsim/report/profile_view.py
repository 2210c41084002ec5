"""What a profile rests on: what was measured, by whom, how well it predicts, and what it has never seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from dsim.device import DeviceProfile, find_profile
from dsim.device.batches import THROUGHPUT, card_batch, name_at, plain_batches, split_name
from dsim.device.card import Card, Told, evidence_hash, read_card, told_by
from dsim.device.drift import read_drift
from dsim.device.rough import why
from dsim.device.tells import Seen, contrasts_on, tells_apart
from dsim.latency.learners import learner_of
from dsim.op import OpKind
from dsim.report.choice_words import SEARCHED, choice_words
from dsim.report.console import result_console, show, show_line, show_table
from dsim.report.drift import drift_plot, drift_sentence
from dsim.report.glossary import cores_glossary
from dsim.report.graded import graded_tables
from dsim.report.table import table
from dsim.shelf.metrics import counts_words, known_counts


@dataclass(frozen=True)
class ProfileView:
    """What `dsim device show` shows.

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
    seen
        Graded contrasts of this stack, then those of its chip seen in another way.
    metrics
        Of how many measured networks each figure beside the latency is known, by its name in `dsim.shelf.Metrics`.
    """

    profile: DeviceProfile
    networks: int
    reference_networks: int
    cliffs: int
    sources: tuple[tuple[str, str, int], ...]
    never_seen: tuple[str, ...]
    found: Card | None
    seen: tuple[Seen, ...]
    metrics: Mapping[str, int]

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
            "metrics": dict(self.metrics),
            "contrasts": len(p.contrasts),
            "sources": [
                {"source": source, "protocol": protocol, "figures": count}
                for source, protocol, count in self.sources
            ],
            "never_seen": list(self.never_seen),
            "rough": why(p),
            "validated": self.found is not None,
            "held_out": _held_out(self.found),
            **{name: list(choices) for name, choices in _choices(self.found).items()},
            "tells_apart": list(tells_apart(p)),
            "graded_contrasts": [{"scope": str(one.scope), **asdict(one.contrast)} for one in self.seen],
        }


_SCORES = ("networks", "families", "median_error", "within_10", "within_20", "spearman", "coverage", "width")


def _choices(found: Card | None) -> dict[str, tuple[str, ...]]:
    """Return choices under the keys of JSON, by which measurements tell what they cost."""
    told = told_by(found) if found else Told((), (), ())
    return {"identified": told.own, "inherited": told.donor, "cannot_tell": told.nothing}


def _known_from(donor: str) -> dict[str, str]:
    """Return what to call each sort of choices."""
    return {
        "identified": "this device's measurements",
        "inherited": f"those of {donor} alone",
        "cannot_tell": "nothing",
    }


def _held_out(found: Card | None) -> dict[str, float] | None:
    if found is None or math.isnan(found.median_error):
        return None
    return {name: getattr(found, name) for name in _SCORES}


def profile_view(name: str) -> ProfileView:
    """Read what a profile rests on from its files. Nothing is learned: what validation found is read.

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
    return ProfileView(
        profile,
        len({row.network for row in rows}),
        len({row.network for row in rows if profile.is_reference(row)}),
        len({row.network for row in rows if row.cliff}),
        tuple((source, protocol, count) for (source, protocol), count in counts.most_common()),
        never_seen(profile),
        found if found and found.content == evidence_hash(profile.folder) else None,
        contrasts_on(profile),
        known_counts(profile),
    )


def never_seen(profile: DeviceProfile) -> tuple[str, ...]:
    """Return the operators that no network timed in the reference protocol holds; their cost is known from elsewhere, or not at all.

    Operators are counted as they run, after the device's fusion passes.
    """
    seen = learner_of(profile).operators_in(profile)
    return tuple(str(kind) for kind in OpKind if str(kind) not in seen and kind is not OpKind.UNKNOWN)


def _batch(profile: DeviceProfile) -> str:
    """Say what a latency is of, and which other batches the profile holds."""
    if profile.measures == THROUGHPUT:
        return f"milliseconds are per image, measured at batch {profile.batch_stated}"
    others = [batch for batch in profile.batches if batch != profile.batch]
    plain = split_name(profile.name)[0]
    also = f"; also measured: {', '.join(name_at(plain, batch) for batch in others)}" if others else ""
    return f"{profile.batch}; other batches are not predicted{also}"


def _error(content: ProfileView) -> str:
    found = content.found
    if found is None:
        name = content.profile.name
        return f"not known for these measurements; dsim device validate {name} finds it"
    if math.isnan(found.median_error):
        return "not known: too few networks, or families of networks, to predict one from the others"
    of_networks, of_operators = (found.networks, "networks", "family"), (found.ops, "operators", "shape")
    count, what, group = of_networks if content.networks else of_operators
    return (
        f"median {found.median_error:.1f}%, each of {count} {what} predicted without its {group}; {found.within_20:.0f}% are "
        f"within 20%, and {found.coverage:.0f}% inside their 90% interval{_counted_in(content, found)}"
    )


def _counted_in(content: ProfileView, found: Card) -> str:
    """Say why fewer networks are held out than were measured; empty where all are."""
    if not content.networks or found.networks == content.networks:
        return ""
    return (
        f". The {found.networks} are those of the {content.networks} measured networks that were timed in the way that predictions "
        "are for, at these image sizes, stayed on the accelerator and have a price for every operator"
    )


def show_profile(content: ProfileView) -> None:
    """Print what a profile rests on."""
    console = result_console()
    p = content.profile
    show_line(console, p.name, p.title)
    if because := why(p):
        show_line(console, "Rough:", f"{because}; no budget is set on it without --rough")
    for head, text in (
        ("Runs on:", f"{p.soc}, {p.compute_unit}; {p.runtime}, {p.precision}"),
        ("Images in a run:", _batch(p)),
        ("Predictions are for:", f"{p.reference_model}; {p.reference_stated}"),
        ("Learned from:", learner_of(p).teachers(p)),
        ("What the runtime merges:", ", ".join(name.replace("_", " ") for name in p.passes) or "nothing"),
        ("Image sizes:", f"{p.low_px} to {p.high_px} px; outside, a prediction is an extrapolation"),
        (
            "Measurements:",
            f"{len(p.networks)} times of {content.networks} networks, {content.reference_networks} of these timed in the way that "
            f"predictions are for; {len(p.contrasts)} pairs that differ in one thing; {content.cliffs} networks that left the "
            "accelerator",
        ),
        ("Other figures:", f"{counts_words(content.metrics)}."),
        (
            "How far off:",
            _error(content),
        ),
        (
            "Operators that no such network holds:",
            ", ".join(content.never_seen) or "none",
        ),
        ("Licence:", p.licence),
    ):
        show_line(console, head, text)
    if (drift := read_drift(p.folder)) is not None:
        show_line(console, "The machine's speed:", drift_sentence(drift))
        show(console, [Text(line) for line in drift_plot(drift)])
    if words := cores_glossary(f"{p.name} {p.title}"):
        show_line(console, "In words:", words)
    console.print()
    show_table(console, table("How networks were timed", ("protocol", "in words"), p.protocols.items()))
    rows = [(source, protocol, str(count)) for source, protocol, count in content.sources]
    show_table(console, table("Sources", ("source", "protocol", "figures"), rows, numbers=("figures",)))
    for data in graded_tables(content.seen, p):
        show_table(console, data)
    if content.found is None:
        return
    names = _known_from(content.found.donor)
    verdicts = [
        (names[key], pairs)
        for key, choices in _choices(content.found).items()
        if (pairs := choice_words(choices))
    ]
    if not verdicts:
        show_line(console, "What activations and norms cost here:", "no measurement tells two of them apart.")
        return
    title = "How the cost of one choice against another is known"
    note = SEARCHED
    show_table(console, table(title, ("known from", "choices"), verdicts, note=note))
