"""Hold the torch reader's MACs and parameters against independent programs, network by network.

    python -m lab.validate.check_counts --write lab/notes/readers.md

Needs timm and torchvision (its models only; no compiled part). Each network is read, run once under
torch.utils.flop_counter.FlopCounterMode (two operations a multiply-accumulate), and its parameters are counted; where
the profiles hold published counts of the same network at the same resolution, they are shown beside. Every difference
of more than 1% is explained by name, or the script fails.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from dsim.graph.torch_reader import read_module
from lab.marked import read_block, replace_block
from lab.networks.with_timm import timm_here, torchvision_here

BLOCK = "counts"
TOLERANCE = 0.01
TIMM = (
    "resnet18 resnet50 resnext50_32x4d wide_resnet50_2 seresnet50 resnest14d res2net50_26w_4s densenet121 vgg11_bn "
    "mobilenetv2_100 mobilenetv3_small_100 mobilenetv3_large_100 mnasnet_100 efficientnet_b0 efficientnetv2_rw_t "
    "tf_efficientnet_lite0 mixnet_s ghostnet_100 ghostnetv2_100 fbnetc_100 hardcorenas_a regnetx_002 regnety_002 "
    "rexnet_100 convnext_atto convnext_tiny convnextv2_atto inception_v3 xception41 dpn68 dla34 hrnet_w18_small "
    "cspresnet50 darknet53 selecsls42b repvgg_a0 mobileone_s0 fastvit_t8 efficientformer_l1 efficientformerv2_s0 "
    "poolformer_s12 poolformerv2_s12 convformer_s18 caformer_s18 mobilevit_xxs mobilevit_s mobilevitv2_050 levit_128s "
    "levit_conv_128s vit_tiny_patch16_224 deit_tiny_distilled_patch16_224 cait_xxs24_224 xcit_nano_12_p16_224 "
    "swin_tiny_patch4_window7_224 swinv2_cr_tiny_224 pvt_v2_b0 twins_svt_small coat_tiny crossvit_9_240 "
    "edgenext_xx_small efficientvit_b0 efficientvit_m0 mixer_s32_224 resmlp_12_224 gmlp_ti16_224 maxvit_rmlp_pico_rw_256 "
    "coatnet_0_rw_224 nextvit_small tiny_vit_5m_224 repvit_m0_9 starnet_s1 mobilenetv4_conv_small "
    "mobilenetv4_hybrid_medium hgnetv2_b0 focalnet_tiny_srf davit_tiny gcvit_xxtiny volo_d1_224 visformer_tiny "
    "convmixer_768_32 lambda_resnet26t halonet26t botnet26t_256 eva02_tiny_patch14_224 beit_base_patch16_224 "
    "tnt_s_legacy_patch16_224 sequencer2d_s inception_next_atto lcnet_050 tinynet_e vovnet39a rdnet_tiny hiera_tiny_224"
)
TORCHVISION = (
    "alexnet squeezenet1_1 googlenet shufflenet_v2_x1_0 vgg11 resnet34 densenet161 mnasnet0_5 mobilenet_v2 "
    "mobilenet_v3_small regnet_x_400mf regnet_y_400mf efficientnet_b1 efficientnet_v2_s convnext_tiny swin_t swin_v2_t "
    "vit_b_32 maxvit_t"
)


@dataclass(frozen=True)
class Row:
    """One network's counts: dsim's, torch's, and published ones where there are any."""

    name: str
    resolution: int
    macs: int
    torch_macs: int
    params: int
    torch_params: int
    published: str
    why: str

    @property
    def differs(self) -> bool:
        """Tell whether anything is further apart than 1%."""
        return (
            _apart(self.macs, self.torch_macs) > TOLERANCE
            or _apart(self.params, self.torch_params) > TOLERANCE
        )


def _apart(found: int, wanted: int) -> float:
    return abs(found - wanted) / max(wanted, 1)


def _flops(module: nn.Module, shape: tuple[int, ...]) -> int:
    module.requires_grad_(False)  # torch's counter follows gradients where there are any, and trips over some
    # written out: the counter has no formula for fused attention on a CPU
    torch.backends.mha.set_fastpath_enabled(False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(shape))
    return int(counter.get_total_flops())


