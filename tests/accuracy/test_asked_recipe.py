"""Recipes as users ask for them: what is read, what is refused, and that it changes what is predicted as training does."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsim
from dsim.accuracy.asked_recipe import ForDesigns, read_recipe, recipe_words, seen, write_recipe
from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.recipe import REFERENCE, Augment, Recipe, Teacher, load_recipes, reference_words
from dsim.arch import get_preset
from dsim.errors import InvalidValueError
from dsim.search import load_study
from dsim.search.spec import StudySpec


def test_what_is_left_out_is_as_in_the_reference_recipe() -> None:
    assert read_recipe("epochs=100,teacher=none", 192) == Recipe(
        100, Teacher.NONE, REFERENCE.augment, 192, "asked"
    )
    assert read_recipe("px=256, augment=basic", 192) == Recipe(
        REFERENCE.epochs, REFERENCE.teacher, Augment.BASIC, 256, "asked"
    )
    assert read_recipe(write_recipe(read_recipe("epochs=120", 224)), 64) == read_recipe("epochs=120", 224)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("epoch=100", "made of epochs, teacher, augment, px, got 'epoch=100'"),
        ("", "made of epochs, teacher, augment, px, got ''"),
        ("epochs=100,epochs=300", "names each part once, got epochs twice"),
        ("teacher=me", "one of none, convnet, transformer, self, got 'me'"),
        ("epochs=many", "a whole number from 90 to 3600, .* got 'many'"),
        ("epochs=7200", "a whole number from 90 to 3600, .* got '7200'"),
        ("epochs=-100", "got '-100'; give one of these"),
        ("px=2000", "px of a recipe must be a whole number from 106 to 672"),
    ],
)
def test_what_is_no_recipe_is_one_line(text: str, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why) as error:
        read_recipe(text, 224)
    assert "\n" not in str(error.value)


def test_the_bounds_are_those_of_the_published_table() -> None:
    stated = [row.epochs for row in load_recipes() if row.epochs]
    low, high = seen().epochs
    assert low <= min(stated)
    assert high == max(stated)


def test_words() -> None:
    assert recipe_words("epochs=100,teacher=none", 192) == "100 epochs, no teacher, 192 px"
    assert recipe_words(None, 224) == recipe_words("", 224) == reference_words(224)
    assert recipe_words("epochs=300", 224) == reference_words(224)


def test_the_whole_reference_recipe_changes_nothing_and_less_training_gives_less() -> None:
    usual = dsim.top1("efficientformer_l1")
    assert dsim.top1("efficientformer_l1", recipe="epochs=300,teacher=convnet,augment=strong,px=224") == usual
    short = dsim.top1("efficientformer_l1", recipe="epochs=100,teacher=none")
    assert short.top1 < usual.top1 - 1
    assert short.recipe == "100 epochs, no teacher, 224 px"


def test_a_design_is_built_at_the_resolution_of_the_recipe() -> None:
    small = dsim.top1("efficientformer_l1", recipe="px=160")
    assert small.resolution == 160
    graph = get_preset("efficientformer_l1").to_graph()
    with pytest.raises(InvalidValueError, match="must be the network's own 224 px, got 160"):
        dsim.top1(graph, recipe="px=160")


def test_a_study_judges_designs_by_its_recipe() -> None:
    model, recipe = load_accuracy_model(), read_recipe("epochs=100,teacher=none", 224)
    asked = ForDesigns(model, recipe)
    rows = model.summarise(get_preset("efficientformer_l1").to_graph())[None, :]
    assert asked.predict(rows).top1 == pytest.approx(model.predict(rows, recipe=recipe, designs=True).top1)
    assert asked.fingerprint != model.fingerprint


def test_a_studys_inputs_hold_the_whole_recipe_and_nothing_where_there_is_none() -> None:
    plain, asked = StudySpec("iphone12", 2.0), StudySpec("iphone12", 2.0, recipe="epochs=100,teacher=none")
    assert "recipe" not in plain.inputs()
    assert asked.inputs()["recipe"] == "epochs=100,teacher=none,augment=strong,px=224"
    assert asked.trained == "100 epochs, no teacher, 224 px"
    with pytest.raises(InvalidValueError, match="the search's space, 224 px, got px=192"):
        StudySpec("iphone12", 2.0, recipe="px=192")


@pytest.mark.slow
def test_a_study_with_a_recipe_is_read_back(tmp_path: Path) -> None:
    found = dsim.search(
        "iphone12", 2.0, trials=4, out=tmp_path, name="short", recipe="epochs=100,teacher=none"
    )
    usual = dsim.search("iphone12", 2.0, trials=4)
    assert found.fastest.top1 < usual.fastest.top1
    assert found.to_dict()["top1_for"] == "100 epochs, no teacher, 224 px"
    again = load_study(tmp_path / "short")
    assert again.spec.recipe == found.spec.recipe
    assert again.chosen == found.chosen
