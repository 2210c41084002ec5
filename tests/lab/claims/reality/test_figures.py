"""Which figures are compared, at which recipe, and which front they make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.accuracy.recipe import Augment, Recipe, Teacher
from dsim.arch import Mixer
from dsim.device import find_profile
from dsim.device.profile import DeviceProfile, Measurement
from dsim.errors import InvalidValueError
from dsim.search import Space
from lab.claims.reality.backtest import later_figures, without_later
from lab.claims.reality.check import spread
from lab.claims.reality.figures import PublishedNetwork, figures_of, measured_front
from lab.claims.reality.recipes import (
    Checkpoint,
    like_reference,
    load_checkpoints,
    nearest_to_reference,
    recipe_of,
    words,
)
from tests.lab.claims.reality.made import ALONE, REFERENCE

LONG = Recipe(1000, Teacher.CONVNET, Augment.STRONG, 224)
UNSTATED = Recipe(None, Teacher.NONE, Augment.MEDIUM, 224)
CHECKPOINTS = (
    Checkpoint("net", 224, ALONE, 78.05),
    Checkpoint("net", 224, REFERENCE, 79.2),
    Checkpoint("net", 224, LONG, 80.5),
    Checkpoint("net", 288, ALONE, 79.2),
    Checkpoint("other", 224, UNSTATED, 75.0),
)


@pytest.mark.parametrize(
    ("graph", "top1", "expected"),
    [
        ("net@224", 78.0, ALONE),
        ("net+unfused@224", 79.2, REFERENCE),
        ("net@224", 80.4, LONG),
        ("net@224", 77.8, None),  # further than rounding and a new evaluation explain
        ("net@256", 79.2, None),  # another resolution
        ("other@224", 75.0, None),  # nobody states the schedule
        ("", 79.2, None),
    ],
)
def test_the_nearest_published_result_tells_the_recipe(
    graph: str, top1: float, expected: Recipe | None
) -> None:
    assert recipe_of(graph, top1, CHECKPOINTS) == expected


def test_where_no_top1_is_quoted_the_recipe_most_like_the_reference_stands_in() -> None:
    found = nearest_to_reference("net@224", CHECKPOINTS)
    assert found is not None
    assert found.recipe == REFERENCE
    without = [c for c in CHECKPOINTS if c.recipe != REFERENCE]
    assert nearest_to_reference("net@224", without).recipe == LONG  # the teacher counts before the length
    assert nearest_to_reference("nobody@224", CHECKPOINTS) is None


def test_only_one_recipe_is_the_reference() -> None:
    assert like_reference(REFERENCE)
    assert not any(map(like_reference, (ALONE, LONG, UNSTATED, None)))
    assert (words(ALONE), words(LONG), words(None)) == (
        "300 epochs",
        "1000 epochs, convnet teacher",
        "unknown",
    )


def test_looked_up_recipes_are_found() -> None:
    table = load_checkpoints()
    assert recipe_of("iformer_m@224", 80.4, table) == replace(ALONE, key="")
    assert recipe_of("repvit_m1_0@224", 78.6, table).teacher is Teacher.NONE
    assert like_reference(recipe_of("repvit_m1_0@224", 80.0, table))
    assert like_reference(recipe_of("efficientformerv2_s2@224", 81.6, table))


def _row(network: str, latency_ms: float, top1: float | None = None, **changes: object) -> Measurement:
    base = find_profile("pixel6-cpu").networks[2]
    values = {"network": network, "graph": f"{network}@224", "latency_ms": latency_ms, "top1": top1}
    return replace(base, **values, **changes)


def _profile(*rows: Measurement) -> DeviceProfile:
    return replace(find_profile("pixel6-cpu"), networks=rows)


def test_figures_are_medians_of_what_counts() -> None:
    rows = (
        _row("net", 2.0, 79.2),
        _row("net", 3.0),
        _row("net", 9.0, repeats="quotes the first"),
        _row("net", 9.0, cliff="left the accelerator"),
        _row("net", 9.0, protocol="another"),
        _row("other", 1.0),
        _row("nobody", 1.5),  # no top-1 anywhere
    )
    other, net = figures_of(_profile(*rows), CHECKPOINTS)
    assert (net.latency_ms, net.top1, net.recipe, net.quoted) == (2.5, 79.2, REFERENCE, True)
    assert (other.latency_ms, other.top1, other.recipe, other.quoted) == (1.0, 75.0, None, False)


def _figure(latency_ms: float, top1: float, name: str = "repvit_m1_0") -> PublishedNetwork:
    return PublishedNetwork(name, f"{name}@224", latency_ms, top1, None, True)


def test_the_front_holds_what_nothing_beats() -> None:
    figures = [_figure(*pair) for pair in ((3.0, 80.0), (1.0, 75.0), (2.0, 74.0), (1.0, 76.0), (4.0, 80.0))]
    assert [(f.latency_ms, f.top1) for f in measured_front(figures)] == [(1.0, 76.0), (3.0, 80.0)]


def test_a_long_front_is_thinned_and_keeps_its_ends() -> None:
    front = [_figure(float(k), float(k)) for k in range(9)]
    assert [f.top1 for f in spread(front, 3)] == [0.0, 4.0, 8.0]
    assert spread(front[:2], 3) == tuple(front[:2])


def test_an_earlier_network_is_no_later_one() -> None:
    families = {"repvit_*": "RepViT", "efficientformer_*": "EfficientFormer"}
    assert later_figures([_figure(1.0, 80.0), _figure(1.0, 70.0, "resnet18")], families, "2022-12") == (
        _figure(1.0, 80.0),
    )
    with pytest.raises(InvalidValueError, match="efficientformer_l1 was"):
        later_figures([_figure(1.0, 79.2, "efficientformer_l1")], families, "2022-12")


def test_a_search_of_then_knows_no_block_of_later() -> None:
    space = without_later(Space())
    assert space.attentions == (Mixer.ATTENTION,)
    assert all(Mixer.FFN not in row and Mixer.POOLING in row for row in space.mixers)
