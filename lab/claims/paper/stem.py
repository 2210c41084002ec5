"""Statement: a patch embedding with a large kernel and stride is slow, against a stem of small convolutions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dsim.arch import Stem, get_preset
from dsim.attrs import ConvAttrs
from dsim.device import DeviceProfile
from lab.claims.paper.in_situ import DESIGNS, Part, log_ratio, median_piece, parts_of, source_of
from lab.claims.paper.pairs import contrast_piece, pair_pieces
from lab.claims.paper.predicted import NOT_ASKED, change_of_stem
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Statement
from lab.claims.paper.rule import NETWORK, SLOWER_WORDS, Says, judged, mirrored

KEY = "patch-embedding"
_OVERLAP = "4x4 patches for two overlapping 3x3 convolutions"
_SMALL = "16x16 patches for patches of 4x4, 2x2 and 2x2"
PAIRS = (
    *(
        (_OVERLAP, f"convnext_{size}_ols@{side}", f"convnext_{size}@{side}")
        for side in (224, 288)
        for size in ("atto", "femto", "pico", "nano")
    ),
    (_OVERLAP, "convnext_zepto_rms_ols@224", "convnext_zepto_rms@224"),
    (_SMALL, "vit_base_mci_224@224", "vit_base_patch16_224@224"),
)
_CONFOUNDED = (
    "the embeddings between stages changed in the same step, and dense convolutions became depthwise ones"
)
_CONVS = ((3, 3), (3, 3))
_STEMS = {((4, 4),): "one 4x4 convolution of stride 4", ((7, 7),): "one 7x7 convolution of stride 4"}


def _blocks(profile: DeviceProfile) -> Iterator[Piece]:
    """Compare stems of designs, by the width that they give."""
    ms: dict[tuple[tuple[int, int], ...], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for part in parts_of(profile):
        if part.scope == "stem" and part.network.startswith(DESIGNS):
            kernels, width = _shape(part)
            ms[kernels][width].append(part.latency_ms)
    for kernels, name in _STEMS.items():
        widths = sorted(set(ms[_CONVS]) & set(ms[kernels]))
        pairs = [(float(np.mean(ms[_CONVS][w])), float(np.mean(ms[kernels][w]))) for w in widths]
        logs = [log_ratio(a, b) for a, b in pairs if a > 0 and b > 0]
        if logs:
            middle = (float(np.median([a for a, _ in pairs])), float(np.median([b for _, b in pairs])))
            piece = median_piece(
                f"{name} for two 3x3 convolutions of stride 2", "stems of two convolutions", f"stems of {name}",
                logs, middle, source_of(profile),
            )  # fmt: skip
            if piece:
                yield piece


def _shape(part: Part) -> tuple[tuple[tuple[int, int], ...], int]:
    convs = [op for op in part.ops if isinstance(op.attrs, ConvAttrs)]
    kernels = tuple(op.attrs.kernel for op in convs if isinstance(op.attrs, ConvAttrs))
    return kernels, convs[-1].outputs[0].shape[1] if convs else 0


def judge(profile: DeviceProfile, inputs: Inputs) -> Check:
    """Judge one device."""
    pieces = [*pair_pieces(profile, PAIRS), *_blocks(profile)]
    pieces += [
        mirrored(contrast_piece(profile, contrast, why_not=_CONFOUNDED))
        for contrast in profile.contrasts
        if contrast.choice == "stem:dense>factorised"
    ]
    nothing = NOT_ASKED
    if inputs.ask and not any(piece.counts for piece in pieces):
        design = get_preset("efficientformer_l1")
        for stem in (Stem.PATCHIFY, Stem.CONV7):
            other = replace(design, stem=stem, stem_activation=None)
            found = change_of_stem(
                profile,
                f"stem {stem} for {design.stem}",
                ("efficientformer_l1", design),
                (f"with {stem}", other),
                inputs,
            )
            if isinstance(found, str):
                nothing = found
            else:
                pieces.append(found)
    timed = any(piece.kind is Kind.IN_SITU for piece in pieces)
    unit = "% of the stem's time" if timed else NETWORK
    return judged(KEY, profile.name, pieces, Says.SLOWER, nothing, unit)


STATEMENT = Statement(
    KEY,
    "A patch embedding with a large kernel and stride is slow, against a stem of small convolutions.",
    "Pairs differ in how the image becomes the first map, and in nothing else; the stem of several convolutions is the "
    f"first side. {SLOWER_WORDS} It holds where the embedding is slower. Where nothing was measured, EfficientFormer-L1 "
    "with either stem is priced, if the kernels of both were timed in like size. Most pairs have patches of 4x4 and one has patches of 16x16; dsim's own stems have patches of 4x4, or 7x7 with stride 4.",
    judge,
)
