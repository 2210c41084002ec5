"""What a design refuses, and that it survives being written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from dsim.arch import Activation, Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem, get_preset
from dsim.errors import FileFormatError, InvalidValueError
from tests.strategies import archs

L1 = get_preset("efficientformer_l1")
POOL = Block(Mixer.POOLING)
THREE_D = Block(Mixer.ATTENTION, norm=Norm.LAYER)
V2 = Block(Mixer.ATTENTION_V2)

IMPOSSIBLE: dict[str, tuple[Callable[[], Any], str]] = {
    "no ratio": (lambda: Block(Mixer.POOLING, mlp_ratio=0), "mlp_ratio must lie in"),
    "huge ratio": (lambda: Block(Mixer.POOLING, mlp_ratio=99), "got 99"),
    "nan ratio": (lambda: Block(Mixer.POOLING, mlp_ratio=float("nan")), "finite"),
    "bool ratio": (lambda: Block(Mixer.POOLING, mlp_ratio=True), "finite"),
    "unknown mixer": (lambda: Block("pool"), "pooling, conv3"),  # type: ignore[arg-type]
    "unknown norm": (lambda: Block(Mixer.POOLING, norm="instance"), "batch, layer, group"),  # type: ignore[arg-type]
    "3D behind batch norm": (lambda: Block(Mixer.ATTENTION, norm=Norm.BATCH), "attention_v2"),
    "negative scale": (lambda: Block(Mixer.POOLING, layer_scale=-1.0), "layer_scale"),
    "no width": (lambda: Stage(0, (POOL,)), "width must be an integer from 1"),
    "fractional width": (lambda: Stage(8.5, (POOL,)), "integer"),  # type: ignore[arg-type]
    "no blocks": (lambda: Stage(8, ()), "number of blocks"),
    "no hidden channel": (lambda: Stage(1, (Block(Mixer.FFN, 0.5),)), "hidden channel"),
    "4D after 3D": (lambda: Stage(8, (THREE_D, POOL)), "attention blocks come last"),
    "4D after V2": (lambda: Stage(8, (V2, POOL)), "attention blocks come last"),
    "V2 after 3D": (lambda: Stage(8, (THREE_D, V2)), "3D ones after V2"),
    "too much attention": (lambda: Stage.of(8, 2, Mixer.POOLING, attention_blocks=3), "from 0 to 2"),
    "ratios do not match": (lambda: Stage.of(8, 2, Mixer.POOLING, mlp_ratio=(4.0,)), "one MLP ratio or 2"),
    "three stages": (lambda: replace(L1, stages=L1.stages[:3]), "4 stages, got 3"),
    "no transition": (lambda: Arch((L1.stages[0],) * 4), "stage 2 has none"),
    "transition first": (lambda: Arch((L1.stages[1], *L1.stages[1:])), "stage 1 has conv_norm"),
    "attention in stage 2": (
        lambda: replace(L1, stages=(L1.stages[0], Stage(8, (V2,)), *L1.stages[2:])),
        "stages 3 and 4",
    ),
    "attention downsampling early": (
        lambda: replace(
            L1, stages=(L1.stages[0], replace(L1.stages[1], downsample="attention"), *L1.stages[2:])
        ),
        "leads to stage 3 or 4",
    ),
    "odd resolution": (lambda: replace(L1, resolution=200), "use 192 or 224"),
    "tiny resolution": (lambda: replace(L1, resolution=16), "resolution must be an integer from 32"),
    "no classes": (lambda: replace(L1, num_classes=0), "num_classes"),
    "stem without activation": (lambda: replace(L1, stem_activation=None), "name one"),
    "plain stem with activation": (lambda: replace(L1, stem=Stem.PATCHIFY), "set it to None"),
    "batch head on tokens": (lambda: replace(L1, head=Head(Norm.BATCH)), "works on a map"),
    "pooled batch norm": (lambda: Head(Norm.BATCH, pool_first=True), "pools first"),
    "stem of one channel": (
        lambda: replace(L1, stages=(Stage(1, (POOL,), Downsample.NONE), *L1.stages[1:])),
        "use 2 or more",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_the_impossible_is_refused(case: str) -> None:
    make, says = IMPOSSIBLE[case]
    with pytest.raises(InvalidValueError, match=says):
        make()


def test_plain_values_are_coerced() -> None:
    plain = Block("pooling", 4, "gelu", "batch")  # type: ignore[arg-type]
    assert plain == POOL
    assert hash(plain) == hash(POOL)
    assert plain.mixer is Mixer.POOLING


@settings(max_examples=100, deadline=None)
@given(archs())
def test_json_round_trip(arch: Arch) -> None:
    again = Arch.from_json(arch.to_json())
    assert again == arch
    assert again.canonical_hash() == arch.canonical_hash()


@settings(max_examples=50, deadline=None)
@given(archs(), archs())
def test_hashes_are_equal_only_for_equal_designs(a: Arch, b: Arch) -> None:
    assert (a.canonical_hash() == b.canonical_hash()) == (a == b)


def test_every_field_enters_the_hash() -> None:
    block = L1.stages[0].blocks[0]
    stage = L1.stages[0]
    changed_blocks = [
        replace(block, mixer=Mixer.CONV3),
        replace(block, mlp_ratio=3.0),
        replace(block, activation=Activation.RELU),
        replace(block, norm=Norm.GROUP),
        replace(block, layer_scale=None),
    ]
    others = [replace(L1, stages=(replace(stage, blocks=(b,) * 3), *L1.stages[1:])) for b in changed_blocks]
    others += [
        replace(L1, stages=(replace(stage, width=40), *L1.stages[1:])),
        replace(L1, stages=(*L1.stages[:3], replace(L1.stages[3], downsample=Downsample.CONV))),
        replace(L1, stem=Stem.CONV7, stem_activation=None),
        replace(L1, stem_activation=Activation.GELU),
        replace(L1, head=Head(distilled=False)),
        replace(L1, head=Head(pool_first=True)),
        replace(L1, resolution=256),
        replace(L1, num_classes=10),
    ]
    assert len({arch.canonical_hash() for arch in [L1, *others]}) == len(others) + 1


def _broken(change: Callable[[dict[str, Any]], object]) -> str:
    raw = json.loads(L1.to_json())
    change(raw)
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "design must be JSON, and is not"),
        ("[]", "design must be an object"),
        (_broken(lambda d: d.update(colour="red")), "got also 'colour'"),
        (_broken(lambda d: d.pop("stem")), "design must have the field stem, got none"),
        (_broken(lambda d: d.update(schema_version=99)), "schema_version 1, got 99"),
        (_broken(lambda d: d["stages"][1].update(depth=3)), r"stages\[1\].*got also 'depth'"),
        (
            _broken(lambda d: d["stages"][1]["blocks"][0].pop("norm")),
            r"stages\[1\].blocks\[0\] must have the field norm, got none",
        ),
        (_broken(lambda d: d["stages"][1]["blocks"][0].update(count=0)), r"stages\[1\].blocks\[0\].*count"),
        (
            _broken(lambda d: d["stages"][3]["blocks"][1].update(norm="batch")),
            r"stages\[3\].blocks\[1\].*layer norm",
        ),
        (_broken(lambda d: d["stages"][0].update(width="48")), r"stages\[0\].*width"),
        (_broken(lambda d: d["stages"][0].update(blocks={})), "must be a list"),
        (_broken(lambda d: d["head"].update(distilled=1)), "head.distilled must be true or false"),
        (_broken(lambda d: d.update(stages=3)), "stages must be a list"),
    ],
)
def test_broken_json_names_the_place(text: str, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        Arch.from_json(text)


def test_runs_of_blocks_may_be_written_apart() -> None:
    raw = json.loads(L1.to_json())
    run = raw["stages"][0]["blocks"][0]
    raw["stages"][0]["blocks"] = [dict(run, count=1), dict(run, count=2)]
    assert Arch.from_dict(raw) == L1
