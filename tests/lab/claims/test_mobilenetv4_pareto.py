"""The check of MobileNetV4's claim: dominance on made networks, and that the figures of the profiles are all read."""

from __future__ import annotations

from lab.claims.mobilenetv4_pareto import ALIKE, OWN, STATED, TIMM, Network, standing, standings

MADE = (
    Network("MNv4-a", 1.0, 74.0),  # as fast and as accurate as "twin": not better, and not worse
    Network(
        "MNv4-b", 2.0, 76.0
    ),  # "near" is 1% faster and no worse: optimal no more, but within what two runs differ by
    Network("MNv4-c", 4.0, 78.0),  # "far" takes half of the time and has a point more
    Network("MNv4-d", 3.0, 77.9),  # slower and less accurate than "far" as well
    Network("twin", 1.0, 74.0),
    Network("near", 1.98, 76.0),
    Network("far", 2.1, 79.0),
)


def test_only_other_families_count_against_a_network() -> None:
    found = standing("made", OWN, STATED, MADE)
    assert (found.networks, found.asked, found.optimal, found.beaten) == (3, 4, 1, 2)
    assert found.by == ("far",)


def test_every_stack_has_a_standing() -> None:
    found = list(standings())
    units = {one.profile for one in found if one.lab == OWN}
    assert units == {
        *("galaxy-s23-cpu", "galaxy-s23-gpu", "iphone13", "pixel4-dsp", "pixel6-cpu", "pixel7-gpu"),
        "pixel8-edgetpu",
    }
    assert all(3 <= one.asked <= 5 for one in found if one.lab != TIMM)
    assert all(one.networks >= 50 for one in found if one.top1 == ALIKE)
    assert all(one.optimal + one.beaten <= one.asked for one in found)
