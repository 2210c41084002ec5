"""Published pairs that differ in one thing, timed on one phone by one laboratory."""

from __future__ import annotations

_FASTVIT = "FastViT paper (arXiv 2303.14189; ICCV 2023)"
_MOBILEONE = "MobileOne paper (arXiv 2206.04040)"
_REPVIT = "RepViT paper (arXiv 2307.09283)"
_IFORMER = "iFormer paper (arXiv 2501.15369)"
_MOBILEVIT = "MobileViT paper (arXiv 2110.02178)"
_EFV2 = "EfficientFormerV2 paper"
_SWIFT = "SwiftFormer paper (arXiv 2303.15446)"
_STAR = "StarNet paper (arXiv 2403.19967)"


def _row(
    profile: str,
    choice: str,
    what: str,
    a: float,
    b: float,
    error: float,
    model: str,
    protocol: str,
    lab: str,
    source: str,
    table: str,
    graph_a: str = "",
    graph_b: str = "",
) -> dict[str, str]:
    return {
        "profile": profile,
        "choice": choice,
        "what": what,
        "graph_a": graph_a,
        "graph_b": graph_b,
        "a_ms": f"{a:g}",
        "b_ms": f"{b:g}",
        "error_ms": f"{error:g}",
        "model": model,
        "protocol": protocol,
        "lab": lab,
        "source": source,
        "table": table,
    }


