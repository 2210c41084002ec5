"""Groups of profiles that are judged together."""

from __future__ import annotations

from dsim.device import bundled_names, find_profile
from lab.validate.groups import GROUPS


def test_every_group_that_is_judged_holds_profiles() -> None:
    profiles = [find_profile(name) for name in bundled_names()]
    for group in GROUPS:
        assert any(group.holds(profile) for profile in profiles), group.title
