"""What is stored under each graph key: parameters and MACs, to tell which form of a network a row speaks of."""

from __future__ import annotations

from functools import cache

from dsim.graph.store import load_graphs
from dsim.latency.facts import GRAPHS

# timm's networks that merge branches (or norms into linear layers) before use
MERGING = ("mobileone", "repvit", "repnext", "fastvit", "repghostnet", "repvgg", "ghostnetv3", "efficientvit_m", "levit",
           "nextvit", "vit_base_mci", "mobileclip", "shvit", "iformer", "tiny_vit", "lcnetv2")  # fmt: skip
PARAMS_SHARE, MACS_SHARE = 0.02, 0.03


@cache
def stored_sizes() -> dict[str, tuple[float, float]]:
    """Return (millions of parameters, billions of MACs) by key of every stored graph."""
    out: dict[str, tuple[float, float]] = {}
    for path in sorted(GRAPHS.glob("*.parquet")):
        out |= {key: (g.params / 1e6, g.macs / 1e9) for key, g in load_graphs(path).items()}
    return out


def graph_key(
    name: str,
    size: int,
    params_m: float,
    macs_g: float | None,
    runtime: str,
    sizes: dict[str, tuple[float, float]],
) -> str:
    """Return the key of the form that a row speaks of, empty where what is stored does not agree with it.

    Of two forms that are nearer in parameters than the row's rounding tells apart, the runtime's habit decides.
    """
    merged, plain = f"{name}@{size}", f"{name}+unfused@{size}"
    key = merged
    if name.startswith(MERGING):
        habit = (plain, merged) if "2.4" in runtime else (merged, plain)
        found = [k for k in habit if k in sizes]
        key = min(
            found, key=lambda k: abs(sizes[k][0] - params_m) > 0.0051 + 0.0005 * params_m, default=merged
        )
    if key not in sizes:
        return ""
    params, macs = sizes[key]
    agrees = abs(params - params_m) <= PARAMS_SHARE * params_m + 0.02
    if macs_g:
        agrees = agrees or abs(macs - macs_g) <= MACS_SHARE * macs_g + 0.02
    return key if agrees else ""
