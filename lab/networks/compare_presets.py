"""Compare every preset with timm: parameters, MACs and, for EfficientFormer, the very outputs.

``python -m lab.networks.compare_presets`` prints the table from which tests/arch/test_presets.py has its figures. For EfficientFormer V1, our state
dict (which has the official names) goes through timm's own converter of official checkpoints into timm's network, with
random statistics and scales, and both networks must answer the same.
"""

from __future__ import annotations

import importlib

import torch
from torch.utils.flop_counter import FlopCounterMode

from dsim.arch import PRESETS, Arch
from dsim.export import build_module
from lab.networks.with_timm import timm_here


def figures(name: str) -> tuple[int, int]:
    """Count timm's parameters and MACs at 224 x 224; torch counts two FLOPs per multiply-accumulate."""
    model = timm_here().create_model(name).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 3, 224, 224))
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2


def largest_difference(arch: Arch, name: str) -> float:
    """Return the largest difference between our scores and timm's, with equal random weights."""
    torch.manual_seed(0)
    ours = build_module(arch).eval()
    with torch.no_grad():
        for key, parameter in ours.named_parameters():
            if "layer_scale" in key:
                parameter.uniform_(0.5, 1.5)
            elif parameter.ndim == 1 or "biases" in key:
                parameter.normal_(0, 0.5)
        for key, buffer in ours.named_buffers():
            if "running_mean" in key:
                buffer.normal_(0, 0.3)
            elif "running_var" in key:
                buffer.uniform_(0.5, 1.5)
        theirs = timm_here().create_model(name).eval()
        converted = importlib.import_module("timm.models.efficientformer").checkpoint_filter_fn
        theirs.load_state_dict(converted(ours.state_dict(), theirs), strict=True)
        image = torch.randn(2, 3, 224, 224)
        return float((ours(image) - theirs(image)).abs().max())


def main() -> None:
    """Print a line per preset; stop at the first that differs."""
    for name, arch in PRESETS.items():
        graph = arch.to_graph()
        wanted = figures(name)
        line = f'    "{name}": ({wanted[0]:_}, {wanted[1]:_}),'
        if (graph.params, graph.macs) != wanted:
            raise SystemExit(f"{line} but dsim has {graph.params:_}, {graph.macs:_}")
        if name.startswith("efficientformer_l"):
            line += f"  # outputs differ by at most {largest_difference(arch, name):.1e}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
