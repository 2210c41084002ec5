"""What ``dsim device validate`` does: hold out, write cards, make the tables."""

from __future__ import annotations

from collections.abc import Iterable

import click

from dsim.device import find_profile
from dsim.device.batches import card_batch, names_by_batch
from dsim.device.card import write_card
from dsim.latency.summary import ProfileSummary, group_summaries, summarise
from dsim.latency.validate import validate
from dsim.report.groups import group_table, incomplete_table, pair_table, profile_table
from dsim.report.held import keep_held
from dsim.report.measuring import measured_table
from dsim.report.table import TableData
from dsim.report.validation import validation_tables


def validate_profiles(
    names: Iterable[str], cards: bool
) -> tuple[tuple[ProfileSummary, ...], tuple[TableData, ...]]:
    """Validate profiles, one after the other.

    Parameters
    ----------
    names
        Names of profiles; one with several batches is validated at each.
    cards
        Whether to write each profile's card into its folder.
    """
    found = []
    for profile in [
        find_profile(own) for asked in names for own in names_by_batch(asked, find_profile(asked))
    ]:
        name = profile.name
        one = summarise(name)
        keep_held(name, one.networks)
        click.echo(
            f"{name}: {one.card.networks} networks, median error {one.card.median_error:.1f}%", err=True
        )
        if cards:
            write_card(profile.folder, one.card, card_batch(profile))
        found.append(one)
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
    return tuple(found), (*tables, *extra, *detail)
