"""Which networks are left out together, and where designs lie."""

from __future__ import annotations

import numpy as np

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.kin import KIN_REGION
from lab.validate.accuracy.kin import draw_designs, lines_of


def test_lines_mix_tokens_alike_within_a_family() -> None:
    evidence = load_evidence()
    line = dict(zip(evidence.networks, lines_of(evidence).tolist(), strict=True))
    versions = [
        {line[n] for n in evidence.networks if n.startswith(start)}
        for start in ("efficientformer_", "efficientformerv2_")
    ]
    assert [len(one) for one in versions] == [1, 1]
    assert versions[0] != versions[1]
    assert line["poolformer_s12"] == line["poolformer_m48"]
    assert len({line[n] for n in ("poolformer_s12", "convformer_s18", "caformer_s18")}) == 3
    assert len({line[n] for n in ("mobilenetv4_conv_small", "mobilenetv4_hybrid_medium")}) == 2
    for number in set(line.values()):
        of = {f for f, n in zip(evidence.families, evidence.networks, strict=True) if line[n] == number}
        assert len(of) == 1


def test_designs_lie_where_their_kin_tells_of_them() -> None:
    drawn = draw_designs(load_accuracy_model(), 60)
    assert 0.1 < drawn.near < drawn.far < KIN_REGION * 1.2
    assert drawn.by_kin > 0.8
    assert drawn.width < drawn.foreign_width
    assert abs(drawn.shift) < 0.5
    assert np.isclose(drawn.spearman, 1.0, atol=0.02)
