"""The elastic network: a sub-network is what the exporter builds, on the leading channels of shared weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dsim.arch import Mixer
from dsim.errors import InvalidValueError
from dsim.export import build_module
from dsim.search.space import Space
from dsim.supernet.choices import DEFAULT, Choices
from dsim.supernet.elastic import Elastic, filled_module
from dsim.supernet.gumbel import Gumbel, alpha_name, path_names
from dsim.supernet.moves import single_moves
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import parse_subnet
from tests.supernet.small import SMALL

EVERYTHING = SMALL.fixed(
    mixers=((Mixer.POOLING, Mixer.CONV3, Mixer.CONV5, Mixer.CONV7, Mixer.FFN, Mixer.IDENTITY),) * 4,
    depths=((1, 2),) * 4,
    attention_blocks=((0, 1), (0, 1, 2)),
)
V2 = EVERYTHING.fixed(attentions=(Mixer.ATTENTION_V2,))
SPACES = {"small": SMALL, "every mixer": EVERYTHING, "v2": V2}


def shaken(space: Space, px: int = 32) -> Elastic:
    """A network whose every weight matters: fresh biases are 0 and fresh layer scales equal."""
    net = Elastic(Choices(space), px, 4, seed=0)
    generator = torch.Generator().manual_seed(1)
    for weight in net.weights.values():
        weight.data += 0.1 * torch.randn(weight.shape, generator=generator)
    return net


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_a_cut_out_gives_the_scores_of_the_exporters_module(space: Space) -> None:
    net, rng = shaken(space), np.random.default_rng(0)
    images = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    for subnet in (net.choices.largest, net.choices.smallest, *(net.choices.draw(rng) for _ in range(4))):
        module = build_module(net.arch(subnet))
        missing, unexpected = module.load_state_dict(net.cut(subnet), strict=False)
        assert not unexpected
        assert not set(missing) & {name for name, _ in module.named_parameters()}
        with torch.no_grad():
            wanted = module.train()(images)
            assert torch.allclose(net(subnet, images), wanted, atol=1e-5, rtol=1e-5)
            assert torch.allclose(
                filled_module(net.arch(subnet), net.cut(subnet)).train()(images), wanted, atol=1e-5, rtol=1e-5
            )


def test_pictures_of_28_px_run_in_designs_of_32() -> None:
    net = shaken(SMALL, px=28)
    module = net.cut_module(net.choices.largest)
    images = torch.randn(5, 3, 28, 28, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.allclose(net(net.choices.largest, images), module.train()(images), atol=1e-5, rtol=1e-5)


def test_widths_are_entangled() -> None:
    net = shaken(SMALL)
    wide, narrow = net.cut(net.choices.largest), net.cut(net.choices.smallest)
    name = "network.0.0.mlp.fc1.weight"
    assert narrow[name].shape == (16, 8, 1, 1)
    assert torch.equal(narrow[name], wide[name][:16, :8])


def test_gradients_reach_the_leading_channels_alone() -> None:
    net = shaken(SMALL)
    net(net.choices.smallest, torch.randn(4, 3, 32, 32)).square().sum().backward()
    gradient = net.weights["stages.0.0.mlp.mlp.fc1.weight"].grad
    assert gradient is not None
    assert gradient[:16, :8].abs().sum() > 0
    assert gradient[16:].abs().sum() == 0
    assert net.weights["stages.0.1.mlp.mlp.fc1.weight"].grad is None  # a slot that the smallest leaves empty


def test_texts_and_designs_come_back() -> None:
    choices, rng = Choices(EVERYTHING), np.random.default_rng(3)
    for _ in range(20):
        subnet = choices.draw(rng)
        assert parse_subnet(subnet.text(), choices.largest) == subnet
        arch = subnet.arch(choices.stem, choices.head, 224, 4)
        assert choices.place(arch).arch(choices.stem, choices.head, 224, 4) == arch


def test_a_strange_design_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="must lie in the supernet's space"):
        Choices(SMALL).place(
            Choices(DEFAULT).largest.arch(Choices(DEFAULT).stem, Choices(DEFAULT).head, 224, 4)
        )
    with pytest.raises(InvalidValueError, match="fixes one of stems"):
        Choices(Space())


def test_one_path_alone_is_the_sub_network() -> None:
    net = shaken(SMALL)
    way = Gumbel(net, TrainSpec(images=64, batch=8, space=SMALL), 8)
    subnet = net.choices.largest
    for stage, slots in enumerate(subnet.slots):
        for slot, block in enumerate(slots):
            assert block is not None
            names = path_names(net, stage, slot)
            way.parameters[alpha_name(stage, slot)].data[names.index(str(block.mixer))] = 1e4
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.allclose(way(images, way.shares(0)), net(subnet, images), atol=1e-5, rtol=1e-5)


def test_shares_are_those_of_the_papers_formula() -> None:
    net = Elastic(Choices(SMALL), 32, 4, seed=0)
    way = Gumbel(net, TrainSpec(images=64, batch=8, space=SMALL), 8)
    share = way.shares(7)[2, 1].detach().numpy()  # the last step: temperature 0.1; conv3, attention, identity
    assert share.shape == (3,)
    noise = 0.1 * np.log(share)  # alphas are 0, so the noise is this, but for a constant
    assert np.ptp(noise) < 1.0  # even in [0, 1)
    assert share.sum() == pytest.approx(1.0, abs=1e-6)


def test_single_moves_are_all_there() -> None:
    choices = Choices(SMALL)
    moves = list(single_moves(choices, choices.largest))
    kinds = [(move.kind, move.stage) for move in moves]
    # widths fall in stages 1 and 3; stages 1, 3 and 4 have two blocks to drop one of; MLP ratios fall in stage 3
    assert sorted(kinds) == sorted(
        [("narrow", 0), ("narrow", 2), *[("drop", 0)] * 2, *[("drop", 2)] * 2, *[("drop", 3)] * 2]
        + [("mlp", 2)] * 2
        + [("exchange", 2)]
    )
    assert len({move.subnet for move in moves}) == len(moves)
    assert list(single_moves(choices, choices.smallest)) == []
    exchanged = next(move for move in moves if move.kind == "exchange")
    assert [block.mixer for block in exchanged.subnet.blocks(2)] == [Mixer.CONV3, Mixer.CONV3]
