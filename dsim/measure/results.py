"""What measuring returns: new profiles, contrasts put into profiles, designs of a comparison with their times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.device.variants import Variant
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.latency.scoring import Held
from dsim.measure.error_shares import error_shares
from dsim.measure.make_profile import Measured
from dsim.measure.scores import Scores, score, split_networks
from dsim.shift import Comparison
from dsim.shift.measured import Timed, agreements, timed_cells
from dsim.summaries import Summarised, Summary


@dataclass(frozen=True, repr=False)
class NewProfiles(Summarised):
    """The profiles that a measurement made, one for each backend.

    Attributes
    ----------
    made
        What the measuring found, by profile.
    held
        Each profile's networks, predicted without their family; by profile, at each batch (``my-server@batch8``).
    folders
        Where the profiles are, by name.
    missing
        Why a backend could not be used, by backend.
    """

    made: Mapping[str, Measured]
    held: Mapping[str, tuple[Held, ...]]
    folders: Mapping[str, Path]
    missing: Mapping[str, str]

    def scores(self) -> dict[str, dict[str, Scores]]:
        """Return how well each profile predicts, in three parts: see `dsim.measure.scores.split_networks`."""
        return {
            name: {what: score(networks) for what, networks in split_networks(name, held).items()}
            for name, held in self.held.items()
        }

    def summary(self) -> Summary:
        """Return the profiles with the number of their networks."""
        rows = [
            (name, f"{one.networks} networks to learn from, {one.checks} held out; in {self.folders[name]}")
            for name, one in self.made.items()
        ]
        left = [(f"{name}: left out", why) for name, why in self.missing.items()]
        return Summary("Measured device profiles", (*rows, *left))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        shares = {
            name: error_shares(find_profile(name), split_networks(name, held)["designs never learned from"])
            for name, held in self.held.items()
        }
        return {
            "error_shares": {
                name: asdict(one) | dict(zip(("drift", "noise", "model"), one.shares, strict=True))
                for name, one in shares.items()
                if one is not None
            },
            "profiles": {
                name: {"folder": str(self.folders[name]), **one.addition.measured}
                for name, one in self.made.items()
            },
            "scores": {
                name: {what: asdict(one) for what, one in parts.items()}
                for name, parts in self.scores().items()
            },
        }


@dataclass(frozen=True, repr=False)
class NewContrasts(Summarised):
    """Profiles that got contrasts: what another activation or norm costs in a block.

    Attributes
    ----------
    profiles
        The profiles, with their contrasts.
    left_out
        A line for each profile that got none, with the reason.
    missing
        Why a backend could not be used, by backend.
    """

    profiles: tuple[DeviceProfile, ...]
    left_out: tuple[str, ...]
    missing: Mapping[str, str]

    def summary(self) -> Summary:
        """Return the profiles with the number of their contrasts."""
        rows = [(one.name, f"{len(timed_blocks(one))} contrasts, in {one.folder}") for one in self.profiles]
        left = [("left out", why) for why in (*self.left_out, *self.missing.values())]
        return Summary("Contrasts of blocks", (*rows, *left))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: contrasts by profile."""
        return {
            profile.name: [
                {
                    "choice": one.choice,
                    "block": one.graph_a,
                    "a_ms": one.a_ms,
                    "b_ms": one.b_ms,
                    "low_ms": one.low_ms,
                    "high_ms": one.high_ms,
                }
                for one in timed_blocks(profile)
            ]
            for profile in self.profiles
        }


@dataclass(frozen=True, repr=False)
class NewVariants(Summarised):
    """What it costs to change one thing in a whole network.

    Attributes
    ----------
    variants
        By profile.
    left_out
        A line for each profile that they were not put into, with the reason.
    missing
        Why a backend could not be used, by backend.
    """

    variants: Mapping[str, tuple[Variant, ...]]
    left_out: tuple[str, ...]
    missing: Mapping[str, str]

    def summary(self) -> Summary:
        """Return every change with its interval."""
        rows = [
            (
                f"{name}: {one.choice}",
                f"{one.percent:+.1f}% ({one.low_percent:+.1f} to {one.high_percent:+.1f})",
            )
            for name, own in self.variants.items()
            for one in own
        ]
        left = [("not kept", why) for why in (*self.left_out, *self.missing.values())]
        return Summary("Whole networks with one thing changed", (*rows, *left))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: variants by profile."""
        return {name: [asdict(one) for one in own] for name, own in self.variants.items()}


@dataclass(frozen=True, repr=False)
class ComparedDesigns(Summarised):
    """Designs that a comparison names, with their measured times beside its predictions.

    Attributes
    ----------
    comparison, timed
        The comparison, and all figures that are kept in its folder.
    devices
        The profiles that were tested in this run.
    designs, left
        How many designs there are to time, and how many of them have no figure yet.
    missing
        Why a backend could not be used, by backend.
    """

    comparison: Comparison
    timed: tuple[Timed, ...]
    devices: tuple[str, ...]
    designs: int
    left: int
    missing: Mapping[str, str]

    def summary(self) -> Summary:
        """Return how far the predictions of each device are off."""
        rows = [
            (one.device, f"{one.designs} designs, {one.within_10} within 10%, worst {one.worst:.1%}")
            for one in agreements(self.comparison, self.timed)
        ]
        return Summary("Designs of a comparison, timed", (*rows, ("without a figure", str(self.left))))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "timed": [asdict(one) for one in timed_cells(self.comparison, self.timed)],
            "agreement": [asdict(one) for one in agreements(self.comparison, self.timed)],
            "left": self.left,
        }
