"""Devices treated as new, with all others as donors."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.device import bundled_names
from dsim.device.find import bundled_profile
from dsim.latency.features import FloatArray
from dsim.latency.learner import donors_of
from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.errors import calibration_of, quantiles_csv, simulated_errors
from dsim.latency.methods.few_shot.reference import measured_ms, reference
from dsim.latency.methods.few_shot.table import overlaid
from dsim.latency.methods.few_shot.teachers import LeftOut, Lesson, Mark, donors, lessons
from lab.validate.fewshot.simulate import WAYS, simulate

NEW = "pixel4-cpu-1large-float"
PHONE = "iphonexs-cpu-1large-float"


def lesson_of(name: str, left_out: LeftOut) -> Lesson:
    return next(one for one in lessons(left_out, learner_of) if one.profile.name == name)


@pytest.mark.slow
def test_a_chip_that_is_left_out_teaches_nothing() -> None:
    chip = bundled_profile(NEW).chip
    left_out = LeftOut(chip)
    for lesson in lessons(left_out, learner_of):
        assert lesson.profile.chip != chip
        # nor does it stand behind a donor that starts from another
        assert chip not in {one.chip for one in donors_of(lesson.profile)}
    phone = bundled_profile(NEW)
    assert not left_out.allows(phone, phone.networks[0].graph)
    assert any(profile.chip == chip for profile in donors())


def test_donors_are_those_with_networks_that_resemble_a_users_device() -> None:
    names = {profile.name for profile in donors()}
    assert {PHONE, NEW, "iphone12", "i7-12700h", "galaxy-s10-gpu-torch"} <= names
    assert names <= set(bundled_names())
    assert all(profile.networks for profile in donors())
    assert not {profile.group for profile in donors()} & {"measured", "one-table", "user"}


@pytest.mark.slow
def test_families_that_are_left_out_are_predicted_not_read() -> None:
    known = reference()
    figures = measured_ms(bundled_profile(PHONE))
    family = str(known.families[known.at[next(iter(figures))]])
    column = {}
    for families in (frozenset[str](), frozenset({family})):
        left_out = LeftOut(families=families)
        table = overlaid({PHONE: lesson_of(PHONE, left_out).learn()}, left_out)
        column[bool(families)] = table.log_ms[:, list(table.names).index(PHONE)]
    at = [known.at[key] for key in figures]
    inside = known.families[at] == family
    exact = np.isclose(column[False][at], np.log(list(figures.values())))
    hidden = np.isclose(column[True][at], np.log(list(figures.values())))
    assert exact.all()
    assert hidden[~inside].all()
    assert not hidden[inside].any()


def marks(chip: str) -> dict[str, Mark]:
    return {one.profile.name: one.mark for one in lessons(LeftOut(chip), learner_of)}


@pytest.mark.slow
def test_only_those_who_learn_from_a_chip_have_another_lesson_without_it() -> None:
    nobody, a14, pixel = marks(""), marks("A14"), marks(bundled_profile(NEW).chip)
    # one pool, so that the iPhone 13 is learned with the iPhone 12; and Snapdragons start from the iPhones
    assert a14["iphone13"] != nobody["iphone13"] == pixel["iphone13"]
    assert a14["galaxy-s24-qnn-float"] != nobody["galaxy-s24-qnn-float"] == pixel["galaxy-s24-qnn-float"]
    # learned from its own figures and its donor's alone, a desktop's
    assert a14[PHONE] == nobody[PHONE] == pixel[PHONE]
    assert marks("Core i7-12700H").get("i9-10940x") == nobody["i9-10940x"]


@pytest.mark.slow
def test_lessons_of_one_mark_say_the_same() -> None:
    told: dict[Mark, FloatArray] = {}
    families = frozenset({str(reference().families[0])})
    for chip in ("A14", bundled_profile(NEW).chip):
        lesson = lesson_of(PHONE, LeftOut(chip, families))
        said = lesson.learn()
        assert np.allclose(told.setdefault(lesson.mark, said), said, rtol=1e-9)
    assert len(told) == 1


@pytest.mark.slow
def test_few_measurements_beat_macs_and_the_nearest_device() -> None:
    (found,) = simulate([bundled_profile(NEW)], sizes=(10,), draws=1)
    median = {one.way: one.median for one in found}
    rank = {one.way: one.spearman for one in found}
    assert set(median) == set(WAYS)
    assert median["dsim"] < median["MACs alone"] / 2
    assert median["dsim"] < min(median["nearest estimate"], median["nearest figure"])
    assert rank["dsim"] > max(0.9, rank["MACs alone"])


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
