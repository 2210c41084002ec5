"""The tables: every checkpoint has one recipe and one family, every figure a source."""

from __future__ import annotations

import csv
from collections import defaultdict

import polars as pl
import pytest

from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.families import find_family, load_families
from dsim.accuracy.recipe import REFERENCE, Teacher, find_recipe, load_recipes
from dsim.accuracy.summary import COLUMNS, INDEX
from dsim.accuracy.tables import FOLDER, read_rows
from dsim.errors import UnknownNameError


def test_every_checkpoint_has_a_recipe_and_a_family() -> None:
    recipes, families = load_recipes(), load_families()
    for row in read_rows("top1.csv"):
        find_recipe(recipes, row["network"], row["tag"], int(row["train_resolution"]))
        find_family(families, row["network"])


@pytest.mark.parametrize("name", ["recipes.csv", "families.csv", "top1.csv", "contrasts.csv", "ablated.csv"])
def test_tables_are_rectangular_and_say_where_they_come_from(name: str) -> None:
    with (FOLDER / name).open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert {len(row) for row in rows} == {len(rows[0])}
    source = next(c for c in ("citation", "source", "reason") if c in rows[0])
    assert all(row[rows[0].index(source)].strip() for row in rows[1:])


def test_recipes_are_not_read_off_the_tag() -> None:
    # timm's three snap_dist checkpoints are of 1,000, 300 and 450 epochs
    recipes = load_recipes()
    epochs = {
        n: find_recipe(recipes, n, "snap_dist_in1k", 224).epochs
        for n in ("efficientformer_l1", "efficientformer_l3")
    }
    assert epochs == {"efficientformer_l1": 1000, "efficientformer_l3": 300}
    assert find_recipe(recipes, "efficientformerv2_s2", "snap_dist_in1k", 224).epochs == 450
    assert not find_recipe(recipes, "resnet50", "ra_in1k", 224).is_known


def test_a_distilled_network_has_a_teacher() -> None:
    recipes = load_recipes()
    for row in read_rows("top1.csv"):
        recipe = find_recipe(recipes, row["network"], row["tag"], 224)
        if "distilled" in row["network"] or "dist" in row["tag"].split("_"):
            assert recipe.teacher is Teacher.CONVNET


def test_the_reference_is_the_papers_own_recipe() -> None:
    assert (REFERENCE.epochs, REFERENCE.teacher, REFERENCE.train_resolution) == (300, Teacher.CONVNET, 224)


def test_a_family_lies_in_one_lineage() -> None:
    lineages = defaultdict(set)
    for row in load_families():
        lineages[row.family].add(row.lineage)
    assert all(len(found) == 1 for found in lineages.values())


def test_v1_and_v2_are_one_family() -> None:
    families = load_families()
    assert (
        find_family(families, "efficientformer_l1").family
        == find_family(families, "efficientformerv2_s0").family
    )


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"families\.csv"):
        find_family(load_families(), "never_heard_of_it")


def test_summaries_have_the_columns_of_this_version_and_timms_parameters() -> None:
    frame = pl.read_parquet(FOLDER / "summaries.parquet")
    assert tuple(frame.columns[1:]) == COLUMNS
    table = dict(zip(frame["key"], frame["params"], strict=True))
    # parameters in millions as timm publishes them
    known = {"resnet50@224": 25.56, "deit_tiny_patch16_224@224": 5.72, "efficientformer_l3@224": 31.41}
    for key, millions in known.items():
        assert table[key] / 1e6 == pytest.approx(millions, abs=0.01)


def test_evidence_leaves_toys_and_giants_out() -> None:
    evidence = load_evidence()
    assert not any(name.startswith("test_") for name in evidence.networks)
    assert evidence.summaries[:, INDEX["params"]].max() <= 150e6
    assert len(evidence) > 950
