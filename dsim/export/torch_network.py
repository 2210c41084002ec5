"""The part of an exported model.py that is written for one design: how its blocks are made and put together.

Each function gives source text with branches for what the design uses and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from dsim.arch import Arch, Downsample, Mixer, Norm, Stem
from dsim.export.torch_timm import registration_source, timm_source

NORM_BEFORE: dict[Norm, str] = {Norm.LAYER: "LayerNorm2d", Norm.GROUP: "group_norm"}
HEAD_NORMS: dict[Norm, str] = {
    Norm.BATCH: "nn.BatchNorm2d(width)",
    Norm.LAYER: "nn.LayerNorm(width)",
    Norm.GROUP: "nn.GroupNorm(1, width)",
}
STEMS: dict[Stem, str] = {
    Stem.TWO_CONVS: "two_conv_stem(in_chans, STAGES[0].width, STEM_ACTIVATION)",
    Stem.CONV7: "PlainEmbedding(in_chans, STAGES[0].width, kernel=7, stride=4, padding=2)",
    Stem.PATCHIFY: "PlainEmbedding(in_chans, STAGES[0].width, kernel=4, stride=4, padding=0)",
}
TRANSITIONS: dict[Downsample, str] = {
    Downsample.CONV_NORM: "Embedding(before.width, stage.width)",
    Downsample.CONV: "PlainEmbedding(before.width, stage.width, kernel=3, stride=2, padding=1)",
    Downsample.ATTENTION: ("AttentionEmbedding(before.width, stage.width, size, stage.blocks[0].activation)"),
}


def network_source(arch: Arch, name: str) -> str:
    """Write the functions that make blocks, transitions and stages, the network, and the function that makes it."""
    network = f"{_network(arch)}\n\n{timm_source(arch, _features(arch))}"
    parts = (_make_block(arch), _make_transition(arch), _make_stage(arch), network, _FRONT_DOOR)
    return "\n\n\n".join((*parts, registration_source(arch, name), _MAIN))


def has_3d(arch: Arch) -> bool:
    """Return whether any block works on tokens."""
    return any(block.mixer is Mixer.ATTENTION for stage in arch.stages for block in stage.blocks)


def _make_block(arch: Arch) -> str:
    kinds = dict.fromkeys((block.mixer, block.norm) for stage in arch.stages for block in stage.blocks)
    mixers = {mixer for mixer, _ in kinds}
    lines = [
        "def make_block(run: Blocks, index: int) -> nn.Module:",
        '    """Make one block of the stage at ``index`` (0 to 3)."""',
        "    width = STAGES[index].width",
    ]
    if any(mixer.is_attention for mixer in mixers):
        lines.append("    size = RESOLUTION // (4 << index)  # height and width of the stage's map")
    if Mixer.ATTENTION_V2 in mixers:
        lines.append("    stride = 2 if index == 2 else 1  # attention runs on a coarser map in stage 3")
    lines.append("    hidden = int(width * run.mlp_ratio)")
    branches = []
    for mixer, norm in kinds:
        one_norm = sum(other is mixer for other, _ in kinds) == 1
        condition = f'run.mixer == "{mixer}"' + ("" if one_norm else f' and run.norm == "{norm}"')
        branches.append((condition, _block(mixer, norm)))
    return "\n".join(lines + _branches(branches, 'raise ValueError(f"this design has no such block: {run}")'))


def _branches(branches: list[tuple[str, list[str]]], otherwise: str) -> list[str]:
    if len(branches) == 1:
        return [f"    {line}" for line in branches[0][1]]
    lines = []
    for condition, body in branches:
        lines += [f"    if {condition}:", *(f"        {line}" for line in body)]
    return [*lines, f"    {otherwise}"]


def _block(mixer: Mixer, norm: Norm) -> list[str]:
    if mixer is Mixer.ATTENTION:
        return ["return Block3D(width, size, hidden, run.activation, run.layer_scale)"]
    behind = norm is Norm.BATCH
    kind = ("" if behind else "Plain") + (
        "UnifiedFfn" if mixer in (Mixer.FFN, Mixer.ATTENTION_V2) else "ConvMlp"
    )
    before = [] if behind else [NORM_BEFORE[norm]]
    layer = "conv_norm" if behind else "conv"
    lines = [f"mlp = {kind}(width, hidden, run.activation)"]
    prefix = "" if behind else "PreNorm"
    if mixer in (Mixer.FFN, Mixer.IDENTITY):
        return [*lines, f"return {prefix}MlpBlock({', '.join(['width', *before, 'mlp', 'run.layer_scale'])})"]
    if mixer is Mixer.POOLING:
        mixing = "Pooling()"
    elif mixer is Mixer.ATTENTION_V2:
        mixing = f"MapAttention(width, size, stride, run.activation, {layer})"
    else:
        mixing = f"{layer}(width, width, {mixer.kernel}, groups=width)"
    arguments = ", ".join(["width", *before, "token_mixer", "mlp", "run.layer_scale"])
    return [f"token_mixer = {mixing}", *lines, f"return {prefix}Block4D({arguments})"]


def _make_transition(arch: Arch) -> str:
    kinds = dict.fromkeys(stage.downsample for stage in arch.stages[1:])
    lines = [
        "def make_transition(index: int) -> nn.Module:",
        '    """Make what leads to the stage at ``index`` (1 to 3) from the one before it."""',
        "    before, stage = STAGES[index - 1], STAGES[index]",
    ]
    if Downsample.ATTENTION in kinds:
        lines.append("    size = RESOLUTION // (2 << index)  # height and width of the map before")
    branches = [(f'stage.transition == "{kind}"', [f"return {TRANSITIONS[kind]}"]) for kind in kinds]
    otherwise = 'raise ValueError(f"this design has no such transition: {stage.transition}")'
    return "\n".join(lines + _branches(branches, otherwise))


def _make_stage(arch: Arch) -> str:
    lines = [
        "def make_stage(index: int) -> nn.Sequential:",
        '    """Make the blocks of the stage at ``index`` (0 to 3)."""',
        "    blocks = [make_block(run, index) for run in STAGES[index].blocks for _ in range(run.count)]",
    ]
    if has_3d(arch):
        lines += [
            "    is_3d = [isinstance(block, Block3D) for block in blocks]",
            "    if any(is_3d):",
            "        blocks.insert(is_3d.index(True), Flat())",
            "        stage = TokenStage(*blocks)",
            "        stage.to_map = index < 3  # the transition to the next stage reads a map",
            "        return stage",
        ]
    return "\n".join([*lines, "    return nn.Sequential(*blocks)"])


def _features(arch: Arch) -> str:
    """Write how the last stage's output becomes what the head pools."""
    if arch.head.pool_first:
        return "x"
    if arch.head.norm is Norm.LAYER and not arch.stages[-1].ends_in_tokens:
        return "self.norm(x.flatten(2).transpose(1, 2))"
    return "self.norm(x)"