def _contrasts() -> list[dict[str, str]]:
    out = []
    for kind, ms in (("gelu", 1.63), ("silu", 2.54)):
        out.append(
            _row(
                "iphone12",
                f"activation:relu>{kind}",
                "30-layer probe network, layers unpublished",
                1.53,
                ms,
                0.01,
                "iPhone 12",
                "modelbench",
                "mobileone",
                _MOBILEONE,
                "Table 2",
                "probe30_relu@224",
                f"probe30_{kind}@224",
            )
        )
    out.append(
        _row(
            "iphone12",
            "other:se",
            "30-layer probe network, squeeze-and-excitation",
            1.53,
            2.1,
            0.01,
            "iPhone 12",
            "modelbench",
            "mobileone",
            _MOBILEONE,
            "Table 2",
        )
    )
    fast = ("iPhone 12 Pro", "modelbench", "fastvit", _FASTVIT)
    out += [
        _row(
            "iphone12",
            "resolution:224>256",
            "PoolFormer-S12",
            1.5,
            2.25,
            0.01,
            *fast,
            "Table 1",
            "poolformer_s12@224",
            "poolformer_s12@256",
        ),
        _row(
            "iphone12",
            "mixer:pool>repmixer",
            "PoolFormer-S12 frame at 256",
            2.25,
            1.58,
            0.01,
            *fast,
            "Table 1",
            "poolformer_s12@256",
            "metaformer_s12_rep@256",
        ),
        _row(
            "iphone12",
            "stem:dense>factorised",
            "stem and patch embeddings",
            1.58,
            1.26,
            0.01,
            *fast,
            "Table 1",
            "metaformer_s12_rep@256",
            "fastvit_s12_step3@256",
        ),
        _row(
            "iphone12",
            "kernel:ffn7x7",
            "7x7 depthwise convolution in the FFN",
            1.26,
            1.33,
            0.01,
            *fast,
            "Table 1",
            "fastvit_s12_step3@256",
            "fastvit_s12_step5@256",
        ),
        _row(
            "iphone12",
            "mixer:repmixer>attention",
            "stage 4",
            1.3,
            1.5,
            0.01,
            *fast,
            "Table 4",
            "fastvit_s12_v1@256",
            "fastvit_s12_v2@256",
        ),
        _row(
            "iphone12",
            "mixer:repmixer>attention",
            "stages 3 and 4",
            1.5,
            3.7,
            0.01,
            *fast,
            "Table 4",
            "fastvit_s12_v2@256",
            "fastvit_s12_v3@256",
        ),
    ]
    figure3 = {
        256: (1.62, 1.42),
        300: (2.63, 1.82),
        384: (3.5, 2.65),
        456: (5.98, 3.86),
        672: (12.65, 7.35),
        800: (19.92, 10.3),
        1024: (29.17, 16.36),
    }
    for size, (pool, rep) in figure3.items():
        hidden = size in (256, 300, 384)
        what = f"MetaFormer-S12 at {size}; " + ("one marker partly hidden" if hidden else "read off a plot")
        if size == 456:
            what += "; the same figures are drawn at 512, so one of the two is mislabelled"
        out.append(
            _row(
                "iphone12",
                "mixer:pool>repmixer",
                what,
                pool,
                rep,
                0.15 if hidden else 0.1,
                *fast,
                "Figure 3 (digitised)",
                f"poolformer_s12@{size}",
                f"metaformer_s12_rep@{size}",
            )
        )
    for size, new, old in (("xxs", 4.0, 4.9), ("xs", 5.9, 7.3), ("s", 8.0, 9.85)):
        out.append(
            _row(
                "iphone12",
                "other:patch 2>8,4,2",
                f"MobileViT-{size.upper()}, size of the unfolded patches",
                old,
                new,
                0.05,
                "iPhone 12",
                "coreml-unstated",
                "mobilevit-paper",
                _MOBILEVIT,
                "Figure 8a (digitised)",
            )
        )
    xc = ("iPhone 12", "xcode14-ios16")
    out += [
        _row(
            "iphone12",
            "mixer:pool>dwconv3",
            "EfficientFormer-L1",
            1.4,
            1.4,
            0.05,
            *xc,
            "efficientformer-v2",
            _EFV2,
            "Table 1",
            "efficientformer_l1@224",
            "efficientformer_l1_dw@224",
        ),
        _row(
            "iphone12",
            "mixer:dwconv3>unified_ffn",
            "EfficientFormer-L1 with depthwise mixer",
            1.4,
            1.4,
            0.05,
            *xc,
            "efficientformer-v2",
            _EFV2,
            "Table 1",
        ),
        _row(
            "iphone12",
            "mixer:attention>stride",
            "attention at higher resolution, then strided",
            3.5,
            1.5,
            0.05,
            *xc,
            "efficientformer-v2",
            _EFV2,
            "Table 1",
        ),
        _row(
            "iphone12",
            "downsample:conv>attention",
            "attention downsampling",
            1.5,
            1.6,
            0.05,
            *xc,
            "efficientformer-v2",
            _EFV2,
            "Table 1",
        ),
        _row(
            "iphone12",
            "other:se",
            "RepViT-M0.9 without and with squeeze-and-excitation in alternate blocks",
            0.83,
            0.87,
            0.005,
            *xc,
            "repvit",
            _REPVIT,
            "Table 7",
            "repvit_m0_9_nose@224",
            "repvit_m0_9@224",
        ),
        _row(
            "iphone12",
            "other:se",
            "RepViT-M1.5 without and with squeeze-and-excitation in alternate blocks",
            1.48,
            1.52,
            0.005,
            *xc,
            "repvit",
            _REPVIT,
            "Table 7",
            "repvit_m1_5_nose@224",
            "repvit_m1_5@224",
        ),
    ]
    for size, old, new in (("s1", 0.7, 0.7), ("s3", 0.9, 0.9), ("s4", 1.1, 1.0)):
        out.append(
            _row(
                "iphone12",
                "op:add>mul",
                f"StarNet-{size.upper()}",
                old,
                new,
                0.05,
                "iPhone 12",
                "modelbench",
                "starnet-paper",
                _STAR,
                "Table 8",
                f"starnet_{size}_sum@224",
                f"starnet_{size}@224",
            )
        )
    i13 = ("iPhone 13", "coreml-unstated", "iformer-paper", _IFORMER)
    out += [
        _row(
            "iphone13",
            "norm:layer>batch",
            "lightweight ConvNeXt; overlapping downsampling came in the same step",
            1.08,
            0.77,
            0.01,
            *i13,
            "Fig. 2",
        ),
        _row(
            "iphone13",
            "norm:batch>layer",
            "iFormer-M's attention blocks; SiLU came in with it",
            1.1,
            1.17,
            0.01,
            *i13,
            "Table 6",
        ),
        _row(
            "iphone13",
            "activation:sigmoid>silu",
            "iFormer-M's attention blocks (training diverged)",
            1.1,
            1.1,
            0.01,
            *i13,
            "Table 6",
        ),
        _row(
            "iphone13", "kernel:dw3>dw7", "iFormer's convolutional baseline", 1.0, 1.01, 0.01, *i13, "Table 2"
        ),
        _row(
            "iphone14",
            "mixer:pool>conv_encoder",
            "EfficientFormer-L1",
            1.1,
            1.1,
            0.05,
            "iPhone 14 Pro Max",
            "xcode14-ios16",
            "swiftformer-paper",
            _SWIFT,
            "Table 1",
        ),
    ]
    return out


CONTRASTS = _contrasts()