def _folded(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Return the MACs of the parts that run on weights alone: their output needs no gradient when only the input does."""
    alone: list[tuple[nn.Module, tuple[object, ...]]] = []
    inside: set[nn.Module] = set()

    def note(part: nn.Module, args: tuple[object, ...], out: object) -> None:
        given = isinstance(out, torch.Tensor) and not out.requires_grad
        if given and part not in inside:
            alone[:] = [(other, a) for other, a in alone if other not in set(part.modules())]
            inside.update(part.modules())
            alone.append((part, args))

    module.requires_grad_(False)
    hooks = [part.register_forward_hook(note) for part in module.modules()]
    module(torch.zeros(shape, requires_grad=True))
    for hook in hooks:
        hook.remove()
    flops = 0
    for part, args in alone:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            part(*args)
        flops += int(counter.get_total_flops())
    return flops // 2


def _unused(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Return the parameters that the output does not depend on: torch finds no gradient for them."""
    out = module.requires_grad_(True)(torch.zeros(shape))
    leaves = [p for p in module.parameters() if p.requires_grad]
    first = (
        out if isinstance(out, torch.Tensor) else next(iter(out.values() if isinstance(out, dict) else out))
    )
    grads = torch.autograd.grad(first.sum(), leaves, allow_unused=True)
    return sum(p.numel() for p, g in zip(leaves, grads, strict=True) if g is None)


def _explain(
    module: nn.Module, shape: tuple[int, ...], macs: int, wanted: int, params: int, unknown: tuple[str, ...]
) -> str:
    reasons = []
    if _apart(macs, wanted) > TOLERANCE:
        folded = _folded(module, shape)
        if _apart(macs, wanted - folded) <= TOLERANCE:
            reasons.append(f"{folded / 1e6:.1f} M MACs run on weights alone, once at load time")
        products = [
            name for name in dict.fromkeys(unknown) if "conv" in name or "lstm" in name or "rnn" in name
        ]
        if not reasons and products:
            reasons.append(f"unknown to dsim, kept by name: {', '.join(products)}")
    total = sum(p.numel() for p in module.parameters())
    if _apart(params, total) > TOLERANCE:
        unused = _unused(module, shape)
        if _apart(params, total - unused) <= TOLERANCE:
            reasons.append(f"{unused / 1e6:.2f} M parameters do not reach the output")
    return "; ".join(reasons)


def _row(name: str, module: nn.Module, shape: tuple[int, ...], published: dict[str, str]) -> Row:
    module.eval()
    graph = read_module(module, shape)
    flops = _flops(module, shape)
    total = sum(p.numel() for p in module.parameters())
    key = f"{name}@{shape[-1]}"
    row = Row(name, shape[-1], graph.macs, flops // 2, graph.params, total, published.get(key, ""), "")
    if not row.differs:
        return row
    why = _explain(module, shape, graph.macs, flops // 2, graph.params, graph.unknown)
    return replace(row, why=why)


def published_counts(profiles: Path) -> dict[str, str]:
    """Return "params M / MACs G" by graph key, from the sources that the profiles cite."""
    found: dict[str, str] = {}
    for path in sorted(profiles.glob("*/networks.csv")):
        frame = pl.read_csv(path, infer_schema_length=0)
        if not {"params_m", "macs_g"} <= set(frame.columns):
            continue
        for graph, params, macs in frame.select("graph", "params_m", "macs_g").iter_rows():
            if graph and params and macs:
                found.setdefault(str(graph), f"{float(params):.4g} / {float(macs):.4g}")
    return found


def rows(published: dict[str, str], only: set[str]) -> list[Row]:
    """Read every network that the installed packages know."""
    out = []
    timm = timm_here()

    for name in TIMM.split():
        if (not only or name in only) and timm.is_model(name):
            module = timm.create_model(name)
            shape = (1, *module.default_cfg["input_size"])
            out.append(_row(name, module, shape, published))
            print(f"{name}: {'differs: ' + out[-1].why if out[-1].differs else 'agrees'}", file=sys.stderr)
    torchvision = torchvision_here()

    for name in TORCHVISION.split():
        if not only or f"tv-{name}" in only:
            options = {"init_weights": False} if name in ("googlenet",) else {}
            module = torchvision.models.get_model(name, weights=None, **options)
            out.append(_row(f"tv-{name}", module, (1, 3, 224, 224), published))
            print(f"tv-{name}: {'differs: ' + out[-1].why if out[-1].differs else 'agrees'}", file=sys.stderr)
    return out


def lines_of(found: list[Row]) -> dict[str, str]:
    """Write a line of the table for each network, by name."""
    return {
        r.name: f"| {r.name} | {r.resolution} | {r.macs / 1e9:.4f} | {r.torch_macs / 1e9:.4f} | {r.params / 1e6:.3f} "
        f"| {r.torch_params / 1e6:.3f} | {r.published} | {(r.why or 'UNEXPLAINED') if r.differs else ''} |"
        for r in found
    }


def table(lines: dict[str, str]) -> str:
    """Write the table, and a line that sums it up."""
    notes = [line.split("|")[-2].strip() for line in lines.values()]
    same, unexplained = notes.count(""), notes.count("UNEXPLAINED")
    head = [
        f"{len(notes)} networks: {same} agree within 1% in MACs and parameters, {len(notes) - same - unexplained} "
        f"differ for the reason named, {unexplained} unexplained.",
        "",
        "| network | px | MACs G | FlopCounterMode / 2 | parameters M | of the module | published M / G | difference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *lines.values()])


def main() -> None:
    """Check, print or write, and fail on what is not explained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help=f"put the table between the marks {BLOCK!r} of this file")
    parser.add_argument("--profiles", type=Path, default=Path("device_profiles"))
    parser.add_argument("names", nargs="*", help="only these networks; others keep their lines")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = rows(published_counts(options.profiles), set(options.names))
    lines = lines_of(found)
    if options.write:
        if options.names:  # the other networks' lines stay
            old = read_block(options.write, BLOCK).splitlines()
            kept = [line for line in old if line.startswith("| ") and " px " not in line]
            lines = {line.split("|")[1].strip(): line for line in kept} | lines
        replace_block(options.write, BLOCK, table(lines))
    else:
        print(table(lines))
    if any(row.differs and not row.why for row in found):
        sys.exit("some differences are not explained")


if __name__ == "__main__":
    main()
