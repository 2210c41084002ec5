"""Published top-1 of EfficientFormer at 300 epochs with a convnet teacher: what the reference recipe means.

Sources: EfficientFormer, arXiv 2206.01191, Table 1; EfficientFormerV2, arXiv 2212.08059, and its README (300 epochs).
"""

from __future__ import annotations

PUBLISHED: dict[str, float] = {
    "efficientformer_l1": 79.2,
    "efficientformer_l3": 82.4,
    "efficientformer_l7": 83.3,
    "efficientformerv2_s0": 75.7,
    "efficientformerv2_s1": 79.0,
    "efficientformerv2_s2": 81.6,
    "efficientformerv2_l": 83.3,
}
