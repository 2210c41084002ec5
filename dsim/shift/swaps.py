"""Single changes of any design: what a what-if table prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from dsim.arch import Activation, Arch, Block, Head, Mixer, Norm, Stage, Stem
from dsim.errors import DsimError


@dataclass(frozen=True)
class Swap:
    """One choice of a design that is changed.

    Attributes
    ----------
    kind, before, after
        What changes, in words.
    arch
        The design with this one thing changed, or None where that alone makes no design.
    verdict
        Key under which profiles say whether they can price it (``activation:gelu>relu``), or empty where none is needed.
    """

    kind: str
    before: str
    after: str
    arch: Arch | None
    verdict: str = ""


def swaps(arch: Arch) -> tuple[Swap, ...]:
    """Return every single change: activation, norm, token mixer, stem, kind and number of attention blocks.

    Activation, norm and mixer change everywhere at once. Attention keeps its own norm.
    """
    out: list[Swap] = []
    for kind, before, after, make, verdict in _each_swap(arch):
        try:
            changed = make()
        except DsimError:
            continue  # no such design
        if changed != arch:
            out.append(Swap(kind, before, after, changed, verdict))
    return tuple(out)


_Made = tuple[str, str, str, Callable[[], Arch], str]


def _each_swap(arch: Arch) -> Iterator[_Made]:
    blocks = [block for stage in arch.stages for block in stage.blocks]
    used: dict[str, set[str]] = {
        "activation": {str(block.activation) for block in blocks},
        "norm": {str(block.norm) for block in blocks if not block.mixer.is_attention},
        "mixer": {str(block.mixer) for block in blocks if not block.mixer.is_attention},
    }
    for activation in Activation:
        for before in _one(used["activation"], activation):
            verdict = f"activation:{before}>{activation}"
            yield (
                "activation",
                before,
                str(activation),
                partial(with_activation, arch, activation),
                verdict,
            )
    for norm in Norm:
        for before in _one(used["norm"], norm):
            yield "norm", before, str(norm), partial(with_norm, arch, norm), f"norm:{before}>{norm}"
    for mixer in Mixer:
        if not mixer.is_attention and mixer is not Mixer.IDENTITY:
            for before in _one(used["mixer"], mixer):
                yield "mixer", before, str(mixer), partial(_with_mixer, arch, mixer), ""
    for stem in Stem:
        if stem is not arch.stem:
            yield "stem", str(arch.stem), str(stem), partial(_with_stem, arch, stem), ""
    attentions = [block.mixer for block in blocks if block.mixer.is_attention]
    kind = attentions[0] if attentions else Mixer.ATTENTION_V2
    for other in (Mixer.ATTENTION, Mixer.ATTENTION_V2):
        if attentions and other is not kind:
            yield "attention", str(kind), str(other), partial(_with_attention, arch, other), ""
    for index in (2, 3):
        count = arch.stages[index].attention_blocks
        for more in (count - 1, count + 1):
            if more >= 0:
                name = f"attention blocks {index + 1}"
                yield name, str(count), str(more), partial(_with_count, arch, index, more, kind), ""


def _one(used: set[str], option: str) -> tuple[str, ...]:
    """Return the value that an option would replace; none where the design mixes several, or has it already."""
    return tuple(used) if len(used) == 1 and option not in used else ()


def _each(arch: Arch, change: Callable[[Block], Block]) -> Arch:
    stages = tuple(replace(s, blocks=tuple(change(block) for block in s.blocks)) for s in arch.stages)
    return _with_stages(arch, stages)


def _with_stages(arch: Arch, stages: tuple[Stage, ...]) -> Arch:
    """Exchange the stages; a head behind tokens must have layer norm."""
    tokens = stages[-1].ends_in_tokens
    head: Head = replace(arch.head, norm=Norm.LAYER) if tokens else arch.head
    if not tokens and arch.stages[-1].ends_in_tokens:
        head = replace(arch.head, norm=Norm.BATCH)
    return replace(arch, stages=stages, head=head)


def with_activation(arch: Arch, activation: Activation) -> Arch:
    """Exchange the activation of every block."""
    return _each(arch, lambda block: replace(block, activation=activation))


def with_norm(arch: Arch, norm: Norm) -> Arch:
    """Exchange the norm of every block without attention."""
    return _each(arch, lambda block: block if block.mixer.is_attention else replace(block, norm=norm))


def _with_mixer(arch: Arch, mixer: Mixer) -> Arch:
    return _each(arch, lambda block: block if block.mixer.is_attention else replace(block, mixer=mixer))


def _with_stem(arch: Arch, stem: Stem) -> Arch:
    activation = (arch.stem_activation or Activation.RELU) if stem is Stem.TWO_CONVS else None
    return replace(arch, stem=stem, stem_activation=activation)


def _as_attention(block: Block, kind: Mixer) -> Block:
    norm = Norm.LAYER if kind is Mixer.ATTENTION else Norm.BATCH
    return replace(block, mixer=kind, norm=norm)


def _with_attention(arch: Arch, kind: Mixer) -> Arch:
    return _each(arch, lambda block: _as_attention(block, kind) if block.mixer.is_attention else block)


def _with_count(arch: Arch, index: int, count: int, kind: Mixer) -> Arch:
    """Turn the last plain block of a stage into attention, or its first attention block into a plain one."""
    stage = arch.stages[index]
    blocks, last = list(stage.blocks), stage.depth - stage.attention_blocks
    plain = next(
        (b for s in (stage, *arch.stages) for b in s.blocks if not b.mixer.is_attention), stage.blocks[0]
    )
    if count > stage.attention_blocks:
        if last < 1:
            return arch
        blocks[last - 1] = _as_attention(blocks[last - 1], kind)
    else:
        blocks[last] = replace(blocks[last], mixer=plain.mixer, norm=plain.norm)
    stages = (*arch.stages[:index], replace(stage, blocks=tuple(blocks)), *arch.stages[index + 1 :])
    return _with_stages(arch, stages)
