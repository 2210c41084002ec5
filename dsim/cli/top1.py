"""``dsim top1``: how accurate one design is likely to be."""

from __future__ import annotations

import click

from dsim.cli.options import confidence_option, json_option, print_json, recipe_option
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim top1 efficientformer_l1",
        "dsim top1 efficientformer_l1 --recipe epochs=100,teacher=none,px=224",
        then="`dsim predict efficientformer_l1 --device iphone12` predicts its latency.",
    )
)
@click.argument("arch")
@recipe_option
@confidence_option
@json_option
def top1(arch: str, recipe: str | None, confidence: float, as_json: bool) -> None:
    """Predict the ImageNet-1k top-1 accuracy of ARCH, in percent.

    The prediction is for training at the design's own resolution, for 300 epochs with distillation, or as --recipe says.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study.
    """
    from dsim.accuracy import estimate_top1  # deferred: help must not wait for the models
    from dsim.report.top1 import show_top1

    answer = estimate_top1(arch, confidence=confidence, recipe=recipe)
    if not as_json:
        show_top1(arch, answer)
        return
    print_json({"arch": arch, **answer.to_dict()})
