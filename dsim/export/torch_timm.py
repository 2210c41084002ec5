"""The part of an exported model.py that speaks timm's language: its models' methods, and a place in its registry.

The file needs torch alone. Where timm is installed, importing the file registers the network, so that whatever makes its
backbones by timm's names (detectors, segmenters, training scripts) can make this one.
"""

from __future__ import annotations

import re

from dsim.arch import Arch, Stem

PREFIX = "dsim_"


def timm_name(arch: Arch, title: str) -> str:
    """Return the name under which timm knows a design: ``dsim_`` and the title's letters, digits and underscores."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", title).strip("_").lower().removeprefix(PREFIX)
    return PREFIX + (plain or arch.canonical_hash()[:8])


def timm_source(arch: Arch, features: str) -> str:
    """Write the methods of the network by which timm, and what is built on it, asks and changes a model.

    Parameters
    ----------
    features
        The expression that makes what the head pools out of ``x``, the last stage's output.
    """
    distilled = arch.head.distilled
    parts = {
        "KIND": "tuple[nn.Module, nn.Module]" if distilled else "nn.Module",
        "WHICH": "the two classifiers" if distilled else "the classifier",
        "HEADS": "self.head, self.dist_head" if distilled else "self.head",
        "SECOND": "\n        self.dist_head = classifier()" if distilled else "",
        "TO_MAP": _TO_MAP if arch.stages[-1].ends_in_tokens else "",
        "FEATURES": features,
    }
    return _filled(_METHODS, parts)


def registration_source(arch: Arch, title: str) -> str:
    """Write the function that puts the network into timm's registry, and the line that calls it on import."""
    first = "patch_embed.0" if arch.stem is Stem.TWO_CONVS else "patch_embed.proj"
    parts = {
        "NAME": timm_name(arch, title),
        "CLASSIFIERS": '("head", "dist_head")' if arch.head.distilled else '"head"',
        "FIRST": first,
    }
    return _filled(_REGISTRATION, parts)


def _filled(text: str, parts: dict[str, str]) -> str:
    """Put each part in the place of its name between angle brackets."""
    for name, part in parts.items():
        text = text.replace(f"<{name}>", part)
    return text


_TO_MAP = """
        if x.ndim == 3:  # tokens; the map before has twice the rows and columns
            rows, columns = maps[-2].shape[2:]
            maps[-1] = x.transpose(1, 2).unflatten(2, ((rows + 1) // 2, (columns + 1) // 2))"""

_METHODS = '''    def get_classifier(self) -> <KIND>:
        """Return <WHICH>."""
        return <HEADS>

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Put a fresh classifier for ``num_classes`` in the place of the old one; with 0, none."""
        if global_pool not in (None, "", "avg"):
            raise ValueError(f"global_pool is 'avg' or '' (none) in this network, got {global_pool!r}")

        def classifier() -> nn.Module:
            if num_classes == 0:
                return nn.Identity()
            like = next(self.parameters())
            return nn.Linear(self.num_features, num_classes, device=like.device, dtype=like.dtype)

        self.num_classes = num_classes
        self.global_pool = self.global_pool if global_pool is None else global_pool
        self.head = classifier()<SECOND>

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """In training, keep what each stage gives and compute the rest again: less memory, more time."""
        self.grad_checkpointing = enable

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """Return what the head pools and the maps of some stages, or the maps alone (``intermediates_only``).

        ``indices`` says which stages: all, the last n, or those of a list.
        """
        if norm or output_fmt != "NCHW":
            raise ValueError(f"maps are (N, C, H, W) without the head's norm, got {norm=}, {output_fmt=}")
        wanted = take_stages(indices, len(self.network) // 2 + 1)
        maps = self.maps(x, max(wanted) + 1 if stop_early else len(STAGES))
        x = maps[-1]<TO_MAP>
        chosen = [maps[i] for i in wanted]
        return chosen if intermediates_only else (<FEATURES>, chosen)

    def prune_intermediate_layers(
        self, indices: int | Sequence[int] = 1, prune_norm: bool = False, prune_head: bool = True
    ) -> list[int]:
        """Drop the stages behind the last one that ``indices`` names, and the head with them."""
        wanted = take_stages(indices, len(self.network) // 2 + 1)
        dropped = len(self.network) > 2 * max(wanted) + 1
        self.network = self.network[: 2 * max(wanted) + 1]
        if dropped:
            self.num_features = self.head_hidden_size = STAGES[max(wanted)].width
        if dropped or prune_norm:
            self.norm = nn.Identity()
        if dropped or prune_head:
            self.reset_classifier(0, "")
        return wanted


def take_stages(indices: int | Sequence[int] | None, stages: int) -> list[int]:
    """Return the places of the stages that are asked for: all, the last n, or those of a list."""
    places = list(range(stages))
    if indices is None:
        return places
    return places[-indices:] if isinstance(indices, int) else [places[i] for i in indices]'''

_REGISTRATION = '''TIMM_NAME = "<NAME>"


def register_with_timm() -> None:
    """Let ``timm.create_model(TIMM_NAME)`` make this network. Where timm is installed, an import does it.

    Weights come from your file: ``pretrained=True, pretrained_cfg_overlay={"file": "weights.safetensors"}``.
    """
    try:
        from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
    except ImportError:
        return
    except RuntimeError as error:  # such as a torchvision that was made for another torch
        warnings.warn(f"timm cannot be imported, so it does not know {TIMM_NAME}: {error}", stacklevel=2)
        return

    def make(pretrained: bool = False, **options: Any) -> nn.Module:
        features = {"out_indices": options.pop("out_indices", (0, 1, 2, 3)), "feature_cls": "getter"}
        return build_model_with_cfg(Network, TIMM_NAME, pretrained, feature_cfg=features, **options)

    home = ModuleType(TIMM_NAME)  # timm looks for the settings in the module of the function
    home.default_cfgs = generate_default_cfgs(
        {
            TIMM_NAME: {
                "num_classes": NUM_CLASSES,
                "input_size": (3, RESOLUTION, RESOLUTION),
                "first_conv": "<FIRST>",
                "classifier": <CLASSIFIERS>,
            }
        }
    )
    sys.modules[TIMM_NAME] = home
    make.__name__, make.__module__ = TIMM_NAME, TIMM_NAME
    register_model(make)


if __spec__ is not None:  # imported, and not run as a program
    register_with_timm()'''