def _pooled(arch: Arch) -> str:
    tokens = arch.stages[-1].ends_in_tokens or (arch.head.norm is Norm.LAYER and not arch.head.pool_first)
    mean = "x.mean(dim=1)" if tokens else "x.mean(dim=(2, 3))"
    return f"self.norm({mean})" if arch.head.pool_first else mean


def _scores(arch: Arch) -> Iterable[str]:
    """Write how what was pooled becomes class scores."""
    if not arch.head.distilled:
        yield "scores: Tensor = self.head(x)"
        yield "return scores"
        return
    yield "scores, distilled = self.head(x), self.dist_head(x)"
    yield "if self.training and self.distilled_training:"
    yield "    return scores, distilled"
    yield "return (scores + distilled) / 2"


def _network(arch: Arch) -> str:
    distilled = arch.head.distilled
    result = "Tensor | tuple[Tensor, Tensor]" if distilled else "Tensor"
    to_map = "self.network[-1].to_map = features_only\n        " if arch.stages[-1].ends_in_tokens else ""
    scores = "\n".join(f"        {line}" for line in _scores(arch))
    return f'''class Network(nn.Module):
    """The backbone with its classifier.

    Stages stand at the even places of ``network``, the transitions between them at the odd ones. Methods have
    the names of those of timm's models, so that what works with timm's models works with this one.
{_DISTILLED_DOC if distilled else ""}    """
{_DISTILLED_FLAG if distilled else ""}
    def __init__(
        self,
        num_classes: int = NUM_CLASSES,
        features_only: bool = False,
        drop_path_rate: float = 0.0,
        in_chans: int = 3,
        drop_rate: float = 0.0,
        global_pool: str = "avg",
    ) -> None:
        super().__init__()
        self.features_only = features_only
        self.drop_rate = drop_rate
        self.grad_checkpointing = False
        self.feature_info = [
            dict(num_chs=stage.width, reduction=4 << i, module=f"network.{{2 * i}}")
            for i, stage in enumerate(STAGES)
        ]
        self.num_features = self.head_hidden_size = STAGES[-1].width
        self.patch_embed = {STEMS[arch.stem]}
        self.network = nn.ModuleList([make_stage(0)])
        for index in range(1, len(STAGES)):
            self.network += [make_transition(index), make_stage(index)]
        {to_map}if not features_only:
            width = STAGES[-1].width
            self.norm = {HEAD_NORMS[arch.head.norm]}
            self.reset_classifier(num_classes, global_pool)
        blocks = [module for module in self.modules() if isinstance(module, ResidualBlock)]
        for i, block in enumerate(blocks):  # the deeper, the more often a branch is dropped
            block.drop_path_rate = drop_path_rate * i / max(len(blocks) - 1, 1)
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(module: nn.Module) -> None:
        """Draw the weights of one layer."""
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> {result} | list[Tensor]:
        """Return class scores (N, classes) for images (N, 3, H, W), or the four maps of ``features_only``."""
        if self.features_only:
            return self.maps(x)
        return self.forward_head(self.forward_features(x))

    def maps(self, x: Tensor, stages: int = len(STAGES)) -> list[Tensor]:
        """Return each stage's output: maps (N, C, H, W), or tokens (N, H * W, C) if the last ends in them."""
        x = self.patch_embed(x)
        outputs = []
        for place, module in enumerate(self.network):
            if place > 2 * (stages - 1):
                break
            again = self.grad_checkpointing and self.training
            x = checkpoint(module, x, use_reentrant=False) if again else module(x)
            if place % 2 == 0:
                outputs.append(x)
        return outputs

    def forward_features(self, x: Tensor) -> Tensor:
        """Return what the head pools: the last stage's output{"" if arch.head.pool_first else ", normed"}."""
        x = self.maps(x)[-1]
        return {_features(arch)}

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> {result}:
        """Return scores for what ``forward_features`` gave; with ``pre_logits``, what they are made of."""
        if self.global_pool == "avg":
            x = {_pooled(arch)}
        if self.drop_rate > 0:
            x = F.dropout(x, self.drop_rate, self.training)
        if pre_logits:
            return x
{scores}'''


_DISTILLED_DOC = """
    The two classifiers' scores are averaged. To train the second one with a teacher (distillation), set
    ``distilled_training = True``: in training mode the network then gives both scores, (labels', teacher's).
"""
_DISTILLED_FLAG = """
    distilled_training = False
"""
_FRONT_DOOR = '''def create_model(
    num_classes: int = NUM_CLASSES, features_only: bool = False, drop_path_rate: float = 0.0
) -> Network:
    """Make the network with fresh weights.

    Parameters
    ----------
    num_classes
        Class scores.
    features_only
        Give a list of four maps (N, C, H, W) at strides 4, 8, 16 and 32 instead of class scores, for
        detection or segmentation. Weights of the classifier load into it with ``strict=False``.
    drop_path_rate
        In training, the chance that the last block's branches are left out for a sample (stochastic depth).
    """
    return Network(num_classes, features_only, drop_path_rate)'''

_MAIN = """if __name__ == "__main__":
    model = create_model().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, RESOLUTION, RESOLUTION))
    print(f"parameters: {sum(parameter.numel() for parameter in model.parameters()):,}")
    print(f"output shape: {tuple(output.shape)}")"""
