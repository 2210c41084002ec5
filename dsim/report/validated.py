"""Validate profiles: hold families out, keep what was found for pages and cards, and make the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dsim.device import find_profile
from dsim.device.batches import card_batch, names_by_batch
from dsim.device.card import write_card
from dsim.latency.summary import ProfileSummary, group_summaries, summarise
from dsim.latency.validate import validate
from dsim.places import bundled_profiles_dir
from dsim.report.groups import group_table, incomplete_table, pair_table, profile_table
from dsim.report.held import keep_held
from dsim.report.measuring import measured_table
from dsim.report.table import TableData
from dsim.report.validation import validation_tables


def validate_profiles(names: Iterable[str], bundled_cards: bool = False) -> Iterator[ProfileSummary]:
    """Validate profiles, one after the other, and keep what was found.

    The card of a user's own profile is written into its folder, for `dsim device show`.

    Parameters
    ----------
    names
        Names of profiles; one with several batches is validated at each.
    bundled_cards
        Whether to write the cards of profiles that come with dsim too.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        A profile's files break a rule.
    FileAccessError
        A card cannot be written.
    """
    own_names = [own for asked in names for own in names_by_batch(asked, find_profile(asked))]
    for profile in map(find_profile, own_names):
        found = summarise(profile.name)
        keep_held(profile.name, found.networks)
        if bundled_cards or not profile.folder.is_relative_to(bundled_profiles_dir()):
            write_card(profile.folder, found.card, card_batch(profile))
        yield found


def validation_summary(found: Sequence[ProfileSummary]) -> tuple[TableData, ...]:
    """Return the tables of validated profiles, the most general first."""
    groups = group_summaries(found)
    tables = [group_table(groups)] if groups else []
    tables.append(profile_table(found))
    # designs that were held out for good, at each batch
    measured = {one.device: one.networks for one in found if one.group == "measured"}
    tables += [measured_table(measured)] if measured else []
    extra = [data for data in (pair_table(found), incomplete_table(found)) if data.rows]
    # iPhones have several protocols and contrasts of their own
    detail = [
        data for one in found if one.group == "iphone" for data in validation_tables(validate(one.device))
    ]
    return (*tables, *extra, *detail)
