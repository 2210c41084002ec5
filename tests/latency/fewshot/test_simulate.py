"""Devices treated as new, with a handful of donors."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.device import find_profile
from dsim.latency.fewshot.errors import calibration_of, quantiles_csv, simulated_errors
from dsim.latency.fewshot.reference import measured_ms, reference
from dsim.latency.fewshot.simulate import WAYS, simulate
from dsim.latency.fewshot.table import make_table
from dsim.latency.fewshot.teachers import LeftOut, donors, teach

NEW = "pixel4-cpu-1large-float"


@pytest.fixture(scope="module")
def without_pixel(few_donors: tuple[str, ...]) -> LeftOut:
    return LeftOut(find_profile(NEW).chip)


def test_a_chip_that_is_left_out_teaches_nothing(few_donors: tuple[str, ...], without_pixel: LeftOut) -> None:
    said = teach(without_pixel)
    assert set(said) == set(few_donors) - {NEW}
    assert all(np.isfinite(column).all() for column in said.values())


def test_families_that_are_left_out_are_predicted_not_read(few_donors: tuple[str, ...]) -> None:
    known = reference()
    name = "iphonexs-cpu-1large-float"
    figures = measured_ms(find_profile(name))
    family = str(known.families[known.at[next(iter(figures))]])
    column = {}
    for families in (frozenset[str](), frozenset({family})):
        table = make_table(LeftOut(families=families))
        column[bool(families)] = table.log_ms[:, list(table.names).index(name)]
    at = [known.at[key] for key in figures]
    inside = known.families[at] == family
    exact = np.isclose(column[False][at], np.log(list(figures.values())))
    hidden = np.isclose(column[True][at], np.log(list(figures.values())))
    assert exact.all()
    assert hidden[~inside].all()
    assert not hidden[inside].any()


def test_few_measurements_beat_macs(few_donors: tuple[str, ...]) -> None:
    found = list(simulate([find_profile(NEW)], sizes=(10,), draws=1))
    median = {one.way: one.median for one in found}
    rank = {one.way: one.spearman for one in found}
    assert set(median) == set(WAYS)
    assert median["dsim"] < median["MACs alone"] / 2
    assert rank["dsim"] > max(0.9, rank["MACs alone"])


def test_donors_are_those_with_networks(few_donors: tuple[str, ...]) -> None:
    assert sorted(profile.name for profile in donors()) == sorted(few_donors)


def test_simulated_errors_widen_where_less_was_measured() -> None:
    known = simulated_errors()
    assert set(known) >= {3, 5, 10}
    assert all((np.diff(errors) >= 0).all() for errors in known.values())
    width = {count: float(calibration_of(errors).quantile(0.95)) for count, errors in known.items()}
    assert width[3] > width[10] > 1.0


def test_quantiles_survive_the_file() -> None:
    errors = {3: np.random.default_rng(0).normal(size=500)}
    lines = quantiles_csv(errors).splitlines()
    assert lines[0] == "networks,level,error"
    assert len(lines) == 201
    middle = [float(line.split(",")[2]) for line in lines[1:]]
    assert abs(np.median(middle) - np.median(errors[3])) < 0.01
